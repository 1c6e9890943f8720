; The uninstaller: the system is as it was, and nothing is left but, if wanted, the identity
; and the settings, so that a later installation is the same player.

Var KeepIdentity ; 1 or 0
Var KeepBox
Var IsMoving     ; 1: the setup that asked installs it into another folder

Function un.onInit
  SetRegView 64
  SetShellVarContext all
  StrCpy $KeepIdentity 1
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/FORGET" $1
  ${IfNot} ${Errors}
    StrCpy $KeepIdentity 0
  ${EndIf}
  StrCpy $IsMoving 0
  ClearErrors
  ${GetOptions} $0 "/MOVE" $1
  ${IfNot} ${Errors}
    StrCpy $IsMoving 1
  ${EndIf}
FunctionEnd

Function un.AskPage
  !insertmacro MUI_HEADER_TEXT "Uninstall ${PRODUCT}" "Its adapter, its service and its links \
go; your other network settings are as before."
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 24u "${PRODUCT} ${VERSION} will be removed from$\r$\n$INSTDIR"
  Pop $0
  ${NSD_CreateCheckBox} 0 36u 100% 12u "&Keep who I am, and my parties"
  Pop $KeepBox
  ${If} $KeepIdentity = 1
    ${NSD_Check} $KeepBox
  ${EndIf}
  ${NSD_CreateLabel} 11u 49u 96% 24u "Hosts know this computer by its key. With it, a later \
installation is the same player with the same address; without it, a new one."
  Pop $0
  nsDialogs::Show
FunctionEnd

Function un.LeaveAskPage
  ${NSD_GetState} $KeepBox $KeepIdentity
FunctionEnd

; Never through a link that somebody put in its place.
!macro RemoveOwnFolder folder
  ${GetFileAttributes} "${folder}" "REPARSE_POINT" $0
  ${If} $0 = 0
    RMDir /r "${folder}"
  ${EndIf}
!macroend

Section "Uninstall"
  Call un.EndWhatRuns
  ; While the program is there: the service, what a killed run left, our adapter.
  Call un.RunClient
  ${If} $IsMoving = 0
    Call un.RemoveAdapter
    Call un.RemoveDriver
    DeleteRegKey HKLM "${OWN_KEY}"
    Call un.ForgetFiles
  ${EndIf}

  Delete "$SMPROGRAMS\${PRODUCT}.lnk"
  Delete "$DESKTOP\${PRODUCT}.lnk"
  DeleteRegKey HKLM "${LINK_KEY}"
  DeleteRegKey HKLM "${UNINSTALL_KEY}"

  Delete "$INSTDIR\${CLIENT}"
  Delete "$INSTDIR\${WINDOW}"
  Delete "$INSTDIR\help.html"
  Delete "$INSTDIR\LICENCES.txt"
  Delete "$INSTDIR\${UNINSTALLER}"
  SetOutPath "$TEMP"
  RMDir "$INSTDIR"
SectionEnd

; Goes on whatever each of them says: what cannot be undone now would stay for ever if the
; uninstaller stopped.
Function un.RunClient
  DetailPrint "Removing the service"
  nsExec::ExecToLog '"$INSTDIR\${CLIENT}" service remove'
  Pop $0
  DetailPrint "Giving back network settings"
  nsExec::ExecToLog '"$INSTDIR\${CLIENT}" repair'
  Pop $0
FunctionEnd

Function un.RemoveAdapter
  nsExec::ExecToLog '"$INSTDIR\${CLIENT}" adapter remove'
  Pop $0
FunctionEnd

; What the service keeps in ProgramData, and the window in its user's profile: logs and what
; it would connect to go in any case.
Function un.ForgetFiles
  ${If} $KeepIdentity = 0
    !insertmacro RemoveOwnFolder "$APPDATA\softlan"
    SetShellVarContext current
    !insertmacro RemoveOwnFolder "$APPDATA\softlan"
    SetShellVarContext all
  ${Else}
    !insertmacro RemoveOwnFolder "$APPDATA\softlan\service"
  ${EndIf}
FunctionEnd
