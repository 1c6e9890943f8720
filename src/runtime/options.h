/*
 * One table per program: flag = configuration key = help line = man page.
 *
 *     static const lp_option table[] = {
 *         {"room", NULL, "CODE", LP_OPTION_TEXT, offsetof(struct config, room), NULL,
 *          "room to join: 1 to 32 letters, digits, - or _"},
 *         ...
 *     };
 *
 * `--max-peers 64`, `--max-peers=64` and `max-peers = 64` in a file are the same. The
 * command line wins over the file, the file over the default. Every value is checked
 * where it is read, so that an error can say which line it stands on.
 */
#pragma once

#include <stdio.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mac.h"
#include "base/time.h"

typedef enum lp_option_kind {
    LP_OPTION_FLAG,     /* bool; in a file: yes or no */
    LP_OPTION_TEXT,     /* const char * */
    LP_OPTION_PATH,     /* const char *; the same, but man pages and completion know */
    LP_OPTION_COUNT,    /* uint64_t, within min and max */
    LP_OPTION_SIZE,     /* uint64_t octets: 65536, 64K, 4M */
    LP_OPTION_DURATION, /* lp_duration: 30s, 500ms, 2m */
    LP_OPTION_LISTEN,   /* lp_addr, see lp_addr_read_listen */
    LP_OPTION_RELAY,    /* lp_endpoint_name */
    LP_OPTION_MAC,      /* lp_option_mac */
    LP_OPTION_CHOICE,   /* int: index into `choices` */
} lp_option_kind;

typedef struct lp_option_mac {
    bool is_set;
    lp_mac mac;
} lp_option_mac;

typedef struct lp_option {
    const char *name;  /* without dashes */
    const char *alias; /* another spelling, or NULL */
    const char *value; /* what stands for the value in help; NULL for a flag */
    lp_option_kind kind;
    size_t offset;              /* of the field in the program's config struct */
    const char *default_text;   /* as a person would write it; NULL: none */
    const char *help;           /* one line, lower case, no full stop */
    uint64_t min, max;          /* LP_OPTION_COUNT, LP_OPTION_SIZE */
    const char *const *choices; /* LP_OPTION_CHOICE: NULL-terminated */
    bool command_line_only; /* makes no sense in a file (--help, --config, --status) */
} lp_option;

/* What a program does other than its usual work; words before all options. */
typedef struct lp_command {
    const char *words; /* "service run" */
    const char *help;  /* one line, lower case, no full stop */
} lp_command;

typedef struct lp_program {
    const char *name;    /* "lanparty-relay" */
    const char *purpose; /* one line */
    const char *example; /* one command line */
    const lp_option *options;
    size_t option_count;
    const lp_command *commands; /* NULL: none */
    size_t command_count;
    const char
        *link_option; /* which option a bare argument with :// in it is; NULL: none */
} lp_program;

typedef enum lp_options_result {
    LP_OPTIONS_RUN,   /* go on */
    LP_OPTIONS_DONE,  /* --help, --version, --man were answered: exit 0 */
    LP_OPTIONS_WRONG, /* the complaint is on stderr: exit 2 */
} lp_options_result;

/*
 * Fills `config` (a zeroed struct) from defaults, `--config FILE` and the command line.
 * Adds --config, --help (-h), --version and the hidden --man to every program. Texts live as long as
 * argv and `*out_file` (the file's content: free() it at the end, NULL is fine).
 */
lp_options_result lp_options_read(const lp_program *program, int argc, char **argv,
                                  void *config, char **out_file);

/* The file alone, from memory: for fuzzing and tests. `content` is cut up in place.
 * `name` is what complaints call it: `relay.conf:12: max-peers: "lots" is not ...`. */
LP_MUST_USE lp_err lp_options_read_file(const lp_program *program, const char *name,
                                        char *content, void *config, lp_why *why);

/* Takes the words of a command off the arguments; its index, or command_count: there is
 * none, and `argc` is as it was. */
size_t lp_options_take_command(const lp_program *program, int *argc, char **argv);

void lp_options_print_help(const lp_program *program, FILE *out); /* fits a screen */
void lp_options_print_man(const lp_program *program,
                          FILE *out); /* roff, the whole page */
