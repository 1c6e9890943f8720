/* What a service says, as tests of the window want it: read from JSON, as it really comes. */
#pragma once

#include "gui/state.h"
#include "test.h"

/* Single quotes for double ones, so that tests can be read. */
static inline lp_state state_of(const char *text)
{
    static char json[8192];
    lp_state state = {0};
    lp_why why = {""};
    size_t len = strlen(text);
    CHECK(len < sizeof json);
    for (size_t i = 0; i <= len; i++)
        json[i] = text[i] == '\'' ? '"' : text[i];
    if (lp_state_read(lp_bytes_of(json, len), &state, &why) != LP_OK)
        lp_test_fail(__FILE__, __LINE__, "%s: %s", why.text, text);
    return state;
}
