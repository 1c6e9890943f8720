#include "runtime/common_options.h"

#include "test.h"

#include <stdlib.h>

struct config {
    lp_common_options common;
    lp_join_options join;
};

static const lp_option table[] = {
    LP_COMMON_ROWS(struct config, common),
    LP_JOIN_ROWS(struct config, join),
};

static const lp_program program = {.name = "lanparty-test",
                                   .purpose = "holds every shared option",
                                   .example = "lanparty-test",
                                   .options = table,
                                   .option_count = sizeof table / sizeof *table};

#define ARGS_MAX 24

static struct config read_args(const char *const *args)
{
    static char *argv[ARGS_MAX];
    char *file = NULL;
    int argc = 0;
    struct config config = {0};
    argv[argc++] = (char *)(uintptr_t)program.name;
    for (; args[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
    argv[argc] = NULL;
    CHECK_EQ(lp_options_read(&program, argc, argv, &config, &file), LP_OPTIONS_RUN);
    free(file);
    return config;
}

TEST(levels_are_chosen_in_the_order_of_their_enum)
{
    for (lp_log_level level = LP_ERROR; level <= LP_DEBUG; level++) {
        CHECK_STR(lp_log_level_choices[level], lp_log_level_name(level));
        struct config config =
            read_args((const char *[]){"--log-level", lp_log_level_name(level), NULL});
        CHECK_EQ(config.common.log_level, level);
    }
    CHECK(lp_log_level_choices[LP_DEBUG + 1] == NULL);
}

TEST(without_options_a_program_is_quiet_careful_and_asks_nothing)
{
    lp_frame_log frame_log = {.on = true};
    struct config config = read_args((const char *[]){NULL});
    CHECK_EQ(config.common.log_level, LP_INFO);
    CHECK_EQ(config.common.log_format, 0);
    CHECK_STR(config.common.user, "nobody");
    CHECK(!config.common.status && !config.common.json && !config.common.check);
    CHECK(config.common.status_socket == NULL);
    CHECK_EQ(lp_frame_log_read(config.common.log_frames, NULL, &frame_log), LP_OK);
    CHECK(!frame_log.on);
    CHECK_STR(config.join.relay.host, "");
    CHECK(!config.join.room && !config.join.identity && !config.join.server_name);
    CHECK(!config.join.relay_fingerprint && !config.join.relay_ca_cert);
    CHECK_EQ(config.join.snapshot, LP_SECONDS(10));
}

TEST(every_option_reaches_its_field)
{
    struct config config = read_args((const char *[]){
        "--user=party", "--log-format=json", "--log-frames=peer:7",
        "--status-socket=/run/x.sock", "--status", "--json", "--check",
        "--relay=relay.example:4433", "--room=quake", "--relay-fingerprint=sha256:00",
        "--relay-ca-cert=ca.pem", "--server-name=lanparty-relay.local",
        "--identity=me.json", "--snapshot=0s", NULL});
    CHECK_STR(config.common.user, "party");
    CHECK_STR(lp_log_format_choices[config.common.log_format], "json");
    CHECK_EQ(config.common.log_format, 1); /* what lp_app asks for */
    CHECK_STR(config.common.log_frames, "peer:7");
    CHECK_STR(config.common.status_socket, "/run/x.sock");
    CHECK(config.common.status && config.common.json && config.common.check);
    CHECK_STR(config.join.relay.host, "relay.example");
    CHECK_EQ(config.join.relay.port, 4433);
    CHECK_STR(config.join.room, "quake");
    CHECK_STR(config.join.relay_fingerprint, "sha256:00");
    CHECK_STR(config.join.relay_ca_cert, "ca.pem");
    CHECK_STR(config.join.server_name, "lanparty-relay.local");
    CHECK_STR(config.join.identity, "me.json");
    CHECK_EQ(config.join.snapshot, 0);
}

/* A file that says "status" would make a service that only asks. */
TEST(what_a_person_asks_for_is_not_taken_from_a_file)
{
    static const struct {
        const char *name, *line;
    } rows[] = {{"status", "status = yes\n"},
                {"json", "json = yes\n"},
                {"check", "check = yes\n"}};
    EACH_ROW (row, rows) {
        struct config config = {0};
        char content[32];
        lp_why why;
        snprintf(content, sizeof content, "%s", row->line);
        CHECK_EQ(lp_options_read_file(&program, "party.conf", content, &config, &why),
                 LP_ERR_MALFORMED);
        CHECK_HAS(why.text, "party.conf:1: ");
    }
}
