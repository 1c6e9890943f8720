#include "gui/scrub.h"

#include "test.h"

TEST(a_secret_is_starred_wherever_it_stands_as_a_word)
{
    static const struct {
        const char *name, *secret, *text, *scrubbed;
    } rows[] = {
        {"alone", "PARTY", "PARTY", "*****"},
        {"in a log", "PARTY", "joined room=PARTY, room=\"party\"",
         "joined room=*****, room=\"*****\""},
        {"in a link", "QUAKE-NIGHT", "lanparty://r/quake-night?x",
         "lanparty://r/***********?x"},
        {"within a word", "LAN", "lanparty and LAN and wlan",
         "lanparty and *** and wlan"},
        {"beside a dash", "AB", "AB-CD X_AB_Y ABC", "**-CD X_**_Y ABC"},
        {"twice running", "AB", "AB AB", "** **"},
        {"not there", "PARTY", "nothing", "nothing"},
        {"no secret", "", "nothing", "nothing"},
        {"longer than the text", "PARTY", "PART", "PART"},
    };
    EACH_ROW (row, rows) {
        char text[64];
        snprintf(text, sizeof text, "%s", row->text);
        size_t found = lp_scrub(text, row->secret);
        CHECK_STR(text, row->scrubbed);
        CHECK_EQ(found > 0, strchr(row->scrubbed, '*') != NULL);
    }
}
