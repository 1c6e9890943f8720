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
#define TAP_GET_MAC   TAP_CONTROL(1)
#define TAP_GET_MTU   TAP_CONTROL(3)
#define TAP_SET_MEDIA TAP_CONTROL(6)

/* A device that was restarted is back within a second or two. */
#define RESTART_PATIENCE LP_SECONDS(10)
#define RESTART_POLL_MS  100

struct lp_tap {
    lp_adapter adapter;
    HANDLE device;
    HANDLE answered; /* ends an ioctl */
    lp_tap_io *io;
    lp_iface *iface;
    unsigned mtu; /* the driver's: fixed until the adapter starts anew */
    bool is_up;
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
            "lanparty-client): end it, or name another adapter with "
            "--tap-instance-id",
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
        return lp_explain(why, lp_err_of_windows(error),
                          "cannot open the adapter \"%s\": %s", name,
                          lp_windows_text(error, text));
    }
}

static void close_device(lp_tap *tap)
{
    if (tap->device != INVALID_HANDLE_VALUE)
        CloseHandle(tap->device);
    tap->device = INVALID_HANDLE_VALUE;
}

/* Media off first: a killed run may have left it on (W-008). */
static DWORD open_device(lp_tap *tap, lp_mac *out_mac)
{
    char path[80];
    ULONG mtu = 0;
    snprintf(path, sizeof path, "\\\\.\\Global\\%s.tap", tap->adapter.choice.id);
    tap->device =
        CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_ATTRIBUTE_SYSTEM | FILE_FLAG_OVERLAPPED, NULL);
    if (tap->device != INVALID_HANDLE_VALUE && set_media(tap, false) &&
        get_mac(tap, out_mac) && control(tap, TAP_GET_MTU, &mtu, sizeof mtu)) {
        tap->mtu = mtu;
        return NO_ERROR;
    }
    DWORD error = GetLastError();
    close_device(tap);
    return error;
}

static DWORD open_restarted(lp_tap *tap, lp_mac *out_mac)
{
    lp_time until = lp_time_after(lp_clock_now(), RESTART_PATIENCE);
    for (;;) {
        DWORD error = open_device(tap, out_mac);
        if (error == NO_ERROR || lp_clock_now() >= until)
            return error;
        Sleep(RESTART_POLL_MS);
    }
}

/* The adapter learns its address when it starts, and may not take it (W-022). */
static lp_err open_with_mac(lp_tap *tap, lp_mac mac, lp_why *why)
{
    lp_mac has;
    char has_text[LP_MAC_TEXT_LEN], mac_text[LP_MAC_TEXT_LEN];
    DWORD error = open_device(tap, &has);
    if (error != NO_ERROR)
        return explain_open(tap, error, why);
    if (lp_mac_equal(has, mac))
        return LP_OK;
    close_device(tap);
    lp_err err = lp_adapter_write_mac(&tap->adapter, mac, why);
    if (!err)
        err = lp_adapter_restart(&tap->adapter, why);
    if (err)
        return err;
    error = open_restarted(tap, &has);
    if (error != NO_ERROR)
        return explain_open(tap, error, why);
    if (lp_mac_equal(has, mac))
        return LP_OK;
    return lp_explain(
        why, LP_ERR_REFUSED,
        "the adapter \"%s\" keeps the address %s where %s is needed: disable "
        "and enable it in Network Connections, or install the TAP driver "
        "anew",
        tap->adapter.choice.name, lp_mac_write(has, has_text),
        lp_mac_write(mac, mac_text));
}

lp_err lp_tap_open(const char *name, lp_mac mac, lp_tap **out_tap, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
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
    err = lp_adapter_choose(name, &tap->adapter, why);
    if (err)
        goto done;
    err = open_with_mac(tap, mac, why);
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
            "the adapter \"%s\" carries %u octets, the party needs %u: set "
            "its MTU in the device manager",
            tap->adapter.choice.name, tap->mtu, mtu);
    return lp_iface_take(tap->iface, mtu, why);
}

lp_err lp_tap_set_link(lp_tap *tap, bool up, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    if (!set_media(tap, up))
        return lp_explain(why, LP_ERR_IO, "the adapter \"%s\" refuses its cable: %s",
                          tap->adapter.choice.name,
                          lp_windows_text(GetLastError(), text));
    tap->is_up = up;
    if (up)
        lp_tap_io_resume(tap->io);
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
