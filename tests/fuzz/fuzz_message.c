/*
 * The input is a stream: lengths and messages. However it is chopped, the same messages
 * come out; and what is read, written and read again, is written the same.
 */
#include <assert.h>

#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const lp_why *why)
{
    const char *colon = strchr(why->text, ':');
    assert(colon && colon > why->text);
}

static void check_message(lp_bytes json)
{
    static uint8_t first[4 + LP_MESSAGE_MAX], second[4 + LP_MESSAGE_MAX];
    lp_message message, again;
    lp_why why;
    lp_reject_code code = lp_reject_code_of_hello(json);
    assert(lp_reject_code_name(code)[0]);
    if (lp_message_read(json, &message, &why) != LP_OK) {
        check_refusal(&why);
        return;
    }
    if (message.type == LP_MESSAGE_UNKNOWN)
        return;
    assert(code == LP_REJECT_MALFORMED || code == LP_REJECT_VERSION);
    size_t len = lp_message_write(&message, lp_space_of(first, sizeof first));
    assert(len > 4);
    lp_err err = lp_message_read(lp_bytes_of(first + 4, len - 4), &again, &why);
    assert(err == LP_OK && again.type == message.type);
    assert(lp_message_write(&again, lp_space_of(second, sizeof second)) == len);
    assert(memcmp(first, second, len) == 0);
}

typedef struct outcome {
    lp_err err;
    size_t messages;
    size_t octets;
} outcome;

static outcome cut(const uint8_t *data, size_t size, size_t step)
{
    outcome result = {.err = LP_ERR_WOULD_BLOCK};
    lp_message_stream stream = {0};
    for (size_t at = 0; at < size && result.err == LP_ERR_WOULD_BLOCK; at += step) {
        lp_bytes json,
            bytes = lp_bytes_of(data + at, size - at < step ? size - at : step);
        while ((result.err = lp_message_stream_next(&stream, &bytes, &json)) == LP_OK) {
            if (step == size)
                check_message(json);
            result.messages++;
            result.octets += json.len;
        }
    }
    lp_message_stream_fini(&stream);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    outcome whole = cut(data, size, size);
    outcome chopped = cut(data, size, 7);
    assert(whole.err == chopped.err && whole.messages == chopped.messages);
    assert(whole.octets == chopped.octets);
    check_message(lp_bytes_of(data, size)); /* as one text too: no length to guess */
    return 0;
}
