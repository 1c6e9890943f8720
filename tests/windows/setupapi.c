/*
 * A stand-in for setupapi.dll, beside the program under test: the device manager of the
 * fake adapters (faketap.c), and a line in the file LP_DEVICE_CALLS for each call.
 *
 * LP_DEVICE_FAIL=n makes the n-th call fail (of those that can), LP_DEVICE_KILL=n ends the
 * program before it. LP_NO_DRIVER: Windows
 * has no driver for an adapter. newdev.c is its other half.
 */
#include "devicecalls.h"

#include <stdlib.h>

#define _SETUPAPI_ /* we are it */
#include <setupapi.h>

#define EXPORT   __declspec(dllexport)
#define NEW_INST 100 /* a device that is made; those that are there count from 1 */

static DWORD wanted_change;
static char hardware[64]; /* of the device that is being made */

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
        if (fake_is_known(i) && number-- == 0) {
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
    int index = fake_index(device->DevInst);
    snprintf((char *)out, out_len, "%s", fake_driver(index));
    SetLastError(ERROR_INVALID_DATA);
    return property == SPDRP_DRIVER && fake_is_there(index);
}

EXPORT BOOL WINAPI SetupDiGetDeviceRegistryPropertyW(HDEVINFO list,
                                                     SP_DEVINFO_DATA *device,
                                                     DWORD property, DWORD *type,
                                                     BYTE *out, DWORD out_len,
                                                     DWORD *needed)
{
    char text[64];
    SetLastError(ERROR_INVALID_DATA);
    return property == SPDRP_HARDWAREID &&
           fake_get_hardware(fake_index(device->DevInst), text, sizeof text) &&
           MultiByteToWideChar(CP_UTF8, 0, text, -1, (WCHAR *)out,
                               (int)(out_len / sizeof(WCHAR))) > 0;
}

EXPORT BOOL WINAPI SetupDiOpenDeviceInfoA(HDEVINFO list, PCSTR name, HWND parent,
                                          DWORD flags, SP_DEVINFO_DATA *out)
{
    int index = 0;
    if (device_call("open device %s", name))
        return FALSE;
    SetLastError(ERROR_NO_SUCH_DEVINST);
    if (sscanf(name, "ROOT\\NET\\%d", &index) != 1 || !fake_is_known(index))
        return FALSE;
    out->DevInst = (DWORD)(1 + index);
    return TRUE;
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
    char number[16];
    int index = 0;
    while (index < FAKETAP_MAX - 1 && fake_is_known(index))
        index++;
    snprintf(number, sizeof number, "%d", index);
    SetEnvironmentVariableA("LP_DEVICE_MADE", number);
    out->DevInst = NEW_INST;
    return TRUE;
}

EXPORT BOOL WINAPI SetupDiGetDeviceInstanceIdA(HDEVINFO list, SP_DEVINFO_DATA *device,
                                               PSTR out, DWORD out_len, DWORD *needed)
{
    if (device_call("name device"))
        return FALSE;
    snprintf(out, out_len, "ROOT\\NET\\%04d", fake_index(device->DevInst));
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
    snprintf(hardware, sizeof hardware, "%ls", text);
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

static const char *key_of(const SP_DEVINFO_DATA *device, DWORD kind)
{
    int index = fake_index(device->DevInst);
    return kind == DIREG_DRV ? fake_class_key(index) : fake_parameters_key(index);
}

EXPORT HKEY WINAPI SetupDiOpenDevRegKey(HDEVINFO list, SP_DEVINFO_DATA *device,
                                        DWORD scope, DWORD profile, DWORD kind,
                                        REGSAM access)
{
    HKEY key;
    return !device_call("open key %lu", kind) &&
                   RegOpenKeyExA(HKEY_LOCAL_MACHINE, key_of(device, kind), 0, access,
                                 &key) == 0
               ? key
               : INVALID_HANDLE_VALUE;
}

/* "The specified device instance must be registered before this function is called." */
EXPORT HKEY WINAPI SetupDiCreateDevRegKeyW(HDEVINFO list, SP_DEVINFO_DATA *device,
                                           DWORD scope, DWORD profile, DWORD kind,
                                           HINF inf, PCWSTR section)
{
    HKEY key;
    return !device_call("create key %lu", kind) &&
                   fake_is_known(fake_index(device->DevInst)) &&
                   RegCreateKeyExA(HKEY_LOCAL_MACHINE, key_of(device, kind), 0, NULL, 0,
                                   KEY_ALL_ACCESS, NULL, &key, NULL) == 0
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

static BOOL enroll(int index)
{
    fake_set(fake_device_key(index), "HardwareID", hardware);
    return TRUE;
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
        return !device_call("register") && enroll(index);
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
