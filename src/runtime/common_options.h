/*
 * Options that every program has, and those of programs that join a room. Rows for an
 * lp_option table; the fields stand in the structs below.
 */
#pragma once

#include "base/log.h"
#include "os/files.h"
#include "runtime/frame_log.h"
#include "runtime/options.h"
#include "wire/invite.h"

typedef struct lp_common_options {
    int log_level, log_format; /* lp_log_level; 0 text, 1 json */
    const char *log_frames;
    const char *user;
    const char *status_socket;
    bool status, json, check;
} lp_common_options;

typedef struct lp_join_options {
    const char *link; /* lp_join_take_link fills in what it says */
    lp_invite invite;
    lp_endpoint_name relay;
    const char *server_name, *relay_ca_cert, *relay_fingerprint;
    const char *ca_cert; /* not an option: a certificate's text (docs/control.md) */
    const char *room;
    const char *identity;
    lp_duration snapshot;
    lp_files_use use; /* not an option of its own: --check only looks */
} lp_join_options;

extern const char *const lp_log_level_choices[];
extern const char *const lp_log_format_choices[];

/* clang-format off */
#define LP_COMMON_ROWS(type, at)                                                           \
    {.name = "user", .value = "NAME", .kind = LP_OPTION_TEXT,                              \
     .offset = offsetof(type, at.user), .default_text = "nobody",                          \
     .help = "whom to become when started as root"},                                  \
    {.name = "log-level", .value = "LEVEL", .kind = LP_OPTION_CHOICE,                      \
     .offset = offsetof(type, at.log_level), .default_text = "info",                       \
     .choices = lp_log_level_choices, .help = "error, warn, info or debug"},               \
    {.name = "log-format", .value = "FORMAT", .kind = LP_OPTION_CHOICE,                    \
     .offset = offsetof(type, at.log_format), .default_text = "text",                      \
     .choices = lp_log_format_choices, .help = "text or json"},                            \
    {.name = "log-frames", .value = "WHICH", .kind = LP_OPTION_TEXT,                       \
     .offset = offsetof(type, at.log_frames), .default_text = "off",                       \
     .help = "all, 100 (one in a hundred), peer:7 or off"},                      \
    {.name = "status-socket", .value = "PATH", .kind = LP_OPTION_PATH,                     \
     .offset = offsetof(type, at.status_socket),                                           \
     .help = "where --status asks"},                         \
    {.name = "status", .kind = LP_OPTION_FLAG, .offset = offsetof(type, at.status),        \
     .command_line_only = true, .help = "ask the running program how it is"}, \
    {.name = "json", .kind = LP_OPTION_FLAG, .offset = offsetof(type, at.json),            \
     .command_line_only = true, .help = "with --status: print JSON"},                      \
    {.name = "check", .kind = LP_OPTION_FLAG, .offset = offsetof(type, at.check),          \
     .command_line_only = true, .help = "check the configuration, do not start"}

#define LP_JOIN_ROWS(type, at)                                                             \
    {.name = "link", .value = "LINK", .kind = LP_OPTION_TEXT,                              \
     .offset = offsetof(type, at.link), .command_line_only = true,                         \
     .help = "lanparty://..., as the relay prints it; or by itself"},                      \
    {.name = "relay", .value = "HOST[:PORT]", .kind = LP_OPTION_RELAY,                     \
     .offset = offsetof(type, at.relay), .help = "the relay: a name or address"}, \
    {.name = "room", .value = "CODE", .kind = LP_OPTION_TEXT,                              \
     .offset = offsetof(type, at.room),                                                    \
     .help = "the room's code: letters, digits, - or _"},                          \
    {.name = "relay-fingerprint", .value = "HASH", .kind = LP_OPTION_TEXT,                 \
     .offset = offsetof(type, at.relay_fingerprint),                                       \
     .help = "the relay's key: sha256:..., as it prints it"},                \
    {.name = "relay-ca-cert", .value = "FILE", .kind = LP_OPTION_PATH,                     \
     .offset = offsetof(type, at.relay_ca_cert),                                           \
     .help = "the relay's certificate, or its CA's"},              \
    {.name = "server-name", .value = "NAME", .kind = LP_OPTION_TEXT,                       \
     .offset = offsetof(type, at.server_name),                                             \
     .help = "the certificate's name, if not --relay's"},               \
    {.name = "identity", .value = "FILE", .kind = LP_OPTION_PATH,                          \
     .offset = offsetof(type, at.identity),                                                \
     .help = "who we are; made when it does not exist"},                       \
    {.name = "snapshot", .value = "TIME", .kind = LP_OPTION_DURATION,                      \
     .offset = offsetof(type, at.snapshot), .default_text = "10s",                         \
     .help = "how often the state is logged; 0s: never"}
/* clang-format on */
