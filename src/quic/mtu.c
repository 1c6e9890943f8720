#include "quic/mtu.h"

/*
 * In the order of trying. A failed probe costs five probe timeouts, so first the one
 * that the default room needs (inner MTU 1280, so 1346), then the usual Ethernet path; the
 * library skips what earlier answers decided. 1252 and 1232 are IPv4 and IPv6 over a
 * 1280-octet link, 1400 nearly all tunnels and PPPoE, 1372 IPv4 over a 1400-octet link.
 *
 * Nor does it try a size again that once failed, and a machine that has no time for us lets
 * the timeouts of all three tries pass. So what the default room needs is there three times,
 * each an octet less, and the last two after what narrower paths carry is known.
 */
const uint16_t lp_mtu_probes[] = {1348, 1452, 1252, 1232, 1347, 1346, 1400, 1372};
const size_t lp_mtu_probe_count = sizeof lp_mtu_probes / sizeof *lp_mtu_probes;

enum { TRIES = 3 };

lp_mtu lp_mtu_start(size_t reached, uint64_t limit)
{
    return (lp_mtu){
        .reached = (uint16_t)reached,
        .failed = UINT16_MAX,
        .limit = (uint16_t)(limit < UINT16_MAX ? limit : UINT16_MAX),
        .fails_at = LP_NEVER,
    };
}

static void give_up(lp_mtu *mtu)
{
    if (mtu->probing > mtu->reached && mtu->probing < mtu->failed)
        mtu->failed = mtu->probing;
    mtu->fails_at = LP_NEVER;
}

void lp_mtu_on_probe(lp_mtu *mtu, size_t len, lp_duration probe_timeout, lp_time now)
{
    if (len != mtu->probing) {
        give_up(mtu); /* the library went on without an answer */
        mtu->probing = (uint16_t)len;
        mtu->tries = 0;
    }
    if (++mtu->tries == TRIES)
        mtu->fails_at = lp_time_after(now, 3 * probe_timeout);
}

void lp_mtu_on_reached(lp_mtu *mtu, size_t reached, lp_time now)
{
    if (reached < mtu->reached)
        *mtu = lp_mtu_start(reached, mtu->limit);
    mtu->reached = (uint16_t)reached;
    if (now >= mtu->fails_at)
        give_up(mtu);
}

bool lp_mtu_is_settled(const lp_mtu *mtu)
{
    for (size_t i = 0; i < lp_mtu_probe_count; i++) {
        uint16_t probe = lp_mtu_probes[i];
        if (probe > mtu->reached && probe < mtu->failed && probe <= mtu->limit)
            return false;
    }
    return true;
}
