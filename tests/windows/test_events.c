#include "os/windows/events.h"

#include "test.h"

#include <stdio.h>

#include <windows.h>

/* Wine's has no way to read it: the two calls stand here (tests/meson.build wraps them). */
static wchar_t source[64], words[256];
static unsigned opened, reported, closed;

static HANDLE WINAPI open_log(const wchar_t *server, const wchar_t *name)
{
    opened++;
    CHECK(!server);
    swprintf(source, 64, L"%ls", name);
    return &opened;
}

static BOOL WINAPI report(HANDLE log, WORD type, WORD category, DWORD id, PSID user,
                          WORD count, DWORD raw_len, const wchar_t **strings, void *raw)
{
    reported++;
    CHECK(log == &opened);
    CHECK_EQ(type, EVENTLOG_ERROR_TYPE);
    CHECK(id >= 1 && id <= 1000); /* what eventcreate.exe has words for */
    CHECK_EQ(count, 1);
    CHECK_EQ(raw_len, 0);
    swprintf(words, 256, L"%ls", strings[0]);
    return TRUE;
}

static BOOL WINAPI close_log(HANDLE log)
{
    closed++;
    return log == &opened;
}

HANDLE(WINAPI *__wrap___imp_RegisterEventSourceW)
(const wchar_t *, const wchar_t *) = open_log;
BOOL(WINAPI *__wrap___imp_ReportEventW)
(HANDLE, WORD, WORD, DWORD, PSID, WORD, DWORD, const wchar_t **, void *) = report;
BOOL(WINAPI *__wrap___imp_DeregisterEventSource)(HANDLE) = close_log;

TEST(a_failure_of_a_service_is_an_event)
{
    lp_events_write(L"lanparty-client", "no folder to remember in: \xc3\xa4");
    CHECK(wcscmp(source, L"lanparty-client") == 0);
    CHECK(wcscmp(words, L"no folder to remember in: \u00e4") == 0);
    CHECK_EQ(reported, 1);
    lp_events_write(L"lanparty-client", "\xff\xfe"); /* no text */
    CHECK_EQ(reported, 1);
    CHECK_EQ(closed, opened);
}

#define TEST_KEY \
    "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\softlan-test"

TEST(the_viewer_of_events_finds_our_words_and_forgets_them)
{
    char file[MAX_PATH];
    DWORD types, len = sizeof file, types_len = sizeof types;
    lp_events_enroll(L"softlan-test");
    CHECK_EQ(RegGetValueA(HKEY_LOCAL_MACHINE, TEST_KEY, "EventMessageFile",
                          RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, file, &len),
             0);
    CHECK_STR(file, "%SystemRoot%\\System32\\EventCreate.exe");
    CHECK_EQ(RegGetValueA(HKEY_LOCAL_MACHINE, TEST_KEY, "TypesSupported",
                          RRF_RT_REG_DWORD, NULL, &types, &types_len),
             0);
    CHECK_EQ(types, 7);
    lp_events_forget(L"softlan-test");
    CHECK(RegGetValueA(HKEY_LOCAL_MACHINE, TEST_KEY, "TypesSupported", RRF_RT_REG_DWORD,
                       NULL, &types, &types_len) != 0);
}
