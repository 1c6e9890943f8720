/* What takes seconds and has a thread of its own: a lease, and a network's category. */
#include "os/clock.h"
#include "os/windows/errors.h"
#include "os/windows/journal.h"
#include "os/windows/net_internal.h"
#include "os/windows/profile.h"

#include <process.h>
#include <stdlib.h>

enum { CHORES = 2 }; /* lp_net_note.what counts them */

/* Lives until its last thread has ended: nobody waits for a DHCP server that is silent. */
struct lp_chores {
    LONG users;
    SRWLOCK lock;  /* of all below */
    lp_wake *wake; /* NULL: nobody listens any more */
    bool is_running[CHORES], is_news[CHORES];
    lp_net_note note[CHORES];
    lp_undo_list trusted; /* networks as they were before */
};

typedef struct chore {
    lp_chores *all;
    NET_IFINDEX ifindex;
    GUID adapter;
} chore;

lp_chores *lp_chores_new(lp_wake *wake)
{
    lp_chores *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->users = 1;
    InitializeSRWLock(&all->lock);
    all->wake = wake;
    return all;
}

static void let_go(lp_chores *all)
{
    if (InterlockedDecrement(&all->users) == 0)
        free(all);
}

void lp_chores_leave(lp_chores *all)
{
    if (!all)
        return;
    AcquireSRWLockExclusive(&all->lock);
    all->wake = NULL;
    ReleaseSRWLockExclusive(&all->lock);
    let_go(all);
}

static void finish(chore *one, const lp_net_note *note, bool is_news)
{
    lp_chores *all = one->all;
    AcquireSRWLockExclusive(&all->lock);
    all->is_running[note->what] = false;
    if (is_news) {
        all->note[note->what] = *note;
        all->is_news[note->what] = true;
        if (all->wake)
            lp_wake_ring(all->wake);
    }
    ReleaseSRWLockExclusive(&all->lock);
    let_go(all);
    free(one);
}

/* False: it runs already, or cannot. */
static bool start(lp_chores *all, int what, NET_IFINDEX ifindex,
                  unsigned(__stdcall *run)(void *))
{
    chore *one = calloc(1, sizeof *one);
    NET_LUID luid;
    AcquireSRWLockExclusive(&all->lock);
    bool may = one && !all->is_running[what];
    all->is_running[what] |= may;
    ReleaseSRWLockExclusive(&all->lock);
    if (!may) {
        free(one);
        return false;
    }
    InterlockedIncrement(&all->users);
    *one = (chore){.all = all, .ifindex = ifindex};
    if (ConvertInterfaceIndexToLuid(ifindex, &luid) == NO_ERROR)
        ConvertInterfaceLuidToGuid(&luid, &one->adapter);
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, run, one, 0, NULL);
    if (thread) {
        CloseHandle(thread);
        return true;
    }
    const lp_net_note nothing = {.what = what};
    finish(one, &nothing, false);
    return false;
}

bool lp_net_next_note(lp_net *net, lp_net_note *out_note)
{
    lp_chores *all = net->chores;
    bool found = false;
    AcquireSRWLockExclusive(&all->lock);
    for (int what = 0; what < CHORES && !found; what++) {
        found = all->is_news[what];
        all->is_news[what] = false;
        if (found)
            *out_note = all->note[what];
    }
    ReleaseSRWLockExclusive(&all->lock);
    return found;
}

/* --- what a person does ----------------------------------------------------------- */

const char *lp_net_advice(lp_net_trouble trouble)
{
    switch (trouble) {
    case LP_NET_NO_LEASE:
        return "is the gateway in the room, and a router in the party's LAN? Windows "
               "asks it by itself. Else set an address of the party's subnet: in the "
               "adapter's IPv4 properties, Use the following IP address";
    case LP_NET_STRAY_BROADCASTS:
        return "raise that adapter's metric: in its IPv4 properties, Advanced, take "
               "the tick from Automatic metric and write 500";
    case LP_NET_IS_PUBLIC:
        return "set the adapter's network to Private in Windows' settings, Network and "
               "internet; else games may not be let in";
    }
    return NULL;
}

/* --- a lease ---------------------------------------------------------------------- */

/* IpRenewAddress names an adapter as GetInterfaceInfo does. */
static bool find_map(NET_IFINDEX ifindex, IP_ADAPTER_INDEX_MAP *out)
{
    ULONG len = 0;
    bool found = false;
    if (GetInterfaceInfo(NULL, &len) != ERROR_INSUFFICIENT_BUFFER)
        return false;
    IP_INTERFACE_INFO *all = calloc(1, len);
    if (all && GetInterfaceInfo(all, &len) == NO_ERROR)
        for (LONG i = 0; i < all->NumAdapters && !found; i++) {
            found = all->Adapter[i].Index == ifindex;
            if (found)
                *out = all->Adapter[i];
        }
    free(all);
    return found;
}

static unsigned __stdcall run_renew(void *state)
{
    chore *one = state;
    lp_net_note note = {.what = LP_NET_RENEWED};
    IP_ADAPTER_INDEX_MAP map;
    char text[LP_WINDOWS_TEXT_LEN];
    DWORD error = find_map(one->ifindex, &map) ? IpRenewAddress(&map) : ERROR_NOT_FOUND;
    if (error != NO_ERROR)
        note.err = lp_explain(&note.why, lp_err_of_windows(error),
                              "no address from the party's DHCP server: %s; is the "
                              "gateway in the room, and a router in the party's LAN?",
                              lp_windows_text(error, text));
    finish(one, &note, true);
    return 0;
}

/* LP_ERR_NOT_FOUND, LP_ERR_UNSUPPORTED */
static lp_err check_dhcp(unsigned ifindex, lp_why *why)
{
    const ULONG flags =
        GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    ULONG len = 0;
    lp_err err =
        lp_explain(why, LP_ERR_NOT_FOUND,
                   "the adapter has no IPv4: enable it in Network Connections");
    if (GetAdaptersAddresses(AF_INET, flags, NULL, NULL, &len) != ERROR_BUFFER_OVERFLOW)
        return err;
    IP_ADAPTER_ADDRESSES *all = calloc(1, len), *at = NULL;
    if (all && GetAdaptersAddresses(AF_INET, flags, NULL, all, &len) == NO_ERROR)
        for (at = all; at && at->IfIndex != ifindex;)
            at = at->Next;
    if (at && at->Flags & IP_ADAPTER_DHCP_ENABLED)
        err = LP_OK;
    else if (at)
        err = lp_explain(why, LP_ERR_UNSUPPORTED,
                         "the adapter's address is set by hand: in its IPv4 properties "
                         "choose \"Obtain an IP address automatically\", or set one of "
                         "the party's subnet");
    free(all);
    return err;
}

bool lp_net_can_renew(void)
{
    return true;
}

lp_err lp_net_renew(lp_net *net, unsigned ifindex, lp_why *why)
{
    lp_err err = check_dhcp(ifindex, why);
    if (!err && !start(net->chores, LP_NET_RENEWED, ifindex, run_renew))
        err = lp_explain(why, LP_ERR_IN_USE,
                         "the party's DHCP server is being asked already");
    return err;
}

/* --- a network's category --------------------------------------------------------- */

static unsigned __stdcall run_trust(void *state)
{
    chore *one = state;
    lp_chores *all = one->all;
    lp_net_note note = {.what = LP_NET_TRUSTED};
    lp_undo_list before;
    lp_undo changed;
    bool is_changed;
    AcquireSRWLockShared(&all->lock);
    before = all->trusted;
    ReleaseSRWLockShared(&all->lock);
    note.err =
        lp_profile_trust(&one->adapter, &before, &is_changed, &changed, &note.why);
    if (is_changed) {
        AcquireSRWLockExclusive(&all->lock);
        all->trusted.entry[all->trusted.count++] = changed;
        ReleaseSRWLockExclusive(&all->lock);
    }
    finish(one, &note, note.err != LP_ERR_NOT_FOUND);
    return 0;
}

void lp_net_trust(lp_net *net, unsigned ifindex)
{
    (void)!start(net->chores, LP_NET_TRUSTED, ifindex, run_trust);
}

static bool is_trusting(lp_chores *all)
{
    AcquireSRWLockShared(&all->lock);
    bool is_running = all->is_running[LP_NET_TRUSTED];
    ReleaseSRWLockShared(&all->lock);
    return is_running;
}

#define TRUST_POLL_MS 20

/* What still runs after that, the journal knows. */
void lp_net_distrust(lp_net *net, lp_duration patience)
{
    lp_chores *all = net->chores;
    lp_time until = lp_time_after(lp_clock_now(), patience);
    while (is_trusting(all) && lp_clock_now() < until)
        Sleep(TRUST_POLL_MS);
    AcquireSRWLockExclusive(&all->lock);
    lp_undo_list before = all->trusted;
    all->trusted.count = 0;
    ReleaseSRWLockExclusive(&all->lock);
    for (size_t i = before.count; i-- > 0;)
        if (lp_profile_give_back(&before.entry[i],
                                 lp_time_until(lp_clock_now(), until)))
            lp_journal_strike(&before.entry[i]);
}
