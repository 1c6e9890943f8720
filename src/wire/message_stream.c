#include "wire/message.h"

#include <stdlib.h>

#include "base/cursor.h"

#define PREFIX_LEN 4

void lp_message_stream_fini(lp_message_stream *stream)
{
    free(stream->buffer);
    *stream = (lp_message_stream){0};
}

/* Is the message in the buffer whole? Then it was handed out by the last call. */
static bool is_whole(const lp_message_stream *stream)
{
    return stream->len > PREFIX_LEN &&
           stream->len - PREFIX_LEN == lp_get_u32(stream->buffer);
}

static void take_until(lp_message_stream *stream, lp_bytes *bytes, size_t len)
{
    size_t missing = len - stream->len;
    size_t step = missing < bytes->len ? missing : bytes->len;
    if (step == 0)
        return;
    memcpy(stream->buffer + stream->len, bytes->at, step);
    stream->len += step;
    *bytes = lp_bytes_after(*bytes, step);
}

lp_err lp_message_stream_next(lp_message_stream *stream, lp_bytes *bytes,
                              lp_bytes *out_json)
{
    if (is_whole(stream))
        stream->len = 0;
    if (stream->len == 0 && bytes->len == 0) {
        lp_message_stream_fini(stream); /* idle peers should cost nothing */
        return LP_ERR_WOULD_BLOCK;
    }
    if (!stream->buffer)
        stream->buffer = malloc(PREFIX_LEN + LP_MESSAGE_MAX);
    if (!stream->buffer)
        return LP_ERR_NO_MEMORY;

    if (stream->len < PREFIX_LEN)
        take_until(stream, bytes, PREFIX_LEN);
    if (stream->len < PREFIX_LEN)
        return LP_ERR_WOULD_BLOCK;
    uint32_t json_len = lp_get_u32(stream->buffer);
    if (json_len == 0 || json_len > LP_MESSAGE_MAX)
        return LP_ERR_TOO_BIG;
    take_until(stream, bytes, PREFIX_LEN + json_len);
    if (!is_whole(stream))
        return LP_ERR_WOULD_BLOCK;
    *out_json = lp_bytes_of(stream->buffer + PREFIX_LEN, json_len);
    return LP_OK;
}
