/*
 * The TAP adapters of this machine, as the registry knows them: those of OpenVPN's driver
 * tap-windows6 (component tap0901).
 */
#pragma once

#include "base/mac.h"
#include "os/tap.h"

/* The key of network adapters below the device classes and the network settings. */
#define LP_ADAPTER_CLASS "{4D36E972-E325-11CE-BFC1-08002BE10318}"

typedef struct lp_adapter {
    lp_tap_choice choice;
    char driver
        [64]; /* CLASS\NNNN: its key below Control\Class, and its name for SetupAPI */
} lp_adapter;

#define LP_ADAPTERS_MAX 16

size_t lp_adapters_find(lp_adapter out[LP_ADAPTERS_MAX]);

/*
 * Which of them is meant: by its id or its name as Windows shows it, in any case of
 * letters; NULL: the only one.
 *   LP_ERR_NOT_FOUND  none, or none of that name; `why` lists what there is
 *   LP_ERR_IN_USE     several, and none is named
 */
LP_MUST_USE lp_err lp_adapter_choose(const char *wanted, lp_adapter *out_adapter,
                                     lp_why *why);

/* Writes the address that it takes when it starts next (NetworkAddress). */
LP_MUST_USE lp_err lp_adapter_write_mac(const lp_adapter *adapter, lp_mac mac,
                                        lp_why *why);

/* Stops and starts the device, as the device manager does; nobody may have it open. */
LP_MUST_USE lp_err lp_adapter_restart(const lp_adapter *adapter, lp_why *why);
