/*
 * Links that people paste: where a party is, and whom to trust.
 *
 *     lanparty://HOST[:PORT]/CODE[?fingerprint=sha256:...][&server_name=NAME]
 *
 * Pure text work, on what a stranger wrote: bounded, and nothing of it is kept that was not
 * understood.
 */
#pragma once

#include "base/addr.h"
#include "base/key_hash.h"
#include "wire/message.h"

#define LP_INVITE_MAX 1024 /* octets of a link */

typedef struct lp_invite {
    lp_endpoint_name relay;
    lp_room_code room;
    char fingerprint
        [LP_KEY_HASH_TEXT_LEN];        /* "": none; else as lp_key_hash_write has it */
    char server_name[LP_HOST_MAX + 1]; /* "": the relay's host */
} lp_invite;

/*
 * Blanks around it are what pasting brings. Percent-encoding is undone in every part;
 * unknown parameters are skipped, and so is what follows a #.
 *   LP_ERR_TOO_BIG, LP_ERR_MALFORMED  `why` says which part is wrong
 */
LP_MUST_USE lp_err lp_invite_read(const char *text, lp_invite *out_invite, lp_why *why);

/* The link; returns `out`. */
const char *lp_invite_write(const lp_invite *invite, char out[LP_INVITE_MAX + 1]);

/* Does it begin as a link of ours does? */
bool lp_invite_is_link(const char *text);

/* The parts by themselves, as lp_invite_read and control requests take them: false, with
 * `why`, where it is none, and then nothing is changed. */
bool lp_invite_take_relay(const char *text, lp_invite *invite, lp_why *why);
bool lp_invite_take_room(const char *text, lp_invite *invite, lp_why *why);
bool lp_invite_take_fingerprint(const char *text, lp_invite *invite, lp_why *why);
bool lp_invite_take_server_name(const char *text, lp_invite *invite, lp_why *why);
