; The TAP driver: OpenVPN's tap-windows6, signed by Microsoft. The packager may put it in;
; where not, the player is shown where it is to be had. An unsigned one is never installed:
; tools/check-driver looks when the installer is built, Windows when it is installed.

!define DRIVER_SITE "https://build.openvpn.net/downloads/releases/"
; Windows' list of drivers, by the hardware that they are for: one value for each.
!define DRIVER_IDS "SYSTEM\DriverDatabase\DeviceIds"
!define NETWORK_CLASS "SYSTEM\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}"

Var HasDriver   ; 1 or 0
Var DriverState ; the page's line that says so

; In the driver store, ready for an adapter to be made, or an adapter is there.
Function LookForDriver
  StrCpy $HasDriver 1
  EnumRegValue $0 HKLM "${DRIVER_IDS}\root\tap0901" 0
  ${If} $0 != ""
    Return
  ${EndIf}
  EnumRegValue $0 HKLM "${DRIVER_IDS}\tap0901" 0
  ${If} $0 != ""
    Return
  ${EndIf}
  StrCpy $1 0
  ${Do}
    EnumRegKey $0 HKLM "${NETWORK_CLASS}" $1
    ${If} $0 == ""
      ${Break}
    ${EndIf}
    ReadRegStr $2 HKLM "${NETWORK_CLASS}\$0" "ComponentId"
    ${If} $2 == "tap0901"
    ${OrIf} $2 == "root\tap0901"
      Return
    ${EndIf}
    IntOp $1 $1 + 1
  ${Loop}
  StrCpy $HasDriver 0
FunctionEnd

; --- where it is not brought along: a page -----------------------------------------

Function DriverPage
!ifdef DRIVER
  Abort
!endif
  Call LookForDriver
  ${If} $HasDriver = 1
    Abort
  ${EndIf}
  !insertmacro MUI_HEADER_TEXT "One thing is missing" "The driver of the network \
adapter."
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 0 100% 44u "${PRODUCT} uses the free driver tap-windows6, and this \
computer does not have it.$\r$\n$\r$\nOn the page that opens, choose the newest file whose name \
begins with tap-windows- and ends with .exe, and run it."
  Pop $0
  ${NSD_CreateButton} 0 52u 110u 15u "&Open the download page"
  Pop $0
  ${NSD_OnClick} $0 OpenDriverSite
  ${NSD_CreateButton} 116u 52u 70u 15u "&Check again"
  Pop $0
  ${NSD_OnClick} $0 CheckDriver
  ${NSD_CreateLabel} 0 76u 100% 12u ""
  Pop $DriverState
  CreateFont $0 "$(^Font)" "$(^FontSize)" 700
  SendMessage $DriverState ${WM_SETFONT} $0 1
  ${NSD_CreateLabel} 0 96u 100% 24u "You can also install it later: ${PRODUCT} says so as \
long as it is missing."
  Pop $0
  Call CheckDriver
  ${NSD_CreateTimer} CheckDriver 1500
  nsDialogs::Show
FunctionEnd

Function CheckDriver
  Call LookForDriver
  ${If} $HasDriver = 1
    ${NSD_KillTimer} CheckDriver
    ${NSD_SetText} $DriverState "The driver is there. Click Install."
  ${Else}
    ${NSD_SetText} $DriverState "The driver is not there yet."
  ${EndIf}
FunctionEnd

Function LeaveDriverPage
  ${NSD_KillTimer} CheckDriver
FunctionEnd

; By Explorer, for the browser must not be elevated (running.nsh).
Function OpenDriverSite
  Exec '"$WINDIR\explorer.exe" "${DRIVER_SITE}"'
FunctionEnd

; --- where it is -------------------------------------------------------------------

; Remembers the name that Windows gives the driver, oem12.inf for one, so that the
; uninstaller takes away what this added, and no other.
Function InstallDriver
!ifdef DRIVER
  Call LookForDriver
  ${If} $HasDriver = 1
    DetailPrint "The TAP driver is there already"
    Return
  ${EndIf}
  DetailPrint "Installing the TAP driver"
  SetOutPath "$INSTDIR\driver"
  File /r "${STAGE}/driver/*.*"
  SetOutPath "$INSTDIR"
!if ${DRIVER} == "installer"
  ExecWait '"$INSTDIR\driver\tap-windows.exe" /S' $0
!else
  nsExec::ExecToLog '"$SYSDIR\pnputil.exe" /add-driver "$INSTDIR\driver\${DRIVER_INF}" /install'
  Pop $0
  ${If} $0 == 3010 ; added; after a restart
  ${OrIf} $0 == 259 ; added, and no device is waiting for it
    StrCpy $0 0
  ${EndIf}
  EnumRegValue $1 HKLM "${DRIVER_IDS}\root\tap0901" 0
  ${If} $1 != ""
    WriteRegStr HKLM "${OWN_KEY}" "Driver" "$1"
  ${EndIf}
!endif
  RMDir /r "$INSTDIR\driver"
  ${If} $0 != 0
    DetailPrint "The TAP driver could not be installed ($0)"
  ${EndIf}
!endif
FunctionEnd

Function TellOfDriver
  Call LookForDriver
  ${If} $HasDriver = 0
    DetailPrint "The TAP driver is missing; it is to be had at ${DRIVER_SITE}"
    SetErrorLevel ${EXIT_NO_DRIVER}
  ${EndIf}
FunctionEnd

Function un.RemoveDriver
  ReadRegStr $0 HKLM "${OWN_KEY}" "Driver"
  ${If} $0 != ""
    DetailPrint "Removing the TAP driver"
    ; Refused by Windows while somebody else's adapter needs it, which is as it should be.
    nsExec::ExecToLog '"$SYSDIR\pnputil.exe" /delete-driver $0'
    Pop $0
  ${EndIf}
FunctionEnd
