#include "gui/news.h"

#include "gui/text.h"

enum { TITLE_LEN = 64, TEXT_LEN = 200 };

static void begin_large(char *text)
{
    if (text[0] >= 'a' && text[0] <= 'z')
        text[0] = (char)(text[0] - 'a' + 'A');
}

static bool tell_lost(lp_news *news, const lp_state *state, char *title, char *text)
{
    news->is_lost = true;
    lp_put_text(title, TITLE_LEN, "The party is out of reach");
    if (!state)
        lp_put_text(text, TEXT_LEN, "The LAN Party service stopped answering.");
    else if (!lp_state_is_busy(state))
        lp_put_text(text, TEXT_LEN, "%s",
                    state->last_error[0] ? state->last_error
                                         : "The connection has ended.");
    else
        lp_put_text(text, TEXT_LEN, "%s%sIt is tried again by itself.",
                    state->last_error, state->last_error[0] ? ". " : "");
    begin_large(text);
    return true;
}

static bool tell_regained(lp_news *news, const lp_state *state, char *title, char *text)
{
    news->is_lost = false;
    lp_put_text(title, TITLE_LEN, "Back at the party");
    lp_put_text(text, TEXT_LEN, "Connected to room %s again.", state->room);
    return true;
}

bool lp_news_hear(lp_news *news, const lp_state *state, char title[64], char text[200])
{
    bool joined = state && state->phase == LP_PHASE_JOINED;
    bool was_joined = news->was_joined;
    news->was_joined = joined;
    if (state && state->phase == LP_PHASE_IDLE)
        news->is_lost = was_joined = false; /* somebody disconnected: that is over */
    if (was_joined && !joined)
        return tell_lost(news, state, title, text);
    if (joined && news->is_lost)
        return tell_regained(news, state, title, text);
    return false;
}

void lp_news_expect_end(lp_news *news)
{
    *news = (lp_news){0};
}
