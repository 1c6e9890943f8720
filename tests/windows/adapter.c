/*
 * Puts the fake adapter (faketap.c) into Wine's registry and starts its driver, then stays:
 * Wine ends drivers with its last program.
 *
 *   adapter.exe DRIVER.SYS NAME [MAC]     MAC as NetworkAddress has it: 020000000001
 *   adapter.exe restart                   what the device manager does
 */
#include "faketap.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#define CONTROL "SYSTEM\\CurrentControlSet\\Control\\"
#define DRIVER  CONTROL "Class\\" FAKETAP_CLASS "\\" FAKETAP_SUBKEY
#define NETWORK CONTROL "Network\\" FAKETAP_CLASS "\\" FAKETAP_ID "\\Connection"

static void set(const char *key, const char *name, const char *value)
{
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, name, REG_SZ, value,
                    (DWORD)strlen(value) + 1);
}

int main(int argc, char **argv)
{
    SERVICE_STATUS status;
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (argc == 2 && strcmp(argv[1], "restart") == 0) {
        SC_HANDLE service = OpenServiceA(manager, FAKETAP_SERVICE, SERVICE_ALL_ACCESS);
        return ControlService(service, SERVICE_CONTROL_STOP, &status) &&
                       StartServiceA(service, 0, NULL)
                   ? 0
                   : 1;
    }
    if (argc < 3)
        return 2;
    set(DRIVER, "ComponentId", "root\\tap0901");
    set(DRIVER, "NetCfgInstanceId", FAKETAP_ID);
    set(NETWORK, "Name", argv[2]);
    if (argc > 3)
        set(DRIVER, "NetworkAddress", argv[3]);
    SC_HANDLE service =
        CreateServiceA(manager, FAKETAP_SERVICE, FAKETAP_SERVICE, SERVICE_ALL_ACCESS,
                       SERVICE_KERNEL_DRIVER, SERVICE_DEMAND_START,
                       SERVICE_ERROR_NORMAL, argv[1], NULL, NULL, NULL, NULL, NULL);
    /* Wine's service manager, itself just started, may still be locked. */
    BOOL started = service && StartServiceA(service, 0, NULL);
    for (int i = 0;
         i < 100 && !started && GetLastError() == ERROR_SERVICE_DATABASE_LOCKED; i++) {
        Sleep(100);
        started = StartServiceA(service, 0, NULL);
    }
    if (!started) {
        printf("no driver: error %lu\n", GetLastError());
        return 1;
    }
    printf("the adapter is there\n");
    fflush(stdout);
    Sleep(INFINITE);
    return 0;
}
