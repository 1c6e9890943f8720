/*
 * What we changed in this system, written down before each change, so that a later run
 * gives back what a killed one could not. One small file, undo.journal, in lp_dir_state;
 * os/undo.h says what is in it.
 *
 * Whoever could write that file could have an administrator's program change routes: a
 * folder or a file that is not an administrator's, the system's or our own is not used.
 */
#pragma once

#include "os/undo.h"

/*
 * Only one program of ours may change this machine at a time. It may be claimed again by
 * whoever has it, and is free when it was released as often, or the program ends.
 *   LP_ERR_IN_USE  another one has it
 *   LP_ERR_DENIED, LP_ERR_IO
 */
LP_MUST_USE lp_err lp_journal_claim(lp_why *why);
void lp_journal_release(void);

/* On disk when it returns: change the system after, and only if it succeeded. The same
 * entry twice stands there once.
 *   LP_ERR_FULL, LP_ERR_DENIED, LP_ERR_IO */
LP_MUST_USE lp_err lp_journal_note(const lp_undo *entry, lp_why *why);
/* It was given back. Failing to write that is no harm: giving back twice changes nothing. */
void lp_journal_strike(const lp_undo *entry);

/* Gives back what is written; entries that cannot be given back stay. How many were. */
size_t lp_journal_undo_all(size_t *out_left);

/* How each kind is given back; true: done, or there is nothing left to give back to. */
bool lp_journal_undo_interface(const lp_undo *entry);
bool lp_journal_undo_route(const lp_undo *entry);
bool lp_journal_undo_profile(const lp_undo *entry);
bool lp_journal_undo_mac(const lp_undo *entry);
bool lp_journal_undo_device(const lp_undo *entry);
