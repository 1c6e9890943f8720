#include "runtime/options_internal.h"

/* --- help: 80 columns ------------------------------------------------------------- */

#define COLUMNS       80
#define LEFT_MAX      30 /* a longer option has its text on the next line */
#define HELP_TEXT_MAX 256

static void write_left(const lp_option *option, char *out, size_t out_len)
{
    snprintf(out, out_len, "  --%s%s%s", option->name, option->value ? " " : "",
             option->value ? option->value : "");
}

static void write_right(const lp_option *option, char *out, size_t out_len)
{
    const char *alias = option->alias, *value = option->default_text;
    snprintf(out, out_len, "%s%s%s%s%s%s%s", option->help, alias ? " (or --" : "",
             alias ? alias : "", alias ? ")" : "", value ? " [" : "",
             value ? value : "", value ? "]" : "");
}

/* Words from `column` on; further lines begin at `indent`. */
static void print_wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
    bool is_first = true;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (!is_first && column + 1 + len > COLUMNS) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            is_first = true;
        }
        fprintf(out, "%s%.*s", is_first ? "" : " ", (int)len, text);
        column += len + !is_first;
        is_first = false;
        text += len + strspn(text + len, " ");
    }
    fputc('\n', out);
}

static void print_help_row(FILE *out, const lp_option *option, size_t indent)
{
    char left[HELP_TEXT_MAX], right[HELP_TEXT_MAX];
    write_left(option, left, sizeof left);
    write_right(option, right, sizeof right);
    fputs(left, out);
    if (strlen(left) + 2 > indent)
        fprintf(out, "\n%*s", (int)indent, "");
    else
        fprintf(out, "%*s", (int)(indent - strlen(left)), "");
    print_wrapped(out, right, indent, indent);
}

/* As wide as the widest left side that is not too wide, and two blanks. */
static size_t indent_for(const lp_program *program)
{
    char left[HELP_TEXT_MAX];
    size_t widest = strlen("  --config FILE");
    for (size_t i = 0; i < program->option_count; i++) {
        write_left(&program->options[i], left, sizeof left);
        size_t len = strlen(left);
        if (len > widest && len <= LEFT_MAX)
            widest = len;
    }
    return widest + 2;
}

static void print_commands(FILE *out, const lp_program *program, size_t indent)
{
    for (size_t i = 0; i < program->command_count; i++) {
        const lp_command *command = &program->commands[i];
        fprintf(out, "  %-*s", (int)(indent - 2), command->words);
        print_wrapped(out, command->help, indent, indent);
    }
    if (program->command_count > 0)
        fputc('\n', out);
}

void lp_options_print_help(const lp_program *program, FILE *out)
{
    size_t indent = indent_for(program);
    fprintf(out, "%s: ", program->name);
    print_wrapped(out, program->purpose, strlen(program->name) + 2, 2);
    fprintf(out, "Example: ");
    print_wrapped(out, program->example, strlen("Example: "), 4);
    fputc('\n', out);
    print_commands(out, program, indent);
    for (size_t i = 0; i < program->option_count; i++)
        print_help_row(out, &program->options[i], indent);
    for (size_t i = 0; i < LP_BUILTIN_COUNT; i++) {
        if (lp_builtin_options[i].help)
            print_help_row(out, &lp_builtin_options[i], indent);
    }
}

/* --- man page: roff --------------------------------------------------------------- */

/* A dash is a minus, so that options can be copied, and no line starts a request. */
static void put_roff(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

/* Help and purpose begin small; here they are sentences. */
static void put_sentence(FILE *out, const char *text)
{
    bool is_small = *text >= 'a' && *text <= 'z';
    if (is_small)
        fputc(*text++ - 'a' + 'A', out);
    put_roff(out, text);
    fputs(".\n", out);
}

static void put_name(FILE *out, const char *name)
{
    fputs("\\fB\\-\\-", out);
    put_roff(out, name);
    fputs("\\fR", out);
}

static void put_value(FILE *out, const char *value)
{
    if (!value)
        return;
    fputs(" \\fI", out);
    put_roff(out, value);
    fputs("\\fR", out);
}

/* "Takes a number from 1 to 4096. Default: 64." and so on; a line for each. */
static void put_facts(FILE *out, const lp_option *option)
{
    char expected[LP_OPTION_EXPECT_LEN];
    if (option->value && *lp_option_expects(option, expected)) {
        fputs("Takes ", out);
        put_roff(out, expected);
        fputs(".\n", out);
    }
    if (option->default_text) {
        fputs("Default: ", out);
        put_roff(out, option->default_text);
        fputs(".\n", out);
    }
    if (option->command_line_only)
        fputs("Only on the command line.\n", out);
}

static void put_option(FILE *out, const lp_option *option)
{
    fputs(".TP\n", out);
    put_name(out, option->name);
    put_value(out, option->value);
    if (option->alias) {
        fputs(", ", out);
        put_name(out, option->alias);
        put_value(out, option->value);
    }
    fputc('\n', out);
    put_sentence(out, option->help);
    put_facts(out, option);
}

static void put_heading(FILE *out, const lp_program *program)
{
    fputs(".TH ", out);
    for (const char *at = program->name; *at; at++)
        fputc(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at, out);
    fprintf(out, " 8 \"\" \"softlan %s\"\n.SH NAME\n", LP_VERSION);
    put_roff(out, program->name);
    fputs(" \\- ", out);
    put_roff(out, program->purpose);
    fputs("\n.SH SYNOPSIS\n.B ", out);
    put_roff(out, program->name);
    if (program->command_count > 0)
        fputs("\n[\\fIcommand\\fR]", out);
    fputs("\n[\\fB\\-\\-\\fIoption\\fR [\\fIvalue\\fR]]...\n", out);
}

static void put_commands(FILE *out, const lp_program *program)
{
    if (program->command_count == 0)
        return;
    fputs(".SH COMMANDS\nWithout one, the program does its usual work.\n", out);
    for (size_t i = 0; i < program->command_count; i++) {
        fputs(".TP\n\\fB", out);
        put_roff(out, program->commands[i].words);
        fputs("\\fR\n", out);
        put_sentence(out, program->commands[i].help);
    }
}

static const char description[] =
    "Every option is also a key of the configuration file, and means the same there.\n"
    "The command line wins over the file, and the file over the default.\n"
    "\\fB\\-\\-name value\\fR and \\fB\\-\\-name=value\\fR are the same.\n"
    "SIGINT and SIGTERM end the program and undo what it has set up.\n";

static const char exit_status[] = ".SH EXIT STATUS\n"
                                  ".TP\n0\nIt did what it was asked to.\n"
                                  ".TP\n1\nIt failed, and said why.\n"
                                  ".TP\n2\nIt was called the wrong way.\n";

static const char files[] =
    ".SH FILES\n"
    "The file that \\fB\\-\\-config\\fR names has one \\fIname\\fR = \\fIvalue\\fR to "
    "a line.\n"
    "Blank lines are ignored, and so is what follows a #.\n"
    "Double quotes around a value keep its blanks and its #.\n"
    "Options without a value are yes or no.\n"
    "An unknown or repeated name is an error.\n";

void lp_options_print_man(const lp_program *program, FILE *out)
{
    put_heading(out, program);
    fputs(".SH DESCRIPTION\n", out);
    put_sentence(out, program->purpose);
    fprintf(out, ".PP\n%s", description);
    put_commands(out, program);
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < program->option_count; i++)
        put_option(out, &program->options[i]);
    for (size_t i = 0; i < LP_BUILTIN_COUNT; i++) {
        if (lp_builtin_options[i].help)
            put_option(out, &lp_builtin_options[i]);
    }
    fprintf(out, "%s%s.SH EXAMPLE\n", exit_status, files);
    put_roff(out, program->example);
    fputc('\n', out);
}
