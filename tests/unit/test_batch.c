#include "runtime/batch.h"

#include "test.h"

/*
 * The socket of this test: what it is given it keeps, until it is full. As the linker
 * finds it here, the real one is not taken from its library.
 */
struct lp_udp {
    size_t room; /* trains until WOULD_BLOCK */
    size_t calls;
    size_t train_count;
    lp_udp_train
        trains[2 * LP_BATCH_TRAINS]; /* payloads: the first octets of `octets` */
    size_t octet_count;
    uint8_t octets[2 * LP_BATCH_BYTES];
};

lp_err lp_udp_send(lp_udp *udp, const lp_udp_train *trains, size_t count,
                   size_t *out_sent)
{
    udp->calls++;
    for (*out_sent = 0; *out_sent < count; ++*out_sent) {
        const lp_udp_train *train = &trains[*out_sent];
        if (udp->room == 0)
            return LP_ERR_WOULD_BLOCK;
        udp->room--;
        udp->trains[udp->train_count++] = *train;
        memcpy(udp->octets + udp->octet_count, train->payloads.at, train->payloads.len);
        udp->octet_count += train->payloads.len;
    }
    return LP_OK;
}

static lp_udp wire;

static lp_batch begin(void)
{
    lp_batch batch;
    wire = (lp_udp){.room = SIZE_MAX};
    CHECK_EQ(lp_batch_init(&batch), LP_OK);
    return batch;
}

static lp_addr addr(uint8_t host, uint16_t port)
{
    return (lp_addr){.family = 4, .ip = {192, 0, 2, host}, .port = port};
}

/* As a driver does it: the payload is written first, then told. */
static void add(lp_batch *batch, lp_udp_packet packet, size_t len, uint8_t octet)
{
    lp_space space = lp_batch_space(batch);
    CHECK(space.len >= LP_UDP_PAYLOAD_MAX);
    memset(space.at, octet, len);
    packet.payload = lp_bytes_of(space.at, len);
    lp_batch_add(batch, &packet);
}

static const lp_udp_packet to_alice = {
    .local = {.family = 4, .ip = {192, 0, 2, 1}, .port = 443},
    .remote = {.family = 4, .ip = {192, 0, 2, 7}, .port = 5000},
    .ecn = 2,
};

TEST(neighbours_join_a_train_only_when_the_kernel_could_cut_it_again)
{
    static const struct {
        const char *name;
        size_t len[3];
        size_t trains;
        size_t last_segment;
    } rows[] = {
        {"one length", {100, 100, 100}, 1, 100},
        {"a shorter one closes it", {100, 100, 40}, 1, 100},
        {"after the shorter one a new one begins", {100, 40, 40}, 2, 40},
        {"also with the first length", {100, 40, 100}, 2, 100},
        {"a longer one begins a new one", {100, 101, 101}, 2, 101},
        {"each longer than the one before", {40, 41, 42}, 3, 42},
        {"single octets", {1, 1, 1}, 1, 1},
    };
    EACH_ROW (row, rows) {
        lp_batch batch = begin();
        for (size_t i = 0; i < 3; i++)
            add(&batch, to_alice, row->len[i], (uint8_t)i);
        CHECK_EQ(batch.train_count, row->trains);
        CHECK_EQ(batch.trains[row->trains - 1].segment_len, row->last_segment);
        CHECK_EQ(lp_batch_flush(&batch, &wire), LP_OK);
        CHECK_EQ(wire.octet_count, row->len[0] + row->len[1] + row->len[2]);
        lp_batch_fini(&batch);
    }
}

TEST(another_way_or_another_mark_is_another_train)
{
    static const struct {
        const char *name;
        lp_udp_packet other;
        size_t trains;
    } rows[] = {
        {"the same", {{4, 443, {192, 0, 2, 1}}, {4, 5000, {192, 0, 2, 7}}, 2}, 1},
        {"to another port",
         {{4, 443, {192, 0, 2, 1}}, {4, 5001, {192, 0, 2, 7}}, 2},
         2},
        {"to another host",
         {{4, 443, {192, 0, 2, 1}}, {4, 5000, {192, 0, 2, 8}}, 2},
         2},
        {"from another address",
         {{4, 443, {192, 0, 2, 2}}, {4, 5000, {192, 0, 2, 7}}, 2},
         2},
        {"from no address in particular", {{0}, {4, 5000, {192, 0, 2, 7}}, 2}, 2},
        {"with another ECN mark",
         {{4, 443, {192, 0, 2, 1}}, {4, 5000, {192, 0, 2, 7}}, 0},
         2},
    };
    EACH_ROW (row, rows) {
        lp_batch batch = begin();
        add(&batch, to_alice, 100, 'a');
        add(&batch, row->other, 100, 'b');
        CHECK_EQ(batch.train_count, row->trains);
        const lp_udp_train *last = &batch.trains[row->trains - 1];
        CHECK(lp_addr_equal(&last->remote, &row->other.remote));
        CHECK(lp_addr_equal(&last->local, &row->other.local));
        CHECK_EQ(last->ecn, row->other.ecn);
        lp_batch_fini(&batch);
    }
}

TEST(trains_keep_the_order_of_the_packets)
{
    lp_batch batch = begin();
    lp_udp_packet to_bob = to_alice;
    to_bob.remote = addr(8, 5000);
    add(&batch, to_alice, 3, 'a');
    add(&batch, to_bob, 3, 'b');
    add(&batch, to_alice, 3, 'c'); /* only neighbours join: nobody is overtaken */
    CHECK_EQ(batch.train_count, 3);
    CHECK_EQ(lp_batch_flush(&batch, &wire), LP_OK);
    CHECK_BYTES(wire.octets, wire.octet_count, "aaabbbccc", 9);
    CHECK_EQ(wire.calls, 1);
    lp_batch_fini(&batch);
}

/* What lp_udp_send asserts and the kernel's UDP_SEGMENT takes. */
TEST(a_train_is_no_longer_than_the_kernel_takes)
{
    static const struct {
        const char *name;
        size_t len, packets, in_first;
    } rows[] = {
        {"segments", 100, LP_UDP_TRAIN_SEGMENTS + 1, LP_UDP_TRAIN_SEGMENTS},
        {"segments of one octet", 1, LP_UDP_TRAIN_SEGMENTS + 1, LP_UDP_TRAIN_SEGMENTS},
        {"octets", 1452, 50, LP_UDP_TRAIN_BYTES / 1452},
        {"octets, evenly divided", 1300, 51, LP_UDP_TRAIN_BYTES / 1300},
    };
    EACH_ROW (row, rows) {
        lp_batch batch = begin();
        for (size_t i = 0; i < row->packets; i++)
            add(&batch, to_alice, row->len, (uint8_t)i);
        CHECK_EQ(batch.train_count, 2);
        CHECK_EQ(batch.trains[0].payloads.len, row->in_first * row->len);
        CHECK(batch.trains[0].payloads.len <= LP_UDP_TRAIN_BYTES);
        CHECK_EQ(batch.trains[1].payloads.len,
                 (row->packets - row->in_first) * row->len);
        lp_batch_fini(&batch);
    }
}

TEST(a_batch_is_full_when_trains_or_octets_run_out)
{
    lp_batch batch = begin();
    lp_udp_packet packet = to_alice;
    size_t packets = 0;
    for (; lp_batch_has_room(&batch); packets++) {
        packet.remote.port = (uint16_t)packets; /* no two join */
        add(&batch, packet, 10, 0);
    }
    CHECK_EQ(packets, LP_BATCH_TRAINS);
    CHECK_EQ(lp_batch_flush(&batch, &wire), LP_OK);
    CHECK(lp_batch_has_room(&batch));

    for (packets = 0; lp_batch_has_room(&batch); packets++)
        add(&batch, to_alice, LP_UDP_PAYLOAD_MAX, 0);
    CHECK_EQ(packets, LP_BATCH_BYTES / LP_UDP_PAYLOAD_MAX);
    CHECK(batch.train_count < LP_BATCH_TRAINS);
    lp_batch_fini(&batch);
}

TEST(what_a_full_socket_refuses_leaves_later_and_once)
{
    lp_batch batch = begin();
    lp_udp_packet packet = to_alice;
    for (uint8_t i = 0; i < 5; i++) {
        packet.remote = addr(i, 5000);
        add(&batch, packet, 1, (uint8_t)('a' + i));
    }
    wire.room = 2;
    CHECK_EQ(lp_batch_flush(&batch, &wire), LP_ERR_WOULD_BLOCK);
    CHECK(!lp_batch_is_empty(&batch));
    CHECK_BYTES(wire.octets, wire.octet_count, "ab", 2);
    CHECK_EQ(lp_batch_flush(&batch, &wire), LP_ERR_WOULD_BLOCK);

    add(&batch, packet, 1, 'f'); /* meanwhile there is more */
    wire.room = SIZE_MAX;
    CHECK_EQ(lp_batch_flush(&batch, &wire), LP_OK);
    CHECK(lp_batch_is_empty(&batch));
    CHECK_BYTES(wire.octets, wire.octet_count, "abcdef", 6);
    CHECK_EQ(wire.train_count, 5); /* the last two went to one place */
    lp_batch_fini(&batch);
}

TEST(an_empty_batch_costs_no_call)
{
    lp_batch batch = begin();
    CHECK(lp_batch_is_empty(&batch));
    CHECK_EQ(lp_batch_flush(&batch, &wire), LP_OK);
    CHECK_EQ(wire.calls, 0);
    lp_batch_fini(&batch);
    lp_batch_fini(&batch);
}

TEST(a_batch_without_memory_is_told)
{
    lp_batch batch;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_batch_init(&batch), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    lp_batch_fini(&batch);
}
