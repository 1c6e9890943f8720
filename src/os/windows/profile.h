/*
 * What Windows' firewall takes a network for, its category: a network that Windows cannot
 * identify, as the party's is, is a public one, where no game is let in. The Network List
 * Manager knows it (netlistmgr.h), over COM.
 *
 * Its calls go to a service and may wait: lp_profile_trust is for a thread of its own.
 */
#pragma once

#include "base/time.h"
#include "os/undo.h"

#include <guiddef.h>
#include <stdbool.h>

/*
 * Makes the network on this adapter a private one, with a note in the journal before.
 * `before` holds what this run changed so far: what it changed once it leaves alone, for a
 * person may have set it since. *out_changed is set to what is to be given back.
 *   LP_OK             it is private, or its domain's
 *   LP_ERR_NOT_FOUND  no network is known on that adapter (yet)
 *   LP_ERR_DENIED, LP_ERR_FULL, LP_ERR_IO
 */
LP_MUST_USE lp_err lp_profile_trust(const GUID *adapter, const lp_undo_list *before,
                                    bool *out_is_changed, lp_undo *out_changed,
                                    lp_why *why);

/* True: it is as it was, or there is nothing left to give back to. False also where that
 * was not known in time; it goes on by itself, to no harm. */
bool lp_profile_give_back(const lp_undo *entry, lp_duration patience);
