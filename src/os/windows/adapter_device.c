/* Adapters as devices: made, removed, and restarted, for an adapter reads its address only
 * when it starts. What the device manager does, by SetupAPI. */
#include "os/windows/adapters.h"
#include "os/windows/errors.h"
#include "os/windows/text.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#include <setupapi.h>

#define HARDWARE_ID L"root\\tap0901"
#define NAME        "LAN party"
#define MAX_NAMES   20 /* "LAN party 2" and on, where the name is taken */

/* Windows binds protocols to a new adapter for some seconds before it has an id. */
#define ID_PATIENCE_MS 30000
#define ID_POLL_MS     100
#define NETSH_PATIENCE 15000

static const GUID network_class = {
    0x4d36e972, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};

static void close_list(HDEVINFO devices)
{
    DWORD error = GetLastError(); /* whatever failed before is what is told */
    if (devices != INVALID_HANDLE_VALUE)
        SetupDiDestroyDeviceInfoList(devices);
    SetLastError(error);
}

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

/* Does Windows put it off until the machine starts anew? */
static bool needs_reboot(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    SP_DEVINSTALL_PARAMS_W params = {.cbSize = sizeof params};
    return SetupDiGetDeviceInstallParamsW(devices, device, &params) &&
           params.Flags & (DI_NEEDREBOOT | DI_NEEDRESTART);
}

/* --- restarting ------------------------------------------------------------------- */

static bool restart(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    SP_PROPCHANGE_PARAMS change = {
        .ClassInstallHeader = {sizeof change.ClassInstallHeader, DIF_PROPERTYCHANGE},
        .StateChange = DICS_PROPCHANGE,
        .Scope = DICS_FLAG_CONFIGSPECIFIC};
    if (!SetupDiSetClassInstallParamsW(devices, device, &change.ClassInstallHeader,
                                       sizeof change) ||
        !SetupDiCallClassInstaller(DIF_PROPERTYCHANGE, devices, device))
        return false;
    SetLastError(ERROR_SUCCESS_REBOOT_REQUIRED);
    return !needs_reboot(devices, device);
}

lp_err lp_adapter_restart(const lp_adapter *adapter, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    SP_DEVINFO_DATA device;
    HDEVINFO devices = SetupDiGetClassDevsW(&network_class, NULL, NULL, DIGCF_PRESENT);
    bool done = devices != INVALID_HANDLE_VALUE &&
                find_device(devices, adapter->driver, &device) &&
                restart(devices, &device);
    close_list(devices);
    DWORD error = GetLastError();
    if (done)
        return LP_OK;
    return lp_explain(
        why, lp_err_of_windows(error),
        "cannot restart the adapter \"%s\", which takes its address when it "
        "starts: %s; disable and enable it in Network Connections",
        adapter->choice.name, lp_windows_text(error, text));
}

/* --- removing --------------------------------------------------------------------- */

static bool remove_device(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    SP_REMOVEDEVICE_PARAMS params = {
        .ClassInstallHeader = {sizeof params.ClassInstallHeader, DIF_REMOVE},
        .Scope = DI_REMOVEDEVICE_GLOBAL};
    return SetupDiSetClassInstallParamsW(devices, device, &params.ClassInstallHeader,
                                         sizeof params) &&
           SetupDiCallClassInstaller(DIF_REMOVE, devices, device);
}

static lp_err remove_adapter(const lp_adapter *adapter, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    SP_DEVINFO_DATA device;
    /* Also one that is not present now: disabled, or left by a half removal. */
    HDEVINFO devices = SetupDiGetClassDevsW(&network_class, NULL, NULL, 0);
    bool done = devices != INVALID_HANDLE_VALUE &&
                find_device(devices, adapter->driver, &device) &&
                remove_device(devices, &device);
    close_list(devices);
    DWORD error = GetLastError();
    if (done)
        return LP_OK;
    return lp_explain(why, lp_err_of_windows(error),
                      "cannot remove the adapter \"%s\": %s; start as administrator, "
                      "or uninstall it in the device manager",
                      adapter->choice.name, lp_windows_text(error, text));
}

lp_err lp_tap_remove(size_t *out_count, lp_why *why)
{
    lp_adapter found[LP_ADAPTERS_MAX];
    size_t count = lp_adapters_find(found);
    *out_count = 0;
    for (size_t i = 0; i < count && found[i].is_ours; i++) {
        lp_err err = remove_adapter(&found[i], why);
        if (err)
            return err;
        ++*out_count;
    }
    return LP_OK;
}

/* --- making ----------------------------------------------------------------------- */

/* A device that is not registered yet, and goes with the list. */
static bool describe_device(HDEVINFO devices, SP_DEVINFO_DATA *out)
{
    static const wchar_t ids[] = HARDWARE_ID L"\0"; /* a list, ended by an empty one */
    *out = (SP_DEVINFO_DATA){.cbSize = sizeof *out};
    return SetupDiCreateDeviceInfoW(devices, L"NET", &network_class, NULL, NULL,
                                    DICD_GENERATE_ID, out) &&
           SetupDiSetDeviceRegistryPropertyW(devices, out, SPDRP_HARDWAREID,
                                             (const BYTE *)ids, sizeof ids);
}

/* False with ERROR_NO_MORE_ITEMS: the driver was never installed here. */
static bool has_driver(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    SP_DRVINFO_DATA_W driver = {.cbSize = sizeof driver};
    return SetupDiBuildDriverInfoList(devices, device, SPDIT_COMPATDRIVER) &&
           SetupDiEnumDriverInfoW(devices, device, SPDIT_COMPATDRIVER, 0, &driver);
}

/* Of the drivers that Windows has, the best, and for this device alone: other adapters,
 * an OpenVPN's, stay as they are (UpdateDriverForPlugAndPlayDevices would touch them).
 * mingw-w64 has no import for it. */
static bool install_driver(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    typedef BOOL(WINAPI * install)(HWND, HDEVINFO, SP_DEVINFO_DATA *,
                                   SP_DRVINFO_DATA_A *, DWORD, BOOL *);
    HMODULE newdev = LoadLibraryExW(L"newdev.dll", NULL,
                                    LOAD_LIBRARY_SEARCH_APPLICATION_DIR |
                                        LOAD_LIBRARY_SEARCH_SYSTEM32);
    install di_install_device =
        newdev ? (install)(uintptr_t)GetProcAddress(newdev, "DiInstallDevice") : NULL;
    BOOL reboot = FALSE;
    bool done =
        di_install_device && di_install_device(NULL, devices, device, NULL, 0, &reboot);
    DWORD error = reboot ? ERROR_SUCCESS_REBOOT_REQUIRED : GetLastError();
    if (newdev)
        FreeLibrary(newdev);
    SetLastError(error);
    return done && !reboot;
}

static bool mark_and_close(HKEY key)
{
    DWORD mark = 1;
    LSTATUS status = RegSetValueExA(key, LP_ADAPTER_MARK, 0, REG_DWORD,
                                    (const BYTE *)&mark, sizeof mark);
    RegCloseKey(key);
    SetLastError((DWORD)status);
    return status == 0;
}

static bool read_id(HKEY key, char *out, DWORD out_len)
{
    return RegGetValueA(key, NULL, "NetCfgInstanceId", RRF_RT_REG_SZ, NULL, out,
                        &out_len) == 0;
}

/* In a key of the device's own: its driver has none yet, and lp_adapters_find looks there. */
static bool mark_begun(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    HKEY key = SetupDiCreateDevRegKeyW(devices, device, DICS_FLAG_GLOBAL, 0, DIREG_DEV,
                                       NULL, NULL);
    return key != INVALID_HANDLE_VALUE && mark_and_close(key);
}

/* Waits until it has an id, and marks it as ours. */
static bool learn_id(HDEVINFO devices, SP_DEVINFO_DATA *device, char *out,
                     DWORD out_len)
{
    HKEY key = SetupDiOpenDevRegKey(devices, device, DICS_FLAG_GLOBAL, 0, DIREG_DRV,
                                    KEY_READ | KEY_WRITE);
    if (key == INVALID_HANDLE_VALUE)
        return false;
    bool found = read_id(key, out, out_len);
    for (int waited = 0; !found && waited < ID_PATIENCE_MS; waited += ID_POLL_MS) {
        Sleep(ID_POLL_MS);
        found = read_id(key, out, out_len);
    }
    if (found)
        return mark_and_close(key);
    RegCloseKey(key);
    SetLastError(ERROR_TIMEOUT);
    return false;
}

/* Nothing of it lasts before the journal knows it. */
static bool register_device(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    return SetupDiCallClassInstaller(DIF_REGISTERDEVICE, devices, device);
}

/* Half-made, it does not stay. */
static bool finish_device(HDEVINFO devices, SP_DEVINFO_DATA *device, char *out_id,
                          DWORD out_len)
{
    if (mark_begun(devices, device) && install_driver(devices, device) &&
        learn_id(devices, device, out_id, out_len))
        return true;
    DWORD error = GetLastError();
    remove_device(devices, device);
    SetLastError(error);
    return false;
}

static lp_err explain_create(DWORD error, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    switch (error) {
    case ERROR_NO_MORE_ITEMS:
    case ERROR_NO_COMPAT_DRIVERS:
    case ERROR_NO_DRIVER_SELECTED:
        return lp_explain(
            why, LP_ERR_NOT_FOUND,
            "the TAP driver is missing: install OpenVPN's tap-windows6, from "
            "build.openvpn.net/downloads/releases, then try again");
    case ERROR_ACCESS_DENIED:
    case ERROR_IN_WOW64:
        return lp_explain(why, LP_ERR_DENIED,
                          "cannot make an adapter: start as administrator");
    case ERROR_SUCCESS_REBOOT_REQUIRED:
        return lp_explain(why, LP_ERR_IO,
                          "cannot make an adapter before Windows was restarted: "
                          "restart it, then try again");
    default:
        return lp_explain(why, lp_err_of_windows(error),
                          "cannot make an adapter: %s; nothing was changed",
                          lp_windows_text(error, text));
    }
}

/* --- naming ----------------------------------------------------------------------- */

static bool is_taken(const char *name)
{
    HKEY networks;
    wchar_t wanted[64], has[256], path[128], subkey[64];
    DWORD len = 64;
    bool taken = false;
    lp_text_to_wide(name, wanted, 64);
    if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, LP_ADAPTER_NETWORKS LP_ADAPTER_CLASS, 0,
                      KEY_READ, &networks) != 0)
        return false;
    for (DWORD i = 0; !taken && RegEnumKeyExW(networks, i, subkey, &len, NULL, NULL,
                                              NULL, NULL) == 0;
         i++, len = 64) {
        DWORD has_len = sizeof has;
        swprintf(path, 128, L"%ls\\Connection", subkey);
        taken = RegGetValueW(networks, path, L"Name", RRF_RT_REG_SZ, NULL, has,
                             &has_len) == 0 &&
                CompareStringOrdinal(wanted, -1, has, -1, TRUE) == CSTR_EQUAL;
    }
    RegCloseKey(networks);
    return taken;
}

/* netsh is the documented way, and tells everyone who shows connections. */
static void ask_netsh(const char *from, const char *to)
{
    wchar_t folder[MAX_PATH], words[MAX_PATH + 400], from_wide[128], to_wide[64];
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    if (strchr(from, '"') || !lp_text_to_wide(from, from_wide, 128) ||
        !lp_text_to_wide(to, to_wide, 64) || !GetSystemDirectoryW(folder, MAX_PATH))
        return;
    swprintf(words, MAX_PATH + 400,
             L"\"%ls\\netsh.exe\" interface set interface name=\"%ls\" "
             L"newname=\"%ls\"",
             folder, from_wide, to_wide);
    if (!CreateProcessW(NULL, words, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, folder,
                        &start, &made))
        return;
    WaitForSingleObject(made.hProcess, NETSH_PATIENCE);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
}

static bool find_choice(const char *id, lp_tap_choice *out)
{
    lp_tap_choice all[LP_ADAPTERS_MAX];
    size_t count = lp_tap_list(all, LP_ADAPTERS_MAX), at = 0;
    while (at < count && _stricmp(all[at].id, id) != 0)
        at++;
    if (at < count)
        *out = all[at];
    return at < count;
}

/* A name is for people: where it cannot be given, "Ethernet 3" carries frames as well. */
static void give_name(lp_tap_choice *made)
{
    char name[64] = NAME, path[256];
    for (int i = 2; is_taken(name) && i < MAX_NAMES; i++)
        snprintf(name, sizeof name, NAME " %d", i);
    ask_netsh(made->name, name);
    if (find_choice(made->id, made) && strcmp(made->name, name) == 0)
        return;
    snprintf(path, sizeof path, LP_ADAPTER_NETWORKS LP_ADAPTER_CLASS "\\%s\\Connection",
             made->id);
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, path, "Name", REG_SZ, name,
                    (DWORD)strlen(name) + 1);
    find_choice(made->id, made);
}

/* What the journal has to know. */
static bool name_device(HDEVINFO devices, SP_DEVINFO_DATA *device, lp_undo *out)
{
    *out = (lp_undo){.kind = LP_UNDO_DEVICE};
    if (!SetupDiGetDeviceInstanceIdA(devices, device, out->device, sizeof out->device,
                                     NULL))
        return false;
    SetLastError(ERROR_INVALID_NAME);
    return lp_undo_is_device(out->device);
}

static lp_err make_device(HDEVINFO devices, char *out_id, DWORD out_len, lp_why *why)
{
    SP_DEVINFO_DATA device;
    lp_undo begun;
    if (!describe_device(devices, &device) || !has_driver(devices, &device) ||
        !name_device(devices, &device, &begun))
        return explain_create(GetLastError(), why);
    lp_err err = lp_journal_note(&begun, why);
    if (err)
        return err;
    if (!register_device(devices, &device) ||
        !finish_device(devices, &device, out_id, out_len))
        err = explain_create(GetLastError(), why);
    if (!err || lp_journal_undo_device(&begun)) /* made, or gone as it should be */
        lp_journal_strike(&begun);
    return err;
}

lp_err lp_tap_create(lp_tap_choice *out_made, lp_why *why)
{
    char id[sizeof out_made->id] = "";
    lp_err err = lp_journal_claim(why);
    if (err)
        return err;
    HDEVINFO devices = SetupDiCreateDeviceInfoList(&network_class, NULL);
    err = devices == INVALID_HANDLE_VALUE ? explain_create(GetLastError(), why)
                                          : make_device(devices, id, sizeof id, why);
    close_list(devices);
    lp_journal_release();
    if (err)
        return err;
    *out_made = (lp_tap_choice){0};
    memcpy(out_made->id, id, sizeof id);
    if (find_choice(id, out_made))
        give_name(out_made);
    return LP_OK;
}

/* --- what a killed run was making ------------------------------------------------- */

static bool has_mark(HDEVINFO devices, SP_DEVINFO_DATA *device, DWORD kind)
{
    DWORD mark = 0, len = sizeof mark;
    HKEY key =
        SetupDiOpenDevRegKey(devices, device, DICS_FLAG_GLOBAL, 0, kind, KEY_READ);
    if (key == INVALID_HANDLE_VALUE)
        return false;
    RegGetValueA(key, NULL, LP_ADAPTER_MARK, RRF_RT_REG_DWORD, NULL, &mark, &len);
    RegCloseKey(key);
    return mark != 0;
}

/*
 * Names are used again: what has this one now need not be what we were making. Ours has our
 * hardware id, and either our mark or, killed before that, no driver: somebody's adapter that
 * works has one.
 */
static bool is_half_made(HDEVINFO devices, SP_DEVINFO_DATA *device)
{
    wchar_t id[64] = L"";
    char driver[64] = "";
    if (!SetupDiGetDeviceRegistryPropertyW(devices, device, SPDRP_HARDWAREID, NULL,
                                           (BYTE *)id, sizeof id - sizeof *id, NULL) ||
        _wcsicmp(id, HARDWARE_ID) != 0 || has_mark(devices, device, DIREG_DRV))
        return false;
    return has_mark(devices, device, DIREG_DEV) ||
           !SetupDiGetDeviceRegistryPropertyA(devices, device, SPDRP_DRIVER, NULL,
                                              (BYTE *)driver, sizeof driver - 1, NULL);
}

/* True: it is gone, or was finished: then it is an adapter of ours as any. */
bool lp_journal_undo_device(const lp_undo *entry)
{
    SP_DEVINFO_DATA device = {.cbSize = sizeof device};
    HDEVINFO devices = SetupDiCreateDeviceInfoList(NULL, NULL); /* whatever it is now */
    if (devices == INVALID_HANDLE_VALUE)
        return false;
    bool done = SetupDiOpenDeviceInfoA(devices, entry->device, NULL, 0, &device)
                    ? !is_half_made(devices, &device) || remove_device(devices, &device)
                    : GetLastError() == ERROR_NO_SUCH_DEVINST;
    close_list(devices);
    return done;
}
