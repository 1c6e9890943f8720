/*
 * What the window remembers between runs: the parties of late, newest first, and what was
 * told once. A file of the player's own, in JSON; one that is damaged counts as empty.
 */
#pragma once

#include "gui/form.h"

#define LP_RECENT_MAX      8
#define LP_RECENT_FILE_MAX (32 * 1024)

typedef struct lp_recent {
    lp_form party[LP_RECENT_MAX];
    size_t count;
    bool told_of_tray; /* that closing the window leaves the program in the tray */
} lp_recent;

/* LP_ERR_MALFORMED, LP_ERR_NO_MEMORY: *out_recent is empty. */
LP_MUST_USE lp_err lp_recent_read(lp_bytes text, lp_recent *out_recent, lp_why *why);

/* The caller frees it; NULL when memory runs out. */
char *lp_recent_write(const lp_recent *recent);

/* To the front; the same relay and room before are replaced, the oldest falls off. */
void lp_recent_add(lp_recent *recent, const lp_form *form);

/* Relays or rooms, each once, newest first: what the fields offer. How many. */
size_t lp_recent_relays(const lp_recent *recent, const char *out[LP_RECENT_MAX]);
size_t lp_recent_rooms(const lp_recent *recent, const char *out[LP_RECENT_MAX]);

/* The newest party at this relay; NULL: none. */
const lp_form *lp_recent_at(const lp_recent *recent, const char *relay);
