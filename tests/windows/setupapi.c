/*
 * A stand-in for setupapi.dll, beside the program under test: the device manager of the
 * fake adapters (faketap.c), and a line in the file LP_DEVICE_CALLS for each call.
 *
 * LP_DEVICE_FAIL=n makes the n-th call fail (of those that can). LP_NO_DRIVER: Windows
 * has no driver for an adapter. newdev.c is its other half.
 */
#include "devicecalls.h"

#include <stdlib.h>

#define _SETUPAPI_ /* we are it */
#include <setupapi.h>

#define EXPORT   __declspec(dllexport)
#define NEW_INST 100 /* a device that is made; those that are there count from 1 */

static DWORD wanted_change;

/* --- lists ------------------------------------------------------------------------ */

EXPORT HDEVINFO WINAPI SetupDiCreateDeviceInfoList(const GUID *class, HWND parent)
{
    return device_call("create list") ? INVALID_HANDLE_VALUE : malloc(1);
}

EXPORT HDEVINFO WINAPI SetupDiGetClassDevsW(const GUID *class, PCWSTR enumerator,
                                            HWND parent, DWORD flags)
{
    return device_call("list devices%s", flags & DIGCF_PRESENT ? " present" : "")
               ? INVALID_HANDLE_VALUE
               : malloc(1);
}

EXPORT BOOL WINAPI SetupDiDestroyDeviceInfoList(HDEVINFO list)
{
    free(list);
    SetLastError(ERROR_INVALID_DATA); /* nobody may take this for what went wrong */
    return TRUE;
}

EXPORT BOOL WINAPI SetupDiEnumDeviceInfo(HDEVINFO list, DWORD number,
                                         SP_DEVINFO_DATA *out)
{
    for (int i = 0; i < FAKETAP_MAX; i++)
        if (fake_is_there(i) && number-- == 0) {
            out->DevInst = (DWORD)(1 + i);
            return TRUE;
        }
    SetLastError(ERROR_NO_MORE_ITEMS);
    return FALSE;
}

EXPORT BOOL WINAPI SetupDiGetDeviceRegistryPropertyA(HDEVINFO list,
                                                     SP_DEVINFO_DATA *device,
                                                     DWORD property, DWORD *type,
                                                     BYTE *out, DWORD out_len,
                                                     DWORD *needed)
{
    snprintf((char *)out, out_len, "%s", fake_driver((int)device->DevInst - 1));
    return property == SPDRP_DRIVER;
}

/* --- making ----------------------------------------------------------------------- */

EXPORT BOOL WINAPI SetupDiCreateDeviceInfoW(HDEVINFO list, PCWSTR name,
                                            const GUID *class, PCWSTR description,
                                            HWND parent, DWORD flags,
                                            SP_DEVINFO_DATA *out)
{
    if (device_call("create device %ls%s", name,
                    flags & DICD_GENERATE_ID ? " with an id" : ""))
        return FALSE;
    out->DevInst = NEW_INST;
    return TRUE;
}

EXPORT BOOL WINAPI SetupDiSetDeviceRegistryPropertyW(HDEVINFO list,
                                                     SP_DEVINFO_DATA *device,
                                                     DWORD property, const BYTE *value,
                                                     DWORD len)
{
    const wchar_t *text = (const wchar_t *)value;
    size_t count = len / sizeof *text;
    BOOL is_list = count > 2 && !text[count - 1] && !text[count - 2];
    return !device_call("set property %lu %ls%s", property, text,
                        is_list ? "" : " (no list)");
}

EXPORT BOOL WINAPI SetupDiBuildDriverInfoList(HDEVINFO list, SP_DEVINFO_DATA *device,
                                              DWORD type)
{
    return !device_call("list drivers %lu", type);
}

EXPORT BOOL WINAPI SetupDiEnumDriverInfoW(HDEVINFO list, SP_DEVINFO_DATA *device,
                                          DWORD type, DWORD number,
                                          SP_DRVINFO_DATA_W *out)
{
    if (number == 0 && !getenv("LP_NO_DRIVER"))
        return TRUE;
    SetLastError(ERROR_NO_MORE_ITEMS);
    return FALSE;
}

EXPORT HKEY WINAPI SetupDiOpenDevRegKey(HDEVINFO list, SP_DEVINFO_DATA *device,
                                        DWORD scope, DWORD profile, DWORD kind,
                                        REGSAM access)
{
    HKEY key;
    return !device_call("open key %lu", kind) &&
                   RegOpenKeyExA(HKEY_LOCAL_MACHINE,
                                 fake_class_key(fake_index(device->DevInst)), 0, access,
                                 &key) == 0
               ? key
               : INVALID_HANDLE_VALUE;
}

/* --- changing --------------------------------------------------------------------- */

EXPORT BOOL WINAPI SetupDiSetClassInstallParamsW(HDEVINFO list, SP_DEVINFO_DATA *device,
                                                 SP_CLASSINSTALL_HEADER *params,
                                                 DWORD len)
{
    const SP_PROPCHANGE_PARAMS *change = (const SP_PROPCHANGE_PARAMS *)params;
    wanted_change = params->InstallFunction;
    if (params->cbSize != sizeof *params) {
        SetLastError(ERROR_INVALID_USER_BUFFER);
        return FALSE;
    }
    if (params->InstallFunction == DIF_PROPERTYCHANGE)
        return !device_call("params change state %lu scope %lu", change->StateChange,
                            change->Scope);
    return !device_call("params %u", params->InstallFunction);
}

static BOOL change(int index)
{
    return fake_is_there(index) && fake_restart();
}

static BOOL take_out(int index)
{
    fake_take_out(index);
    return fake_restart();
}

EXPORT BOOL WINAPI SetupDiCallClassInstaller(DI_FUNCTION function, HDEVINFO list,
                                             SP_DEVINFO_DATA *device)
{
    int index = fake_index(device->DevInst);
    BOOL has_params = function == DIF_REGISTERDEVICE || wanted_change == function;
    switch (function) {
    case DIF_REGISTERDEVICE:
        return !device_call("register");
    case DIF_PROPERTYCHANGE:
        return !device_call("restart") && has_params && change(index);
    case DIF_REMOVE:
        return !device_call("remove") && has_params && take_out(index);
    default:
        return FALSE;
    }
}

EXPORT BOOL WINAPI SetupDiGetDeviceInstallParamsW(HDEVINFO list,
                                                  SP_DEVINFO_DATA *device,
                                                  SP_DEVINSTALL_PARAMS_W *out)
{
    out->Flags = getenv("LP_NEEDS_REBOOT") ? DI_NEEDREBOOT : 0;
    return TRUE;
}
