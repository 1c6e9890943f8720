/*
 * Any octets as a configuration file. What is accepted is within the table's limits and
 * points into the file; what is refused is refused with a line of the file.
 */
#include "runtime/options.h"

#include <stdlib.h>

#define PROMISE(cond) ((cond) ? (void)0 : broken(#cond))

static void broken(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

struct config {
    bool verbose;
    const char *room;
    uint64_t peers, budget;
    lp_duration idle;
    lp_addr listen;
    lp_endpoint_name relay;
    lp_option_mac mac;
    int level;
};

#define FIELD(name) offsetof(struct config, name)

static const char *const levels[] = {"error", "warn", "info", NULL};

static const lp_option table[] = {
    {.name = "verbose", .kind = LP_OPTION_FLAG, .offset = FIELD(verbose)},
    {.name = "room", .value = "CODE", .kind = LP_OPTION_TEXT, .offset = FIELD(room)},
    {.name = "max-peers",
     .alias = "peers",
     .value = "N",
     .kind = LP_OPTION_COUNT,
     .offset = FIELD(peers),
     .min = 1,
     .max = 4096},
    {.name = "budget",
     .value = "SIZE",
     .kind = LP_OPTION_SIZE,
     .offset = FIELD(budget),
     .min = 65536,
     .max = 1u << 30},
    {.name = "idle",
     .value = "TIME",
     .kind = LP_OPTION_DURATION,
     .offset = FIELD(idle)},
    {.name = "listen",
     .value = "ADDRESS",
     .kind = LP_OPTION_LISTEN,
     .offset = FIELD(listen)},
    {.name = "relay", .value = "HOST", .kind = LP_OPTION_RELAY, .offset = FIELD(relay)},
    {.name = "virtual-mac",
     .value = "MAC",
     .kind = LP_OPTION_MAC,
     .offset = FIELD(mac)},
    {.name = "log-level",
     .value = "LEVEL",
     .kind = LP_OPTION_CHOICE,
     .offset = FIELD(level),
     .choices = levels},
    {.name = "status",
     .kind = LP_OPTION_FLAG,
     .offset = FIELD(verbose),
     .command_line_only = true},
};

static const lp_program program = {.name = "lanparty-fuzz",
                                   .options = table,
                                   .option_count = sizeof table / sizeof *table};

static void check_accepted(const struct config *config, const char *content,
                           size_t size)
{
    bool points_inside =
        !config->room || (config->room > content && config->room < content + size);
    PROMISE(points_inside && (!config->room || *config->room));
    PROMISE(config->peers <= 4096);
    PROMISE(config->budget == 0 || config->budget >= 65536);
    PROMISE(config->budget <= 1u << 30);
    PROMISE(config->level >= 0 && config->level < 3);
    PROMISE(config->listen.family == 0 || config->listen.port != 0);
    PROMISE(config->relay.host[0] == '\0' || config->relay.port != 0);
}

static void check_refused(const lp_why *why, unsigned lines)
{
    unsigned line = 0;
    PROMISE(sscanf(why->text, "fuzz.conf:%u: ", &line) == 1);
    PROMISE(line >= 1 && line <= lines);
    PROMISE(!strchr(why->text, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = {0};
    lp_why why = {{0}};
    unsigned lines = 1;
    char *content = malloc(size + 1);
    if (!content)
        return 0;
    if (size > 0)
        memcpy(content, data, size);
    content[size] = '\0';
    for (size_t i = 0; i < size; i++)
        lines += content[i] == '\n';

    if (lp_options_read_file(&program, "fuzz.conf", content, &config, &why) == LP_OK)
        check_accepted(&config, content, size);
    else
        check_refused(&why, lines);
    free(content);
    return 0;
}
