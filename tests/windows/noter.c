/*
 * Writes down how it was called, a line each time, into a file beside it: NAME.exe.log. It
 * stands in for programs that the window starts.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    char path[1024];
    snprintf(path, sizeof path, "%s.log", argv[0]);
    FILE *log = fopen(path, "a");
    if (!log)
        return 1;
    for (int i = 1; i < argc; i++)
        fprintf(log, "%s%s", argv[i], i + 1 < argc ? " " : "");
    fputc('\n', log);
    fclose(log);
    return 0;
}
