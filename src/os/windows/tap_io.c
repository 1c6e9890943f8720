#include "os/windows/tap_io.h"

#include "os/windows/errors.h"
#include "os/windows/wake.h"

#include <process.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Enough for a burst while the loop is at other work; the driver keeps few by itself. */
#define READS  64
#define WRITES 64
/* The driver loses frames for which a buffer has no room: MTU and 18. */
#define FRAME_MAX 2048

#ifndef ERROR_NO_SUCH_DEVICE
#define ERROR_NO_SUCH_DEVICE 433 /* mingw-w64's headers are older */
#endif

/* Letters to the thread, beside the ends of reads. */
enum { LETTER_BEGIN = 1, LETTER_END };

typedef struct read_slot {
    OVERLAPPED io; /* first: the port gives back this address */
    DWORD len;
    DWORD error; /* 0: a frame is here */
    uint8_t frame[FRAME_MAX];
} read_slot;

typedef struct write_slot {
    OVERLAPPED io;
    uint8_t
        frame[FRAME_MAX]; /* the driver reads it, and changes it, until it is done */
} write_slot;

typedef struct slot_list {
    read_slot *slot[READS];
    size_t count;
} slot_list;

struct lp_tap_io {
    HANDLE device, port, thread;
    lp_wake *wake;
    read_slot reads[READS];
    atomic_size_t under_way; /* reads that the port will tell of */

    /* the loop's own */
    slot_list taken; /* ended reads, from taken_at on */
    size_t taken_at;
    write_slot writes[WRITES];
    size_t next_write;
    uint64_t lost;

    SRWLOCK lock; /* for what follows */
    bool is_up;
    slot_list done; /* in the order in which they ended */
    slot_list idle; /* the driver ended them: media is down, or was */

    /* the thread's own */
    unsigned retries; /* in a row, none of which left a read waiting */
    ULONGLONG retried_at;
};

/* --- the thread: reads that ended ------------------------------------------------- */

/* The lock is held. */
static void sort_in(lp_tap_io *io, read_slot *slot, DWORD len, DWORD error)
{
    slot_list *list = error == ERROR_OPERATION_ABORTED ? &io->idle : &io->done;
    slot->len = len;
    slot->error = error;
    list->slot[list->count++] = slot;
    atomic_fetch_sub(&io->under_way, 1);
}

static void begin_read(lp_tap_io *io, read_slot *slot)
{
    slot->io = (OVERLAPPED){0};
    atomic_fetch_add(&io->under_way, 1);
    if (ReadFile(io->device, slot->frame, FRAME_MAX, NULL, &slot->io) ||
        GetLastError() == ERROR_IO_PENDING)
        return; /* either way the port tells of its end */
    DWORD error = GetLastError();
    AcquireSRWLockExclusive(&io->lock);
    sort_in(io, slot, 0, error);
    ReleaseSRWLockExclusive(&io->lock);
    lp_wake_ring(io->wake);
}

static void begin_idle_reads(lp_tap_io *io)
{
    slot_list idle = {.count = 0};
    AcquireSRWLockExclusive(&io->lock);
    if (io->is_up) {
        idle = io->idle;
        io->idle.count = 0;
    }
    ReleaseSRWLockExclusive(&io->lock);
    for (size_t i = 0; i < idle.count; i++)
        begin_read(io, idle.slot[i]);
}

/* What the driver ended by itself begins again after a moment, not at once: as long as a
 * machine falls asleep or an adapter pauses, every read ends at once. */
static DWORD patience(lp_tap_io *io)
{
    AcquireSRWLockExclusive(&io->lock);
    bool waits = io->is_up && io->idle.count > 0;
    ReleaseSRWLockExclusive(&io->lock);
    return waits ? LP_TAP_IO_RETRY_MS : INFINITE;
}

/* Sleep is no failure: only retries that follow each other count. */
static bool is_hopeless(lp_tap_io *io)
{
    ULONGLONG now = GetTickCount64();
    bool follows = now - io->retried_at < 10 * LP_TAP_IO_RETRY_MS;
    io->retries = follows ? io->retries + 1 : 1;
    io->retried_at = now;
    return io->retries > LP_TAP_IO_RETRIES;
}

static void give_up(lp_tap_io *io)
{
    AcquireSRWLockExclusive(&io->lock);
    io->is_up = false;
    if (io->idle.count > 0)
        io->done.slot[io->done.count++] = io->idle.slot[--io->idle.count];
    ReleaseSRWLockExclusive(&io->lock);
    lp_wake_ring(io->wake);
}

static void retry(lp_tap_io *io)
{
    if (is_hopeless(io))
        give_up(io);
    else
        begin_idle_reads(io);
}

static void take_ended(lp_tap_io *io, const OVERLAPPED_ENTRY *ended, ULONG count)
{
    bool is_news = false;
    AcquireSRWLockExclusive(&io->lock);
    for (ULONG i = 0; i < count; i++) {
        read_slot *slot = (read_slot *)ended[i].lpOverlapped;
        DWORD len = ended[i].dwNumberOfBytesTransferred, error = 0;
        if (!slot)
            continue;
        if (slot->io.Internal != 0 &&
            !GetOverlappedResult(io->device, &slot->io, &len, FALSE))
            error = GetLastError();
        sort_in(io, slot, len, error);
        is_news |= error != ERROR_OPERATION_ABORTED;
    }
    ReleaseSRWLockExclusive(&io->lock);
    if (is_news)
        lp_wake_ring(io->wake);
}

static ULONG_PTR letters_in(const OVERLAPPED_ENTRY *ended, ULONG count)
{
    ULONG_PTR latest = 0;
    for (ULONG i = 0; i < count; i++)
        if (!ended[i].lpOverlapped && ended[i].lpCompletionKey > latest)
            latest = ended[i].lpCompletionKey;
    return latest;
}

/* The buffers are the driver's until everything has ended. */
static unsigned __stdcall gather(void *state)
{
    lp_tap_io *io = state;
    OVERLAPPED_ENTRY ended[READS];
    for (bool ends = false; !ends || atomic_load(&io->under_way) > 0;) {
        ULONG count = 0;
        if (!GetQueuedCompletionStatusEx(io->port, ended, READS, &count, patience(io),
                                         FALSE)) {
            if (GetLastError() == WAIT_TIMEOUT)
                retry(io);
            continue;
        }
        take_ended(io, ended, count);
        ULONG_PTR letter = letters_in(ended, count);
        if (letter == LETTER_BEGIN)
            begin_idle_reads(io);
        if (letter == LETTER_END) {
            ends = true;
            CancelIoEx(io->device, NULL); /* here, where no read is just beginning */
        }
    }
    return 0;
}

/* --- the loop --------------------------------------------------------------------- */

void lp_tap_io_set_link(lp_tap_io *io, bool up)
{
    AcquireSRWLockExclusive(&io->lock);
    io->is_up = up;
    ReleaseSRWLockExclusive(&io->lock);
    if (up)
        PostQueuedCompletionStatus(io->port, 0, LETTER_BEGIN, NULL);
}

static bool take_done(lp_tap_io *io)
{
    AcquireSRWLockExclusive(&io->lock);
    io->taken = io->done;
    io->done.count = 0;
    ReleaseSRWLockExclusive(&io->lock);
    io->taken_at = 0;
    return io->taken.count > 0;
}

lp_err lp_tap_io_read(lp_tap_io *io, lp_space space, size_t *out_len)
{
    if (io->taken_at == io->taken.count && !take_done(io)) {
        lp_wake_clear(io->wake);
        if (!take_done(io)) /* it may have come just before */
            return LP_ERR_WOULD_BLOCK;
    }
    read_slot *slot = io->taken.slot[io->taken_at++];
    if (slot->error)
        return LP_ERR_IO;
    bool fits = slot->len <= space.len;
    if (fits)
        memcpy(space.at, slot->frame, slot->len);
    *out_len = slot->len;
    begin_read(io, slot);
    return fits ? LP_OK : LP_ERR_TOO_BIG;
}

/* Of a device that is gone; everything else befalls one frame. */
static bool is_broken(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_INVALID_HANDLE:
    case ERROR_BAD_UNIT:
    case ERROR_BAD_COMMAND:
    case ERROR_NO_SUCH_DEVICE:
    case ERROR_DEV_NOT_EXIST:
    case ERROR_DEVICE_NOT_CONNECTED:
    case ERROR_DEVICE_REMOVED:
        return true;
    default:
        return false;
    }
}

lp_err lp_tap_io_write(lp_tap_io *io, lp_bytes frame)
{
    write_slot *slot = &io->writes[io->next_write];
    if (frame.len > FRAME_MAX || !HasOverlappedIoCompleted(&slot->io))
        return LP_ERR_WOULD_BLOCK;
    io->lost += slot->io.Internal != 0; /* it pended, and failed since */
    memcpy(slot->frame, frame.at, frame.len);
    slot->io = (OVERLAPPED){.hEvent = slot->io.hEvent};
    if (!WriteFile(io->device, slot->frame, (DWORD)frame.len, NULL, &slot->io) &&
        GetLastError() != ERROR_IO_PENDING) {
        DWORD error = GetLastError();
        slot->io.Internal = 0; /* it never began */
        return is_broken(error) ? LP_ERR_IO : LP_ERR_WOULD_BLOCK;
    }
    io->next_write = (io->next_write + 1) % WRITES;
    return LP_OK;
}

uint64_t lp_tap_io_take_lost(lp_tap_io *io)
{
    uint64_t lost = io->lost;
    io->lost = 0;
    return lost;
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
    for (size_t i = 0; i < READS; i++)
        io->idle.slot[io->idle.count++] = &io->reads[i];
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

static void end_writes(lp_tap_io *io)
{
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
    if (io->thread) {
        lp_tap_io_set_link(io, false);
        PostQueuedCompletionStatus(io->port, 0, LETTER_END, NULL);
        WaitForSingleObject(io->thread, INFINITE);
        CloseHandle(io->thread);
    }
    end_writes(io);
    if (io->port)
        CloseHandle(io->port);
    lp_wake_close(io->wake);
    free(io);
}

lp_fd lp_tap_io_fd(const lp_tap_io *io)
{
    return lp_wake_fd(io->wake);
}
