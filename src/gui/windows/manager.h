/* The Windows service beside the window: is it there, and does it run? Starting it needs an
 * administrator, whom Windows asks. */
#pragma once

#include "gui/view.h"

/* Why nobody answers at the pipe, as the service manager sees it. */
lp_presence lp_manager_look(void);

/* Ask Windows to do it with an administrator's rights, and wait until it is done.
 *   LP_ERR_DENIED  the user said no;  LP_ERR_NOT_FOUND  a file of ours is missing
 *   LP_ERR_IO      it was tried and failed */
LP_MUST_USE lp_err lp_manager_start(lp_why *why);
LP_MUST_USE lp_err lp_manager_restart(lp_why *why);
LP_MUST_USE lp_err lp_manager_install(lp_why *why);
/* `lanparty-client repair`: gives back what a killed run left. */
LP_MUST_USE lp_err lp_manager_repair(lp_why *why);
