/* Shared by options*.c: finding an option, reading its value, and what values look
 * like. */
#pragma once

#include "runtime/options.h"

#define LP_OPTIONS_MAX       64 /* in one program's table */
#define LP_OPTION_EXPECT_LEN 128

/* What every program takes besides its own table; --man is for the build, so hidden. */
typedef struct lp_builtin_values {
    const char *config;
    bool help, version, man;
} lp_builtin_values;

#define LP_BUILTIN_COUNT 4
extern const lp_option lp_builtin_options[LP_BUILTIN_COUNT];

/* By name or alias; NULL if there is none. */
const lp_option *lp_option_find(const lp_option *options, size_t count,
                                const char *name);

/* What was probably meant by a name that does not exist; NULL if nothing is near. */
const char *lp_option_nearest(const lp_program *program, const char *name);

/*
 * Into the option's field of `config`.
 *   LP_ERR_MALFORMED  `why` ends a sentence: `"lots" is not a number from 1 to 4096`
 */
LP_MUST_USE lp_err lp_option_read_value(const lp_option *option, const char *text,
                                        void *config, lp_why *why);

/* "a number from 1 to 4096"; empty where any text will do. Returns `out`. */
const char *lp_option_expects(const lp_option *option, char out[LP_OPTION_EXPECT_LEN]);
