; lanparty-setup.exe: the client, its window and its service, for all users of a 64-bit
; Windows 10 (1809) or 11. tools/windows-setup compiles it, and says what it needs:
;
;   VERSION NUMBERS   of the product, and the same as four numbers
;   STAGE             a folder with what is installed, and the art
;   OUT               the installer to write
;   SIGN              optional: a command that signs the file named after it
;   DRIVER            optional: what STAGE\driver holds, "package" or "installer"
;
; Silent: /S, with /D=FOLDER last; /DESKTOP adds a shortcut, /DOWNGRADE lets an older version
; replace a newer one. Exit codes: exit-codes.nsh.
Unicode true
Target amd64-unicode
RequestExecutionLevel admin
ManifestSupportedOS Win10
ManifestDPIAware true
ManifestLongPathAware true
SetCompressor /SOLID lzma
AllowSkipFiles off
XPStyle on

!define PRODUCT "LAN Party"
!define PUBLISHER "softlan"
!define SERVICE "lanparty-client" ; LP_CLIENT_NAME in src/app/client/client.h
!define CLIENT "lanparty-client.exe"
!define WINDOW "lanparty.exe"
!define WINDOW_CLASS "lanparty-window" ; LP_WINDOW_CLASS in src/gui/windows/window.h
!define UNINSTALLER "uninstall.exe"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\softlan"
!define LINK_KEY "Software\Classes\lanparty"
; What must be remembered until the uninstaller runs.
!define OWN_KEY "Software\softlan"

Name "${PRODUCT}"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\${PRODUCT}"
InstallDirRegKey HKLM "${UNINSTALL_KEY}" "InstallLocation"
BrandingText "${PRODUCT} ${VERSION}"
ShowInstDetails hide
ShowUninstDetails hide

VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "${PRODUCT}"
VIAddVersionKey "CompanyName" "${PUBLISHER}"
VIAddVersionKey "FileDescription" "${PRODUCT} setup"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "MIT licence"

!ifdef SIGN
!finalize '${SIGN} "%1"' = 0
!uninstfinalize '${SIGN} "%1"' = 0
!endif

!addincludedir "${__FILEDIR__}"
!include "MUI2.nsh"
!include "FileFunc.nsh"
!include "LogicLib.nsh"
!include "WinVer.nsh"
!include "WordFunc.nsh"
!include "x64.nsh"
Var OldFolder ; of an installation that is there already; "" if there is none
Var OldVersion

!include "exit-codes.nsh"
!include "running.nsh"
!include "folder.nsh"
!include "driver.nsh"

; --- pages -------------------------------------------------------------------------

!define MUI_ICON "${STAGE}/lanparty.ico"
!define MUI_UNICON "${STAGE}/lanparty.ico"
!define MUI_HEADERIMAGE
!define MUI_HEADERIMAGE_RIGHT
!define MUI_HEADERIMAGE_BITMAP "${STAGE}/header.bmp"
!define MUI_HEADERIMAGE_UNBITMAP "${STAGE}/header.bmp"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${STAGE}/side.bmp"
!define MUI_UNWELCOMEFINISHPAGE_BITMAP "${STAGE}/side.bmp"
!define MUI_ABORTWARNING

!define MUI_WELCOMEPAGE_TITLE "A LAN party that reaches anywhere"
!define MUI_WELCOMEPAGE_TEXT "This installs ${PRODUCT} ${VERSION}.$\r$\n$\r$\nIt gives \
this computer a network adapter that is a port of the party's own switch: games find their \
servers as if you sat there. Your internet connection stays as it is.$\r$\n$\r$\nNothing \
connects before you say so."
!insertmacro MUI_PAGE_WELCOME
!define MUI_LICENSEPAGE_BUTTON "&Next >"
!define MUI_LICENSEPAGE_TEXT_BOTTOM "Free software under the MIT licence. What it contains \
of others, and under which terms, is listed below it."
!insertmacro MUI_PAGE_LICENSE "${STAGE}/LICENCES.txt"
!define MUI_COMPONENTSPAGE_SMALLDESC ; the list has the width, for it is what is read
!insertmacro MUI_PAGE_COMPONENTS
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE LeaveFolderPage
!insertmacro MUI_PAGE_DIRECTORY
Page custom DriverPage LeaveDriverPage
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "Start ${PRODUCT} now"
!define MUI_FINISHPAGE_RUN_FUNCTION StartWindow
!define MUI_FINISHPAGE_TEXT "${PRODUCT} is ready.$\r$\n$\r$\nClick the lanparty:// link that \
your host sent you, or start ${PRODUCT} and type the relay and the room."
!insertmacro MUI_PAGE_FINISH

UninstPage custom un.AskPage un.LeaveAskPage
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; --- before anything is changed ----------------------------------------------------

Function .onInit
  SetRegView 64
  SetShellVarContext all
  ${IfNot} ${IsNativeAMD64}
    !insertmacro Refuse ${EXIT_WINDOWS} "${PRODUCT} needs a 64-bit PC (x64): there is no \
network driver for this one."
  ${EndIf}
  ${IfNot} ${AtLeastWin10}
  ${OrIfNot} ${AtLeastBuild} 17763
    !insertmacro Refuse ${EXIT_WINDOWS} "${PRODUCT} needs Windows 10 version 1809 or later, \
or Windows 11. Run Windows Update, then start this again."
  ${EndIf}
  !insertmacro OneSetupAtATime
  ReadRegStr $OldFolder HKLM "${UNINSTALL_KEY}" "InstallLocation"
  ReadRegStr $OldVersion HKLM "${UNINSTALL_KEY}" "DisplayVersion"
  Call LookForNewerVersion
  Call ReadSwitches
FunctionEnd

Function LookForNewerVersion
  ${If} $OldVersion == ""
    Return
  ${EndIf}
  ${VersionCompare} "$OldVersion" "${VERSION}" $0
  ${If} $0 <> 1
    Return
  ${EndIf}
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/DOWNGRADE" $1
  ${IfNot} ${Errors}
    Return
  ${EndIf}
  MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "${PRODUCT} $OldVersion is installed, \
which is newer than this one (${VERSION}).$\r$\n$\r$\nReplace it by the older version?" \
    /SD IDNO IDYES agreed
    SetErrorLevel ${EXIT_NEWER}
    Quit
  agreed:
FunctionEnd

Function LeaveFolderPage
  Call CheckFolder
FunctionEnd

; --- what is installed -------------------------------------------------------------

Section "${PRODUCT}" Main
  SectionIn RO
  ${If} ${Silent}
    Call CheckFolder
  ${EndIf}
  Call EndWhatRuns
  Call LeaveOldFolder
  Call MakeFolder

  SetOutPath "$INSTDIR"
  SetOverwrite on
  ClearErrors
  File "${STAGE}/${CLIENT}"
  File "${STAGE}/${WINDOW}"
  File "${STAGE}/help.html"
  File "${STAGE}/LICENCES.txt"
  WriteUninstaller "$INSTDIR\${UNINSTALLER}"
  ${If} ${Errors}
    Call StartServiceAgain
    !insertmacro GiveUp ${EXIT_FAILED} "Files in $INSTDIR could not be written. Restart the \
computer and start this setup again."
  ${EndIf}

  Call WriteLinkHandler
  Call WriteUninstallEntry
  CreateShortCut "$SMPROGRAMS\${PRODUCT}.lnk" "$INSTDIR\${WINDOW}" "" "$INSTDIR\${WINDOW}" 0 \
    SW_SHOWNORMAL "" "Join a LAN party from afar"
  Call InstallDriver
  Call InstallService
  ${If} ${Silent}
    Call StartWindowAgain
  ${EndIf}
SectionEnd

Section /o "Desktop shortcut" Desktop
  CreateShortCut "$DESKTOP\${PRODUCT}.lnk" "$INSTDIR\${WINDOW}" "" "$INSTDIR\${WINDOW}" 0 \
    SW_SHOWNORMAL "" "Join a LAN party from afar"
SectionEnd

; Last: an exit code that tells of the driver must not hide one that tells of a failure.
Section
  Call TellOfDriver
SectionEnd

LangString MAIN_TEXT ${LANG_ENGLISH} "The client, its window, and the service that \
connects for it."
LangString DESKTOP_TEXT ${LANG_ENGLISH} "An icon on every user's desktop."
!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${Main} $(MAIN_TEXT)
  !insertmacro MUI_DESCRIPTION_TEXT ${Desktop} $(DESKTOP_TEXT)
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function ReadSwitches
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/DESKTOP" $1
  ${IfNot} ${Errors}
  ${OrIf} ${FileExists} "$DESKTOP\${PRODUCT}.lnk"
    !insertmacro SelectSection ${Desktop}
  ${EndIf}
FunctionEnd

Function WriteLinkHandler
  WriteRegStr HKLM "${LINK_KEY}" "" "URL:LAN Party"
  WriteRegStr HKLM "${LINK_KEY}" "URL Protocol" ""
  WriteRegStr HKLM "${LINK_KEY}\DefaultIcon" "" '"$INSTDIR\${WINDOW}",0'
  WriteRegStr HKLM "${LINK_KEY}\shell\open\command" "" '"$INSTDIR\${WINDOW}" "%1"'
FunctionEnd

Function WriteUninstallEntry
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayName" "${PRODUCT}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayIcon" '"$INSTDIR\${WINDOW}",0'
  WriteRegStr HKLM "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\${UNINSTALLER}"'
  WriteRegStr HKLM "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\${UNINSTALLER}" /S'
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "EstimatedSize" $0
FunctionEnd

; --- and taken away again ----------------------------------------------------------

!include "uninstall.nsh"
