#include "core/queue_mark.h"

#include "base/cursor.h"
#include "wire/datagram.h"
#include "wire/packet.h"

enum { NOT_ECT = 0, CE = 3, IPV4_CHECKSUM = 10 };

/* RFC 1624, equation 3: the header's sum knows of the change. */
static void mark_ipv4(uint8_t *ip)
{
    uint16_t before = lp_get_u16(ip);
    ip[1] |= CE;
    uint32_t sum = (uint16_t)~lp_get_u16(ip + IPV4_CHECKSUM);
    sum += (uint16_t)~before;
    sum += lp_get_u16(ip);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    ip[IPV4_CHECKSUM] = (uint8_t)(sum >> 8);
    ip[IPV4_CHECKSUM + 1] = (uint8_t)sum;
}

bool lp_queue_mark(lp_space head)
{
    if (head.len < LP_DATAGRAM_HEADER_LEN + LP_FRAME_HEADER_LEN)
        return false;
    uint8_t *frame = head.at + LP_DATAGRAM_HEADER_LEN;
    lp_packet packet =
        lp_packet_walk(lp_bytes_of(frame, head.len - LP_DATAGRAM_HEADER_LEN));
    uint8_t *ip = frame + packet.network_at;
    if (packet.ip_version == 4) {
        if ((ip[1] & CE) == NOT_ECT)
            return false;
        mark_ipv4(ip);
        return true;
    }
    if (packet.ip_version != 6 || (ip[1] >> 4 & CE) == NOT_ECT)
        return false;
    ip[1] |= CE << 4;
    return true;
}
