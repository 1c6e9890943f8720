#include "os/lan.h"
#include "os/linux/lan_filter.h"
#include "test.h"

#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sock_filter program[LP_LAN_FILTER_MAX_LEN];

/* --- two ways to run a program ---------------------------------------------------- */

/* The instructions that the generator uses, as net/core/filter.c means them. */
static uint32_t interpret(size_t len, lp_bytes frame, size_t *out_steps)
{
    uint32_t a = 0, x = 0;
    *out_steps = 0;
    for (size_t at = 0; at < len; at++, ++*out_steps) {
        const struct sock_filter *now = &program[at];
        bool is_true = false;
        switch (now->code) {
        case BPF_LD | BPF_B | BPF_ABS:
        case BPF_LD | BPF_H | BPF_ABS:
        case BPF_LD | BPF_W | BPF_ABS: {
            size_t size = BPF_SIZE(now->code) == BPF_B   ? 1
                          : BPF_SIZE(now->code) == BPF_H ? 2
                                                         : 4;
            if (now->k + size > frame.len)
                return 0;
            a = 0;
            for (size_t i = 0; i < size; i++)
                a = a << 8 | frame.at[now->k + i];
            break;
        }
        case BPF_MISC | BPF_TAX:
            x = a;
            break;
        case BPF_MISC | BPF_TXA:
            a = x;
            break;
        case BPF_RET | BPF_K:
            return now->k;
        case BPF_JMP | BPF_JA:
            at += now->k;
            break;
        default:
            is_true = BPF_OP(now->code) == BPF_JEQ   ? a == now->k
                      : BPF_OP(now->code) == BPF_JGE ? a >= now->k
                                                     : (a & now->k) != 0;
            at += is_true ? now->jt : now->jf;
        }
    }
    lp_test_fail(__FILE__, __LINE__, "the program runs over its end");
    return 0;
}

/* The kernel itself, over a datagram that happens to be a frame. */
static bool kernel_accepts(size_t len, lp_bytes frame)
{
    struct sock_fprog attached = {.len = (unsigned short)len, .filter = program};
    int ends[2];
    uint8_t got[64];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
    CHECK_EQ(
        setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached),
        0);
    CHECK_EQ(send(ends[0], frame.at, frame.len, 0), frame.len);
    ssize_t received = recv(ends[1], got, sizeof got, 0);
    CHECK(received < 0 || (size_t)received == frame.len); /* all of it, or none */
    close(ends[0]);
    close(ends[1]);
    return received > 0;
}

static lp_bytes frame_of(lp_mac to, lp_mac from)
{
    static uint8_t frame[60];
    memcpy(frame, to.octet, 6);
    memcpy(frame + 6, from.octet, 6);
    return lp_bytes_of(frame, sizeof frame);
}

/* --- small parties ---------------------------------------------------------------- */

#define ALICE  ((lp_mac){{2, 0xaa, 0, 0, 0, 1}})
#define BOB    ((lp_mac){{2, 0xbb, 0xff, 0xfe, 0, 2}})
#define HOST   ((lp_mac){{0x00, 0x16, 0x3e, 1, 2, 3}})
#define ROUTER ((lp_mac){{0x00, 0x16, 0x3e, 9, 9, 9}})

/* G-012: unrelated unicast stays outside; broadcast and multicast pass. */
TEST(what_concerns_members_passes_and_nothing_else)
{
    const struct {
        const char *name;
        lp_mac to, from;
        size_t members;
        bool passes;
    } rows[] = {
        {"nobody there: unicast", ALICE, HOST, 0, false},
        {"nobody there: broadcast", LP_MAC_BROADCAST, HOST, 0, true},
        {"nobody there: multicast", {{1, 0, 0x5e, 0, 0, 251}}, HOST, 0, true},
        {"to a member", ALICE, HOST, 2, true},
        {"to the other", BOB, HOST, 2, true},
        {"to the second while only one is there", BOB, HOST, 1, false},
        {"between LAN hosts", ROUTER, HOST, 2, false},
        {"broadcast", LP_MAC_BROADCAST, HOST, 2, true},
        {"IPv6 multicast", {{0x33, 0x33, 0, 0, 0, 1}}, HOST, 2, true},
        {"from a member to everyone", LP_MAC_BROADCAST, ALICE, 2, false},
        {"from a member to many", {{1, 0, 0x5e, 0, 0, 251}}, BOB, 2, false},
        {"from member to member", ALICE, BOB, 2, false},
        {"from a member to a LAN host", HOST, ALICE, 2, false},
        {"a member's end behind another start",
         {{2, 0xab, 0, 0, 0, 1}},
         HOST,
         2,
         false},
        {"a member's start before another end",
         {{2, 0xaa, 0, 0, 0, 2}},
         HOST,
         2,
         false},
        {"from the end behind another start", BOB, {{2, 0xab, 0, 0, 0, 1}}, 2, true},
    };
    const lp_mac members[] = {ALICE, BOB};
    EACH_ROW (row, rows) {
        size_t steps, len = lp_lan_filter_write(members, row->members, program);
        lp_bytes frame = frame_of(row->to, row->from);
        CHECK_EQ(kernel_accepts(len, frame), row->passes);
        CHECK_EQ(interpret(len, frame, &steps), row->passes ? UINT32_MAX : 0);
    }
}

TEST(a_frame_without_both_addresses_is_dropped)
{
    const lp_mac alice = ALICE;
    size_t steps, len = lp_lan_filter_write(&alice, 1, program);
    lp_bytes frame = frame_of(LP_MAC_BROADCAST, HOST);
    for (size_t i = 0; i < 12; i++)
        CHECK_EQ(interpret(len, lp_bytes_of(frame.at, i), &steps), 0);
    CHECK(!kernel_accepts(len, lp_bytes_of(frame.at, 11)));
    CHECK(kernel_accepts(len, lp_bytes_of(frame.at, 12)));
}

TEST(the_open_filter_leaves_the_choice_to_us)
{
    size_t len = lp_lan_filter_write_open(program);
    CHECK(kernel_accepts(len, frame_of(ROUTER, HOST)));
    CHECK(!kernel_accepts(len, lp_bytes_of(frame_of(ROUTER, HOST).at, 13)));
}

/* --- full parties ----------------------------------------------------------------- */

static uint64_t seed;

static uint32_t draw(void) /* any generator will do, as long as it repeats itself */
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

static lp_mac any_mac(void)
{
    uint32_t low = draw();
    return (lp_mac){{2, (uint8_t)draw(), (uint8_t)(low >> 24), (uint8_t)(low >> 16),
                     (uint8_t)(low >> 8), (uint8_t)low}};
}

static lp_mac same_end(void)
{
    uint32_t high = draw();
    return (lp_mac){
        {(uint8_t)(high >> 8 & 0xfe), (uint8_t)high, 0xff, 0xff, 0xff, 0xff}};
}

static lp_mac few_ends(void)
{
    return (lp_mac){{2, (uint8_t)draw(), 0, 0, 0, (uint8_t)(draw() % 8)}};
}

static lp_mac in_a_row(void)
{
    static uint16_t next;
    next++;
    return (lp_mac){{2, 0, 0, 0, (uint8_t)(next >> 8), (uint8_t)next}};
}

static bool is_among(const lp_mac *members, size_t count, lp_mac mac)
{
    for (size_t i = 0; i < count; i++)
        if (lp_mac_equal(members[i], mac))
            return true;
    return false;
}

/* One octet away: what a wrong comparison would confuse. */
static lp_mac neighbour_of(lp_mac mac, size_t i)
{
    mac.octet[i % 6] ^= (uint8_t)(i % 6 == 0 ? 4 : 1 + i % 255);
    return mac;
}

static void check_both(size_t len, const lp_mac *members, size_t count, lp_mac mac)
{
    bool is_member = is_among(members, count, mac);
    size_t steps;
    CHECK_EQ(interpret(len, frame_of(mac, HOST), &steps) != 0, is_member);
    CHECK(steps < 100);
    CHECK_EQ(interpret(len, frame_of(LP_MAC_BROADCAST, mac), &steps) != 0, !is_member);
    CHECK(steps < 100);
}

TEST(a_full_party_is_told_apart_exactly_whatever_its_addresses)
{
    static const struct {
        const char *name;
        lp_mac (*make)(void);
        size_t count;
    } rows[] = {
        {"two", any_mac, 2},
        {"three", any_mac, 3},
        {"forty", any_mac, 40},
        {"random", any_mac, LP_LAN_MAX_MEMBERS},
        {"all with the same end", same_end, LP_LAN_MAX_MEMBERS},
        {"a few ends, and twins", few_ends, LP_LAN_MAX_MEMBERS},
        {"numbered", in_a_row, LP_LAN_MAX_MEMBERS},
    };
    EACH_ROW (row, rows) {
        lp_mac members[LP_LAN_MAX_MEMBERS];
        seed = row->count;
        for (size_t i = 0; i < row->count; i++)
            members[i] = row->make();
        size_t len = lp_lan_filter_write(members, row->count, program);
        for (size_t i = 0; i < row->count; i++) {
            check_both(len, members, row->count, members[i]);
            check_both(len, members, row->count, neighbour_of(members[i], i));
        }
        CHECK(len <= LP_LAN_FILTER_MAX_LEN);
        CHECK(kernel_accepts(len, frame_of(members[0], HOST)));
        CHECK(!kernel_accepts(len, frame_of(HOST, members[0])));
    }
}
