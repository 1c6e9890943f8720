#include "runtime/options.h"

#include "os/files.h"
#include "runtime/options_internal.h"
#include "wire/datagram.h"

#include <assert.h>

#define FILE_MAX      65536
#define NAME_MAX_LEN  40 /* longer words are not compared */
#define FIELD(member) .offset = offsetof(lp_builtin_values, member)

const lp_option lp_builtin_options[LP_BUILTIN_COUNT] = {
    {.name = "config",
     .value = "FILE",
     .kind = LP_OPTION_PATH,
     FIELD(config),
     .help = "read options from this file: name = value",
     .command_line_only = true},
    {.name = "help",
     .kind = LP_OPTION_FLAG,
     FIELD(help),
     .help = "print this",
     .command_line_only = true},
    {.name = "version",
     .kind = LP_OPTION_FLAG,
     FIELD(version),
     .help = "print the version",
     .command_line_only = true},
    {.name = "man", .kind = LP_OPTION_FLAG, FIELD(man), .command_line_only = true},
};

/* --- names ------------------------------------------------------------------------ */

static bool is_named(const lp_option *option, const char *name)
{
    return strcmp(option->name, name) == 0 ||
           (option->alias && strcmp(option->alias, name) == 0);
}

const lp_option *lp_option_find(const lp_option *options, size_t count,
                                const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (is_named(&options[i], name))
            return &options[i];
    }
    return NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters to add, remove or change (Levenshtein), one row at a time. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1], b_len = strlen(b);
    if (strlen(a) > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0]++;
        for (size_t j = 0; j < b_len; j++) {
            size_t changed = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(changed, least(row[j], row[j + 1]) + 1);
        }
    }
    return row[b_len];
}

const char *lp_option_nearest(const lp_program *program, const char *name)
{
    const char *nearest = NULL;
    size_t best = strlen(name) / 3 + 1; /* more slips than that are another word */
    for (size_t i = 0; i < program->option_count; i++) {
        const char *names[] = {program->options[i].name, program->options[i].alias};
        for (size_t j = 0; j < 2 && names[j]; j++) {
            size_t slips = distance(name, names[j]);
            if (slips < best || (slips == best && !nearest)) {
                best = slips;
                nearest = names[j];
            }
        }
    }
    return nearest;
}

/* --- the command line ------------------------------------------------------------- */

typedef struct command_line {
    const lp_program *program;
    int argc, at;
    char **argv;
    void *config;
    lp_builtin_values builtin;
    lp_why *why;
} command_line;

static lp_err complain(const command_line *in, const char *name, const char *what)
{
    return lp_explain(in->why, LP_ERR_MALFORMED, "%s: --%.60s: %s", in->program->name,
                      name, what);
}

static lp_err complain_unknown(const command_line *in, const char *name)
{
    lp_why what;
    const char *nearest = lp_option_nearest(in->program, name);
    if (nearest)
        lp_explain(&what, LP_ERR_UNKNOWN, "no such option; did you mean --%s?",
                   nearest);
    else
        lp_explain(&what, LP_ERR_UNKNOWN, "no such option; %s --help lists them all",
                   in->program->name);
    return complain(in, name, what.text);
}

/* What stands behind "=", or the next argument. NULL: there is none. */
static const char *take_value(command_line *in, const lp_option *option,
                              const char *behind_equals)
{
    if (behind_equals)
        return behind_equals;
    if (option->kind == LP_OPTION_FLAG)
        return "yes";
    /* "--room --relay x": the value was forgotten; --room=--relay says otherwise. */
    if (in->at == in->argc || strncmp(in->argv[in->at], "--", 2) == 0)
        return NULL;
    return in->argv[in->at++];
}

static lp_err read_option(command_line *in, const char *name, const char *behind_equals)
{
    lp_why what;
    const lp_program *program = in->program;
    void *config = in->config;
    const lp_option *option =
        lp_option_find(program->options, program->option_count, name);
    if (!option) {
        option = lp_option_find(lp_builtin_options, LP_BUILTIN_COUNT, name);
        config = &in->builtin;
    }
    if (!option)
        return complain_unknown(in, name);

    const char *value = take_value(in, option, behind_equals);
    if (!value) {
        lp_explain(&what, LP_ERR_MALFORMED, "the value is missing; write --%s %s", name,
                   option->value);
        return complain(in, name, what.text);
    }
    lp_err err = lp_option_read_value(option, value, config, &what);
    return err ? complain(in, name, what.text) : LP_OK;
}

static lp_err read_argument(command_line *in, const char *argument)
{
    char name[NAME_MAX_LEN + 1];
    if (strcmp(argument, "-h") == 0)
        argument = "--help";
    if (in->program->link_option && argument[0] != '-' && strstr(argument, "://"))
        return read_option(in, in->program->link_option, argument);
    if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
        return lp_explain(in->why, LP_ERR_MALFORMED,
                          "%s: %.60s: not an option; options begin with --, and "
                          "%s --help lists them all",
                          in->program->name, argument, in->program->name);
    argument += 2;
    const char *equals = strchr(argument, '=');
    size_t len = equals ? (size_t)(equals - argument) : strlen(argument);
    if (len >= sizeof name)
        return complain_unknown(in, argument);
    memcpy(name, argument, len);
    name[len] = '\0';
    return read_option(in, name, equals ? equals + 1 : NULL);
}

/* Stops at --help and its like: what comes behind them does not matter. */
static lp_err read_arguments(command_line *in)
{
    lp_err err = LP_OK;
    const lp_builtin_values *builtin = &in->builtin;
    in->at = 1;
    while (!err && in->at < in->argc &&
           !(builtin->help || builtin->version || builtin->man))
        err = read_argument(in, in->argv[in->at++]);
    return err;
}

/* Words of the command that stand at argv[1] and on; 0: it is another. */
static int words_there(const char *words, int argc, char **argv)
{
    int count = 0;
    while (*words) {
        size_t len = strcspn(words, " ");
        if (count + 1 >= argc || strlen(argv[count + 1]) != len ||
            strncmp(argv[count + 1], words, len) != 0)
            return 0;
        count++;
        words += len + strspn(words + len, " ");
    }
    return count;
}

size_t lp_options_take_command(const lp_program *program, int *argc, char **argv)
{
    for (size_t i = 0; i < program->command_count; i++) {
        int count = words_there(program->commands[i].words, *argc, argv);
        if (count == 0)
            continue;
        *argc -= count;
        memmove(argv + 1, argv + 1 + count,
                (size_t)*argc * sizeof *argv); /* and NULL */
        return i;
    }
    return program->command_count;
}

/* --- all sources ------------------------------------------------------------------ */

static void read_defaults(const lp_program *program, void *config)
{
    for (size_t i = 0; i < program->option_count; i++) {
        const lp_option *option = &program->options[i];
        lp_why why;
        if (!option->default_text)
            continue;
        lp_err err = lp_option_read_value(option, option->default_text, config, &why);
        assert(err == LP_OK); /* our own table */
    }
}

static lp_err read_config_file(const command_line *in, char **out_file)
{
    lp_file_content content;
    const char *path = in->builtin.config;
    lp_err err = lp_file_read(path, FILE_MAX, &content, in->why);
    if (err)
        return err;
    *out_file = (char *)content.at; /* the caller's now; NUL-terminated */
    if (strlen(*out_file) != content.len)
        return lp_explain(in->why, LP_ERR_MALFORMED,
                          "%s: it holds binary data; name a text file", path);
    return lp_options_read_file(in->program, path, *out_file, in->config, in->why);
}

/* The command line twice: to find the file's name, and to win over the file. */
static lp_err read_all(command_line *in, char **out_file)
{
    read_defaults(in->program, in->config);
    lp_err err = read_arguments(in);
    if (err || !in->builtin.config || in->builtin.help || in->builtin.version ||
        in->builtin.man)
        return err;
    err = read_config_file(in, out_file);
    return err ? err : read_arguments(in);
}

lp_options_result lp_options_read(const lp_program *program, int argc, char **argv,
                                  void *config, char **out_file)
{
    assert(program->option_count <= LP_OPTIONS_MAX);
    lp_why why;
    command_line in = {
        .program = program, .argc = argc, .argv = argv, .config = config, .why = &why};
    *out_file = NULL;
    if (read_all(&in, out_file) != LP_OK) {
        fprintf(stderr, "%s\n", why.text);
        return LP_OPTIONS_WRONG;
    }
    if (in.builtin.help)
        lp_options_print_help(program, stdout);
    else if (in.builtin.version)
        printf("%s %s (protocol lanparty/%d)\n", program->name, LP_VERSION,
               LP_PROTOCOL_VERSION);
    else if (in.builtin.man)
        lp_options_print_man(program, stdout);
    else
        return LP_OPTIONS_RUN;
    return LP_OPTIONS_DONE;
}
