#include "core/intake.h"

#include "core/offload.h"

static lp_reason start_whole(lp_intake *intake, lp_stats *stats)
{
    if (!intake->offload.needs_checksum)
        return LP_REASON_NONE;
    if (lp_offload_checksum(intake->frame, &intake->offload) != LP_OK)
        return LP_REASON_MALFORMED;
    stats->stat[LP_STAT_CHECKSUMMED]++;
    return LP_REASON_NONE;
}

lp_reason lp_intake_start(lp_intake *intake, lp_space frame, const lp_offload *offload,
                          lp_space room, lp_stats *stats)
{
    *intake =
        (lp_intake){.frame = frame, .room = room, .offload = *offload, .count = 1};
    if (offload->gso == LP_GSO_OTHER)
        return LP_REASON_UNREPAIRABLE;
    if (offload->gso == LP_GSO_NONE)
        return start_whole(intake, stats);
    intake->count = lp_offload_segment_count(lp_bytes_of(frame.at, frame.len), offload);
    if (intake->count == 0)
        return LP_REASON_MALFORMED;
    stats->stat[LP_STAT_SEGMENTED]++;
    return LP_REASON_NONE;
}

bool lp_intake_next(lp_intake *intake, lp_space *out_frame)
{
    if (intake->next == intake->count)
        return false;
    size_t index = intake->next++;
    if (intake->offload.gso == LP_GSO_NONE) {
        *out_frame = intake->frame;
        return true;
    }
    lp_bytes super = lp_bytes_of(intake->frame.at, intake->frame.len);
    size_t len = lp_offload_segment(super, &intake->offload, index, intake->room);
    *out_frame = lp_space_of(intake->room.at, len);
    return len > 0;
}
