/*
 * Octets in, octets out, as any program may speak to a pipe: ask.exe PIPE [HOLD-MS] writes
 * what it reads from standard input, waits, and prints what comes back. 1: nobody is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define PATIENCE_MS 20000

static HANDLE open_pipe(const char *name)
{
    for (;;) {
        HANDLE pipe = CreateFileA(name, GENERIC_READ | FILE_WRITE_DATA, 0, NULL,
                                  OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY ||
            !WaitNamedPipeA(name, PATIENCE_MS))
            return pipe;
    }
}

int main(int argc, char **argv)
{
    static char octets[1 << 20];
    DWORD len = 0, got, sent;
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    HANDLE pipe = argc > 1 ? open_pipe(argv[1]) : INVALID_HANDLE_VALUE;
    if (pipe == INVALID_HANDLE_VALUE)
        return 1;
    while (len < sizeof octets &&
           ReadFile(in, octets + len, sizeof octets - len, &got, NULL) && got > 0)
        len += got;
    if (len > 0)
        WriteFile(pipe, octets, len, &sent, NULL);
    Sleep(argc > 2 ? (DWORD)atoi(argv[2]) : 0);
    while (ReadFile(pipe, octets, sizeof octets, &got, NULL) && got > 0)
        WriteFile(out, octets, got, &sent, NULL);
    return 0;
}
