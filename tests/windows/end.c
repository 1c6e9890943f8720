/*
 * Ends a program as Windows does when more than this program ends:
 *
 *   end.exe PROGRAM.exe close|logoff|shutdown   its console: a thread at CtrlRoutine, as the
 *                                               console's host starts it
 *   end.exe PROGRAM.exe session                 its windows are asked, and told
 *
 * And then, or when its patience is at an end, it is ended indeed. Says "returned" where the
 * program was done in time.
 */
#include <stdio.h>
#include <string.h>

#include <windows.h>

#include <tlhelp32.h>

#define PATIENCE_MS 5000 /* HungAppTimeout, and what a console's host waits */

static DWORD find(const char *name)
{
    PROCESSENTRY32 entry = {.dwSize = sizeof entry};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    DWORD id = 0;
    for (BOOL more = Process32First(all, &entry); more && !id;
         more = Process32Next(all, &entry))
        if (_stricmp(entry.szExeFile, name) == 0)
            id = entry.th32ProcessID;
    CloseHandle(all);
    return id;
}

static BOOL end_console(HANDLE process, DWORD event)
{
    FARPROC routine = GetProcAddress(GetModuleHandleA("kernel32.dll"), "CtrlRoutine");
    HANDLE thread = CreateRemoteThread(process, NULL, 0,
                                       (LPTHREAD_START_ROUTINE)(void (*)(void))routine,
                                       (void *)(ULONG_PTR)event, 0, NULL);
    return thread && WaitForSingleObject(thread, PATIENCE_MS) == WAIT_OBJECT_0;
}

typedef struct session {
    DWORD process;
    int told, returned;
} session;

/* A program may have several windows, and end while the first one is told. */
static BOOL CALLBACK tell_window(HWND window, LPARAM state)
{
    session *it = (session *)state;
    DWORD process = 0;
    DWORD_PTR may = FALSE, ignored;
    GetWindowThreadProcessId(window, &process);
    if (process != it->process)
        return TRUE;
    it->told++;
    if (!SendMessageTimeoutA(window, WM_QUERYENDSESSION, 0, (LPARAM)ENDSESSION_LOGOFF,
                             0, PATIENCE_MS, &may))
        it->returned += !IsWindow(window); /* gone with the program */
    else
        it->returned +=
            may &&
            (SendMessageTimeoutA(window, WM_ENDSESSION, TRUE, (LPARAM)ENDSESSION_LOGOFF,
                                 0, PATIENCE_MS, &ignored) ||
             GetLastError() != ERROR_TIMEOUT); /* it was done, and is no more */
    return TRUE;
}

static BOOL end_session(DWORD process)
{
    session it = {.process = process};
    EnumWindows(tell_window, (LPARAM)&it);
    return it.told > 0 && it.returned == it.told;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        DWORD event;
    } events[] = {{"close", CTRL_CLOSE_EVENT},
                  {"logoff", CTRL_LOGOFF_EVENT},
                  {"shutdown", CTRL_SHUTDOWN_EVENT}};
    DWORD id = argc == 3 ? find(argv[1]) : 0;
    HANDLE process = id ? OpenProcess(PROCESS_ALL_ACCESS, FALSE, id) : NULL;
    if (!process) {
        fprintf(stderr, "end: whom?\n");
        return 2;
    }
    BOOL returned = strcmp(argv[2], "session") == 0 && end_session(id);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (strcmp(argv[2], events[i].name) == 0)
            returned = end_console(process, events[i].event);
    printf(returned ? "returned\n" : "did not return\n");
    TerminateProcess(process, STATUS_CONTROL_C_EXIT);
    return 0;
}
