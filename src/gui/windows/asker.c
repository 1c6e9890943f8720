#include "gui/windows/asker.h"

#include <objbase.h>
#include <stdlib.h>

#include "gui/text.h"
#include "gui/windows/export.h"
#include "gui/windows/manager.h"
#include "gui/windows/open.h"
#include "os/pipe.h"

enum { MAX_ORDERS = 8, TEXT_LEN = 4096, PIPE_LEN = 300 };

typedef struct task {
    lp_order order;
    char text[TEXT_LEN];
} task;

struct lp_asker {
    HWND window;
    char pipe[PIPE_LEN];
    HANDLE thread, bell; /* rung when there is something to do */
    CRITICAL_SECTION lock;
    task task[MAX_ORDERS]; /* under the lock, as all below */
    size_t task_count;
    unsigned pace_ms;
    bool stops;
};

void lp_heard_free(lp_heard *answer)
{
    if (answer)
        free(answer->text);
    free(answer);
}

/* --- on its thread ---------------------------------------------------------------- */

static void ask(const lp_asker *asker, const char *request, lp_heard *answer)
{
    answer->err = lp_pipe_ask(asker->pipe, request, LP_SECONDS(5), LP_STATE_TEXT_MAX,
                              &answer->text, &answer->why);
}

static void ask_status(const lp_asker *asker, lp_heard *answer)
{
    ask(asker, "status", answer);
    answer->presence = LP_PRESENCE_ANSWERS;
    if (answer->err == LP_ERR_NOT_FOUND)
        answer->presence = lp_manager_look();
    else if (answer->err)
        answer->presence = LP_PRESENCE_SILENT;
}

/* By who runs, for he knows what is in use; where nobody does, with rights of our own. */
static void repair(const lp_asker *asker, lp_heard *answer)
{
    ask(asker, "{\"do\":\"repair\"}", answer);
    if (answer->err == LP_ERR_NOT_FOUND)
        answer->err = lp_manager_repair(&answer->why);
}

static void do_order(const lp_asker *asker, const task *what, lp_heard *answer)
{
    switch (what->order) {
    case LP_ORDER_STATUS:
        ask_status(asker, answer);
        break;
    case LP_ORDER_CONNECT:
    case LP_ORDER_DISCONNECT:
    case LP_ORDER_FIX:
        ask(asker, what->text, answer);
        break;
    case LP_ORDER_EXPORT:
        answer->err = lp_export_logs(asker->pipe, what->text, &answer->why);
        break;
    case LP_ORDER_START_SERVICE:
        answer->err = lp_manager_start(&answer->why);
        break;
    case LP_ORDER_RESTART_SERVICE:
        answer->err = lp_manager_restart(&answer->why);
        break;
    case LP_ORDER_INSTALL_SERVICE:
        answer->err = lp_manager_install(&answer->why);
        break;
    case LP_ORDER_REPAIR:
        repair(asker, answer);
        break;
    case LP_ORDER_OPEN:
        answer->err = lp_open_place(what->text, &answer->why);
        break;
    case LP_ORDER_HELP:
        answer->err = lp_open_help(&answer->why);
        break;
    }
}

static void run(const lp_asker *asker, const task *what)
{
    lp_heard *answer = calloc(1, sizeof *answer);
    if (!answer)
        return;
    answer->order = what->order;
    do_order(asker, what, answer);
    if (!PostMessageW(asker->window, LP_WM_ANSWER, 0, (LPARAM)answer))
        lp_heard_free(answer);
}

/* The next task: what was ordered, else the question that is asked by itself. */
static bool take(lp_asker *asker, task *out, DWORD *out_pace)
{
    EnterCriticalSection(&asker->lock);
    bool goes_on = !asker->stops;
    out->order = LP_ORDER_STATUS;
    *out_pace = asker->pace_ms;
    if (asker->task_count > 0) {
        *out = asker->task[0];
        asker->task_count--;
        memmove(asker->task, asker->task + 1, asker->task_count * sizeof *asker->task);
    }
    LeaveCriticalSection(&asker->lock);
    return goes_on;
}

static DWORD WINAPI work(void *state)
{
    lp_asker *asker = state;
    static task what; /* there is one asker, and 4 KiB are much of a stack */
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED); /* for ShellExecuteEx */
    DWORD pace;
    while (take(asker, &what, &pace)) {
        run(asker, &what);
        if (what.order == LP_ORDER_STATUS)
            WaitForSingleObject(asker->bell, pace);
    }
    CoUninitialize();
    return 0;
}

/* --- on the window's -------------------------------------------------------------- */

lp_asker *lp_asker_start(HWND window, const char *pipe)
{
    lp_asker *asker = calloc(1, sizeof *asker);
    if (!asker)
        return NULL;
    InitializeCriticalSection(&asker->lock);
    asker->window = window;
    asker->pace_ms = 1000;
    lp_put_text(asker->pipe, sizeof asker->pipe, "%s", pipe);
    asker->bell = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (asker->bell)
        asker->thread = CreateThread(NULL, 0, work, asker, 0, NULL);
    if (asker->thread)
        return asker;
    lp_asker_stop(asker);
    return NULL;
}

void lp_asker_stop(lp_asker *asker)
{
    if (!asker)
        return;
    EnterCriticalSection(&asker->lock);
    asker->stops = true;
    LeaveCriticalSection(&asker->lock);
    if (asker->bell)
        SetEvent(asker->bell);
    if (asker->thread) {
        WaitForSingleObject(asker->thread, INFINITE);
        CloseHandle(asker->thread);
    }
    if (asker->bell)
        CloseHandle(asker->bell);
    DeleteCriticalSection(&asker->lock);
    free(asker);
}

void lp_asker_order(lp_asker *asker, lp_order order, const char *text)
{
    EnterCriticalSection(&asker->lock);
    if (asker->task_count < MAX_ORDERS) {
        task *what = &asker->task[asker->task_count++];
        what->order = order;
        lp_put_text(what->text, sizeof what->text, "%s", text);
    }
    LeaveCriticalSection(&asker->lock);
    SetEvent(asker->bell);
}

void lp_asker_pace(lp_asker *asker, unsigned milliseconds)
{
    EnterCriticalSection(&asker->lock);
    asker->pace_ms = milliseconds;
    LeaveCriticalSection(&asker->lock);
}
