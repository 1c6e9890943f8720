#include "runtime/common_options.h"

/* In the order of lp_log_level. */
const char *const lp_log_level_choices[] = {"error", "warn", "info", "debug", NULL};
const char *const lp_log_format_choices[] = {"text", "json", NULL};
