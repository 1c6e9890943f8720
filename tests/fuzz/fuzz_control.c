/* A request that is read, written and read again, is the same; so is a link. */
#include <assert.h>
#include <stdlib.h>

#include "wire/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const lp_invite *a, const lp_invite *b)
{
    assert(strcmp(a->relay.host, b->relay.host) == 0 && a->relay.port == b->relay.port);
    assert(strcmp(a->room, b->room) == 0);
    assert(strcmp(a->fingerprint, b->fingerprint) == 0);
    assert(strcmp(a->server_name, b->server_name) == 0);
}

static void fuzz_request(lp_bytes line)
{
    static lp_control request, again;
    static uint8_t text[2 * LP_CONTROL_MAX];
    lp_control_fault fault;
    if (lp_control_read(line, &request, &fault) != LP_OK) {
        assert(fault.why.text[0]);
        return;
    }
    size_t len = lp_control_write(&request, lp_space_of(text, sizeof text));
    assert(len > 0 && !memchr(text, '\n', len));
    lp_err err = lp_control_read(lp_bytes_of(text, len), &again, &fault);
    assert(err == LP_OK && again.verb == request.verb && again.after == request.after);
    assert(strcmp(again.ca_cert, request.ca_cert) == 0);
    check_same(&again.party, &request.party);
}

static void fuzz_link(const uint8_t *data, size_t size)
{
    lp_invite invite, again;
    lp_why why;
    char link[LP_INVITE_MAX + 1], *text = malloc(size + 1);
    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (lp_invite_read(text, &invite, &why) == LP_OK) {
        assert(lp_invite_is_link(text));
        lp_invite_write(&invite, link);
        lp_err err = lp_invite_read(link, &again, &why);
        assert(err == LP_OK);
        check_same(&invite, &again);
    } else {
        assert(why.text[0]);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_request(lp_bytes_of(data, size));
    fuzz_link(data, size);
    return 0;
}
