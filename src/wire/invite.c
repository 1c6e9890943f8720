#include "wire/invite.h"

#include <stdio.h>

static const char scheme[] = "lanparty://";
static const char blanks[] = " \t\r\n";

/* --- the parts -------------------------------------------------------------------- */

bool lp_invite_take_relay(const char *text, lp_invite *invite, lp_why *why)
{
    if (lp_endpoint_name_read(text, &invite->relay) == LP_OK)
        return true;
    lp_explain(why, LP_ERR_MALFORMED,
               "\"%.100s\" is no relay; one is written relay.example, "
               "relay.example:4433, 192.0.2.1:4433 or [2001:db8::1]:4433",
               text);
    return false;
}

bool lp_invite_take_room(const char *text, lp_invite *invite, lp_why *why)
{
    if (lp_room_code_read(text, invite->room) == LP_OK)
        return true;
    lp_explain(why, LP_ERR_MALFORMED,
               "\"%.64s\" is not a room code; it has 1 to %d letters, digits, - or _",
               text, LP_ROOM_MAX);
    return false;
}

bool lp_invite_take_fingerprint(const char *text, lp_invite *invite, lp_why *why)
{
    lp_key_hash hash;
    if (lp_key_hash_read(text, &hash) == LP_OK) {
        lp_key_hash_write(&hash, invite->fingerprint);
        return true;
    }
    lp_explain(why, LP_ERR_MALFORMED,
               "\"%.100s\" is not sha256: and 64 hexadecimal digits; copy it from what "
               "the relay prints when it starts",
               text);
    return false;
}

bool lp_invite_take_server_name(const char *text, lp_invite *invite, lp_why *why)
{
    lp_endpoint_name name;
    if (lp_endpoint_name_read(text, &name) == LP_OK && name.port == LP_DEFAULT_PORT &&
        strlen(text) == strlen(name.host)) {
        snprintf(invite->server_name, sizeof invite->server_name, "%s", name.host);
        return true;
    }
    lp_explain(why, LP_ERR_MALFORMED,
               "\"%.100s\" is not the name of a server; one is written relay.example",
               text);
    return false;
}

/* --- reading ---------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* RFC 3986 section 2.1, in place. False: a % without its digits, or a NUL. */
static bool undo_percent(char *text)
{
    char *out = text;
    for (; *text; text++) {
        if (*text != '%') {
            *out++ = *text;
            continue;
        }
        int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || (high | low) == 0)
            return false;
        *out++ = (char)(high << 4 | low);
        text += 2;
    }
    *out = '\0';
    return true;
}

/* Cuts `*at` at the first of `ends`, which is returned; `*at` goes on behind it. */
static char cut(char **at, const char *ends)
{
    char *end = *at + strcspn(*at, ends);
    char found = *end;
    *at = end + (found != '\0');
    *end = '\0';
    return found;
}

static bool undo(char *part, lp_why *why)
{
    if (undo_percent(part))
        return true;
    lp_explain(
        why, LP_ERR_MALFORMED,
        "the link has a %% without two hexadecimal digits behind it, at \"%.60s\"",
        part);
    return false;
}

static bool read_parameter(const char *name, const char *value, lp_invite *invite,
                           lp_why *why)
{
    if (strcmp(name, "fingerprint") == 0)
        return lp_invite_take_fingerprint(value, invite, why);
    if (strcmp(name, "server_name") == 0)
        return lp_invite_take_server_name(value, invite, why);
    return true;
}

static bool read_parameters(char *at, lp_invite *invite, lp_why *why)
{
    while (*at) {
        char *name = at, *value;
        cut(&at, "&");
        value = name;
        cut(&value, "=");
        if (!undo(name, why) || !undo(value, why) ||
            !read_parameter(name, value, invite, why))
            return false;
    }
    return true;
}

static bool read_parts(char *at, lp_invite *invite, lp_why *why)
{
    char none[] = "", *relay = at, *room = none, *rest = none;
    at[strcspn(at, "#")] = '\0';
    char end = cut(&at, "/?");
    if (end == '/') {
        room = at;
        end = cut(&at, "/?");
    }
    if (end == '/') { /* some programs make "CODE/" of "CODE" */
        rest = at;
        cut(&at, "?");
    }
    if (!undo(relay, why) || !undo(room, why) ||
        !lp_invite_take_relay(relay, invite, why))
        return false;
    if (!*room || *rest) {
        lp_explain(why, LP_ERR_MALFORMED,
                   "the link %s: it is written lanparty://RELAY/ROOM",
                   *room ? "goes on behind the room's code" : "names no room");
        return false;
    }
    return lp_invite_take_room(room, invite, why) && read_parameters(at, invite, why);
}

bool lp_invite_is_link(const char *text)
{
    size_t i = 0;
    text += strspn(text, blanks);
    while (scheme[i] && (text[i] == scheme[i] || (text[i] >= 'A' && text[i] <= 'Z' &&
                                                  (text[i] | 32) == scheme[i])))
        i++;
    return scheme[i] == '\0';
}

lp_err lp_invite_read(const char *text, lp_invite *out_invite, lp_why *why)
{
    char copy[LP_INVITE_MAX + 1];
    lp_invite invite = {.room = ""};
    text += strspn(text, blanks);
    size_t len = strlen(text);
    while (len > 0 && strchr(blanks, text[len - 1]))
        len--;
    if (len > LP_INVITE_MAX)
        return lp_explain(why, LP_ERR_TOO_BIG, "the link is longer than %d octets",
                          LP_INVITE_MAX);
    if (!lp_invite_is_link(text))
        return lp_explain(
            why, LP_ERR_MALFORMED,
            "\"%.60s\" is no link of a party; one begins with lanparty://", text);
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (!read_parts(copy + sizeof scheme - 1, &invite, why))
        return LP_ERR_MALFORMED;
    *out_invite = invite;
    return LP_OK;
}

/* --- writing ---------------------------------------------------------------------- */

/* Hosts, codes and hashes hold nothing that a link would need encoded. */
const char *lp_invite_write(const lp_invite *invite, char out[LP_INVITE_MAX + 1])
{
    bool is_v6 = strchr(invite->relay.host, ':') != NULL;
    bool has_key = invite->fingerprint[0] != '\0';
    bool has_name = invite->server_name[0] != '\0';
    char port[8] = "";
    if (invite->relay.port != LP_DEFAULT_PORT)
        snprintf(port, sizeof port, ":%u", invite->relay.port);
    snprintf(out, LP_INVITE_MAX + 1, "%s%s%s%s%s/%s%s%s%s%s", scheme, is_v6 ? "[" : "",
             invite->relay.host, is_v6 ? "]" : "", port, invite->room,
             has_key ? "?fingerprint=" : "", invite->fingerprint,
             has_name ? has_key ? "&server_name=" : "?server_name=" : "",
             invite->server_name);
    return out;
}
