#include "gui/news.h"

#include "test.h"

static lp_news news;
static char title[64], text[200];

static bool hear(lp_phase phase)
{
    lp_state state = {.phase = phase, .room = "PARTY", .last_error = "no answer"};
    return lp_news_hear(&news, &state, title, text);
}

TEST(a_loss_and_a_return_are_told_once_each)
{
    news = (lp_news){0};
    CHECK(!hear(LP_PHASE_CONNECTING));
    CHECK(!hear(LP_PHASE_JOINED)); /* the player watches that */
    CHECK(!hear(LP_PHASE_JOINED));
    CHECK(hear(LP_PHASE_OFFLINE));
    CHECK_HAS(title, "out of reach");
    CHECK_HAS(text, "No answer. It is tried again");
    CHECK(!hear(LP_PHASE_CONNECTING));
    CHECK(hear(LP_PHASE_JOINED));
    CHECK_HAS(title, "Back");
    CHECK_HAS(text, "PARTY");
    CHECK(!hear(LP_PHASE_JOINED));
}

TEST(what_was_wished_for_is_no_news)
{
    news = (lp_news){0};
    hear(LP_PHASE_JOINED);
    lp_news_expect_end(&news);
    CHECK(!hear(LP_PHASE_IDLE));
    hear(LP_PHASE_JOINED);
    CHECK(!hear(LP_PHASE_IDLE)); /* somebody disconnected elsewhere */
    CHECK(!hear(LP_PHASE_JOINED));
}

TEST(every_end_that_came_by_itself_is_told)
{
    static const struct {
        const char *name;
        lp_phase phase;
        bool answers;
    } rows[] = {{"offline", LP_PHASE_OFFLINE, true},
                {"refused", LP_PHASE_REFUSED, true},
                {"ended", LP_PHASE_ENDED, true},
                {"the service died", LP_PHASE_IDLE, false}};
    EACH_ROW (row, rows) {
        news = (lp_news){0};
        text[0] = '\0';
        hear(LP_PHASE_JOINED);
        CHECK(row->answers ? hear(row->phase) : lp_news_hear(&news, NULL, title, text));
        CHECK(text[0]);
    }
}
