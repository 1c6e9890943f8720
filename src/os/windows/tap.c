#include "os/tap.h"

#include "os/clock.h"
#include "os/windows/adapters.h"
#include "os/windows/errors.h"
#include "os/windows/iface.h"
#include "os/windows/journal.h"
#include "os/windows/tap_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winioctl.h>

/* What tap-windows6 understands (its tap-windows.h). */
#define TAP_CONTROL(n) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, n, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define TAP_GET_MAC     TAP_CONTROL(1)
#define TAP_GET_VERSION TAP_CONTROL(2)
#define TAP_GET_MTU     TAP_CONTROL(3)
#define TAP_SET_MEDIA   TAP_CONTROL(6)

/* tap-windows6 begins there; what came before was made for Windows XP. */
#define LEAST_MAJOR 9
#define LEAST_MINOR 21

/* A device that was made or restarted is there within a second or two. */
#define START_PATIENCE LP_SECONDS(10)
#define START_POLL_MS  100

struct lp_tap {
    lp_adapter adapter;
    HANDLE device;
    HANDLE answered; /* ends an ioctl */
    lp_tap_io *io;
    lp_iface *iface;
    ULONG mtu, version[3]; /* the driver's: fixed until the adapter starts anew */
    char version_text[24];
    lp_duration patience; /* for its device to be there */
    bool is_up;
    bool has_claim; /* on the journal */
    bool owes_mac;  /* it is not ours, and has to get its own address back: */
    lp_undo mac_before;
};

/* --- asking the driver ------------------------------------------------------------ */

/* False with the last error. */
static bool control(lp_tap *tap, DWORD code, void *data, DWORD len)
{
    /* The lowest bit keeps the answer from the port that reads end at. */
    OVERLAPPED io = {.hEvent = (HANDLE)((ULONG_PTR)tap->answered | 1)};
    DWORD got;
    return DeviceIoControl(tap->device, code, data, len, data, len, NULL, &io) ||
           (GetLastError() == ERROR_IO_PENDING &&
            GetOverlappedResult(tap->device, &io, &got, TRUE));
}

static bool get_mac(lp_tap *tap, lp_mac *out_mac)
{
    return control(tap, TAP_GET_MAC, out_mac->octet, sizeof out_mac->octet);
}

static bool set_media(lp_tap *tap, bool up)
{
    ULONG status = up;
    return control(tap, TAP_SET_MEDIA, &status, sizeof status);
}

/* --- opening ---------------------------------------------------------------------- */

static lp_err explain_open(const lp_tap *tap, DWORD error, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    const char *name = tap->adapter.choice.name;
    switch (error) {
    case ERROR_GEN_FAILURE: /* the driver's word for it, STATUS_UNSUCCESSFUL */
    case ERROR_SHARING_VIOLATION:
        return lp_explain(
            why, LP_ERR_IN_USE,
            "another program has the adapter \"%s\" open (a VPN, or another "
            "lanparty-client): end it, name another adapter with --tap-instance-id, or "
            "make one with \"lanparty-client adapter create\"",
            name);
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "the adapter \"%s\" is disabled: enable it in Network "
                          "Connections",
                          name);
    case ERROR_ACCESS_DENIED:
        return lp_explain(why, LP_ERR_DENIED,
                          "cannot open the adapter \"%s\": start as administrator",
                          name);
    default:
        return lp_explain(
            why, lp_err_of_windows(error),
            "cannot open the adapter \"%s\": %s; disable and enable it in "
            "Network Connections",
            name, lp_windows_text(error, text));
    }
}

static lp_err explain_link(const lp_tap *tap, DWORD error, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    return lp_explain(why, LP_ERR_IO,
                      "the adapter \"%s\" does not let its cable be plugged in or out: "
                      "%s; disable and enable it in Network Connections",
                      tap->adapter.choice.name, lp_windows_text(error, text));
}

static void close_device(lp_tap *tap)
{
    if (tap->device != INVALID_HANDLE_VALUE)
        CloseHandle(tap->device);
    tap->device = INVALID_HANDLE_VALUE;
}

/* Exclusively: the driver lets nobody else in, either. False with the last error. */
static bool open_device(lp_tap *tap)
{
    char path[80];
    snprintf(path, sizeof path, "\\\\.\\Global\\%s.tap", tap->adapter.choice.id);
    tap->device =
        CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_ATTRIBUTE_SYSTEM | FILE_FLAG_OVERLAPPED, NULL);
    return tap->device != INVALID_HANDLE_VALUE &&
           control(tap, TAP_GET_VERSION, tap->version, sizeof tap->version);
}

static lp_err check_version(lp_tap *tap, lp_why *why)
{
    const ULONG *version = tap->version;
    snprintf(tap->version_text, sizeof tap->version_text, "%lu.%lu.%lu", version[0],
             version[1], version[2]);
    if (version[0] > LEAST_MAJOR ||
        (version[0] == LEAST_MAJOR && version[1] >= LEAST_MINOR))
        return LP_OK;
    return lp_explain(why, LP_ERR_UNSUPPORTED,
                      "the adapter \"%s\" has the TAP driver %s, which is too old: "
                      "install OpenVPN's tap-windows6 %d.%d or later",
                      tap->adapter.choice.name, tap->version_text, LEAST_MAJOR,
                      LEAST_MINOR);
}

/* Media off first: a killed run may have left it on (W-008). */
static lp_err greet(lp_tap *tap, lp_mac *out_mac, lp_why *why)
{
    lp_err err = check_version(tap, why);
    if (err)
        return err;
    if (!set_media(tap, false))
        return explain_link(tap, GetLastError(), why);
    if (!get_mac(tap, out_mac) ||
        !control(tap, TAP_GET_MTU, &tap->mtu, sizeof tap->mtu))
        return explain_open(tap, GetLastError(), why);
    return LP_OK;
}

static lp_err open_and_greet(lp_tap *tap, lp_mac *out_mac, lp_why *why)
{
    lp_time until = lp_time_after(lp_clock_now(), tap->patience);
    while (!open_device(tap)) {
        DWORD error = GetLastError();
        close_device(tap);
        if (lp_clock_now() >= until)
            return explain_open(tap, error, why);
        Sleep(START_POLL_MS);
    }
    lp_err err = greet(tap, out_mac, why);
    if (err)
        close_device(tap);
    return err;
}

/* The adapter learns its address when it starts. Of one that is not ours the journal
 * knows what it was before. */
static lp_err change_mac(lp_tap *tap, lp_mac mac, lp_why *why)
{
    if (!tap->adapter.is_ours) {
        lp_err err = lp_adapter_mac_before(&tap->adapter, &tap->mac_before, why);
        if (!err)
            err = lp_journal_note(&tap->mac_before, why);
        if (err)
            return err;
        tap->owes_mac = true;
    }
    lp_err err = lp_adapter_write_mac(&tap->adapter, mac, why);
    return err ? err : lp_adapter_restart(&tap->adapter, why);
}

static void give_mac_back(lp_tap *tap)
{
    if (tap->owes_mac && lp_journal_undo_mac(&tap->mac_before))
        lp_journal_strike(&tap->mac_before);
    tap->owes_mac = false;
}

static lp_err open_with_mac(lp_tap *tap, lp_mac mac, lp_why *why)
{
    lp_mac has;
    char has_text[LP_MAC_TEXT_LEN], mac_text[LP_MAC_TEXT_LEN];
    lp_err err = open_and_greet(tap, &has, why);
    if (err || lp_mac_equal(has, mac))
        return err;
    close_device(tap);
    tap->patience = START_PATIENCE;
    err = change_mac(tap, mac, why);
    if (!err)
        err = open_and_greet(tap, &has, why);
    if (err || lp_mac_equal(has, mac))
        return err;
    return lp_explain(
        why, LP_ERR_REFUSED,
        "the adapter \"%s\" keeps the address %s where %s is needed: disable "
        "and enable it in Network Connections, or install the TAP driver "
        "anew",
        tap->adapter.choice.name, lp_mac_write(has, has_text),
        lp_mac_write(mac, mac_text));
}

/* Would another adapter do better? */
static bool is_its_own_fault(lp_err err)
{
    return err == LP_ERR_IN_USE || err == LP_ERR_NOT_FOUND || err == LP_ERR_REFUSED ||
           err == LP_ERR_UNSUPPORTED;
}

static lp_err open_first(lp_tap *tap, const lp_adapter *found, size_t count, lp_mac mac,
                         lp_why *why)
{
    lp_err err = LP_ERR_NOT_FOUND;
    for (size_t i = 0; i < count; i++) {
        tap->adapter = found[i];
        err = open_with_mac(tap, mac, why);
        if (!err)
            break;
        close_device(tap);
        give_mac_back(tap);
        if (!is_its_own_fault(err))
            break;
    }
    return err;
}

/* Where the driver is but no adapter is, one is made. */
static lp_err choose(lp_tap *tap, const char *name, lp_adapter found[LP_ADAPTERS_MAX],
                     size_t *out_count, lp_why *why)
{
    lp_tap_choice made;
    if (!name && lp_tap_list(&made, 1) == 0) {
        lp_err err = lp_tap_create(&made, why);
        if (err)
            return err;
        tap->patience = START_PATIENCE;
    }
    return lp_adapters_choose(name, found, out_count, why);
}

lp_err lp_tap_open(const char *name, lp_mac mac, lp_tap **out_tap, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_adapter found[LP_ADAPTERS_MAX];
    size_t count = 0;
    lp_tap *tap = calloc(1, sizeof *tap);
    if (!tap)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    tap->device = INVALID_HANDLE_VALUE;
    tap->answered = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!tap->answered) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    err = lp_journal_claim(why);
    if (err)
        goto done;
    tap->has_claim = true;
    err = choose(tap, name, found, &count, why);
    if (err)
        goto done;
    err = open_first(tap, found, count, mac, why);
    if (err)
        goto done;
    err = lp_iface_open(tap->adapter.choice.id, &tap->iface, why);
    if (err)
        goto done;
    err = lp_tap_io_open(tap->device, &tap->io, why);
    if (err)
        goto done;

    *out_tap = tap;
    tap = NULL; /* the caller's now */
done:
    lp_tap_close(tap);
    return err;
}

void lp_tap_close(lp_tap *tap)
{
    if (!tap)
        return;
    if (tap->device != INVALID_HANDLE_VALUE)
        set_media(tap, false);
    lp_tap_io_close(tap->io);
    lp_iface_close(tap->iface);
    close_device(tap);
    give_mac_back(tap);
    if (tap->has_claim)
        lp_journal_release();
    if (tap->answered)
        CloseHandle(tap->answered);
    free(tap);
}

lp_fd lp_tap_fd(const lp_tap *tap)
{
    return lp_tap_io_fd(tap->io);
}

const char *lp_tap_name(const lp_tap *tap)
{
    return tap->adapter.choice.name;
}

unsigned lp_tap_ifindex(const lp_tap *tap)
{
    return lp_iface_index(tap->iface);
}

const char *lp_tap_driver(const lp_tap *tap)
{
    return tap->version_text;
}

bool lp_tap_cuts_tcp(const lp_tap *tap)
{
    return false;
}

bool lp_tap_cuts_udp(const lp_tap *tap)
{
    return false;
}

/* lp_iface_take switches default routes off, whoever announces them. */
bool lp_tap_ignores_routers(const lp_tap *tap)
{
    return true;
}

/* --- the link --------------------------------------------------------------------- */

lp_err lp_tap_set_mtu(lp_tap *tap, unsigned mtu, lp_why *why)
{
    if (mtu > tap->mtu)
        return lp_explain(
            why, LP_ERR_TOO_BIG,
            "the adapter \"%s\" carries %lu octets, the party needs %u: set "
            "its MTU in the device manager",
            tap->adapter.choice.name, tap->mtu, mtu);
    return lp_iface_take(tap->iface, mtu, why);
}

/* The address stays in the adapter, and with it its line in the journal: to change it, the
 * adapter would have to start anew, for which a machine about to sleep has no time, and
 * who wakes up would have lost his lease. */
void lp_tap_rest(lp_tap *tap)
{
    lp_iface_give_back(tap->iface);
}

lp_err lp_tap_set_link(lp_tap *tap, bool up, lp_why *why)
{
    if (!set_media(tap, up))
        return explain_link(tap, GetLastError(), why);
    tap->is_up = up;
    lp_tap_io_set_link(tap->io, up);
    return LP_OK;
}

/* --- frames ----------------------------------------------------------------------- */

lp_err lp_tap_read(lp_tap *tap, lp_space space, size_t *out_len,
                   lp_offload *out_offload)
{
    lp_err err;
    do
        err = lp_tap_io_read(tap->io, space, out_len);
    while (err == LP_ERR_TOO_BIG);
    *out_offload = (lp_offload){0};
    return err;
}

lp_err lp_tap_write(lp_tap *tap, lp_bytes frame, const lp_offload *offload)
{
    if (!tap->is_up || offload->gso != LP_GSO_NONE || offload->needs_checksum)
        return LP_ERR_WOULD_BLOCK;
    return lp_tap_io_write(tap->io, frame);
}

uint64_t lp_tap_take_lost(lp_tap *tap)
{
    return lp_tap_io_take_lost(tap->io);
}
