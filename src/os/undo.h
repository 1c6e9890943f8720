/*
 * What a program changed in a system, as text that a later run can read: the undo
 * journal's lines. Text work only; os/windows/journal.h keeps the file.
 *
 *     interface LUID VERSION MTU METRIC AUTOMATIC NO-DEFAULTS
 *     route LUID DESTINATION GATEWAY
 *     profile NETWORK CATEGORY
 *     mac DRIVER ADDRESS
 *     device INSTANCE
 *
 * LUID is hexadecimal, VERSION 4 or 6, AUTOMATIC and NO-DEFAULTS 0 or 1, GATEWAY - for
 * none, NETWORK a GUID in braces, CATEGORY a digit of Windows' NLM_NETWORK_CATEGORY, DRIVER
 * an adapter's key below the device classes (a GUID, \, digits), ADDRESS as its driver has
 * it, - for none, INSTANCE a device's name as SetupAPI gives it to a network adapter that it
 * makes (ROOT\NET\ and digits). In ADDRESS what is no letter, digit or :.- of ASCII, and a -
 * alone, is written %XX, an octet each.
 */
#pragma once

#include "base/addr.h"

typedef enum lp_undo_kind {
    LP_UNDO_INTERFACE, /* an IP interface as it was */
    LP_UNDO_ROUTE,     /* a host route that is ours */
    LP_UNDO_PROFILE,   /* what the firewall took a network for */
    LP_UNDO_MAC,       /* the address that an adapter had been told to take */
    LP_UNDO_DEVICE,    /* an adapter that is being made */
} lp_undo_kind;

#define LP_UNDO_NETWORK_LEN 39 /* "{8-4-4-4-12}" and its NUL */
#define LP_UNDO_ADDRESS_LEN 32
#define LP_UNDO_DEVICE_LEN  32

typedef struct lp_undo {
    lp_undo_kind kind;
    uint64_t luid; /* LP_UNDO_INTERFACE, LP_UNDO_ROUTE */
    /* LP_UNDO_INTERFACE */
    unsigned ip_version;
    uint32_t mtu, metric;
    bool automatic_metric, no_defaults;
    /* LP_UNDO_ROUTE */
    lp_addr destination, gateway;
    /* LP_UNDO_PROFILE */
    char network[LP_UNDO_NETWORK_LEN];
    unsigned category;
    /* LP_UNDO_MAC */
    char driver[64];
    char address
        [LP_UNDO_ADDRESS_LEN]; /* NetworkAddress as it was, in UTF-8; "": there was none */
    /* LP_UNDO_DEVICE */
    char device[LP_UNDO_DEVICE_LEN];
} lp_undo;

#define LP_UNDO_MAX      32  /* entries; more than one run ever makes */
#define LP_UNDO_LINE_MAX 200 /* octets of a line, its end included */
#define LP_UNDO_TEXT_MAX (LP_UNDO_MAX * LP_UNDO_LINE_MAX)

typedef struct lp_undo_list {
    lp_undo entry[LP_UNDO_MAX];
    size_t count;
} lp_undo_list;

/*
 * Whatever the octets are. A line that is not exactly as above, one that ends without a
 * line feed (a torn write: half an address is another address) and what is beyond
 * LP_UNDO_MAX is passed over: there is nothing that could be done about it. The same
 * entry twice counts once.
 */
void lp_undo_read(lp_bytes text, lp_undo_list *out_list);

/* How many octets; LP_UNDO_TEXT_MAX suffice. */
size_t lp_undo_write(const lp_undo_list *list, char out[LP_UNDO_TEXT_MAX]);

/* Could it be LP_UNDO_DEVICE's? */
bool lp_undo_is_device(const char *word);

bool lp_undo_same(const lp_undo *a, const lp_undo *b);
/* Where it stands; list->count where it does not. */
size_t lp_undo_find(const lp_undo_list *list, const lp_undo *entry);
