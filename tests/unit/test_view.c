#include "gui/view.h"

#include "gui_state.h"

static lp_view view;

static const lp_view *show(const char *text)
{
    static lp_state state;
    const lp_view_own own = {"", "", false};
    state = state_of(text);
    lp_view_write(LP_PRESENCE_ANSWERS, &state, &own, &view);
    return &view;
}

#define JOINED                                                                     \
    "{'state':'joined','waits_for_orders':true,'room':'PARTY','relay':{'name':'r." \
    "example','port':443,'rtt_ms':11.6}"

TEST(a_player_reads_how_it_is)
{
    static const struct {
        const char *name, *state;
        lp_page page;
        lp_tone tone;
        const char *headline, *sentence, *button;
    } rows[] = {
        {"nothing yet", "{'state':'idle','waits_for_orders':true}", LP_PAGE_FORM,
         LP_TONE_CALM, "Join a LAN party", "lanparty://", "&Connect"},
        {"looking", "{'state':'connecting'}", LP_PAGE_SESSION, LP_TONE_BUSY,
         "Connecting", "Looking for the relay", "&Cancel"},
        {"measuring", "{'state':'measuring'}", LP_PAGE_SESSION, LP_TONE_BUSY,
         "Connecting", "how much fits", "&Cancel"},
        {"joining", "{'state':'joining'}", LP_PAGE_SESSION, LP_TONE_BUSY, "Connecting",
         "let you into", "&Cancel"},
        {"no gateway", JOINED "}", LP_PAGE_SESSION, LP_TONE_WARN,
         "Waiting for the host", "LAN gateway is not", "Dis&connect"},
        {"no lease", JOINED ",'gateway_present':true}", LP_PAGE_SESSION, LP_TONE_BUSY,
         "Almost there", "has not given you an address", "Dis&connect"},
        {"an address of its own making",
         JOINED ",'gateway_present':true,'tap':{'ip':'169.254.3.4'}}", LP_PAGE_SESSION,
         LP_TONE_BUSY, "Almost there", "has not given you an address", "Dis&connect"},
        {"all well", JOINED ",'gateway_present':true,'tap':{'ip':'10.73.42.51'}}",
         LP_PAGE_SESSION, LP_TONE_GOOD, "Connected", "on the party's LAN",
         "Dis&connect"},
        {"lost",
         "{'state':'offline','last_error':'no answer from the "
         "relay','next_try_ms':4000}",
         LP_PAGE_SESSION, LP_TONE_BAD, "No connection",
         "No answer from the relay. Trying again in 4 s.", "&Cancel"},
        {"lost, and tries now", "{'state':'offline','next_try_ms':100}",
         LP_PAGE_SESSION, LP_TONE_BAD, "No connection",
         "The relay does not answer. Trying again now.", "&Cancel"},
        {"a state of the future", "{'state':'dreaming'}", LP_PAGE_SESSION, LP_TONE_BUSY,
         "Connecting", "Looking", "&Cancel"},
    };
    EACH_ROW (row, rows) {
        const lp_view *shown = show(row->state);
        CHECK_EQ(shown->page, row->page);
        CHECK_EQ(shown->tone, row->tone);
        CHECK_HAS(shown->headline, row->headline);
        CHECK_HAS(shown->sentence, row->sentence);
        CHECK_STR(shown->button, row->button);
        CHECK(strncmp(shown->tip, "LAN Party: ", 11) == 0);
    }
}

TEST(whoever_does_not_answer_is_named_with_what_to_do)
{
    static const struct {
        const char *name;
        lp_presence presence;
        lp_act act;
        const char *headline, *sentence;
    } rows[] = {
        {"asking", LP_PRESENCE_ASKING, LP_ACT_NONE, "One moment", "Asking"},
        {"stopped", LP_PRESENCE_STOPPED, LP_ACT_START_SERVICE, "is not running",
         "Start it"},
        {"missing", LP_PRESENCE_MISSING, LP_ACT_INSTALL_SERVICE, "is not set up",
         "installer"},
        {"silent", LP_PRESENCE_SILENT, LP_ACT_RESTART_SERVICE, "does not answer",
         "Too busy."},
    };
    EACH_ROW (row, rows) {
        const lp_view_own own = {"too busy", "", false};
        lp_view_write(row->presence, &(lp_state){0}, &own, &view);
        CHECK_EQ(view.page, LP_PAGE_SERVICE);
        CHECK_EQ(view.act, row->act);
        CHECK_HAS(view.headline, row->headline);
        CHECK_HAS(view.sentence, row->sentence);
    }
}

TEST(a_service_that_is_there_and_does_not_answer_may_have_left_something)
{
    static const struct {
        const char *name;
        lp_presence presence;
        size_t cards;
    } rows[] = {
        {"asking", LP_PRESENCE_ASKING, 0},
        {"stopped", LP_PRESENCE_STOPPED, 1},
        {"missing", LP_PRESENCE_MISSING, 0},
        {"silent", LP_PRESENCE_SILENT, 1},
    };
    EACH_ROW (row, rows) {
        const lp_view_own own = {"", "", false};
        lp_view_write(row->presence, &(lp_state){0}, &own, &view);
        CHECK_EQ(view.card_count, row->cards);
        CHECK_EQ(view.card[0].fix, row->cards ? LP_FIX_REPAIR : LP_FIX_NONE);
        CHECK_EQ(view.card[0].tone, LP_TONE_CALM); /* an offer, and no alarm */
    }
}

TEST(a_refusal_is_told_above_the_form)
{
    static const struct {
        const char *name, *state, *title, *text;
        size_t cards;
    } rows[] = {
        {"with words",
         "{'state':'refused','last_error':'the room is full','waits_for_orders':true}",
         "did not let you in", "The room is full.", 1},
        {"without", "{'state':'refused','waits_for_orders':true}", "did not let you in",
         "Check the room code", 1},
        {"an end",
         "{'state':'ended','last_error':'the adapter is gone','waits_for_orders':true}",
         "has ended", "The adapter is gone.", 1},
        {"an end that was wished", "{'state':'ended','waits_for_orders':true}", "", "",
         0},
        {"a client on a console", "{'state':'idle'}", "takes no orders", "End it", 1},
    };
    EACH_ROW (row, rows) {
        const lp_view *shown = show(row->state);
        CHECK_EQ(shown->page, LP_PAGE_FORM);
        CHECK_EQ(shown->card_count, row->cards);
        CHECK_HAS(shown->card[0].title, row->title);
        CHECK_HAS(shown->card[0].text, row->text);
    }
}

TEST(a_word_too_long_for_a_line_is_shortened)
{
    const lp_view *shown = show(
        "{'state':'offline','last_error':'the key is sha256:"
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, another'}");
    CHECK_STR(shown->sentence, "The key is sha256:0123456789ab\xe2\x80\xa6 another.");
}

TEST(a_link_is_shown_and_not_obeyed)
{
    const lp_view_own own = {"", "", true};
    lp_state state = state_of(JOINED "}");
    lp_view_write(LP_PRESENCE_ANSWERS, &state, &own, &view);
    CHECK_EQ(view.page, LP_PAGE_FORM);
    CHECK_EQ(view.act, LP_ACT_CONNECT);
    CHECK_HAS(view.card[0].text, "Nothing is connected yet");
    CHECK_HAS(view.card[0].text, "This leaves room PARTY.");
}

TEST(what_went_wrong_comes_first)
{
    const lp_view_own own = {"", "the file is in use", false};
    lp_state state = state_of(JOINED ",'health':[{'title':'Another'}]}");
    lp_view_write(LP_PRESENCE_ANSWERS, &state, &own, &view);
    CHECK_EQ(view.card_count, 2);
    CHECK_HAS(view.card[0].title, "did not work");
    CHECK_STR(view.card[0].text, "The file is in use.");
}

TEST(facts_have_a_tone_and_words)
{
    static const struct {
        const char *name, *state;
        int fact;
        lp_tone tone;
        const char *value;
    } rows[] = {
        {"a gateway", JOINED ",'gateway_present':true}", LP_FACT_GATEWAY, LP_TONE_GOOD,
         "In the room"},
        {"no gateway", JOINED "}", LP_FACT_GATEWAY, LP_TONE_WARN,
         "Not in the room yet"},
        {"nobody knows", "{'state':'connecting'}", LP_FACT_GATEWAY, LP_TONE_CALM,
         "Not known yet"},
        {"a lease", JOINED ",'tap':{'ip':'10.1.2.3'}}", LP_FACT_ADDRESS, LP_TONE_GOOD,
         "10.1.2.3"},
        {"a lease of before", "{'state':'offline','tap':{'ip':'10.1.2.3'}}",
         LP_FACT_ADDRESS, LP_TONE_CALM, "None yet"},
        {"no lease", JOINED "}", LP_FACT_ADDRESS, LP_TONE_BUSY, "None yet"},
        {"both ways", JOINED ",'broadcast':'both'}", LP_FACT_BROADCAST, LP_TONE_GOOD,
         "Flowing both ways"},
        {"one way", JOINED ",'broadcast':'to_lan'}", LP_FACT_BROADCAST, LP_TONE_WARN,
         "Only to the LAN"},
        {"the other way", JOINED ",'broadcast':'from_lan'}", LP_FACT_BROADCAST,
         LP_TONE_CALM, "Only from the LAN"},
        {"no way", JOINED "}", LP_FACT_BROADCAST, LP_TONE_CALM, "Nothing seen yet"},
        {"a relay", JOINED "}", LP_FACT_RELAY, LP_TONE_GOOD, "Connected, 12 ms"},
        {"no relay", "{'state':'offline'}", LP_FACT_RELAY, LP_TONE_BAD,
         "Does not answer"},
        {"a relay soon", "{'state':'connecting'}", LP_FACT_RELAY, LP_TONE_BUSY,
         "Connecting"},
    };
    EACH_ROW (row, rows) {
        const lp_view_fact *fact = &show(row->state)->fact[row->fact];
        CHECK_EQ(fact->tone, row->tone);
        CHECK_STR(fact->value, row->value);
        CHECK(fact->label[0]);
    }
}

TEST(a_problem_is_a_card_with_what_to_do_and_a_button_where_one_can)
{
    const lp_view *shown = show(
        JOINED
        ",'health':[{'code':'no_address','severity':'warn','title':'No address',"
        "'detail':'since 15 s','remedy':'ask again','fix':'Get one'},"
        "{'code':'relay_route','severity':'error','title':'Bad route','remedy':'x'},"
        "{'severity':'warn','title':'Nameless','fix':'Cannot be asked for'}]}");
    CHECK_EQ(shown->card_count, 3);
    CHECK_STR(shown->card[0].text, "Since 15 s. Ask again.");
    CHECK_EQ(shown->card[0].fix, LP_FIX_SERVICE);
    CHECK_STR(shown->card[0].button, "Get one");
    CHECK_STR(shown->card[0].code, "no_address");
    CHECK_EQ(shown->card[0].tone, LP_TONE_WARN);
    CHECK_EQ(shown->card[1].tone, LP_TONE_BAD);
    CHECK_EQ(shown->card[1].fix, LP_FIX_NONE);
    CHECK_STR(shown->card[2].button, "");
}

TEST(what_only_the_player_may_change_is_shown_by_windows)
{
    static const struct {
        const char *name, *state;
        lp_fix fix;
        const char *place;
    } rows[] = {
        {"a firewall's network",
         JOINED ",'health':[{'code':'public_network','title':'T'}]}", LP_FIX_OPEN,
         "ms-settings:network"},
        {"a metric", JOINED ",'health':[{'code':'broadcast_elsewhere','title':'T'}]}",
         LP_FIX_OPEN, "shell:ConnectionsFolder"},
        {"a service that can do it itself",
         JOINED ",'health':[{'code':'public_network','title':'T','fix':'Do it'}]}",
         LP_FIX_SERVICE, ""},
        {"nothing of Windows", JOINED ",'health':[{'code':'no_gateway','title':'T'}]}",
         LP_FIX_NONE, ""},
    };
    EACH_ROW (row, rows) {
        const lp_view_card *card = &show(row->state)->card[0];
        CHECK_EQ(card->fix, row->fix);
        CHECK_STR(card->place ? card->place : "", row->place);
        CHECK_EQ(card->button[0] != '\0', row->fix != LP_FIX_NONE);
    }
}

#define NO_DRIVER                                            \
    "the TAP driver is missing: install tap-windows6, from " \
    "build.openvpn.net/downloads/releases, then try again"

TEST(a_missing_driver_has_a_button_that_leads_to_it)
{
    static const struct {
        const char *name, *state, *trouble;
        const char *title;
    } rows[] = {
        {"a session that cannot begin",
         "{'state':'offline','last_error':'" NO_DRIVER "'}", "", "needs a driver"},
        {"one that ended",
         "{'state':'ended','waits_for_orders':true,'last_error':'" NO_DRIVER "'}", "",
         "has ended"},
        {"an order", "{'state':'idle','waits_for_orders':true}", NO_DRIVER,
         "did not work"},
    };
    EACH_ROW (row, rows) {
        const lp_view_own own = {"", row->trouble, false};
        static lp_state state;
        state = state_of(row->state);
        lp_view_write(LP_PRESENCE_ANSWERS, &state, &own, &view);
        CHECK_EQ(view.card_count, 1);
        CHECK_HAS(view.card[0].title, row->title);
        CHECK_EQ(view.card[0].fix, LP_FIX_OPEN);
        CHECK_STR(view.card[0].place ? view.card[0].place : "",
                  "https://build.openvpn.net/downloads/releases/");
    }
    /* Where it is must be readable, too: nothing of it is cut. */
    CHECK_HAS(show("{'state':'offline','last_error':'" NO_DRIVER "'}")->sentence,
              "from build.openvpn.net/downloads/releases, then");
    /* What a stranger says leads nowhere else. */
    CHECK_EQ(show("{'state':'refused','last_error':'see https://evil.example'}")
                 ->card[0]
                 .fix,
             LP_FIX_NONE);
}

TEST(the_gateway_comes_first_then_oneself_then_players)
{
    const lp_view *shown =
        show(JOINED ",'peers':[{'peer_id':7,'role':'client','mac':'02:00:00:00:00:07'},"
                    "{'peer_id':1,'role':'gateway','rtt_ms':11.8}]}");
    CHECK_EQ(shown->peer_count, 3);
    CHECK_STR(shown->peer[0].name, "LAN gateway");
    CHECK_STR(shown->peer[0].latency, "12 ms");
    CHECK_STR(shown->peer[1].name, "You");
    CHECK_STR(shown->peer[2].name, "Player 2");
    CHECK_STR(shown->peer[2].detail, "02:00:00:00:00:07");
    CHECK_STR(shown->peers_title, "In the room (3)");
}

TEST(an_empty_room_says_why)
{
    const lp_view *shown = show("{'state':'connecting'}");
    CHECK_EQ(shown->peer_count, 1);
    CHECK(shown->peer[0].is_note);
    CHECK_HAS(shown->peer[0].name, "once you are connected");
}

TEST(a_full_house_fits)
{
    static lp_state state;
    const lp_view_own own = {"", "trouble", false};
    state = (lp_state){.phase = LP_PHASE_JOINED,
                       .peer_count = LP_STATE_PEERS_MAX,
                       .peers_beyond = 5,
                       .health_count = LP_STATE_HEALTH_MAX};
    lp_view_write(LP_PRESENCE_ANSWERS, &state, &own, &view);
    CHECK_EQ(view.peer_count, LP_VIEW_PEERS_MAX);
    CHECK_STR(view.peer[LP_VIEW_PEERS_MAX - 1].name, "and 5 more");
    CHECK_EQ(view.card_count, LP_STATE_HEALTH_MAX + 1);
}

TEST(where_one_is_leaves_out_what_is_usual)
{
    static const struct {
        const char *name, *state, *where;
    } rows[] = {
        {"the usual port", JOINED "}", "Room PARTY\xc2\xa0\xc2\xa0\xc2\xb7  r.example"},
        {"another port",
         "{'state':'joined','room':'A','relay':{'name':'r','port':4433}}",
         "Room A\xc2\xa0\xc2\xa0\xc2\xb7  r:4433"},
        {"for a while", "{'state':'joined','room':'A','connected_ms':61000}",
         "Room A\xc2\xa0\xc2\xa0\xc2\xb7  for\xc2\xa0"
         "1\xc2\xa0min"},
    };
    EACH_ROW (row, rows)
        CHECK_STR(show(row->state)->where, row->where);
}

TEST(latency_is_to_the_lan_where_that_is_known)
{
    const lp_view *shown =
        show(JOINED ",'gateway_present':true,'gateway_latency_ms':23.4}");
    CHECK(shown->latency_ms == 23.4);
    CHECK_STR(shown->latency_to, "Latency to the LAN");
    shown = show(JOINED ",'gateway_present':true}");
    CHECK(shown->latency_ms == 11.6);
    CHECK_STR(shown->latency_to, "Latency to the relay");
    CHECK(show("{'state':'offline','relay':{'rtt_ms':11}}")->latency_ms ==
          LP_STATE_UNKNOWN_MS);
}

TEST(numbers_read_like_numbers)
{
    static const struct {
        const char *name;
        double ms;
        const char *latency, *duration;
    } rows[] = {
        {"unknown", -1, "", NULL},
        {"small", 0.42, "0.4 ms", "0 s"},
        {"nearly ten", 9.96, "10 ms", "0 s"},
        {"whole", 23.4, "23 ms", "0 s"},
        {"a minute", 60000, "60000 ms", "1 min"},
        {"hours", 3 * 3600000.0 + 5 * 60000, "11100000 ms", "3 h 05 min"},
    };
    EACH_ROW (row, rows) {
        char text[32];
        lp_view_latency(row->ms, text, sizeof text);
        CHECK_STR(text, row->latency);
        if (!row->duration)
            continue;
        lp_view_duration(row->ms, text, sizeof text);
        CHECK_STR(text, row->duration);
    }
}
