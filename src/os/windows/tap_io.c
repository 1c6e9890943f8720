#include "os/windows/tap_io.h"

#include "os/windows/errors.h"
#include "os/windows/wake.h"

#include <process.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Enough for a burst while the loop is at other work; the driver keeps few by itself. */
#define READS  64
#define WRITES 64
/* The driver loses frames for which a buffer has no room: MTU and 18. */
#define FRAME_MAX 2048

typedef struct read_slot {
    OVERLAPPED io; /* first: the port gives back this address */
    DWORD len;
    DWORD error; /* 0: a frame is here */
    bool is_idle;
    uint8_t frame[FRAME_MAX];
} read_slot;

typedef struct write_slot {
    OVERLAPPED io;
    uint8_t
        frame[FRAME_MAX]; /* the driver reads it, and changes it, until it is done */
} write_slot;

struct lp_tap_io {
    HANDLE device, port, thread;
    lp_wake *wake;
    read_slot reads[READS];
    write_slot writes[WRITES];
    size_t next_write;

    SRWLOCK lock; /* for what follows */
    CONDITION_VARIABLE has_ended;
    read_slot *done[READS]; /* a ring, in the order in which they ended */
    size_t done_at, done_count;
    size_t under_way;
};

/* --- reading ---------------------------------------------------------------------- */

static void finish(lp_tap_io *io, read_slot *slot, DWORD len, DWORD error)
{
    AcquireSRWLockExclusive(&io->lock);
    slot->len = len;
    slot->error = error;
    io->done[(io->done_at + io->done_count++) % READS] = slot;
    io->under_way--;
    ReleaseSRWLockExclusive(&io->lock);
    WakeAllConditionVariable(&io->has_ended);
}

static unsigned __stdcall gather(void *state)
{
    lp_tap_io *io = state;
    OVERLAPPED_ENTRY ended[READS];
    ULONG count;
    while (
        GetQueuedCompletionStatusEx(io->port, ended, READS, &count, INFINITE, FALSE)) {
        for (ULONG i = 0; i < count; i++) {
            read_slot *slot = (read_slot *)ended[i].lpOverlapped;
            DWORD len = 0;
            if (!slot)
                return 0; /* lp_tap_io_close says so */
            bool ok = GetOverlappedResult(io->device, &slot->io, &len, FALSE);
            finish(io, slot, len, ok ? 0 : GetLastError());
        }
        lp_wake_ring(io->wake);
    }
    return 0;
}

static void begin_read(lp_tap_io *io, read_slot *slot)
{
    slot->io = (OVERLAPPED){0};
    slot->is_idle = false;
    AcquireSRWLockExclusive(&io->lock);
    io->under_way++;
    ReleaseSRWLockExclusive(&io->lock);
    if (ReadFile(io->device, slot->frame, FRAME_MAX, NULL, &slot->io) ||
        GetLastError() == ERROR_IO_PENDING)
        return; /* either way the port tells of its end */
    finish(io, slot, 0, GetLastError());
    lp_wake_ring(io->wake);
}

void lp_tap_io_resume(lp_tap_io *io)
{
    for (size_t i = 0; i < READS; i++)
        if (io->reads[i].is_idle)
            begin_read(io, &io->reads[i]);
}

static read_slot *take_done(lp_tap_io *io)
{
    read_slot *slot = NULL;
    AcquireSRWLockExclusive(&io->lock);
    if (io->done_count > 0) {
        slot = io->done[io->done_at];
        io->done_at = (io->done_at + 1) % READS;
        io->done_count--;
    }
    ReleaseSRWLockExclusive(&io->lock);
    return slot;
}

lp_err lp_tap_io_read(lp_tap_io *io, lp_space space, size_t *out_len)
{
    read_slot *slot = take_done(io);
    if (!slot) {
        lp_wake_clear(io->wake);
        slot = take_done(io); /* it may have come just before */
    }
    while (slot && slot->error == ERROR_OPERATION_ABORTED) { /* media went down */
        slot->is_idle = true;
        slot = take_done(io);
    }
    if (!slot)
        return LP_ERR_WOULD_BLOCK;
    if (slot->error)
        return LP_ERR_IO;
    bool fits = slot->len <= space.len;
    if (fits)
        memcpy(space.at, slot->frame, slot->len);
    *out_len = slot->len;
    begin_read(io, slot);
    return fits ? LP_OK : LP_ERR_TOO_BIG;
}

/* --- writing ---------------------------------------------------------------------- */

lp_err lp_tap_io_write(lp_tap_io *io, lp_bytes frame)
{
    write_slot *slot = &io->writes[io->next_write];
    if (frame.len > FRAME_MAX || !HasOverlappedIoCompleted(&slot->io))
        return LP_ERR_WOULD_BLOCK;
    memcpy(slot->frame, frame.at, frame.len);
    slot->io = (OVERLAPPED){.hEvent = slot->io.hEvent};
    if (!WriteFile(io->device, slot->frame, (DWORD)frame.len, NULL, &slot->io) &&
        GetLastError() != ERROR_IO_PENDING) {
        DWORD error = GetLastError();
        slot->io.Internal = 0; /* it never began */
        return error == ERROR_FILE_NOT_FOUND || error == ERROR_DEVICE_REMOVED ||
                       error == ERROR_INVALID_HANDLE
                   ? LP_ERR_IO
                   : LP_ERR_WOULD_BLOCK;
    }
    io->next_write = (io->next_write + 1) % WRITES;
    return LP_OK;
}

/* --- life ------------------------------------------------------------------------- */

/* An event whose lowest bit is set keeps a write's end from the port, which is the
 * reads'; a slot is looked at when it is wanted again. */
static bool make_write_events(lp_tap_io *io)
{
    for (size_t i = 0; i < WRITES; i++) {
        HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (!event)
            return false;
        io->writes[i].io.hEvent = (HANDLE)((ULONG_PTR)event | 1);
    }
    return true;
}

static bool start(lp_tap_io *io)
{
    if (!make_write_events(io))
        return false;
    io->port = CreateIoCompletionPort(io->device, NULL, 0, 1);
    if (!io->port)
        return false;
    io->thread = (HANDLE)_beginthreadex(NULL, 0, gather, io, 0, NULL);
    return io->thread != NULL;
}

lp_err lp_tap_io_open(HANDLE device, lp_tap_io **out_io, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    lp_tap_io *io = calloc(1, sizeof *io);
    if (!io)
        return lp_explain(why, LP_ERR_NO_MEMORY, "no memory for an adapter's buffers");
    io->device = device;
    InitializeSRWLock(&io->lock);
    InitializeConditionVariable(&io->has_ended);
    for (size_t i = 0; i < READS; i++)
        io->reads[i].is_idle = true;
    lp_err err = lp_wake_open(&io->wake, why);
    if (!err && !start(io))
        err = lp_explain(why, LP_ERR_IO, "cannot read the adapter: %s",
                         lp_windows_text(GetLastError(), text));
    if (err) {
        lp_tap_io_close(io);
        return err;
    }
    *out_io = io;
    return LP_OK;
}

/* The buffers are the driver's until everything has ended. */
static void end_everything(lp_tap_io *io)
{
    CancelIoEx(io->device, NULL);
    AcquireSRWLockExclusive(&io->lock);
    while (io->under_way > 0)
        SleepConditionVariableSRW(&io->has_ended, &io->lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&io->lock);
    for (size_t i = 0; i < WRITES; i++) {
        DWORD ignored;
        HANDLE event = (HANDLE)((ULONG_PTR)io->writes[i].io.hEvent & ~(ULONG_PTR)1);
        if (!HasOverlappedIoCompleted(&io->writes[i].io))
            GetOverlappedResult(io->device, &io->writes[i].io, &ignored, TRUE);
        if (event)
            CloseHandle(event);
    }
}

void lp_tap_io_close(lp_tap_io *io)
{
    if (!io)
        return;
    end_everything(io);
    if (io->thread) {
        PostQueuedCompletionStatus(io->port, 0, 0, NULL);
        WaitForSingleObject(io->thread, INFINITE);
        CloseHandle(io->thread);
    }
    if (io->port)
        CloseHandle(io->port);
    lp_wake_close(io->wake);
    free(io);
}

lp_fd lp_tap_io_fd(const lp_tap_io *io)
{
    return lp_wake_fd(io->wake);
}
