; The folder that is installed into. The service runs from it as the system, so nobody but
; administrators may write there, wherever it is, and nothing may wait in it already.

; Ends with a sentence unless the folder is new, empty, or an installation of ours.
Function CheckFolder
  GetFullPathName $0 "$INSTDIR"
  ${If} $0 != ""
    StrCpy $INSTDIR $0
  ${EndIf}
  ${IfNot} ${FileExists} "$INSTDIR\*.*"
    Return
  ${EndIf}
  ${If} $INSTDIR == $OldFolder
    Return
  ${EndIf}
  ${DirState} "$INSTDIR" $0
  ${If} $0 <> 1
    Return
  ${EndIf}
  MessageBox MB_OK|MB_ICONEXCLAMATION "$INSTDIR holds other files. Choose a new or an empty \
folder." /SD IDOK
  ${If} ${Silent}
    SetErrorLevel ${EXIT_FOLDER}
    Quit
  ${EndIf}
  Abort
FunctionEnd

; Inherits nothing from what is around it, C:\Games for one, where every user may write.
; By their ids, for the names differ from language to language: SYSTEM, Administrators, Users.
Function MakeFolder
  CreateDirectory "$INSTDIR"
  nsExec::ExecToLog '"$SYSDIR\icacls.exe" "$INSTDIR" /setowner *S-1-5-32-544 /C /Q'
  Pop $0
  nsExec::ExecToLog '"$SYSDIR\icacls.exe" "$INSTDIR" /inheritance:r /grant:r \
*S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX /C /Q'
  Pop $1
  ${If} $0 != 0
  ${OrIf} $1 != 0
    Call StartServiceAgain
    !insertmacro GiveUp ${EXIT_FAILED} "$INSTDIR could not be protected from other users; is \
it on a disk with NTFS? Nothing was installed."
  ${EndIf}
FunctionEnd

; Moved by /D= or on the folder page: the old one goes, what its user made stays.
Function LeaveOldFolder
  ${If} $OldFolder == ""
  ${OrIf} $OldFolder == $INSTDIR
  ${OrIfNot} ${FileExists} "$OldFolder\${UNINSTALLER}"
    Return
  ${EndIf}
  DetailPrint "Removing ${PRODUCT} from $OldFolder"
  ; It would run from a copy and be gone at once; with _? it runs where it is, and is
  ; waited for.
  ExecWait '"$OldFolder\${UNINSTALLER}" /S /MOVE _?=$OldFolder' $0
  Delete "$OldFolder\${UNINSTALLER}"
  RMDir "$OldFolder"
FunctionEnd
