#include "gui/recent.h"

#include "wire/json.h"

static void copy(const json_t *object, const char *field, char *out, size_t len)
{
    const char *text = json_string_value(json_object_get(object, field));
    if (text && strlen(text) < len) /* half a name is none */
        lp_sentence_copy(text, out, len);
}

static void read_party(const json_t *object, lp_recent *recent)
{
    lp_form form = {0};
    copy(object, "relay", form.relay, sizeof form.relay);
    copy(object, "room", form.room, sizeof form.room);
    copy(object, "fingerprint", form.fingerprint, sizeof form.fingerprint);
    copy(object, "server_name", form.server_name, sizeof form.server_name);
    if (form.relay[0] && form.room[0] && recent->count < LP_RECENT_MAX)
        recent->party[recent->count++] = form;
}

lp_err lp_recent_read(lp_bytes text, lp_recent *out_recent, lp_why *why)
{
    size_t i;
    json_t *party;
    lp_json json;
    *out_recent = (lp_recent){0};
    lp_err err = lp_json_open(text, &json, why);
    if (err)
        goto done;
    json_array_foreach(json_object_get(json.object, "recent"), i, party)
        read_party(party, out_recent);
    out_recent->told_of_tray =
        json_is_true(json_object_get(json.object, "told_of_tray"));
done:
    lp_json_close(&json);
    return err;
}

char *lp_recent_write(const lp_recent *recent)
{
    json_t *parties = json_array();
    for (size_t i = 0; i < recent->count; i++) {
        const lp_form *form = &recent->party[i];
        json_array_append_new(parties, json_pack("{s:s, s:s, s:s, s:s}", "relay",
                                                 form->relay, "room", form->room,
                                                 "fingerprint", form->fingerprint,
                                                 "server_name", form->server_name));
    }
    json_t *all = json_pack("{s:o, s:b}", "recent", parties, "told_of_tray",
                            recent->told_of_tray);
    char *text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;
    json_decref(all);
    return text;
}

void lp_recent_add(lp_recent *recent, const lp_form *form)
{
    lp_recent was = *recent;
    recent->party[0] = *form;
    recent->count = 1;
    for (size_t i = 0; i < was.count && recent->count < LP_RECENT_MAX; i++) {
        const lp_form *old = &was.party[i];
        if (strcmp(old->relay, form->relay) != 0 || strcmp(old->room, form->room) != 0)
            recent->party[recent->count++] = *old;
    }
}

static void add_once(const char *text, const char **out, size_t *count)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(out[i], text) == 0)
            return;
    }
    out[(*count)++] = text;
}

size_t lp_recent_relays(const lp_recent *recent, const char *out[LP_RECENT_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < recent->count; i++)
        add_once(recent->party[i].relay, out, &count);
    return count;
}

size_t lp_recent_rooms(const lp_recent *recent, const char *out[LP_RECENT_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < recent->count; i++)
        add_once(recent->party[i].room, out, &count);
    return count;
}

const lp_form *lp_recent_at(const lp_recent *recent, const char *relay)
{
    for (size_t i = 0; i < recent->count; i++) {
        if (strcmp(recent->party[i].relay, relay) == 0)
            return &recent->party[i];
    }
    return NULL;
}
