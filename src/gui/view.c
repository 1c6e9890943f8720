#include "gui/view.h"

#include "gui/text.h"

#include <stdio.h>

#define PUT(field, ...) lp_put_text((field), sizeof(field), __VA_ARGS__)
#define ADD(field, ...) lp_add_text((field), sizeof(field), __VA_ARGS__)

enum { LONG_WORD = 40, KEPT_OF_IT = 19 }; /* octets */

/* A blank where no line ends. */
#define HOLD "\xc2\xa0"
/* Between parts of a line; it never begins one. */
#define DOT HOLD HOLD "\xc2\xb7  "

/* --- numbers as people read them -------------------------------------------------- */

void lp_view_duration(double ms, char *out, size_t out_len)
{
    unsigned long long seconds = (unsigned long long)(ms / 1000 + 0.5);
    unsigned long long minutes = seconds / 60, hours = minutes / 60;
    if (seconds < 60)
        lp_put_text(out, out_len, "%llu s", seconds);
    else if (minutes < 60)
        lp_put_text(out, out_len, "%llu min", minutes);
    else
        lp_put_text(out, out_len, "%llu h %02llu min", hours, minutes % 60);
}

void lp_view_latency(double ms, char *out, size_t out_len)
{
    if (ms < 0)
        lp_put_text(out, out_len, "%s", "");
    else
        lp_put_text(out, out_len, ms < 9.95 ? "%.1f ms" : "%.0f ms", ms);
}

/* --- sentences -------------------------------------------------------------------- */

/* A fingerprint has no place to break a line: its beginning does. All of it is in the
 * diagnostics. */
static void add_words(char *out, size_t out_len, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " "), blanks = strspn(text + len, " ");
        bool is_long = len > LONG_WORD;
        lp_add_text(out, out_len, "%.*s%s%.*s", (int)(is_long ? KEPT_OF_IT : len), text,
                    is_long ? "\xe2\x80\xa6" : "", (int)blanks, text + len);
        text += len + blanks;
    }
}

/* The engine's sentences go on after a colon; here they stand alone. */
static void add_sentence(char *out, size_t out_len, const char *text)
{
    size_t before = out[0] ? strlen(out) + 1 : 0;
    if (!text[0])
        return;
    lp_add_text(out, out_len, "%s", before ? " " : "");
    add_words(out, out_len, text);
    size_t len = strlen(out);
    if (before < len && out[before] >= 'a' && out[before] <= 'z')
        out[before] = (char)(out[before] - 'a' + 'A');
    if (!strchr(".!?", out[len - 1]))
        lp_add_text(out, out_len, ".");
}

static void say(lp_view *out, lp_tone tone, const char *headline, const char *sentence)
{
    out->tone = tone;
    PUT(out->headline, "%s", headline);
    out->sentence[0] = '\0';
    add_sentence(out->sentence, sizeof out->sentence, sentence);
}

static void offer(lp_view *out, lp_act act, const char *button)
{
    out->act = act;
    out->button = button;
}

/* --- cards ------------------------------------------------------------------------ */

static lp_view_card *add_card(lp_view *out, lp_tone tone, const char *title,
                              const char *detail, const char *remedy)
{
    lp_view_card *card = &out->card[out->card_count++];
    *card = (lp_view_card){.tone = tone};
    PUT(card->title, "%s", title);
    add_sentence(card->text, sizeof card->text, detail);
    add_sentence(card->text, sizeof card->text, remedy);
    return card;
}

static void offer_fix(lp_view_card *card, lp_fix fix, const char *button)
{
    card->fix = fix;
    PUT(card->button, "%s", button);
}

static void offer_place(lp_view_card *card, const char *button, const char *place)
{
    offer_fix(card, LP_FIX_OPEN, button);
    card->place = place;
}

/* A word of the engine's (src/os/windows/adapter_device.c); a relay may say it, too, and
 * then the button leads to the same place. */
static bool is_about_driver(const char *error)
{
    return strstr(error, "build.openvpn.net/downloads/releases") != NULL;
}

static void offer_driver(lp_view_card *card)
{
    offer_place(card, "Get the driver",
                "https://build.openvpn.net/downloads/releases/");
}

static void add_failure(lp_view *out, const char *title, const char *error,
                        const char *otherwise)
{
    lp_view_card *card =
        add_card(out, LP_TONE_BAD, title, error[0] ? error : otherwise, "");
    if (is_about_driver(error))
        offer_driver(card);
}

/* --- nobody answers --------------------------------------------------------------- */

/* Whoever starts it gets the same; who cannot, or does not want to, has this. */
static void offer_repair(lp_view *out)
{
    offer_fix(add_card(out, LP_TONE_CALM, "Is the network not as it was?",
                       "What a crashed session changed is given back when the service "
                       "starts, or right now",
                       ""),
              LP_FIX_REPAIR, "Repair network");
}

static void show_service(lp_presence presence, const char *why, lp_view *out)
{
    out->page = LP_PAGE_SERVICE;
    switch (presence) {
    case LP_PRESENCE_STOPPED:
        say(out, LP_TONE_WARN, "The LAN Party service is not running",
            "It carries the party's network. Start it to go on; Windows will ask for "
            "your permission");
        offer(out, LP_ACT_START_SERVICE, "&Start the service");
        offer_repair(out);
        break;
    case LP_PRESENCE_MISSING:
        say(out, LP_TONE_WARN, "The LAN Party service is not set up",
            "It carries the party's network. Set it up to go on; Windows will ask for "
            "your permission. If that fails, run the LAN Party installer again");
        offer(out, LP_ACT_INSTALL_SERVICE, "&Set up the service");
        break;
    case LP_PRESENCE_SILENT:
        say(out, LP_TONE_BAD, "The LAN Party service does not answer", why);
        offer(out, LP_ACT_RESTART_SERVICE, "Re&start the service");
        offer_repair(out);
        break;
    case LP_PRESENCE_ASKING:
    case LP_PRESENCE_ANSWERS:
        say(out, LP_TONE_BUSY, "One moment", "Asking the LAN Party service how it is");
        offer(out, LP_ACT_NONE, "");
        break;
    }
    PUT(out->tip, "LAN Party: %s", out->headline);
}

/* --- the form --------------------------------------------------------------------- */

static void show_link(const lp_state *state, lp_view *out)
{
    char leaves[160];
    PUT(leaves, "This leaves room %s", state->room);
    add_card(out, LP_TONE_CALM, "From a link",
             "Nothing is connected yet. Check relay and room, then press Connect",
             lp_state_is_busy(state) ? leaves : "");
}

static void show_form(const lp_state *state, const lp_view_own *own, lp_view *out)
{
    out->page = LP_PAGE_FORM;
    say(out, LP_TONE_CALM, "Join a LAN party",
        "Type what your host told you, or paste the host's lanparty:// link");
    offer(out, LP_ACT_CONNECT, "&Connect");
    PUT(out->tip, "LAN Party: not connected");
    if (own->from_link)
        show_link(state, out);
    else if (state->phase == LP_PHASE_REFUSED)
        add_failure(out, "The relay did not let you in", state->last_error,
                    "Check the room code with your host");
    else if (state->phase == LP_PHASE_ENDED && state->last_error[0])
        add_failure(out, "The connection has ended", state->last_error, "");
    else if (!state->waits_for_orders)
        add_card(out, LP_TONE_WARN, "This client takes no orders",
                 "a lanparty-client without the word \"service\" runs on this machine",
                 "end it, then start the LAN Party service");
}

/* --- the session ------------------------------------------------------------------ */

static bool has_lease(const lp_state *state)
{
    return state->ip[0] && strncmp(state->ip, "169.254.", 8) != 0 &&
           strncmp(state->ip, "fe80:", 5) != 0;
}

static void say_joined(const lp_state *state, lp_view *out)
{
    if (!state->has_gateway)
        say(out, LP_TONE_WARN, "Waiting for the host",
            "You are in the room, but its LAN gateway is not. You join the LAN by "
            "yourself as soon as the host starts it");
    else if (!has_lease(state))
        say(out, LP_TONE_BUSY, "Almost there",
            "Connected to the LAN gateway. The party's router has not given you an "
            "address yet");
    else
        say(out, LP_TONE_GOOD, "Connected",
            "You are on the party's LAN. Games find it like any network of this PC");
}

static void say_offline(const lp_state *state, lp_view *out)
{
    char wait[32];
    say(out, LP_TONE_BAD, "No connection",
        state->last_error[0] ? state->last_error : "The relay does not answer");
    if (state->next_try_ms < 0)
        return;
    lp_view_duration(state->next_try_ms, wait, sizeof wait);
    if (state->next_try_ms < 500)
        add_sentence(out->sentence, sizeof out->sentence, "Trying again now");
    else
        ADD(out->sentence, " Trying again in %s.", wait);
}

static void say_phase(const lp_state *state, lp_view *out)
{
    switch (state->phase) {
    case LP_PHASE_JOINED:
        say_joined(state, out);
        break;
    case LP_PHASE_OFFLINE:
        say_offline(state, out);
        break;
    case LP_PHASE_MEASURING:
        say(out, LP_TONE_BUSY, "Connecting\xe2\x80\xa6",
            "The relay answers. Measuring how much fits through the path");
        break;
    case LP_PHASE_JOINING:
        say(out, LP_TONE_BUSY, "Connecting\xe2\x80\xa6",
            "The relay answers. Asking it to let you into the room");
        break;
    default:
        say(out, LP_TONE_BUSY, "Connecting\xe2\x80\xa6", "Looking for the relay");
        break;
    }
}

/* What no line is to be broken in. */
static void add_whole(char *out, size_t out_len, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        lp_add_text(out, out_len, "%.*s%s", (int)len, text, text[len] ? HOLD : "");
        text += text[len] ? len + 1 : len;
    }
}

static void say_where(const lp_state *state, lp_view *out)
{
    char since[32];
    PUT(out->where, "Room %s", state->room);
    if (state->relay[0])
        ADD(out->where, DOT "%s", state->relay);
    if (state->port && state->port != 443)
        ADD(out->where, ":%u", state->port);
    if (state->connected_ms >= 0) {
        lp_view_duration(state->connected_ms, since, sizeof since);
        ADD(out->where, DOT "for" HOLD);
        add_whole(out->where, sizeof out->where, since);
    }
}

static void put_fact(lp_view *out, int fact, const char *label, lp_tone tone,
                     const char *value)
{
    out->fact[fact] = (lp_view_fact){.label = label, .tone = tone};
    PUT(out->fact[fact].value, "%s", value);
}

static void show_address(const lp_state *state, lp_view *out)
{
    bool joined = state->phase == LP_PHASE_JOINED;
    if (joined && has_lease(state))
        put_fact(out, LP_FACT_ADDRESS, "Your address", LP_TONE_GOOD, state->ip);
    else
        put_fact(out, LP_FACT_ADDRESS, "Your address",
                 joined ? LP_TONE_BUSY : LP_TONE_CALM, "None yet");
}

static void show_broadcast(const lp_state *state, lp_view *out)
{
    static const struct {
        lp_tone tone;
        const char *words;
    } of[] = {
        [LP_BROADCAST_NONE] = {LP_TONE_CALM, "Nothing seen yet"},
        [LP_BROADCAST_TO_LAN] = {LP_TONE_WARN, "Only to the LAN"},
        [LP_BROADCAST_FROM_LAN] = {LP_TONE_CALM, "Only from the LAN"},
        [LP_BROADCAST_BOTH] = {LP_TONE_GOOD, "Flowing both ways"},
    };
    lp_broadcast flow =
        state->phase == LP_PHASE_JOINED ? state->broadcast : LP_BROADCAST_NONE;
    put_fact(out, LP_FACT_BROADCAST, "Broadcasts", of[flow].tone, of[flow].words);
}

static void show_facts(const lp_state *state, lp_view *out)
{
    char trip[32];
    bool joined = state->phase == LP_PHASE_JOINED;
    if (joined && state->has_gateway)
        put_fact(out, LP_FACT_GATEWAY, "LAN gateway", LP_TONE_GOOD, "In the room");
    else
        put_fact(out, LP_FACT_GATEWAY, "LAN gateway",
                 joined ? LP_TONE_WARN : LP_TONE_CALM,
                 joined ? "Not in the room yet" : "Not known yet");
    show_address(state, out);
    show_broadcast(state, out);
    lp_view_latency(state->relay_ms, trip, sizeof trip);
    if (joined)
        put_fact(out, LP_FACT_RELAY, "Relay", LP_TONE_GOOD,
                 trip[0] ? trip : "Connected");
    else
        put_fact(out, LP_FACT_RELAY, "Relay",
                 state->phase == LP_PHASE_OFFLINE ? LP_TONE_BAD : LP_TONE_BUSY,
                 state->phase == LP_PHASE_OFFLINE ? "Does not answer" : "Connecting");
    if (joined && trip[0])
        PUT(out->fact[LP_FACT_RELAY].value, "Connected, %s", trip);
}

/* What the service may not decide, and Windows has a page for. */
static void offer_settings(lp_view_card *card)
{
    static const struct {
        const char *code, *button, *place;
    } of[] = {
        {"public_network", "Network settings", "ms-settings:network"},
        {"broadcast_elsewhere", "Show adapters", "shell:ConnectionsFolder"},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        if (strcmp(card->code, of[i].code) == 0)
            offer_place(card, of[i].button, of[i].place);
    }
}

static void show_health(const lp_state *state, lp_view *out)
{
    for (size_t i = 0; i < state->health_count; i++) {
        const lp_state_row *row = &state->health[i];
        lp_view_card *card = add_card(out, row->is_error ? LP_TONE_BAD : LP_TONE_WARN,
                                      row->title, row->detail, row->remedy);
        PUT(card->code, "%s", row->code);
        if (row->code[0] && row->fix[0])
            offer_fix(card, LP_FIX_SERVICE, row->fix);
        else
            offer_settings(card);
    }
}

/* The headline's sentence says what is wrong; this, what to do about it. */
static void show_driver(const lp_state *state, lp_view *out)
{
    if (is_about_driver(state->last_error))
        offer_driver(
            add_card(out, LP_TONE_BAD, "The network adapter needs a driver",
                     "Run the newest tap-windows from OpenVPN's page; then the "
                     "connection goes on by itself",
                     ""));
}

/* --- who is here ------------------------------------------------------------------ */

static lp_view_peer *add_peer(lp_view *out, const char *name)
{
    lp_view_peer *peer = &out->peer[out->peer_count++];
    *peer = (lp_view_peer){0};
    PUT(peer->name, "%s", name);
    return peer;
}

static void show_peer(const lp_state_peer *from, unsigned number, lp_view *out)
{
    lp_view_peer *peer = add_peer(out, "LAN gateway");
    peer->is_gateway = from->is_gateway;
    if (!from->is_gateway)
        PUT(peer->name, "Player %u", number);
    PUT(peer->detail, "%s", from->is_gateway ? "the host" : from->mac);
    lp_view_latency(from->rtt_ms, peer->latency, sizeof peer->latency);
}

static void show_peers(const lp_state *state, lp_view *out)
{
    unsigned players = 1;
    PUT(out->peers_title, "In the room");
    if (state->phase != LP_PHASE_JOINED) {
        add_peer(out, "You see who is here once you are connected.")->is_note = true;
        return;
    }
    for (size_t i = 0; i < state->peer_count; i++) { /* the gateway first */
        if (state->peer[i].is_gateway)
            show_peer(&state->peer[i], 0, out);
    }
    add_peer(out, "You");
    lp_view_latency(state->relay_ms, out->peer[out->peer_count - 1].latency,
                    sizeof out->peer[0].latency);
    for (size_t i = 0; i < state->peer_count; i++) {
        if (!state->peer[i].is_gateway)
            show_peer(&state->peer[i], ++players, out);
    }
    PUT(out->peers_title, "In the room (%zu)",
        state->peer_count + state->peers_beyond + 1);
    if (state->peers_beyond) {
        char more[48];
        add_peer(out, PUT(more, "and %zu more", state->peers_beyond))->is_note = true;
    }
}

static void show_latency(const lp_state *state, lp_view *out)
{
    bool joined = state->phase == LP_PHASE_JOINED;
    out->latency_to = "Latency to the relay";
    if (!joined)
        return;
    out->latency_ms = state->relay_ms;
    if (state->has_gateway && state->gateway_ms >= 0) {
        out->latency_ms = state->gateway_ms;
        out->latency_to = "Latency to the LAN";
    }
}

static void show_session(const lp_state *state, lp_view *out)
{
    char trip[32];
    out->page = LP_PAGE_SESSION;
    say_phase(state, out);
    say_where(state, out);
    offer(out, LP_ACT_DISCONNECT,
          state->phase == LP_PHASE_JOINED ? "Dis&connect" : "&Cancel");
    show_facts(state, out);
    show_driver(state, out);
    show_health(state, out);
    show_peers(state, out);
    show_latency(state, out);
    lp_view_latency(out->latency_ms, trip, sizeof trip);
    PUT(out->tip, "LAN Party: %s%s%s", out->headline, trip[0] ? ", " : "", trip);
}

static void show_trouble(const char *trouble, lp_view *out)
{
    if (trouble[0])
        add_failure(out, "That did not work", trouble, "");
}

void lp_view_write(lp_presence presence, const lp_state *state, const lp_view_own *own,
                   lp_view *out)
{
    *out = (lp_view){.latency_ms = LP_STATE_UNKNOWN_MS, .latency_to = "", .button = ""};
    show_trouble(own->trouble, out);
    if (presence != LP_PRESENCE_ANSWERS)
        show_service(presence, own->silence, out);
    else if (lp_state_is_busy(state) && !own->from_link)
        show_session(state, out);
    else
        show_form(state, own, out);
}
