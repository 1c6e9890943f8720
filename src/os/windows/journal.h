/*
 * What we changed in this system, written down before each change, so that a later run
 * gives back what a killed one could not. One small file in lp_dir_state.
 */
#pragma once

#include "base/addr.h"

typedef enum lp_journal_kind {
    LP_JOURNAL_INTERFACE, /* an IP interface as it was */
    LP_JOURNAL_ROUTE,     /* a host route that is ours */
    LP_JOURNAL_MAC,       /* the address that an adapter had been told to take */
} lp_journal_kind;

typedef struct lp_journal_entry {
    lp_journal_kind kind;
    uint64_t luid;
    /* LP_JOURNAL_INTERFACE */
    uint16_t family; /* Windows' */
    uint32_t mtu, metric;
    bool automatic_metric, no_defaults;
    /* LP_JOURNAL_ROUTE */
    lp_addr destination, gateway;
    /* LP_JOURNAL_MAC */
    char driver[64];  /* as lp_adapter has it */
    char address[32]; /* NetworkAddress as it was; "": there was none */
} lp_journal_entry;

#define LP_JOURNAL_MAX 32 /* entries; more than one run ever makes */

/*
 * Only one program of ours may change this machine at a time. Once it is had it is kept
 * to the end, also when asked for again.
 *   LP_ERR_IN_USE  another one runs
 */
LP_MUST_USE lp_err lp_journal_claim(lp_why *why);

/* On disk when it returns: change the system after, and only if it succeeded. The same
 * entry twice stands there once.
 *   LP_ERR_FULL, LP_ERR_DENIED, LP_ERR_IO */
LP_MUST_USE lp_err lp_journal_note(const lp_journal_entry *entry, lp_why *why);
/* It was given back. Failing to write that is no harm: giving back twice changes nothing. */
void lp_journal_strike(const lp_journal_entry *entry);

/* Gives back what is written; entries that cannot be given back stay. How many were. */
size_t lp_journal_undo_all(void);

/* How each kind is given back; true: done, or there is nothing left to give back to. */
bool lp_journal_undo_interface(const lp_journal_entry *entry);
bool lp_journal_undo_route(const lp_journal_entry *entry);
bool lp_journal_undo_mac(const lp_journal_entry *entry);
