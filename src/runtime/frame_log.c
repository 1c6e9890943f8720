#include "runtime/frame_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/frame.h"

static bool read_count(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    *out = value;
    return *end == '\0' && value >= 1 && value <= max;
}

lp_err lp_frame_log_read(const char *text, const lp_log_sink *log,
                         lp_frame_log *out_frame_log)
{
    lp_frame_log frame_log = {.on = true, .one_in = 1, .log = log};
    uint64_t number;
    if (!text || strcmp(text, "off") == 0) {
        frame_log.on = false;
    } else if (strncmp(text, "peer:", 5) == 0) {
        if (!read_count(text + 5, LP_EVERYONE - 1, &number))
            return LP_ERR_MALFORMED;
        frame_log.peer = (lp_peer)number;
    } else if (strcmp(text, "all") != 0) {
        if (!read_count(text, UINT32_MAX, &frame_log.one_in))
            return LP_ERR_MALFORMED;
    }
    *out_frame_log = frame_log;
    return LP_OK;
}

void lp_frame_log_write(lp_frame_log *frame_log, const lp_frame_line *line)
{
    lp_frame frame = {0};
    char ethertype[8] = "";
    if (frame_log->peer && frame_log->peer != line->peer)
        return;
    if (frame_log->count++ % frame_log->one_in != 0)
        return;
    if (lp_frame_read(line->frame, &frame) == LP_OK)
        snprintf(ethertype, sizeof ethertype, "0x%04x", frame.ethertype);
    lp_log(frame_log->log, LP_INFO, "frame", F_STR("direction", line->direction),
           F_STR("room", line->room), F_UINT("peer", line->peer),
           F_MAC("src", frame.source), F_MAC("dst", frame.destination),
           F_STR("ethertype", ethertype), F_UINT("len", line->frame.len),
           F_STR("action", lp_action_name(lp_reason_action(line->reason))),
           F_STR("reason", line->reason ? lp_reason_name(line->reason) : NULL),
           F_UINT("targets", line->target_count));
}
