; The service and the window of an installation that runs: ended before files are
; replaced, started again afterwards. Installer and uninstaller both have these functions.

Var WindowRan  ; 1: was open, and is opened again

!macro RunningFunctions un

; Asks the window to end, as the system does before it shuts down: it leaves no session
; behind, for that is the service's.
Function ${un}EndWindow
  StrCpy $WindowRan 0
  ${For} $1 1 40
    FindWindow $0 "${WINDOW_CLASS}"
    ${If} $0 P= 0
      Return
    ${EndIf}
    StrCpy $WindowRan 1
    SendMessage $0 ${WM_CLOSE} 0 0 /TIMEOUT=2000
    Sleep 250
  ${Next}
FunctionEnd

Function ${un}StopService
  ReadRegStr $0 HKLM "SYSTEM\CurrentControlSet\Services\${SERVICE}" "ImagePath"
  ${If} $0 != ""
    DetailPrint "Stopping the service"
    nsExec::ExecToLog '"$SYSDIR\net.exe" stop ${SERVICE}'
    Pop $0
  ${EndIf}
FunctionEnd

; $0: 1 while a program of ours in $INSTDIR runs, and so cannot be written.
Function ${un}IsInUse
  StrCpy $0 0
  Push "$INSTDIR\${WINDOW}"
  Push "$INSTDIR\${CLIENT}"
  ${For} $1 1 2
    Pop $2
    ${If} ${FileExists} "$2"
      ClearErrors
      FileOpen $3 "$2" a
      ${If} ${Errors}
        StrCpy $0 1
      ${Else}
        FileClose $3
      ${EndIf}
    ${EndIf}
  ${Next}
FunctionEnd

; A client that somebody runs in a console has to be ended there: only they know what for.
Function ${un}EndWhatRuns
  Call ${un}EndWindow
  Call ${un}StopService
  StrCpy $4 0
  ${Do}
    Call ${un}IsInUse
    ${If} $0 = 0
      Return
    ${EndIf}
    IntOp $4 $4 + 1
    ${If} $4 < 40
      Sleep 250
      ${Continue}
    ${EndIf}
    StrCpy $4 0
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "${PRODUCT} still runs: a window, or \
lanparty-client in a console. End it, then click Retry." /SD IDCANCEL IDRETRY again
      Call ${un}StartServiceAgain
      !insertmacro GiveUp ${EXIT_RUNNING} "${PRODUCT} still runs; nothing was changed."
    again:
  ${Loop}
FunctionEnd

Function ${un}StartServiceAgain
  ReadRegStr $0 HKLM "SYSTEM\CurrentControlSet\Services\${SERVICE}" "ImagePath"
  ${If} $0 != ""
    nsExec::ExecToLog '"$SYSDIR\net.exe" start ${SERVICE}'
    Pop $0
  ${EndIf}
FunctionEnd
!macroend

!insertmacro RunningFunctions ""
!insertmacro RunningFunctions "un."

Function InstallService
  DetailPrint "Installing the service"
  ; Which starts it, too.
  nsExec::ExecToLog '"$INSTDIR\${CLIENT}" service install'
  Pop $0
  ${If} $0 != 0
    Call TakeBackNew
    !insertmacro GiveUp ${EXIT_FAILED} "The service could not be installed or started. The \
details say why."
  ${EndIf}
FunctionEnd

; Half an installation helps nobody: a first one that failed leaves nothing.
Function TakeBackNew
  ${If} $OldFolder == ""
    ExecWait '"$INSTDIR\${UNINSTALLER}" /S _?=$INSTDIR' $1
    Delete "$INSTDIR\${UNINSTALLER}"
    SetOutPath "$TEMP" ; a folder that somebody stands in cannot be removed
    RMDir "$INSTDIR"
  ${EndIf}
FunctionEnd

; The setup is elevated, and what it starts would be, too. The user's Explorer is not: what
; Explorer opens runs as the user.
Function StartWindow
  Exec '"$WINDIR\explorer.exe" "$INSTDIR\${WINDOW}"'
FunctionEnd

Function StartWindowAgain
  ${If} $WindowRan = 1
    Call StartWindow
  ${EndIf}
FunctionEnd
