#include "runtime/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/pipe.h"
#include "wire/json.h"

#define ANSWER_MAX    (64 * 1024 * 1024) /* 10,000 peers take about 13 MiB */
#define MAX_ASKERS    8
#define ASK_PATIENCE  LP_SECONDS(5)
#define ASKER_TIME_MS 5000 /* an asker that stalls is let go */

typedef struct asker asker;

struct lp_answer {
    lp_pipe *pipe;
    uv_poll_t poll;
    bool is_polled;
    asker *asking[MAX_ASKERS];
    unsigned askers;
    bool is_closing;
    lp_answer_handler handler;
    void *state;
};

struct asker {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    lp_answer *answer;
    unsigned handles;
    uint8_t request[LP_CONTROL_MAX + 1]; /* and its line feed */
    size_t request_len;
    char *text; /* the answer being written */
};

static void free_answer(lp_answer *answer)
{
    if (answer->is_polled || answer->askers > 0)
        return;
    lp_pipe_close(answer->pipe);
    free(answer);
}

static void forget(lp_answer *answer, const asker *who)
{
    unsigned at = 0;
    while (answer->asking[at] != who)
        at++;
    answer->asking[at] = answer->asking[--answer->askers];
}

static void on_knock(uv_poll_t *poll, int status, int events);

static void on_asker_closed(uv_handle_t *handle)
{
    asker *who = handle->data;
    if (--who->handles > 0)
        return;
    lp_answer *answer = who->answer;
    forget(answer, who);
    free(who->text);
    free(who);
    if (answer->is_closing)
        free_answer(answer);
    else
        uv_poll_start(&answer->poll, UV_READABLE, on_knock);
}

static void let_go(asker *who)
{
    if (uv_is_closing((uv_handle_t *)&who->pipe))
        return;
    uv_close((uv_handle_t *)&who->pipe, on_asker_closed);
    uv_close((uv_handle_t *)&who->timer, on_asker_closed);
}

static void on_written(uv_write_t *write, int status)
{
    let_go(write->data);
}

static void on_patience(uv_timer_t *timer)
{
    let_go(timer->data);
}

json_t *lp_answer_ok(void)
{
    return json_pack("{s:b}", "ok", 1);
}

json_t *lp_answer_failure(const char *error, const char *field)
{
    char sentence[LP_WHY_MAX];
    lp_sentence_copy(error, sentence, sizeof sentence); /* it may quote the asker */
    return field ? json_pack("{s:s, s:s}", "error", sentence, "field", field)
                 : json_pack("{s:s}", "error", sentence);
}

static void answer_request(asker *who, lp_bytes line)
{
    lp_control request;
    lp_control_fault fault;
    json_t *state =
        lp_control_read(line, &request, &fault) == LP_OK
            ? who->answer->handler(who->answer->state, &request, lp_clock_now())
            : lp_answer_failure(fault.why.text, fault.field);
    who->text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    json_decref(state);
    if (!who->text) {
        let_go(who);
        return;
    }
    uv_buf_t buffer = uv_buf_init(who->text, (unsigned)strlen(who->text));
    who->write.data = who;
    if (uv_write(&who->write, (uv_stream_t *)&who->pipe, &buffer, 1, on_written) != 0)
        let_go(who);
}

static void on_room_needed(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    asker *who = handle->data;
    *out = uv_buf_init((char *)who->request + who->request_len,
                       (unsigned)(sizeof who->request - who->request_len));
}

static void on_request(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    asker *who = stream->data;
    if (len == 0)
        return;
    if (len < 0) { /* also UV_ENOBUFS: a request that is longer than any we know */
        let_go(who);
        return;
    }
    who->request_len += (size_t)len;
    uint8_t *end = memchr(who->request, '\n', who->request_len);
    if (!end)
        return;
    uv_read_stop(stream);
    answer_request(who, lp_bytes_of(who->request, (size_t)(end - who->request)));
}

static void drop(lp_answer *answer, int fd)
{
    uv_fs_t request;
    uv_fs_close(answer->poll.loop, &request, fd, NULL);
    uv_fs_req_cleanup(&request);
}

static void take_asker(lp_answer *answer, int fd)
{
    asker *who = calloc(1, sizeof *who);
    if (!who) {
        drop(answer, fd);
        return;
    }
    who->answer = answer;
    who->handles = 2;
    answer->asking[answer->askers++] = who;
    uv_pipe_init(answer->poll.loop, &who->pipe, 0);
    uv_timer_init(answer->poll.loop, &who->timer);
    who->pipe.data = who->timer.data = who;
    uv_timer_start(&who->timer, on_patience, ASKER_TIME_MS, 0);
    if (uv_pipe_open(&who->pipe, fd) != 0) {
        drop(answer, fd);
        let_go(who);
        return;
    }
    if (uv_read_start((uv_stream_t *)&who->pipe, on_room_needed, on_request) != 0)
        let_go(who);
}

static void on_knock(uv_poll_t *poll, int status, int events)
{
    lp_answer *answer = poll->data;
    /* Few at once: this must never keep the loop from its frames. The next asker waits
     * in the kernel's queue until one is done. */
    if (answer->askers >= MAX_ASKERS) {
        uv_poll_stop(poll);
        return;
    }
    int fd = lp_pipe_accept(answer->pipe);
    if (fd >= 0)
        take_asker(answer, fd);
}

lp_err lp_answer_open(uv_loop_t *loop, const char *path, lp_answer_handler handler,
                      void *state, lp_answer **out_answer, lp_why *why)
{
    lp_answer *answer = calloc(1, sizeof *answer);
    if (!answer)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    answer->handler = handler;
    answer->state = state;
    lp_err err = lp_pipe_listen(path, &answer->pipe, why);
    if (err) {
        free(answer);
        return err;
    }
    answer->poll.data = answer;
    uv_poll_init_socket(loop, &answer->poll, lp_pipe_fd(answer->pipe));
    answer->is_polled = true;
    uv_poll_start(&answer->poll, UV_READABLE, on_knock);
    *out_answer = answer;
    return LP_OK;
}

static void on_poll_closed(uv_handle_t *handle)
{
    lp_answer *answer = handle->data;
    answer->is_polled = false;
    free_answer(answer);
}

void lp_answer_close(lp_answer *answer)
{
    if (!answer)
        return;
    answer->is_closing = true;
    for (unsigned i = 0; i < answer->askers; i++)
        let_go(answer->asking[i]);
    uv_close((uv_handle_t *)&answer->poll, on_poll_closed);
}

/* --- asking ----------------------------------------------------------------------- */

lp_err lp_answer_ask(const char *path, const char *request, json_t **out_answer,
                     lp_why *why)
{
    char *text = NULL;
    json_error_t error;
    lp_err err = lp_pipe_ask(path, request, ASK_PATIENCE, ANSWER_MAX, &text, why);
    if (err)
        return err;
    *out_answer = json_loads(text, 0, &error);
    free(text);
    if (!*out_answer)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "%s: what answers there is not one of ours (%s)", path,
                          error.text);
    return LP_OK;
}

bool lp_answer_path(const char *option, const char *program, char *out, size_t out_len)
{
    if (!option)
        return lp_pipe_place(program, out, out_len);
    int len = snprintf(out, out_len, "%s", option);
    return len > 0 && (size_t)len < out_len;
}
