/*
 * Asks the service, on a thread of its own: the window never waits.
 *
 * Every second, and after every order, it asks how the service is. What it hears it posts
 * to the window as LP_WM_ANSWER, whose lParam is an lp_heard that the window frees.
 */
#pragma once

#include <windows.h>

#include "gui/view.h"

#define LP_WM_ANSWER (WM_APP + 1)

typedef enum lp_order {
    LP_ORDER_STATUS, /* asked by itself */
    LP_ORDER_CONNECT,
    LP_ORDER_DISCONNECT,
    LP_ORDER_FIX,
    LP_ORDER_EXPORT,
    LP_ORDER_START_SERVICE,
    LP_ORDER_RESTART_SERVICE,
    LP_ORDER_INSTALL_SERVICE,
    LP_ORDER_REPAIR,
    LP_ORDER_OPEN,
    LP_ORDER_HELP,
} lp_order;

typedef struct lp_heard {
    lp_order order;
    lp_err err;           /* of the asking */
    lp_why why;           /* its sentence; of what the window does itself, too */
    lp_presence presence; /* of STATUS */
    char *text;           /* what the service said; NULL: nothing */
} lp_heard;
void lp_heard_free(lp_heard *answer); /* NULL is fine */

typedef struct lp_asker lp_asker;

/* NULL where there is no memory or no thread. */
lp_asker *lp_asker_start(HWND window, const char *pipe);
/* Ends the thread, after what it is at; NULL is fine. */
void lp_asker_stop(lp_asker *asker);

/* In turn, soon. `text`: the request's line; of EXPORT: the file; of OPEN: the place; else
 * "". Too many at once are forgotten: nobody clicks so fast. */
void lp_asker_order(lp_asker *asker, lp_order order, const char *text);

/* How often it asks by itself: less while nobody looks. */
void lp_asker_pace(lp_asker *asker, unsigned milliseconds);
