/* The player's own file, in the roaming part of his profile. */
#pragma once

#include "gui/recent.h"

/* Empty where there is no file, or a damaged one. */
void lp_settings_load(lp_recent *out_recent);
/* One that cannot be written is no reason to bother a player: false. */
bool lp_settings_save(const lp_recent *recent);
