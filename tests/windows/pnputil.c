/*
 * Stands in for Windows' pnputil.exe, which Wine 8 lacks: writes down what it was asked,
 * and changes the registry as the driver store would. What it says and ends with is what
 * C:\pnputil.rc holds, if there is one.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define IDS  "SYSTEM\\DriverDatabase\\DeviceIds\\root\\tap0901"
#define NAME "oem42.inf"

static int wanted_code(void)
{
    int code = 0;
    FILE *file = fopen("C:\\pnputil.rc", "r");
    if (file) {
        if (fscanf(file, "%d", &code) != 1)
            code = 0;
        fclose(file);
    }
    return code;
}

int main(int argc, char **argv)
{
    static const BYTE what[] = {0xff, 0, 0, 0};
    int code = wanted_code();
    bool adds = argc > 1 && strcmp(argv[1], "/add-driver") == 0;
    FILE *log = fopen("C:\\pnputil.log", "a");
    if (!log)
        return 1;
    for (int i = 1; i < argc; i++)
        fprintf(log, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
    fclose(log);
    if (adds && GetFileAttributesA(argv[2]) == INVALID_FILE_ATTRIBUTES)
        return 2;
    if (adds && (code == 0 || code == 259 || code == 3010))
        RegSetKeyValueA(HKEY_LOCAL_MACHINE, IDS, NAME, REG_BINARY, what, sizeof what);
    if (!adds)
        RegDeleteKeyValueA(HKEY_LOCAL_MACHINE, IDS, NAME);
    return code;
}
