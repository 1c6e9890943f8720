/*
 * What the window shows: every word, mood and button, worked out from what the service
 * said. The window itself only draws it.
 */
#pragma once

#include "gui/state.h"

/* How something is. Every tone is shown with words, never by its colour alone. */
typedef enum lp_tone {
    LP_TONE_CALM,
    LP_TONE_BUSY,
    LP_TONE_GOOD,
    LP_TONE_WARN,
    LP_TONE_BAD,
} lp_tone;

/* Who answered when we asked. */
typedef enum lp_presence {
    LP_PRESENCE_ASKING, /* nothing is known yet */
    LP_PRESENCE_ANSWERS,
    LP_PRESENCE_STOPPED,
    LP_PRESENCE_MISSING, /* not installed */
    LP_PRESENCE_SILENT,  /* it is there, and does not answer */
} lp_presence;

typedef enum lp_page {
    LP_PAGE_FORM,    /* where to: relay and room */
    LP_PAGE_SESSION, /* how it is */
    LP_PAGE_SERVICE, /* nobody answers: what to do */
} lp_page;

/* What the big button does. */
typedef enum lp_act {
    LP_ACT_NONE,
    LP_ACT_CONNECT,
    LP_ACT_DISCONNECT,
    LP_ACT_START_SERVICE,
    LP_ACT_RESTART_SERVICE,
    LP_ACT_INSTALL_SERVICE,
} lp_act;

typedef struct lp_view_fact {
    const char *label;
    char value[112];
    lp_tone tone;
} lp_view_fact;

/* What a card's button does. */
typedef enum lp_fix {
    LP_FIX_NONE,
    LP_FIX_SERVICE, /* asks the service to, by the code of the problem */
    LP_FIX_REPAIR,  /* gives back what a crashed session left */
    LP_FIX_OPEN,    /* shows a place where the player does it: settings, a download */
} lp_fix;

typedef struct lp_view_card {
    char title[128], text[520];
    lp_tone tone;
    lp_fix fix;
    char button[40];   /* "" without a fix */
    char code[32];     /* of SERVICE */
    const char *place; /* of OPEN: what Windows opens */
} lp_view_card;

typedef struct lp_view_peer {
    char name[48], detail[32], latency[16];
    bool is_gateway;
    bool is_note; /* nobody: a sentence */
} lp_view_peer;

enum {
    LP_FACT_GATEWAY,
    LP_FACT_ADDRESS,
    LP_FACT_BROADCAST,
    LP_FACT_RELAY,
    LP_FACT_COUNT
};

#define LP_VIEW_CARDS_MAX (LP_STATE_HEALTH_MAX + 2)
#define LP_VIEW_PEERS_MAX \
    (LP_STATE_PEERS_MAX + 2) /* ourselves, and "... and 12 more" */

typedef struct lp_view {
    lp_page page;
    lp_tone tone;
    char headline[64];
    char sentence[640];
    char where[400]; /* room, relay, since when; "": nowhere */
    lp_act act;
    const char *button; /* with its mnemonic */
    lp_view_fact fact[LP_FACT_COUNT];
    lp_view_card card[LP_VIEW_CARDS_MAX];
    size_t card_count;
    lp_view_peer peer[LP_VIEW_PEERS_MAX];
    size_t peer_count;
    char peers_title[48];
    char tip[128];     /* of the tray icon */
    double latency_ms; /* for the graph: to the LAN, or to the relay; or unknown */
    const char *latency_to;
} lp_view;

/* What the window itself adds to what the service said. Texts are never NULL. */
typedef struct lp_view_own {
    const char *silence; /* why the service does not answer */
    const char *trouble; /* why the player's last order failed; "": it did not */
    bool from_link;      /* the form holds a link that nobody has agreed to yet */
} lp_view_own;

/* `state` counts while the service answers. */
void lp_view_write(lp_presence presence, const lp_state *state, const lp_view_own *own,
                   lp_view *out);

/* "4 s", "12 min", "3 h 05 min". */
void lp_view_duration(double ms, char *out, size_t out_len);
/* "0.4 ms", "23 ms"; "" where it is not known. */
void lp_view_latency(double ms, char *out, size_t out_len);
