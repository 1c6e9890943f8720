#include "base/error.h"

#include "test.h"

TEST(every_error_has_a_sentence_of_its_own)
{
    static const char *const sentences[] = {
#define X(code, sentence) sentence,
        LP_ERRORS(X)
#undef X
    };
    const int count = sizeof sentences / sizeof *sentences;
    for (int i = 0; i < count; i++) {
        CHECK_STR(lp_err_text((lp_err)i), sentences[i]);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(sentences[i], sentences[j]) != 0);
    }
    CHECK_STR(lp_err_text(LP_OK), "success");
    CHECK_STR(lp_err_text((lp_err)count), "unknown error");
}

TEST(an_explanation_carries_its_error_through)
{
    lp_why why;
    CHECK_EQ(lp_explain(&why, LP_ERR_DENIED, "%s: %s", "eth0", "not yours"),
             LP_ERR_DENIED);
    CHECK_STR(why.text, "eth0: not yours");
}

TEST(an_explanation_is_cut_at_its_limit)
{
    lp_why why;
    CHECK_EQ(lp_explain(&why, LP_ERR_IO, "%2000d", 1), LP_ERR_IO);
    CHECK_EQ(strlen(why.text), LP_WHY_MAX - 1);
}
