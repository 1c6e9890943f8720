#include "quic/endpoint.h"
#include "quic/outbox.h"
#include "test.h"

#include <stdlib.h>

static uint8_t octet_at(size_t offset)
{
    return (uint8_t)(offset * 7 + offset / 256);
}

static lp_err put(lp_outbox *box, size_t offset, size_t len)
{
    uint8_t octets[5000];
    for (size_t i = 0; i < len; i++)
        octets[i] = octet_at(offset + i);
    return lp_outbox_put(box, lp_bytes_of(octets, len));
}

/* Sends at most `max`, checking what; how many there were. */
static size_t send(lp_outbox *box, size_t offset, size_t max)
{
    lp_bytes views[2];
    size_t count = lp_outbox_look(box, views, 2), len = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < views[i].len && len < max; j++, len++)
            CHECK_EQ(views[i].at[j], octet_at(offset + len));
    lp_outbox_on_sent(box, len);
    return len;
}

TEST(octets_leave_in_order_and_stay_until_they_are_acknowledged)
{
    lp_outbox box = {0};
    size_t put_to = 0, sent_to = 0, acked_to = 0;
    uint32_t seed = 3;
    for (int step = 0; step < 3000; step++) {
        seed = seed * 1664525 + 1013904223;
        size_t len = (seed >> 8) % 3000;
        if (seed >> 31 && box.len < 100000) {
            CHECK_EQ(put(&box, put_to, len), LP_OK);
            put_to += len;
        }
        sent_to += send(&box, sent_to, (seed >> 12) % 2000);
        size_t ack = (sent_to - acked_to) * (seed >> 30) / 3;
        lp_outbox_on_acked(&box, ack);
        acked_to += ack;
        CHECK_EQ(box.len, put_to - acked_to);
        CHECK_EQ(box.unsent, put_to - sent_to);
    }
    while (box.unsent)
        sent_to += send(&box, sent_to, SIZE_MAX);
    lp_outbox_on_acked(&box, box.len);
    CHECK(!box.head); /* an idle connection keeps nothing */
    lp_outbox_fini(&box);
}

TEST(an_outbox_is_bounded)
{
    static uint8_t octets[LP_QUIC_STREAM_QUEUE_MAX + 1];
    lp_outbox box = {0};
    CHECK_EQ(lp_outbox_put(&box, lp_bytes_of(octets, sizeof octets)), LP_ERR_FULL);
    CHECK_EQ(lp_outbox_put(&box, lp_bytes_of(octets, sizeof octets - 1)), LP_OK);
    CHECK_EQ(lp_outbox_put(&box, lp_bytes_of(octets, 1)), LP_ERR_FULL);
    CHECK_EQ(lp_outbox_put(&box, lp_bytes_of(NULL, 0)), LP_OK);
    lp_outbox_on_sent(&box, 1);
    CHECK_EQ(lp_outbox_put(&box, lp_bytes_of(octets, 1)), LP_ERR_FULL);
    lp_outbox_on_acked(&box, 1);
    CHECK_EQ(lp_outbox_put(&box, lp_bytes_of(octets, 1)), LP_OK);
    lp_outbox_fini(&box);
}

TEST(an_outbox_without_memory_is_as_it_was)
{
    lp_outbox box = {0};
    lp_test_fail_allocation(1);
    CHECK_EQ(put(&box, 0, 10), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    CHECK_EQ(box.len, 0);
    CHECK_EQ(put(&box, 0, 10), LP_OK);
    CHECK_EQ(send(&box, 0, 100), 10);
    lp_outbox_fini(&box);
}
