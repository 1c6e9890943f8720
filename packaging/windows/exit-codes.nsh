; What the installer and the uninstaller end with; scripts that install silently read it.
; 0 is success; 1 and 2 are NSIS's own.
!define EXIT_CANCELLED 1  ; somebody pressed Cancel
!define EXIT_FAILED 2     ; a file, the service or the driver could not be written
!define EXIT_WINDOWS 3    ; this Windows is too old, or not an x64 one
!define EXIT_NEWER 4      ; a newer version is installed, and /DOWNGRADE was not said
!define EXIT_RUNNING 5    ; the programs run and would not end
!define EXIT_FOLDER 6     ; the folder holds something else
!define EXIT_NO_DRIVER 7  ; installed, but Windows has no TAP driver yet
!define EXIT_BUSY 8       ; another setup of ours runs

; Says it and ends; nothing was changed yet.
!macro Refuse code sentence
  MessageBox MB_OK|MB_ICONSTOP "${sentence}" /SD IDOK
  SetErrorLevel ${code}
  Quit
!macroend

; The same from within a section, whose page then shows that it stopped.
!macro GiveUp code sentence
  MessageBox MB_OK|MB_ICONSTOP "${sentence}" /SD IDOK
  DetailPrint "${sentence}"
  SetErrorLevel ${code}
  ${If} ${Silent}
    Quit
  ${EndIf}
  Abort "${sentence}"
!macroend

; Two setups at once would undo each other's work.
!macro OneSetupAtATime
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "Global\softlan-setup") p .r0 ?e'
  Pop $1
  ${If} $1 = 183 ; ERROR_ALREADY_EXISTS
  ${OrIf} $0 P= 0
    !insertmacro Refuse ${EXIT_BUSY} "A setup of ${PRODUCT} runs already. Let it end first."
  ${EndIf}
!macroend
