/*
 * Log lines are events with fields: `peer left room=QUAKE peer=7 reason=idle`.
 *
 * A line is built on the stack by lp_log and its fields are typed, so that the text
 * and the JSON sink print the same facts. No global logger: it is handed in.
 *
 *     lp_log(log, LP_INFO, "peer left", F_STR("room", room), F_UINT("peer", id));
 *
 * Nothing below the level is formatted: an idle debug line costs one branch.
 */
#pragma once

#include "base/addr.h"
#include "base/mac.h"
#include "base/time.h"

typedef enum lp_log_level {
    LP_ERROR, /* we stop */
    LP_WARN,  /* someone should look */
    LP_INFO,  /* a person's story of the evening */
    LP_DEBUG, /* a developer's */
} lp_log_level;

typedef struct lp_field {
    const char *name;
    enum {
        LP_FIELD_STR,
        LP_FIELD_INT,
        LP_FIELD_UINT,
        LP_FIELD_MAC,
        LP_FIELD_ADDR,
        LP_FIELD_MS,
    } kind;
    union {
        const char *str; /* NULL: the field is left out */
        int64_t sint;
        uint64_t uint; /* for LP_FIELD_MS: a duration, printed as 12.3ms */
        lp_mac mac;
        const lp_addr *addr;
    };
} lp_field;

#define F_STR(n, v)  ((lp_field){.name = (n), .kind = LP_FIELD_STR, .str = (v)})
#define F_INT(n, v)  ((lp_field){.name = (n), .kind = LP_FIELD_INT, .sint = (v)})
#define F_UINT(n, v) ((lp_field){.name = (n), .kind = LP_FIELD_UINT, .uint = (v)})
#define F_MAC(n, v)  ((lp_field){.name = (n), .kind = LP_FIELD_MAC, .mac = (v)})
#define F_ADDR(n, v) ((lp_field){.name = (n), .kind = LP_FIELD_ADDR, .addr = (v)})
#define F_MS(n, v)   ((lp_field){.name = (n), .kind = LP_FIELD_MS, .uint = (v)})

#define LP_LOG_LINE_MAX 1024

typedef struct lp_log_sink {
    lp_log_level level; /* the last one that is written */
    bool json;
    /* `line` ends in NUL, without newline and time: the sink adds its own. */
    void (*write)(void *state, lp_log_level level, const char *line);
    void *state;
} lp_log_sink;

static inline bool lp_log_wants(const lp_log_sink *log, lp_log_level level)
{
    return log && level <= log->level;
}

void lp_log_fields(const lp_log_sink *log, lp_log_level level, const char *event,
                   const lp_field *fields, size_t field_count);

/* lp_log(log, level, "event", fields...): none or any number of fields. */
#define lp_log(log, level, ...) lp_log_line(log, level, __VA_ARGS__, {0})

/* The {0} at the end keeps the list from being empty, and is not printed. */
#define lp_log_line(log, level, event, ...)                      \
    do {                                                         \
        if (lp_log_wants((log), (level))) {                      \
            const lp_field fields_[] = {__VA_ARGS__};            \
            lp_log_fields((log), (level), (event), fields_,      \
                          sizeof fields_ / sizeof *fields_ - 1); \
        }                                                        \
    } while (0)

/* "error", "warn", "info", "debug". LP_ERR_UNKNOWN for any other. */
LP_MUST_USE lp_err lp_log_level_read(const char *text, lp_log_level *out_level);
const char *lp_log_level_name(lp_log_level level);

/*
 * The line itself, always terminated, always ASCII: control characters and quotes in
 * values are escaped, so that nobody writes a second line into an admin's log by
 * choosing a clever room name. A field that does not fit is left out whole, so that
 * the line stays well-formed. `out_len` must hold the event. Returns `out`.
 */
char *lp_log_format(bool json, lp_log_level level, const char *event,
                    const lp_field *fields, size_t field_count, char *out,
                    size_t out_len);
