/* The fake adapters (faketap.c) as devices: put into Wine's registry, taken out of it, and
 * the driver started anew. For adapter.c and the doubles of SetupAPI. */
#pragma once

#include "faketap.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#define FAKE_CONTROL "SYSTEM\\CurrentControlSet\\Control\\"

static inline const char *fake_driver(int index) /* as SPDRP_DRIVER has it */
{
    static char text[128];
    snprintf(text, sizeof text, FAKETAP_CLASS "\\" FAKETAP_SUBKEY "%d", 2 + index);
    return text;
}

static inline const char *fake_id(int index)
{
    static char text[64];
    snprintf(text, sizeof text, FAKETAP_ID "%d}", index);
    return text;
}

static inline const char *fake_class_key(int index)
{
    static char text[200];
    snprintf(text, sizeof text, FAKE_CONTROL "Class\\%s", fake_driver(index));
    return text;
}

static inline const char *fake_network_key(int index)
{
    static char text[200];
    snprintf(text, sizeof text, FAKE_CONTROL "Network\\" FAKETAP_CLASS "\\%s",
             fake_id(index));
    return text;
}

/* What the device manager knows of it, also while it has no driver. */
static inline const char *fake_device_key(int index)
{
    static char text[200];
    snprintf(text, sizeof text, "SYSTEM\\CurrentControlSet\\Enum\\ROOT\\NET\\%04d",
             index);
    return text;
}

static inline const char *fake_parameters_key(int index)
{
    static char text[240];
    snprintf(text, sizeof text, "%s\\Device Parameters", fake_device_key(index));
    return text;
}

static inline void fake_set(const char *key, const char *name, const char *value)
{
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, name, REG_SZ, value,
                    (DWORD)strlen(value) + 1);
}

static inline BOOL fake_is_there(int index)
{
    char text[64];
    DWORD len = sizeof text;
    return RegGetValueA(HKEY_LOCAL_MACHINE, fake_class_key(index), "ComponentId",
                        RRF_RT_REG_SZ, NULL, text, &len) == 0;
}

static inline BOOL fake_get_hardware(int index, char *out, DWORD out_len)
{
    return RegGetValueA(HKEY_LOCAL_MACHINE, fake_device_key(index), "HardwareID",
                        RRF_RT_REG_SZ, NULL, out, &out_len) == 0;
}

static inline BOOL fake_is_known(int index)
{
    char text[64];
    return fake_is_there(index) || fake_get_hardware(index, text, sizeof text);
}

static inline void fake_name(int index, const char *name)
{
    char key[256];
    snprintf(key, sizeof key, "%s\\Connection", fake_network_key(index));
    fake_set(key, "Name", name);
    fake_set(fake_class_key(index), "NetCfgInstanceId", fake_id(index));
}

static inline void fake_take_out(int index)
{
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, fake_class_key(index));
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, fake_network_key(index));
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, fake_device_key(index));
}

/* Wine's service manager, itself just started or busy, may be locked. */
static inline BOOL fake_start(SC_HANDLE service)
{
    for (int i = 0; i < 100; i++) {
        if (StartServiceA(service, 0, NULL))
            return TRUE;
        if (GetLastError() != ERROR_SERVICE_DATABASE_LOCKED &&
            GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)
            return FALSE;
        Sleep(100);
    }
    return FALSE;
}

static inline BOOL fake_restart(void)
{
    SERVICE_STATUS status;
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = OpenServiceA(manager, FAKETAP_SERVICE, SERVICE_ALL_ACCESS);
    BOOL done =
        ControlService(service, SERVICE_CONTROL_STOP, &status) && fake_start(service);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return done;
}
