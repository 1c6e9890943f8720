#include "runtime/options.h"

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

struct config {
    bool verbose;
    const char *room;
    const char *state;
    uint64_t peers;
    uint64_t budget;
    uint64_t any;
    lp_duration idle;
    lp_addr listen;
    lp_endpoint_name relay;
    lp_option_mac mac;
    int level;
};

#define FIELD(name) offsetof(struct config, name)

static const char *const levels[] = {"error", "warn", "info", NULL};

static const lp_option table[] = {
    {.name = "verbose",
     .kind = LP_OPTION_FLAG,
     .offset = FIELD(verbose),
     .help = "say more"},
    {.name = "room",
     .value = "CODE",
     .kind = LP_OPTION_TEXT,
     .offset = FIELD(room),
     .default_text = "LOBBY",
     .help = "room to join"},
    {.name = "state-dir",
     .value = "DIR",
     .kind = LP_OPTION_PATH,
     .offset = FIELD(state),
     .help = "where what lasts is kept"},
    {.name = "max-peers",
     .alias = "peers",
     .value = "N",
     .kind = LP_OPTION_COUNT,
     .offset = FIELD(peers),
     .default_text = "64",
     .min = 1,
     .max = 4096,
     .help = "peers in one room before it is full, and this help is too long for "
             "one line"},
    {.name = "budget",
     .value = "SIZE",
     .kind = LP_OPTION_SIZE,
     .offset = FIELD(budget),
     .min = 65536,
     .max = 1u << 30,
     .help = "memory to use"},
    {.name = "any-number-at-all-however-large",
     .value = "N",
     .kind = LP_OPTION_COUNT,
     .offset = FIELD(any),
     .help = "no limits here"},
    {.name = "idle",
     .value = "TIME",
     .kind = LP_OPTION_DURATION,
     .offset = FIELD(idle),
     .default_text = "30s",
     .help = "silence after which a peer is gone"},
    {.name = "listen",
     .value = "ADDRESS",
     .kind = LP_OPTION_LISTEN,
     .offset = FIELD(listen),
     .default_text = "443/udp",
     .help = "where to listen"},
    {.name = "relay",
     .value = "HOST[:PORT]",
     .kind = LP_OPTION_RELAY,
     .offset = FIELD(relay),
     .help = "the relay's address"},
    {.name = "virtual-mac",
     .value = "MAC",
     .kind = LP_OPTION_MAC,
     .offset = FIELD(mac),
     .help = "for testing"},
    {.name = "log-level",
     .value = "LEVEL",
     .kind = LP_OPTION_CHOICE,
     .offset = FIELD(level),
     .default_text = "info",
     .choices = levels,
     .help = "error, warn or info"},
    {.name = "status",
     .kind = LP_OPTION_FLAG,
     .offset = FIELD(verbose),
     .help = "ask a running program",
     .command_line_only = true},
};

static const lp_command commands[] = {{"service run", "wait for orders"},
                                      {"repair", "give back what was changed"}};

static const lp_program program = {
    .commands = commands,
    .command_count = sizeof commands / sizeof *commands,
    .link_option = "room",
    .name = "lanparty-test",
    .purpose = "shows what options can do",
    .example = "lanparty-test --room QUAKE",
    .options = table,
    .option_count = sizeof table / sizeof *table,
};

/* --- running it ------------------------------------------------------------------- */

struct run {
    struct config config;
    lp_options_result result;
    char *out, *err, *file;
};

/* Words are separated by single blanks. What is printed is kept. */
static struct run run_words(const char *words)
{
    struct run run = {0};
    char *argv[32] = {"lanparty-test"};
    int argc = 1;
    static char copy[1024];
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;

    FILE *real_out = stdout, *real_err = stderr;
    size_t len;
    fflush(stdout);
    stdout = open_memstream(&run.out, &len);
    stderr = open_memstream(&run.err, &len);
    run.result = lp_options_read(&program, argc, argv, &run.config, &run.file);
    fclose(stdout);
    fclose(stderr);
    stdout = real_out;
    stderr = real_err;
    return run;
}

static void run_fini(struct run *run)
{
    free(run->out);
    free(run->err);
    free(run->file);
}

/* A file from memory; the complaint, or "" if there is none. */
static const char *read_text(const char *content, struct config *config)
{
    static lp_why why;
    static char copy[1024];
    *config = (struct config){0};
    why.text[0] = '\0';
    snprintf(copy, sizeof copy, "%s", content);
    lp_err err = lp_options_read_file(&program, "relay.conf", copy, config, &why);
    CHECK_EQ(err == LP_OK, why.text[0] == '\0');
    return why.text;
}

/* --- what is accepted ------------------------------------------------------------- */

TEST(without_arguments_the_defaults_hold)
{
    struct run run = run_words("");
    CHECK_EQ(run.result, LP_OPTIONS_RUN);
    CHECK_STR(run.config.room, "LOBBY");
    CHECK_EQ(run.config.peers, 64);
    CHECK_EQ(run.config.idle, LP_SECONDS(30));
    CHECK_EQ(run.config.listen.port, 443);
    CHECK_EQ(run.config.level, 2);
    CHECK(!run.config.verbose && !run.config.mac.is_set && !run.config.state);
    CHECK(!run.file);
    CHECK_STR(run.out, "");
    CHECK_STR(run.err, "");
    run_fini(&run);
}

TEST(both_spellings_and_the_alias_mean_the_same)
{
    static const struct {
        const char *name, *words;
    } rows[] = {
        {"two words", "--max-peers 7"},
        {"one word", "--max-peers=7"},
        {"alias", "--peers 7"},
        {"alias, one word", "--peers=7"},
        {"the last wins", "--peers 9 --max-peers 7"},
    };
    EACH_ROW (row, rows) {
        struct run run = run_words(row->words);
        CHECK_EQ(run.result, LP_OPTIONS_RUN);
        CHECK_EQ(run.config.peers, 7);
        run_fini(&run);
    }
}

TEST(words_before_all_options_are_a_command)
{
    static const struct {
        const char *name, *words[5];
        size_t command;
        const char *rest;
    } rows[] = {
        {"none", {NULL}, 2, NULL},
        {"one word", {"repair"}, 1, NULL},
        {"two words", {"service", "run"}, 0, NULL},
        {"and options", {"service", "run", "--verbose"}, 0, "--verbose"},
        {"half of one", {"service"}, 2, "service"},
        {"another", {"service", "dance"}, 2, "service"},
        {"a part of a word", {"repairs"}, 2, "repairs"},
        {"behind an option", {"--verbose", "repair"}, 2, "--verbose"},
    };
    EACH_ROW (row, rows) {
        char *argv[6] = {"lanparty-test"};
        int argc = 1;
        for (; row->words[argc - 1]; argc++)
            argv[argc] = (char *)(uintptr_t)row->words[argc - 1];
        CHECK_EQ(lp_options_take_command(&program, &argc, argv), row->command);
        CHECK_STR(argv[1] ? argv[1] : "-", row->rest ? row->rest : "-");
        CHECK(argv[argc] == NULL);
    }
}

TEST(help_and_the_man_page_name_the_commands)
{
    struct run help = run_words("--help"), man = run_words("--man");
    CHECK_HAS(help.out, "  service run");
    CHECK_HAS(help.out, "give back what was changed\n");
    CHECK_HAS(man.out, ".SH COMMANDS\n");
    CHECK_HAS(man.out, "\\fBrepair\\fR\nGive back what was changed.\n");
    run_fini(&help);
    run_fini(&man);
}

TEST(a_link_by_itself_is_the_option_that_links_belong_to)
{
    struct run run = run_words("--max-peers 7 party://here");
    CHECK_EQ(run.result, LP_OPTIONS_RUN);
    CHECK_STR(run.config.room, "party://here");
    CHECK_EQ(run.config.peers, 7);
    run_fini(&run);
    run = run_words("here");
    CHECK_EQ(run.result, LP_OPTIONS_WRONG);
    run_fini(&run);
}

TEST(every_kind_of_value_is_read_from_the_command_line)
{
    struct run run = run_words("--verbose --room=--ODD --state-dir /var/x --budget 64K "
                               "--idle 500ms --listen [::1]:4433 --relay r.example:1 "
                               "--virtual-mac 02:5e:10:00:00:01 --log-level warn");
    CHECK_STR(run.err, "");
    CHECK(run.config.verbose);
    CHECK_STR(run.config.room, "--ODD");
    CHECK_STR(run.config.state, "/var/x");
    CHECK_EQ(run.config.budget, 65536);
    CHECK_EQ(run.config.idle, LP_MS(500));
    CHECK_EQ(run.config.listen.port, 4433);
    CHECK_EQ(run.config.listen.family, 6);
    CHECK_STR(run.config.relay.host, "r.example");
    CHECK_EQ(run.config.relay.port, 1);
    CHECK(run.config.mac.is_set);
    CHECK_EQ(run.config.mac.mac.octet[5], 1);
    CHECK_EQ(run.config.level, 1);
    run_fini(&run);
}

TEST(numbers_end_where_they_say)
{
    static const struct {
        const char *name, *content;
        uint64_t peers, budget, any;
        lp_duration idle;
    } rows[] = {
        {"least count", "max-peers = 1", .peers = 1},
        {"most count", "max-peers = 4096", .peers = 4096},
        {"least size", "budget = 65536", .budget = 65536},
        {"size in M", "budget = 4M", .budget = 4u << 20},
        {"most size", "budget = 1G", .budget = 1u << 30},
        {"largest number", "any-number-at-all-however-large = 18446744073709551615",
         .any = UINT64_MAX},
        {"no time", "idle = 0s", .idle = 0},
        {"microseconds", "idle = 250us", .idle = LP_US(250)},
        {"minutes", "idle = 2m", .idle = LP_SECONDS(120)},
        {"hours", "idle = 24h", .idle = LP_SECONDS(86400)},
    };
    EACH_ROW (row, rows) {
        struct config config;
        CHECK_STR(read_text(row->content, &config), "");
        CHECK_EQ(config.peers, row->peers);
        CHECK_EQ(config.budget, row->budget);
        CHECK(config.any == row->any);
        CHECK_EQ(config.idle, row->idle);
    }
}

TEST(a_file_may_be_written_as_people_write_files)
{
    static const struct {
        const char *name, *content, *room;
    } rows[] = {
        {"plain", "room = QUAKE\n", "QUAKE"},
        {"no final newline", "room = QUAKE", "QUAKE"},
        {"no blanks", "room=QUAKE\n", "QUAKE"},
        {"many blanks", " \t room \t =  QUAKE \t \n", "QUAKE"},
        {"CRLF", "\r\n# x\r\nroom = QUAKE\r\n", "QUAKE"},
        {"byte order mark", "\xef\xbb\xbfroom = QUAKE\n", "QUAKE"},
        {"comments", "# room = DOOM\n\n   # more\nroom = QUAKE # the best\n", "QUAKE"},
        {"a # inside a word", "room = C#\n", "C#"},
        {"an = in the value", "room = a=b\n", "a=b"},
        {"quotes", "room = \"QUAKE\"\n", "QUAKE"},
        {"quotes keep blanks", "room = \" my # room \" # comment\n", " my # room "},
        {"a quote inside a word", "room = 5\"\n", "5\""},
        {"several", "idle = 1s\nroom = QUAKE\nverbose = no\n", "QUAKE"},
    };
    EACH_ROW (row, rows) {
        struct config config;
        CHECK_STR(read_text(row->content, &config), "");
        CHECK_STR(config.room ? config.room : "(none)", row->room);
    }
}

TEST(flags_are_yes_or_no_in_a_file_and_may_be_on_the_command_line)
{
    struct config config;
    CHECK_STR(read_text("verbose = yes", &config), "");
    CHECK(config.verbose);
    struct run run = run_words("--verbose --verbose=no");
    CHECK_EQ(run.result, LP_OPTIONS_RUN);
    CHECK(!run.config.verbose);
    run_fini(&run);
}

/* --- what is refused -------------------------------------------------------------- */

TEST(a_file_is_refused_with_line_name_and_remedy)
{
    static const struct {
        const char *name, *content, *complaint;
    } rows[] = {
        {"not a number", "\n# x\n\nmax-peers = lots\n",
         "relay.conf:4: max-peers: \"lots\" is not a number from 1 to 4096"},
        {"too small", "max-peers = 0",
         "relay.conf:1: max-peers: \"0\" is not a number from 1 to 4096"},
        {"too large", "max-peers = 4097",
         "relay.conf:1: max-peers: \"4097\" is not a number from 1 to 4096"},
        {"negative", "max-peers = -1",
         "relay.conf:1: max-peers: \"-1\" is not a number from 1 to 4096"},
        {"overflow", "any-number-at-all-however-large = 18446744073709551616",
         "relay.conf:1: any-number-at-all-however-large: \"18446744073709551616\" is "
         "not a number"},
        {"size too small", "budget = 65535",
         "relay.conf:1: budget: \"65535\" is not a size from 64K to 1G, such as 65536, "
         "64K or 4M"},
        {"size overflows", "budget = 99999999999999999G",
         "relay.conf:1: budget: \"99999999999999999G\" is not a size from 64K to 1G, "
         "such as 65536, 64K or 4M"},
        {"time without unit", "idle = 30",
         "relay.conf:1: idle: \"30\" is not a time such as 500ms, 30s or 2m"},
        {"unit without time", "idle = s",
         "relay.conf:1: idle: \"s\" is not a time such as 500ms, 30s or 2m"},
        {"listen", "listen = here",
         "relay.conf:1: listen: \"here\" is not an address to listen on, such as "
         "443/udp, 0.0.0.0:443 or [::]:443"},
        {"relay", "relay = a b",
         "relay.conf:1: relay: \"a b\" is not a relay's name or address, such as "
         "relay.example or 192.0.2.1:4433"},
        {"mac", "virtual-mac = 02-5e-10-00-00-01",
         "relay.conf:1: virtual-mac: \"02-5e-10-00-00-01\" is not an Ethernet address "
         "such as 02:5e:10:00:00:01"},
        {"choice", "log-level = loud",
         "relay.conf:1: log-level: \"loud\" is not one of error, warn, info"},
        {"flag", "verbose = maybe",
         "relay.conf:1: verbose: \"maybe\" is not yes or no"},
        {"empty", "room =\n",
         "relay.conf:1: room: the value is empty; give it CODE, or leave the option "
         "out"},
        {"only a comment", "room = # later\n",
         "relay.conf:1: room: the value is empty; give it CODE, or leave the option "
         "out"},
        {"slip", "max-pears = 7",
         "relay.conf:1: max-pears: no such option; did you mean max-peers?"},
        {"another word", "colour = red",
         "relay.conf:1: colour: no such option; lanparty-test --help lists them all"},
        {"no name", "= 7",
         "relay.conf:1: : no such option; lanparty-test --help lists them all"},
        {"no =", "room QUAKE",
         "relay.conf:1: room QUAKE: there is no \"=\"; write name = value"},
        {"twice", "room = A\n\nroom = B\n",
         "relay.conf:3: room: given already on line 1; remove one of the two"},
        {"twice, by the alias", "max-peers = 1\npeers = 2\n",
         "relay.conf:2: peers: given already on line 1; remove one of the two"},
        {"no closing quote", "room = \"A\n",
         "relay.conf:1: room: quotes go around the whole value; add what is missing"},
        {"more behind the quotes", "room = \"A\" B\n",
         "relay.conf:1: room: quotes go around the whole value; add what is missing"},
        {"command line only", "status = yes\n",
         "relay.conf:1: status: only for the command line; remove it here"},
        {"config in a config", "config = other.conf\n",
         "relay.conf:1: config: only for the command line; remove it here"},
    };
    EACH_ROW (row, rows) {
        struct config config;
        CHECK_STR(read_text(row->content, &config), row->complaint);
    }
}

TEST(a_command_line_is_refused_with_option_and_remedy)
{
    static const struct {
        const char *name, *words, *complaint;
    } rows[] = {
        {"value", "--max-peers lots",
         "lanparty-test: --max-peers: \"lots\" is not a number from 1 to 4096\n"},
        {"flag", "--verbose=2", "lanparty-test: --verbose: \"2\" is not yes or no\n"},
        {"no value at the end", "--room",
         "lanparty-test: --room: the value is missing; write --room CODE\n"},
        {"no value before an option", "--room --verbose",
         "lanparty-test: --room: the value is missing; write --room CODE\n"},
        {"empty value", "--room=",
         "lanparty-test: --room: the value is empty; give it CODE, or leave the option "
         "out\n"},
        {"slip", "--rom QUAKE",
         "lanparty-test: --rom: no such option; did you mean --room?\n"},
        {"slip in the alias", "--pears=1",
         "lanparty-test: --pears: no such option; did you mean --peers?\n"},
        {"another word", "--colour red",
         "lanparty-test: --colour: no such option; lanparty-test --help lists them "
         "all\n"},
        {"not an option", "QUAKE",
         "lanparty-test: QUAKE: not an option; options begin with --, and "
         "lanparty-test --help lists them all\n"},
        {"dashes alone", "--",
         "lanparty-test: --: not an option; options begin with --, and lanparty-test "
         "--help lists them all\n"},
        {"a novel",
         "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "lanparty-test: "
         "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: "
         "no such option; lanparty-test --help lists them all\n"},
    };
    EACH_ROW (row, rows) {
        struct run run = run_words(row->words);
        CHECK_EQ(run.result, LP_OPTIONS_WRONG);
        CHECK_STR(run.err, row->complaint);
        CHECK_STR(run.out, "");
        run_fini(&run);
    }
}

/* --- a real file ------------------------------------------------------------------ */

static void write_temporary(char path[32], const char *content, size_t len)
{
    strcpy(path, "/tmp/test_options.XXXXXX");
    int fd = mkstemp(path);
    CHECK_EQ(write(fd, content, len), len);
    close(fd);
}

TEST(the_command_line_wins_over_the_file_and_the_file_over_the_default)
{
    static const char content[] = "room = FILE\nidle = 5s\nverbose = yes\n";
    char path[32], words[128];
    write_temporary(path, content, strlen(content));
    snprintf(words, sizeof words, "--room FIRST --config %s --verbose=no", path);
    struct run run = run_words(words);
    CHECK_STR(run.err, "");
    CHECK_STR(run.config.room, "FIRST");
    CHECK_EQ(run.config.idle, LP_SECONDS(5));
    CHECK_EQ(run.config.peers, 64);
    CHECK(!run.config.verbose);
    run_fini(&run);
    unlink(path);
}

TEST(a_files_texts_live_as_long_as_the_file)
{
    static const char content[] = "room = \"FROM FILE\"\n";
    char path[32], words[64];
    write_temporary(path, content, strlen(content));
    snprintf(words, sizeof words, "--config=%s", path);
    struct run run = run_words(words);
    CHECK_STR(run.config.room, "FROM FILE");
    CHECK(run.file && run.config.room >= run.file);
    run_fini(&run);
    unlink(path);
}

TEST(a_file_that_cannot_be_used_is_named)
{
    static const struct {
        const char *name;
        size_t len;
        const char *part;
    } rows[] = {
        {"binary", 100, ": it holds binary data; name a text file"},
        {"huge", 65537, "is larger than 65536 bytes"},
    };
    static const char zeros[70000];
    EACH_ROW (row, rows) {
        char path[32], words[64];
        write_temporary(path, zeros, row->len);
        snprintf(words, sizeof words, "--config %s", path);
        struct run run = run_words(words);
        CHECK_EQ(run.result, LP_OPTIONS_WRONG);
        CHECK_HAS(run.err, path);
        CHECK_HAS(run.err, row->part);
        run_fini(&run);
        unlink(path);
    }
    struct run run = run_words("--config /nonexistent/relay.conf");
    CHECK_EQ(run.result, LP_OPTIONS_WRONG);
    CHECK_HAS(run.err, "/nonexistent/relay.conf");
    run_fini(&run);
}

/* --- help, version, man ----------------------------------------------------------- */

TEST(questions_are_answered_whatever_comes_behind_them)
{
    static const struct {
        const char *name, *words, *part;
    } rows[] = {
        {"help", "--help --bogus", "lanparty-test: shows what options can do\n"},
        {"short help", "-h", "Example: lanparty-test --room QUAKE\n"},
        {"version", "--version x",
         "lanparty-test " LP_VERSION " (protocol lanparty/1)\n"},
        {"man", "--man", ".SH OPTIONS\n"},
        {"before a file is read", "--config /nonexistent --version", LP_VERSION},
    };
    EACH_ROW (row, rows) {
        struct run run = run_words(row->words);
        CHECK_EQ(run.result, LP_OPTIONS_DONE);
        CHECK_HAS(run.out, row->part);
        CHECK_STR(run.err, "");
        run_fini(&run);
    }
}

TEST(help_names_every_option_within_eighty_columns)
{
    struct run run = run_words("--help");
    char wanted[64];
    for (size_t i = 0; i < program.option_count; i++) {
        snprintf(wanted, sizeof wanted, "\n  --%s", table[i].name);
        CHECK_HAS(run.out, wanted);
    }
    CHECK_HAS(run.out, "\n  --config FILE");
    CHECK_HAS(run.out, "(or --peers) [64]");
    CHECK(!strstr(run.out, "--man"));

    unsigned lines = 0;
    for (char *line = run.out; *line; lines++) {
        size_t len = strcspn(line, "\n");
        CHECK(len <= 80);
        CHECK(len == 0 || line[len - 1] != ' ');
        line += len + 1;
    }
    CHECK(lines <= 24);
    run_fini(&run);
}

TEST(long_help_goes_on_below_itself)
{
    struct run run = run_words("--help");
    CHECK_HAS(run.out, "  --max-peers N        peers in one room before it is full, "
                       "and this help is too\n"
                       "                       long for one line (or --peers) [64]\n");
    CHECK_HAS(run.out, "  --any-number-at-all-however-large N\n"
                       "                       no limits here\n");
    run_fini(&run);
}

TEST(the_man_page_has_every_section_and_option)
{
    static const char *const parts[] = {
        ".TH LANPARTY-TEST 8",
        ".SH NAME\nlanparty\\-test \\- shows what options can do\n",
        ".SH SYNOPSIS\n",
        ".SH DESCRIPTION\n",
        ".SH OPTIONS\n",
        ".SH EXIT STATUS\n",
        ".SH FILES\n",
        ".SH EXAMPLE\nlanparty\\-test \\-\\-room QUAKE\n",
        "\\fB\\-\\-max\\-peers\\fR \\fIN\\fR, \\fB\\-\\-peers\\fR \\fIN\\fR\n",
        "Takes a number from 1 to 4096.\nDefault: 64.\n",
        "\\fB\\-\\-status\\fR\nAsk a running program.\nOnly on the command line.\n",
        "\\fB\\-\\-config\\fR \\fIFILE\\fR\n",
    };
    struct run run = run_words("--man");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_HAS(run.out, parts[i]);
    run_fini(&run);
}

TEST(text_in_the_man_page_cannot_become_a_request)
{
    static const lp_option row = {
        .name = "x", .kind = LP_OPTION_FLAG, .help = ".so a\\b"};
    static const lp_program odd = {.name = "x",
                                   .purpose = "'quoted",
                                   .example = ".ex",
                                   .options = &row,
                                   .option_count = 1};
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    lp_options_print_man(&odd, out);
    fclose(out);
    CHECK_HAS(text, "\n\\&.so a\\eb.\n");
    CHECK_HAS(text, ".SH DESCRIPTION\n\\&'quoted.\n");
    CHECK_HAS(text, "\n\\&.ex\n");
    free(text);
}
