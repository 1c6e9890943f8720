#include "wire/message.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "test.h"

static const uint8_t two_messages[] = {0, 0, 0, 2, '{', '}', 0, 0, 0, 3, '[', '1', ']'};

TEST(messages_are_cut_out_of_a_stream_however_it_is_chopped) /* C-001 */
{
    for (size_t step = 1; step <= sizeof two_messages; step++) {
        lp_message_stream stream = {0};
        char seen[16] = "";
        for (size_t at = 0; at < sizeof two_messages; at += step) {
            size_t left = sizeof two_messages - at;
            lp_bytes bytes = lp_bytes_of(two_messages + at, left < step ? left : step);
            lp_bytes json;
            lp_err err;
            while ((err = lp_message_stream_next(&stream, &bytes, &json)) == LP_OK)
                strncat(seen, (const char *)json.at, json.len);
            CHECK_EQ(err, LP_ERR_WOULD_BLOCK);
            CHECK_EQ(bytes.len, 0);
        }
        CHECK_STR(seen, "{}[1]");
        CHECK(stream.buffer == NULL);
        lp_message_stream_fini(&stream);
    }
}

TEST(an_idle_stream_holds_no_memory)
{
    lp_message_stream stream = {0};
    lp_bytes nothing = {0}, json;
    CHECK_EQ(lp_message_stream_next(&stream, &nothing, &json), LP_ERR_WOULD_BLOCK);
    CHECK(stream.buffer == NULL);
    lp_bytes bytes = lp_bytes_of(two_messages, 6);
    CHECK_EQ(lp_message_stream_next(&stream, &bytes, &json), LP_OK);
    CHECK(stream.buffer != NULL);
    CHECK_EQ(lp_message_stream_next(&stream, &bytes, &json), LP_ERR_WOULD_BLOCK);
    CHECK(stream.buffer == NULL);
}

static lp_err first_error(uint32_t length)
{
    static uint8_t octets[4 + LP_MESSAGE_MAX + 1];
    lp_message_stream stream = {0};
    lp_bytes bytes = lp_bytes_of(octets, sizeof octets), json;
    lp_set_u32(octets, length);
    lp_err err = lp_message_stream_next(&stream, &bytes, &json);
    if (err == LP_OK)
        CHECK_EQ(json.len, length);
    if (err == LP_ERR_TOO_BIG) /* and it stays broken */
        CHECK_EQ(lp_message_stream_next(&stream, &bytes, &json), LP_ERR_TOO_BIG);
    lp_message_stream_fini(&stream);
    return err;
}

TEST(a_length_of_none_or_too_many_octets_breaks_the_stream) /* C-019 */
{
    CHECK_EQ(first_error(1), LP_OK);
    CHECK_EQ(first_error(LP_MESSAGE_MAX), LP_OK);
    CHECK_EQ(first_error(0), LP_ERR_TOO_BIG);
    CHECK_EQ(first_error(LP_MESSAGE_MAX + 1), LP_ERR_TOO_BIG);
    CHECK_EQ(first_error(UINT32_MAX), LP_ERR_TOO_BIG);
    CHECK_EQ(first_error(UINT32_MAX - 3), LP_ERR_TOO_BIG);
}

TEST(a_stream_survives_running_out_of_memory)
{
    lp_message_stream stream = {0};
    lp_bytes bytes = lp_bytes_of(two_messages, sizeof two_messages), json;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_message_stream_next(&stream, &bytes, &json), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    CHECK_EQ(bytes.len, sizeof two_messages); /* nothing is lost: try again */
    CHECK_EQ(lp_message_stream_next(&stream, &bytes, &json), LP_OK);
    CHECK_BYTES(json.at, json.len, "{}", 2);
    lp_message_stream_fini(&stream);
}
