#include "runtime/options_internal.h"

#include <assert.h>

/*
 * A configuration file: one `name = value` to a line. Blank lines and what follows a #
 * (at the start, or behind a blank) are ignored; quotes around a value keep both.
 */

typedef struct reading {
    const lp_program *program;
    const char *name; /* the file's, as complaints have it */
    unsigned line;
    unsigned seen_on[LP_OPTIONS_MAX]; /* the line of each option; 0: not yet */
    void *config;
    lp_why *why;
} reading;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks around it; cut off in place. */
static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

static void cut_comment(char *text)
{
    for (char *at = text; *at; at++) {
        if (*at == '#' && (at == text || is_blank(at[-1]))) {
            *at = '\0';
            return;
        }
    }
}

/* What stands behind the "=", without quotes and comment. NULL: the quotes are wrong.
 */
static char *value_of(char *text)
{
    text = trim(text);
    if (*text != '"') {
        cut_comment(text);
        return trim(text);
    }
    char *end = strchr(++text, '"');
    if (!end)
        return NULL;
    *end = '\0';
    char *rest = trim(end + 1);
    return *rest == '\0' || *rest == '#' ? text : NULL;
}

static lp_err complain(const reading *in, const char *key, const char *what)
{
    return lp_explain(in->why, LP_ERR_MALFORMED, "%.120s:%u: %.60s: %s", in->name,
                      in->line, key, what);
}

static lp_err complain_unknown(const reading *in, const char *key)
{
    lp_why what;
    const char *nearest = lp_option_nearest(in->program, key);
    if (nearest)
        lp_explain(&what, LP_ERR_UNKNOWN, "no such option; did you mean %s?", nearest);
    else
        lp_explain(&what, LP_ERR_UNKNOWN, "no such option; %s --help lists them all",
                   in->program->name);
    return complain(in, key, what.text);
}

/* Only once, by whichever of its names. */
static lp_err note_line(reading *in, const lp_option *option, const char *key)
{
    lp_why what;
    unsigned *seen_on = &in->seen_on[option - in->program->options];
    if (*seen_on != 0) {
        lp_explain(&what, LP_ERR_MALFORMED,
                   "given already on line %u; remove one of the two", *seen_on);
        return complain(in, key, what.text);
    }
    *seen_on = in->line;
    return LP_OK;
}

static lp_err read_setting(reading *in, const char *key, char *text)
{
    lp_why what;
    const lp_program *program = in->program;
    const lp_option *option =
        lp_option_find(program->options, program->option_count, key);
    bool is_builtin = lp_option_find(lp_builtin_options, LP_BUILTIN_COUNT, key);
    if (is_builtin || (option && option->command_line_only))
        return complain(in, key, "only for the command line; remove it here");
    if (!option)
        return complain_unknown(in, key);
    lp_err err = note_line(in, option, key);
    if (err)
        return err;

    const char *value = value_of(text);
    if (!value)
        return complain(in, key,
                        "quotes go around the whole value; add what is missing");
    err = lp_option_read_value(option, value, in->config, &what);
    return err ? complain(in, key, what.text) : LP_OK;
}

static lp_err read_line(reading *in, char *text)
{
    text = trim(text);
    if (*text == '\0' || *text == '#')
        return LP_OK;
    char *equals = strchr(text, '=');
    if (!equals)
        return complain(in, text, "there is no \"=\"; write name = value");
    *equals = '\0';
    return read_setting(in, trim(text), equals + 1);
}

/* Windows editors begin a file with it. */
static char *after_byte_order_mark(char *content)
{
    static const char mark[] = "\xef\xbb\xbf";
    return strncmp(content, mark, strlen(mark)) == 0 ? content + strlen(mark) : content;
}

lp_err lp_options_read_file(const lp_program *program, const char *name, char *content,
                            void *config, lp_why *why)
{
    assert(program->option_count <= LP_OPTIONS_MAX);
    reading in = {.program = program, .name = name, .config = config, .why = why};
    lp_err err = LP_OK;
    char *line = after_byte_order_mark(content);
    while (line && !err) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        in.line++;
        err = read_line(&in, line);
        line = next;
    }
    return err;
}
