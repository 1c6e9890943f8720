/* What is worth a notification: a connection that went away by itself, and its return. */
#pragma once

#include "gui/view.h"

typedef struct lp_news {
    bool was_joined, is_lost; /* lost without anybody's wish, and not back yet */
} lp_news;

/* Hears every state; NULL: nobody answers. True: tell this, once. */
bool lp_news_hear(lp_news *news, const lp_state *state, char title[64], char text[200]);

/* The player asked for it: what follows is no loss. */
void lp_news_expect_end(lp_news *news);
