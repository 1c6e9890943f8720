#include "os/windows/iface.h"

#include "os/windows/errors.h"
#include "os/windows/journal.h"
#include "os/windows/winsock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iphlpapi.h>
#include <netioapi.h>

#define LEAST_METRIC 1
#define IPV6_LEAST   1280

static const ADDRESS_FAMILY families[] = {AF_INET, AF_INET6};
#define FAMILIES (sizeof families / sizeof *families)

struct lp_iface {
    NET_LUID luid;
    NET_IFINDEX index;
    lp_undo before[FAMILIES];
    bool is_taken[FAMILIES];
};

lp_err lp_iface_open(const char *id, lp_iface **out_iface, lp_why *why)
{
    wchar_t wide[64] = L"";
    GUID guid;
    lp_iface *iface = calloc(1, sizeof *iface);
    if (!iface)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    mbstowcs(wide, id, sizeof wide / sizeof *wide - 1); /* hexadecimal and hyphens */
    if (CLSIDFromString(wide, &guid) != NOERROR ||
        ConvertInterfaceGuidToLuid(&guid, &iface->luid) != NO_ERROR ||
        ConvertInterfaceLuidToIndex(&iface->luid, &iface->index) != NO_ERROR) {
        free(iface);
        return lp_explain(
            why, LP_ERR_NOT_FOUND,
            "the adapter %s has no IP interface: is it disabled? Enable it "
            "in Network Connections",
            id);
    }
    *out_iface = iface;
    return LP_OK;
}

unsigned lp_iface_index(const lp_iface *iface)
{
    return iface->index;
}

uint64_t lp_iface_luid(const lp_iface *iface)
{
    return iface->luid.Value;
}

/* --- changing, and back ----------------------------------------------------------- */

static DWORD look(const lp_iface *iface, ADDRESS_FAMILY family,
                  MIB_IPINTERFACE_ROW *out)
{
    InitializeIpInterfaceEntry(out);
    out->Family = family;
    out->InterfaceLuid = iface->luid;
    return GetIpInterfaceEntry(out);
}

static DWORD change(MIB_IPINTERFACE_ROW *row)
{
    if (row->Family == AF_INET)
        row->SitePrefixLength = 0; /* as it was read, Windows refuses it */
    return SetIpInterfaceEntry(row);
}

static lp_err take_one(lp_iface *iface, size_t at, unsigned mtu, DWORD *out_error,
                       lp_why *why)
{
    MIB_IPINTERFACE_ROW row;
    *out_error = look(iface, families[at], &row);
    if (*out_error == ERROR_NOT_FOUND)
        return LP_OK; /* this IP version is switched off on the adapter */
    if (*out_error != NO_ERROR)
        return LP_ERR_IO;
    if (!iface->is_taken[at]) {
        iface->before[at] = (lp_undo){.kind = LP_UNDO_INTERFACE,
                                      .luid = iface->luid.Value,
                                      .ip_version = row.Family == AF_INET ? 4 : 6,
                                      .mtu = row.NlMtu,
                                      .metric = row.Metric,
                                      .automatic_metric = row.UseAutomaticMetric,
                                      .no_defaults = row.DisableDefaultRoutes};
        lp_err err = lp_journal_note(&iface->before[at], why);
        if (err)
            return err;
        iface->is_taken[at] = true;
    }
    if (families[at] == AF_INET || mtu >= IPV6_LEAST)
        row.NlMtu = mtu;
    row.UseAutomaticMetric = FALSE;
    row.Metric = LEAST_METRIC;
    row.DisableDefaultRoutes = TRUE;
    *out_error = change(&row);
    return *out_error == NO_ERROR ? LP_OK : LP_ERR_IO;
}

lp_err lp_iface_take(lp_iface *iface, unsigned mtu, lp_why *why)
{
    for (size_t at = 0; at < FAMILIES; at++) {
        char text[LP_WINDOWS_TEXT_LEN];
        DWORD error = NO_ERROR;
        lp_err err = take_one(iface, at, mtu, &error, why);
        if (err && error != NO_ERROR)
            return lp_explain(why, lp_err_of_windows(error),
                              "cannot set the adapter's MTU to %u and its metric: %s; "
                              "start as administrator",
                              mtu, lp_windows_text(error, text));
        if (err)
            return err;
    }
    return LP_OK;
}

/* True: it is as it was, or there is nothing left to give back to. */
bool lp_journal_undo_interface(const lp_undo *entry)
{
    lp_iface iface = {.luid = {.Value = entry->luid}};
    MIB_IPINTERFACE_ROW row;
    DWORD error = look(&iface, entry->ip_version == 4 ? AF_INET : AF_INET6, &row);
    if (error != NO_ERROR)
        return error == ERROR_NOT_FOUND || error == ERROR_FILE_NOT_FOUND;
    row.NlMtu = entry->mtu;
    row.Metric = entry->metric;
    row.UseAutomaticMetric = entry->automatic_metric;
    row.DisableDefaultRoutes = entry->no_defaults;
    return change(&row) == NO_ERROR;
}

void lp_iface_give_back(lp_iface *iface)
{
    for (size_t at = 0; at < FAMILIES; at++) {
        if (!iface->is_taken[at] || !lp_journal_undo_interface(&iface->before[at]))
            continue; /* and `before` stays what it was before us */
        lp_journal_strike(&iface->before[at]);
        iface->is_taken[at] = false;
    }
}

void lp_iface_close(lp_iface *iface)
{
    if (!iface)
        return;
    lp_iface_give_back(iface);
    free(iface);
}
