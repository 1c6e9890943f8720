/*
 * Puts fake adapters (faketap.c) into Wine's registry and starts their driver, then stays:
 * Wine ends drivers with its last program.
 *
 *   adapter.exe DRIVER.SYS [NAME [MAC [FLAW]] [+ NAME ...]...]
 *
 * MAC as NetworkAddress has it, 020000000001, or - for none; FLAW as faketap.h has it.
 * Without a NAME the driver is there, and no adapter.
 */
#include "fakedevices.h"

static void put_adapters(int count, char **words)
{
    int index = 0, at_word = 0;
    for (int i = 0; i < count && index < FAKETAP_MAX; i++) {
        if (strcmp(words[i], "+") == 0) {
            index++;
            at_word = 0;
            continue;
        }
        switch (at_word++) {
        case 0:
            fake_set(fake_class_key(index), "ComponentId", "root\\tap0901");
            fake_name(index, words[i]);
            break;
        case 1:
            if (strcmp(words[i], "-") != 0)
                fake_set(fake_class_key(index), "NetworkAddress", words[i]);
            break;
        default:
            fake_set(fake_class_key(index), "Flaw", words[i]);
        }
    }
}

int main(int argc, char **argv)
{
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (argc < 2)
        return 2;
    put_adapters(argc - 2, argv + 2);
    SC_HANDLE service =
        CreateServiceA(manager, FAKETAP_SERVICE, FAKETAP_SERVICE, SERVICE_ALL_ACCESS,
                       SERVICE_KERNEL_DRIVER, SERVICE_DEMAND_START,
                       SERVICE_ERROR_NORMAL, argv[1], NULL, NULL, NULL, NULL, NULL);
    if (!service || !fake_start(service)) {
        printf("no driver: error %lu\n", GetLastError());
        return 1;
    }
    printf("the adapter is there\n");
    fflush(stdout);
    Sleep(INFINITE);
    return 0;
}
