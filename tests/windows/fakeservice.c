/*
 * A service that says what it is told to, for tests of the window: a request for X is
 * answered with what stands in FOLDER/X.json, and noted in FOLDER/requests.
 *
 *     fakeservice.exe PIPE FOLDER
 */
#include <windows.h>

#include <sddl.h>
#include <stdio.h>
#include <string.h>

enum { LEN = 65536 };

static char request[LEN], answer[LEN];

/* "status", or what follows "do" in {"do":"connect", ...}. */
static const char *wanted(void)
{
    static char word[32];
    const char *at = strstr(request, "\"do\":\"");
    size_t len = strcspn(at ? at + 6 : request, at ? "\"" : "\r\n");
    snprintf(word, sizeof word, "%.*s", (int)len, at ? at + 6 : request);
    return word;
}

static size_t read_answer(const char *folder)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s.json", folder, wanted());
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(answer, 1, LEN, file) : 0;
    if (file)
        fclose(file);
    return len;
}

static void note(const char *folder)
{
    char path[600];
    snprintf(path, sizeof path, "%s/requests", folder);
    FILE *file = strcmp(wanted(), "status") == 0 ? NULL : fopen(path, "ab");
    if (file) {
        fputs(request, file);
        fclose(file);
    }
}

static void serve(HANDLE pipe, const char *folder)
{
    DWORD got = 0, sent;
    size_t len = 0;
    while (len + 1 < LEN && !memchr(request, '\n', len) &&
           ReadFile(pipe, request + len, (DWORD)(LEN - len - 1), &got, NULL) && got > 0)
        len += got;
    request[len] = '\0';
    note(folder);
    WriteFile(pipe, answer, (DWORD)read_answer(folder), &sent, NULL);
    FlushFileBuffers(pipe);
}

int main(int argc, char **argv)
{
    /* Who asks looks whose the pipe is; in Wine one without an access list is nobody's. */
    SECURITY_ATTRIBUTES access = {.nLength = sizeof access};
    if (argc != 3)
        return 2;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(
            "D:P(A;;FA;;;WD)", SDDL_REVISION_1, &access.lpSecurityDescriptor, NULL))
        return 1;
    puts("serving");
    fflush(stdout);
    for (;;) {
        HANDLE pipe = CreateNamedPipeA(argv[1], PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 4,
                                       LEN, LEN, 0, &access);
        if (pipe == INVALID_HANDLE_VALUE)
            return 1;
        if (ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED)
            serve(pipe, argv[2]);
        CloseHandle(pipe);
    }
}
