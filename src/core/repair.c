#include "core/repair.h"

#include "core/offload.h"
#include "core/repair_parts.h"

#define REPLY_BURST 100
#define REPLY_RATE  50

lp_repair lp_repair_start(bool enabled, lp_time now)
{
    return (lp_repair){enabled, lp_bucket_start(REPLY_BURST, REPLY_RATE, now)};
}

bool lp_repair_is_sound_ip(lp_bytes frame, const lp_packet *packet)
{
    if (packet->ip_version == 0 || packet->network_at != LP_FRAME_HEADER_LEN)
        return false;
    if (packet->ip_len > frame.len - LP_FRAME_HEADER_LEN)
        return false;
    if (packet->ip_version == 6)
        return true;
    /* RFC 1812 5.2.2: else a damaged header would leave us with a good checksum. */
    const uint8_t *ip = frame.at + packet->network_at;
    lp_bytes header = lp_bytes_of(ip, (size_t)(ip[0] & 0x0f) * 4);
    return lp_checksum_finish(lp_checksum_add(0, header)) == 0;
}

lp_repair_plan lp_repair_plan_for(lp_repair *repair, lp_bytes frame, size_t mtu,
                                  lp_time now)
{
    lp_repair_plan plan = {.kind = LP_REPAIR_NOTHING, .reason = LP_REASON_TAP_MTU};
    if (!repair->enabled)
        return plan;

    plan.reason = LP_REASON_UNREPAIRABLE;
    lp_packet packet = lp_packet_walk(frame);
    if (!lp_repair_is_sound_ip(frame, &packet))
        return plan;
    plan.fragment_count = lp_repair_count_fragments(frame, &packet, mtu);
    if (plan.fragment_count > 0) {
        plan.kind = LP_REPAIR_FRAGMENTS;
        plan.reason = LP_REASON_NONE;
        return plan;
    }
    if (!packet.dont_fragment || !lp_repair_may_answer(frame, &packet))
        return plan;

    if (!lp_bucket_take(&repair->replies, 1, now)) {
        plan.reason = LP_REASON_REPLY_LIMIT;
        return plan;
    }
    plan.kind = LP_REPAIR_REPLY;
    plan.reason = LP_REASON_TAP_MTU;
    plan.reply_len = lp_repair_write_answer(frame, &packet, mtu, plan.reply);
    return plan;
}
