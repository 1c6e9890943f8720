#include "os/windows/events.h"

#include "os/windows/text.h"

#include <stdio.h>

#include <windows.h>

#define SOURCES   L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"
#define MESSAGES  L"%SystemRoot%\\System32\\EventCreate.exe"
#define EVENT_ID  1 /* one of its thousand */
#define KEY_LEN   160
#define WORDS_LEN 2048

static void write_key(const wchar_t *source, wchar_t out[KEY_LEN])
{
    swprintf(out, KEY_LEN, SOURCES L"%ls", source);
}

void lp_events_enroll(const wchar_t *source)
{
    static const wchar_t messages[] = MESSAGES;
    wchar_t key[KEY_LEN];
    DWORD types =
        EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    write_key(source, key);
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, L"EventMessageFile", REG_EXPAND_SZ,
                    messages, sizeof messages);
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, L"TypesSupported", REG_DWORD, &types,
                    sizeof types);
}

void lp_events_forget(const wchar_t *source)
{
    wchar_t key[KEY_LEN];
    write_key(source, key);
    RegDeleteTreeW(HKEY_LOCAL_MACHINE, key);
}

void lp_events_write(const wchar_t *source, const char *words)
{
    wchar_t wide[WORDS_LEN];
    const wchar_t *text = wide;
    HANDLE log = RegisterEventSourceW(NULL, source);
    if (log && lp_text_to_wide(words, wide, WORDS_LEN))
        ReportEventW(log, EVENTLOG_ERROR_TYPE, 0, EVENT_ID, NULL, 1, 0, &text, NULL);
    if (log)
        DeregisterEventSource(log);
}
