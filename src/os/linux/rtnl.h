/*
 * rtnetlink: one request, its answers, and their attributes, bounded by what was
 * received and not by what a header claims.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

struct nlmsghdr;

/* A request under construction: a header, a family header, attributes. */
typedef struct lp_rtnl_request {
    _Alignas(4) uint8_t bytes[512];
    size_t len;
} lp_rtnl_request;

/* `header` is the family's own: struct ifinfomsg, rtmsg or ifaddrmsg. */
lp_rtnl_request lp_rtnl_request_of(uint16_t type, uint16_t flags, const void *header,
                                   size_t header_len);
void lp_rtnl_put(lp_rtnl_request *request, uint16_t type, const void *value,
                 size_t len);
void lp_rtnl_put_u32(lp_rtnl_request *request, uint16_t type, uint32_t value);

/* A socket that hears these RTMGRP_ groups, or none. -1 with errno. */
int lp_rtnl_open(uint32_t groups);

typedef void lp_rtnl_visit(void *state, const struct nlmsghdr *message);

/*
 * Sends the request (a dump or not) and visits each answer until the last one. Returns
 * 0, or the error number that the kernel answered with. `visit` may be NULL.
 */
int lp_rtnl_ask(int fd, lp_rtnl_request *request, lp_rtnl_visit *visit, void *state);

/* The family header, or NULL where the message is too short for it. */
const void *lp_rtnl_header(const struct nlmsghdr *message, size_t header_len);

/*
 * Sorts the attributes behind a header of header_len octets by type: out[type], NULL
 * views for those that are missing. Types from `count` up are skipped.
 */
void lp_rtnl_attributes(const struct nlmsghdr *message, size_t header_len,
                        lp_bytes *out, size_t count);
void lp_rtnl_nested(lp_bytes attribute, lp_bytes *out, size_t count);

/* Values of the wrong length read as absent: 0 and "". */
uint32_t lp_rtnl_u32(lp_bytes attribute);
uint8_t lp_rtnl_u8(lp_bytes attribute);
void lp_rtnl_text(lp_bytes attribute, char *out, size_t out_len);
