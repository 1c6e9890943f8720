#include "forwarder.h"

#include "runtime/batch.h"

#include <stdlib.h>

enum { READS_PER_WAKE_UP = 8 }; /* as runtime/driver.c has it */

struct forwarder {
    lp_udp *udp;
    lp_batch batch;
    uv_poll_t poll;
    bool floods;
    lp_addr to[65536];    /* by the sender's port */
    lp_addr known[65536]; /* senders */
    size_t known_count;
};

static void send_on(forwarder *it, const lp_udp_in *in, const lp_addr *to)
{
    if (!lp_batch_has_room(&it->batch) && lp_batch_flush(&it->batch, it->udp) != LP_OK)
        return;
    lp_space space = lp_batch_space(&it->batch);
    memcpy(space.at, in->payload.at, in->payload.len);
    lp_udp_packet packet = {in->local, *to, 0, lp_bytes_of(space.at, in->payload.len)};
    lp_batch_add(&it->batch, &packet);
}

static void forward(forwarder *it, const lp_udp_in *in)
{
    const lp_addr *to = &it->to[in->remote.port];
    if (!it->floods && to->family != 0)
        send_on(it, in, to);
    for (size_t i = 0; it->floods && i < it->known_count; i++)
        if (it->known[i].port != in->remote.port)
            send_on(it, in, &it->known[i]);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    forwarder *it = poll->data;
    const lp_udp_in *packets;
    size_t count;
    for (int i = 0; i < READS_PER_WAKE_UP; i++) {
        if (lp_udp_receive(it->udp, &packets, &count) != LP_OK)
            break;
        for (size_t k = 0; k < count; k++)
            forward(it, &packets[k]);
    }
    if (lp_batch_flush(&it->batch, it->udp) != LP_OK)
        it->batch = (lp_batch){.bytes = it->batch.bytes}; /* lost, as on a wire */
}

forwarder *forwarder_open(uv_loop_t *loop, bool floods)
{
    lp_why why;
    lp_addr any_port = {.family = 4, .ip = {127, 0, 0, 1}};
    forwarder *it = calloc(1, sizeof *it);
    if (!it || lp_batch_init(&it->batch) != LP_OK ||
        lp_udp_open(&any_port, false, &it->udp, &why) != LP_OK ||
        uv_poll_init_socket(loop, &it->poll, lp_udp_fd(it->udp)) != 0)
        return NULL;
    it->floods = floods;
    it->poll.data = it;
    uv_poll_start(&it->poll, UV_READABLE, on_readable);
    return it;
}

static void on_closed(uv_handle_t *handle)
{
    forwarder *it = handle->data;
    lp_udp_close(it->udp);
    lp_batch_fini(&it->batch);
    free(it);
}

void forwarder_close(forwarder *it)
{
    uv_close((uv_handle_t *)&it->poll, on_closed);
}

lp_addr forwarder_local(const forwarder *it)
{
    return lp_udp_local(it->udp);
}

void forwarder_route(forwarder *it, const lp_addr *from, const lp_addr *to)
{
    if (it->to[from->port].family == 0)
        it->known[it->known_count++] = *from;
    it->to[from->port] = *to;
}
