/*
 * The TAP adapters of this machine: those of OpenVPN's driver tap-windows6 (component
 * tap0901). adapters.c knows them from the registry, adapter_device.c makes, removes and
 * restarts them as the device manager does.
 */
#pragma once

#include "base/mac.h"
#include "os/tap.h"
#include "os/windows/journal.h"

/* The key of network adapters below the device classes and the network settings. */
#define LP_ADAPTER_CLASS    "{4D36E972-E325-11CE-BFC1-08002BE10318}"
#define LP_ADAPTER_CLASSES  "SYSTEM\\CurrentControlSet\\Control\\Class\\"
#define LP_ADAPTER_NETWORKS "SYSTEM\\CurrentControlSet\\Control\\Network\\"

/* A value in an adapter's key below the classes: we made it. */
#define LP_ADAPTER_MARK "SoftlanMade"

typedef struct lp_adapter {
    lp_tap_choice choice;
    char driver
        [64]; /* CLASS\NNNN: its key below Control\Class, and its name for SetupAPI */
    bool is_ours; /* lp_tap_create made it: nobody else's settings are on it */
} lp_adapter;

#define LP_ADAPTERS_MAX 16

size_t lp_adapters_find(lp_adapter out[LP_ADAPTERS_MAX]); /* ours first */

/*
 * Which of them are meant, in the order in which to try them: the one of this id (with or
 * without braces) or name (as Windows shows it), in any case of letters; "any": all; NULL:
 * ours, or the only one.
 *   LP_ERR_NOT_FOUND  none, or none of that name; `why` lists what there is
 *   LP_ERR_IN_USE     several, none of them ours, and none is named
 */
LP_MUST_USE lp_err lp_adapters_choose(const char *wanted,
                                      lp_adapter out[LP_ADAPTERS_MAX],
                                      size_t *out_count, lp_why *why);

/* --- its address ------------------------------------------------------------------ */

/* What the journal needs to give back the address that it is told to take now.
 *   LP_ERR_UNSUPPORTED  what stands there is no text, or too long for an address */
LP_MUST_USE lp_err lp_adapter_mac_before(const lp_adapter *adapter, lp_undo *out,
                                         lp_why *why);
/* Writes the address that it takes when it starts next (NetworkAddress). */
LP_MUST_USE lp_err lp_adapter_write_mac(const lp_adapter *adapter, lp_mac mac,
                                        lp_why *why);

/* --- adapter_device.c ------------------------------------------------------------- */

/* Stops and starts the device, as the device manager does; nobody may have it open. */
LP_MUST_USE lp_err lp_adapter_restart(const lp_adapter *adapter, lp_why *why);
