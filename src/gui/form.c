#include "gui/form.h"

#include "gui/text.h"
#include "wire/control.h"

#define PUT(field, text) lp_put_text((field), sizeof(field), "%s", (text))

bool lp_form_is_link(const char *text)
{
    return lp_invite_is_link(text);
}

static void write_relay(const lp_endpoint_name *relay, char *out, size_t out_len)
{
    bool is_v6 = strchr(relay->host, ':') != NULL;
    lp_put_text(out, out_len, is_v6 ? "[%s]" : "%s", relay->host);
    if (relay->port != LP_DEFAULT_PORT)
        lp_add_text(out, out_len, ":%u", relay->port);
}

lp_err lp_form_take_link(const char *text, lp_form *form, lp_why *why)
{
    lp_invite invite;
    lp_err err = lp_invite_read(text, &invite, why);
    if (err)
        return err;
    *form = (lp_form){0};
    write_relay(&invite.relay, form->relay, sizeof form->relay);
    PUT(form->room, invite.room);
    PUT(form->fingerprint, invite.fingerprint);
    PUT(form->server_name, invite.server_name);
    return LP_OK;
}

static bool blame(lp_form_fault *fault, lp_form_field field)
{
    fault->field = field;
    return false;
}

static bool is_missing(const char *text, const char *sentence, lp_form_fault *fault)
{
    if (text[0])
        return false;
    PUT(fault->why.text, sentence);
    return true;
}

bool lp_form_check(const lp_form *form, lp_form_fault *out_fault)
{
    lp_invite invite = {0};
    lp_why *why = &out_fault->why;
    *out_fault = (lp_form_fault){0};
    if (is_missing(form->relay, "Type the relay's name, as your host told you.",
                   out_fault) ||
        !lp_invite_take_relay(form->relay, &invite, why))
        return blame(out_fault, LP_FORM_RELAY);
    if (is_missing(form->room, "Type the room code, as your host told you.",
                   out_fault) ||
        !lp_invite_take_room(form->room, &invite, why))
        return blame(out_fault, LP_FORM_ROOM);
    if (form->fingerprint[0] &&
        !lp_invite_take_fingerprint(form->fingerprint, &invite, why))
        return blame(out_fault, LP_FORM_FINGERPRINT);
    return true;
}

static char *write_request(const lp_control *request, char *out, size_t out_len)
{
    return lp_control_write(request, lp_space_of(out, out_len)) > 0 ? out : NULL;
}

char *lp_form_fix_request(const char *code, char *out, size_t out_len)
{
    lp_control request = {.verb = LP_CONTROL_FIX};
    PUT(request.code, code);
    return write_request(&request, out, out_len);
}

char *lp_form_request(const lp_form *form, char *out, size_t out_len)
{
    lp_why why;
    lp_control request = {.verb = LP_CONTROL_CONNECT};
    lp_invite *party = &request.party;
    bool sound = lp_invite_take_relay(form->relay, party, &why) &&
                 lp_invite_take_room(form->room, party, &why) &&
                 (!form->fingerprint[0] ||
                  lp_invite_take_fingerprint(form->fingerprint, party, &why)) &&
                 (!form->server_name[0] ||
                  lp_invite_take_server_name(form->server_name, party, &why));
    return sound ? write_request(&request, out, out_len) : NULL;
}

lp_form_field lp_form_field_named(const char *name)
{
    static const char *const names[] = {[LP_FORM_NONE] = "",
                                        [LP_FORM_RELAY] = "relay",
                                        [LP_FORM_ROOM] = "room",
                                        [LP_FORM_FINGERPRINT] = "fingerprint"};
    int i = LP_FORM_FINGERPRINT;
    while (i > LP_FORM_NONE && strcmp(name, names[i]) != 0)
        i--;
    return (lp_form_field)i;
}

bool lp_form_equal(const lp_form *a, const lp_form *b)
{
    return strcmp(a->relay, b->relay) == 0 && strcmp(a->room, b->room) == 0 &&
           strcmp(a->fingerprint, b->fingerprint) == 0 &&
           strcmp(a->server_name, b->server_name) == 0;
}
