/*
 * What a client and a gateway need before they can join: who they are, whom they trust,
 * which room. Made from options; everything that can be wrong is found here, before any
 * packet is sent.
 */
#pragma once

#include "os/net.h"
#include "quic/tls.h"
#include "runtime/common_options.h"
#include "runtime/uplink.h"
#include "wire/identity.h"

typedef struct lp_join {
    char identity_path[512];
    bool is_new; /* the identity was made just now, or would be */
    lp_identity identity;
    lp_credentials *credentials;
    lp_tls *tls;
    lp_member_config member;
    lp_net *net;
} lp_join;

/* A link (`--link`, or by itself) says what no other option says. */
LP_MUST_USE lp_err lp_join_take_link(lp_join_options *options, lp_why *why);

/* Are relay, room, trust and MAC named, and well? Touches nothing: what is wrong here is
 * how the program was called. `mac` may be NULL. */
LP_MUST_USE lp_err lp_join_check_mac(const lp_option_mac *mac, lp_why *why);
LP_MUST_USE lp_err lp_join_check_options(const lp_join_options *options,
                                         const lp_option_mac *mac, lp_why *why);

/* The options passed lp_join_check_options. `program` is "lanparty-client" or
 * "lanparty-gateway". On failure nothing is left open. */
LP_MUST_USE lp_err lp_join_init(lp_join *join, const char *program, lp_role role,
                                const lp_join_options *options,
                                const lp_option_mac *mac, const lp_log_sink *log,
                                lp_why *why);
void lp_join_fini(lp_join *join); /* a zeroed one is fine */

/*
 * The same in two steps, for a program that goes to one party after another: who we are,
 * and then where to and whom to trust, as often as wanted. Only relay, room and trust of
 * the second one's options count.
 */
LP_MUST_USE lp_err lp_join_identify(lp_join *join, const char *program, lp_role role,
                                    const lp_join_options *options,
                                    const lp_option_mac *mac, const lp_log_sink *log,
                                    lp_why *why);
LP_MUST_USE lp_err lp_join_aim(lp_join *join, const lp_join_options *options,
                               lp_why *why);
void lp_join_rest(lp_join *join); /* undoes lp_join_aim; once more is fine */
/* Is `options->ca_cert`, where there is one, a certificate? */
LP_MUST_USE lp_err lp_join_check_ca(const lp_join_options *options, lp_why *why);
