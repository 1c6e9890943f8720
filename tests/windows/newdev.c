/* A stand-in for newdev.dll: see setupapi.c. Its one call gives a device that was made a
 * driver, and so a key, a name and, a moment later as on Windows, an id. */
#include "devicecalls.h"

#include <setupapi.h>

static DWORD WINAPI give_id(void *index)
{
    Sleep(300);
    fake_name((int)(INT_PTR)index, "Ethernet 7");
    fake_restart();
    return 0;
}

__declspec(dllexport) BOOL WINAPI DiInstallDevice(HWND, HDEVINFO, SP_DEVINFO_DATA *,
                                                  SP_DRVINFO_DATA_A *, DWORD, BOOL *);

BOOL WINAPI DiInstallDevice(HWND parent, HDEVINFO list, SP_DEVINFO_DATA *device,
                            SP_DRVINFO_DATA_A *driver, DWORD flags, BOOL *out_reboot)
{
    int index = fake_index(device->DevInst);
    if (device_call("install driver%s", driver ? " of choice" : ""))
        return FALSE;
    fake_set(fake_class_key(index), "ComponentId", "root\\tap0901");
    *out_reboot = getenv("LP_NEEDS_REBOOT") != NULL;
    HMODULE self; /* the thread may outlive what loaded us */
    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN, "newdev.dll", &self);
    CloseHandle(CreateThread(NULL, 0, give_id, (void *)(INT_PTR)index, 0, NULL));
    return TRUE;
}
