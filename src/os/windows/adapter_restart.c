/* Restarting an adapter, which reads its address only when it starts. */
#include "os/windows/adapters.h"
#include "os/windows/errors.h"

#include <string.h>

#include <windows.h>

#include <setupapi.h>

static const GUID network_class = {
    0x4d36e972, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};

static bool find_device(HDEVINFO devices, const char *driver, SP_DEVINFO_DATA *out)
{
    *out = (SP_DEVINFO_DATA){.cbSize = sizeof *out};
    for (DWORD i = 0; SetupDiEnumDeviceInfo(devices, i, out); i++) {
        char name[64] = "";
        if (SetupDiGetDeviceRegistryPropertyA(devices, out, SPDRP_DRIVER, NULL,
                                              (BYTE *)name, sizeof name - 1, NULL) &&
            _stricmp(name, driver) == 0)
            return true;
    }
    return false;
}

static bool restart(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    SP_PROPCHANGE_PARAMS change = {
        .ClassInstallHeader = {sizeof change.ClassInstallHeader, DIF_PROPERTYCHANGE},
        .StateChange = DICS_PROPCHANGE,
        .Scope = DICS_FLAG_CONFIGSPECIFIC};
    return SetupDiSetClassInstallParamsA(devices, device, &change.ClassInstallHeader,
                                         sizeof change) &&
           SetupDiCallClassInstaller(DIF_PROPERTYCHANGE, devices, device);
}

lp_err lp_adapter_restart(const lp_adapter *adapter, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    SP_DEVINFO_DATA device;
    HDEVINFO devices = SetupDiGetClassDevsA(&network_class, NULL, NULL, DIGCF_PRESENT);
    bool done = devices != INVALID_HANDLE_VALUE &&
                find_device(devices, adapter->driver, &device) &&
                restart(devices, &device);
    DWORD error = GetLastError();
    if (devices != INVALID_HANDLE_VALUE)
        SetupDiDestroyDeviceInfoList(devices);
    if (done)
        return LP_OK;
    return lp_explain(
        why, lp_err_of_windows(error),
        "cannot restart the adapter \"%s\", which takes its address when it "
        "starts: %s; disable and enable it in Network Connections",
        adapter->choice.name, lp_windows_text(error, text));
}
