/* Frames through the gateway. The decisions are core/gateway's and core/repair's. */
#include "core/intake.h"
#include "runtime/bridge_internal.h"

#define FRAMES_PER_WAKE_UP 64 /* and what a super-frame more becomes */
#define VLAN_ID_MASK       0x0fff
/* No TCP SYN is longer: 14 of Ethernet, 60 of IPv4 or 40 of IPv6, 60 of TCP. */
#define SYN_MAX 134

static lp_stats *stats_of(lp_bridge *bridge)
{
    return lp_gateway_stats(bridge->gateway);
}

static size_t mtu_of(const lp_bridge *bridge)
{
    return lp_member_welcome(lp_uplink_member(bridge->uplink))->tap_mtu;
}

static void note(lp_bridge *bridge, const char *direction, lp_peer peer, lp_bytes frame,
                 lp_reason reason)
{
    lp_frame_line line = {
        .direction = direction, .peer = peer, .frame = frame, .reason = reason};
    lp_frame_log_note(&bridge->config.frame_log, &line);
}

/* A frame lost on its way to the wire is a frame lost, as on any wire. */
static bool write_wire(lp_bridge *bridge, lp_bytes frame, const lp_offload *offload)
{
    lp_err err = lp_lan_write(bridge->config.lan, frame, offload);
    if (err == LP_OK)
        return true;
    stats_of(bridge)->reason[LP_REASON_QUEUE]++;
    return false;
}

/* --- LAN to relay ----------------------------------------------------------------- */

static void send_datagram(lp_bridge *bridge, lp_bytes datagram, lp_time now)
{
    note(bridge, "to_relay", 0, lp_bytes_after(datagram, LP_DATAGRAM_HEADER_LEN),
         LP_REASON_NONE);
    lp_uplink_send(bridge->uplink, datagram, now);
}

static void send_fragments(lp_bridge *bridge, lp_bytes frame,
                           const lp_repair_plan *plan, lp_time now)
{
    uint8_t *at = bridge->fragment + LP_DATAGRAM_HEADER_LEN;
    lp_space out = lp_space_of(at, LP_BRIDGE_ROOM - LP_DATAGRAM_HEADER_LEN);
    stats_of(bridge)->stat[LP_STAT_FRAGMENTED]++;
    for (size_t i = 0; i < plan->fragment_count; i++) {
        lp_bytes datagram;
        size_t len = lp_repair_fragment(frame, mtu_of(bridge), i, out);
        lp_space space = lp_space_of(bridge->fragment, LP_BRIDGE_ROOM);
        if (len > 0 && lp_gateway_on_frame(bridge->gateway, space, len, &datagram) ==
                           LP_REASON_NONE)
            send_datagram(bridge, datagram, now);
    }
}

static void repair(lp_bridge *bridge, lp_bytes frame, bool from_own_host, lp_time now)
{
    lp_repair_plan plan =
        lp_repair_plan_for(&bridge->repair, frame, mtu_of(bridge), now);
    if (plan.kind == LP_REPAIR_FRAGMENTS) {
        send_fragments(bridge, frame, &plan, now);
        return;
    }
    stats_of(bridge)->reason[plan.reason]++;
    note(bridge, "to_relay", 0, frame, plan.reason);
    if (plan.kind != LP_REPAIR_REPLY)
        return;
    lp_bytes reply = lp_bytes_of(plan.reply, plan.reply_len);
    bool told = from_own_host ? lp_lan_write_to_host(bridge->config.lan, reply) == LP_OK
                              : write_wire(bridge, reply, LP_OFFLOAD_NONE);
    stats_of(bridge)->stat[LP_STAT_TOO_BIG_SENT] += told;
}

/* `at` holds a datagram header's room and then a whole frame with whole checksums. */
static void take_frame(lp_bridge *bridge, uint8_t *at, size_t len, bool from_own_host,
                       lp_time now)
{
    uint8_t *frame = at + LP_DATAGRAM_HEADER_LEN;
    lp_bytes datagram;
    if (bridge->repair.enabled && len <= SYN_MAX && bridge->is_joined &&
        lp_repair_clamp_mss(lp_space_of(frame, len), mtu_of(bridge)))
        stats_of(bridge)->stat[LP_STAT_MSS_CLAMPED]++;
    lp_reason reason = lp_gateway_on_frame(
        bridge->gateway, lp_space_of(at, LP_BRIDGE_ROOM), len, &datagram);
    if (reason == LP_REASON_NONE)
        send_datagram(bridge, datagram, now);
    else if (reason == LP_REASON_TAP_MTU)
        repair(bridge, lp_bytes_of(frame, len), from_own_host, now);
    else
        note(bridge, "to_relay", 0, lp_bytes_of(frame, len), reason);
}

static void drop(lp_bridge *bridge, lp_bytes frame, lp_reason reason)
{
    stats_of(bridge)->reason[reason]++;
    note(bridge, "to_relay", 0, frame, reason);
}

/* How many frames it became. */
static size_t take_captured(lp_bridge *bridge, const lp_lan_frame *captured,
                            lp_time now)
{
    lp_space frame = lp_space_of(captured->space.at, captured->len);
    lp_space room = lp_space_of(bridge->segment + LP_DATAGRAM_HEADER_LEN,
                                LP_BRIDGE_ROOM - LP_DATAGRAM_HEADER_LEN);
    lp_intake intake;
    size_t count = 0;
    /* A tag that only says how urgent it is (VID 0) is no VLAN, IEEE 802.1Q 6.9. */
    lp_reason reason = captured->has_tag && (captured->tag & VLAN_ID_MASK) != 0
                           ? LP_REASON_VLAN
                           : lp_intake_start(&intake, frame, &captured->offload, room,
                                             stats_of(bridge));
    if (reason) {
        drop(bridge, lp_bytes_of(frame.at, frame.len), reason);
        return 1;
    }
    for (; lp_intake_next(&intake, &frame); count++)
        take_frame(bridge, frame.at - LP_DATAGRAM_HEADER_LEN, frame.len,
                   captured->from_own_host, now);
    return count;
}

static lp_err read_batch(lp_bridge *bridge, lp_lan_frame *frames, size_t *out_count)
{
    for (size_t i = 0; i < LP_LAN_BATCH; i++)
        frames[i].space =
            lp_space_of(bridge->captured + i * LP_BRIDGE_ROOM + LP_DATAGRAM_HEADER_LEN,
                        LP_BRIDGE_ROOM - LP_DATAGRAM_HEADER_LEN);
    return lp_lan_read(bridge->config.lan, frames, LP_LAN_BATCH, out_count);
}

bool lp_bridge_read_lan(lp_bridge *bridge, lp_time now, lp_duration *out_pause)
{
    lp_lan_frame frames[LP_LAN_BATCH];
    size_t count = 0, octets = 0, got = LP_LAN_BATCH;
    while (count < FRAMES_PER_WAKE_UP && got == LP_LAN_BATCH) {
        lp_err err = read_batch(bridge, frames, &got);
        if (err == LP_ERR_WOULD_BLOCK)
            break;
        if (err) {
            lp_bridge_lose_lan(bridge, err == LP_ERR_NOT_FOUND
                                           ? "is gone"
                                           : "cannot be read any more");
            return false;
        }
        for (size_t i = 0; i < got; i++) {
            count += bridge->is_joined ? take_captured(bridge, &frames[i], now) : 1;
            octets += frames[i].len;
        }
    }
    *out_pause = lp_moderation_on_look(&bridge->moderation, count, octets, now);
    return true;
}

/* --- relay to LAN ----------------------------------------------------------------- */

/* A player's SYN that promises larger segments than the room carries (its adapter's MTU
 * was set by hand, say). Returns the frame to inject: the same, or a mended copy. */
static lp_bytes clamped(lp_bridge *bridge, lp_bytes frame)
{
    if (!bridge->repair.enabled || frame.len > SYN_MAX)
        return frame;
    memcpy(bridge->fragment, frame.at, frame.len);
    if (!lp_repair_clamp_mss(lp_space_of(bridge->fragment, frame.len), mtu_of(bridge)))
        return frame;
    stats_of(bridge)->stat[LP_STAT_MSS_CLAMPED]++;
    return lp_bytes_of(bridge->fragment, frame.len);
}

static void write_glued(lp_bridge *bridge)
{
    lp_bytes frame;
    lp_offload offload;
    while (lp_glue_next(bridge->glue, &frame, &offload)) {
        stats_of(bridge)->stat[LP_STAT_GLUED] += offload.gso != LP_GSO_NONE;
        write_wire(bridge, frame, &offload);
    }
}

/* Of what is longer than the wire's MTU the kernel must hear: as a segment of a
 * super-frame it would go out. */
static void glue_to_wire(lp_bridge *bridge, lp_bytes frame)
{
    if (frame.len > lp_lan_look(bridge->config.lan)->mtu + LP_FRAME_HEADER_LEN) {
        write_wire(bridge, frame, LP_OFFLOAD_NONE);
        return;
    }
    lp_glue_put(bridge->glue, frame);
    write_glued(bridge);
}

void lp_bridge_on_datagrams_end(lp_bridge *bridge)
{
    lp_glue_flush(bridge->glue);
    write_glued(bridge);
}

void lp_bridge_on_datagram(lp_bridge *bridge, lp_bytes datagram, lp_time now)
{
    lp_injection injection;
    lp_peer peer = 0;
    lp_reason reason =
        lp_gateway_on_datagram(bridge->gateway, datagram, &injection, &peer);
    if (bridge->config.frame_log.on && datagram.len >= LP_DATAGRAM_HEADER_LEN)
        note(bridge, "from_relay", peer,
             lp_bytes_after(datagram, LP_DATAGRAM_HEADER_LEN), reason);
    if (reason != LP_REASON_NONE || injection.frame.len == 0)
        return;
    lp_bytes frame = clamped(bridge, injection.frame);
    if (injection.to_wire)
        glue_to_wire(bridge, frame);
    /* Where the kernel cannot take it, health has said so since the start. */
    if (injection.to_host &&
        lp_lan_write_to_host(bridge->config.lan, frame) == LP_ERR_IO)
        stats_of(bridge)->reason[LP_REASON_QUEUE]++;
}

void lp_bridge_refresh_cam(lp_bridge *bridge, lp_time now)
{
    lp_cam_frame cam;
    while (lp_gateway_next_cam(bridge->gateway, now, &cam)) {
        if (!write_wire(bridge, lp_bytes_of(cam.frame, sizeof cam.frame),
                        LP_OFFLOAD_NONE))
            continue;
        lp_log(bridge->config.log, LP_DEBUG, "CAM refresh", F_UINT("peer", cam.peer),
               F_MAC("mac", cam.mac),
               F_STR("reason", cam.on_join ? "peer_joined" : "periodic"));
    }
}
