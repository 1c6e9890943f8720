#include "quic_certs.h"
#include "quic_net.h"

#include <openssl/ssl.h>

/* A relay that presents `relay`, and a client that presents `client` and trusts `trust`. */
static sim_net *net_between(const lp_credentials *relay, const lp_credentials *client,
                            const lp_trust *trust)
{
    lp_why why;
    sim_net *net = net_new();
    lp_tls_free(net->relay_tls);
    lp_tls_free(net->client_tls);
    net->client_tls = NULL;
    CHECK_EQ(lp_tls_server_new(relay, &net->relay_tls, &why), LP_OK);
    CHECK_EQ(lp_tls_client_new(client, trust, &net->client_tls, &why), LP_OK);
    start_endpoint(net, RELAY, NULL);
    start_endpoint(net, CLIENT, NULL);
    dial(net, CLIENT);
    return net;
}

static bool client_has_news(const sim_net *net)
{
    return net->nodes[CLIENT].ended || both_connected(net);
}

TEST(the_relay_is_checked_by_what_the_client_trusts)
{
    static uint8_t ca_der[2000];
    lp_credentials *ca = issue("CA", (issued){0}, NULL);
    lp_credentials *relay = issue("relay", (issued){"DNS:relay.example"}, ca);
    lp_credentials *expired =
        issue("relay", (issued){"DNS:relay.example", NULL, "20210101000000Z"}, ca);
    lp_credentials *client = credentials_of(2, "client");
    lp_bytes der = {ca_der, lp_credentials_cert_der(ca, lp_space_of(ca_der, 2000))};
    const struct {
        const char *name;
        const lp_credentials *relay;
        lp_trust trust;
        const char *says; /* NULL: it connects */
    } rows[] = {
        {"right key", relay, {.fingerprint = &relay->hash}, NULL},
        {"right key, expired", expired, {.fingerprint = &expired->hash}, NULL},
        {"wrong key", relay, {.fingerprint = &client->hash}, "expected sha256:"},
        {"right CA", relay, {.ca_cert = der, .server_name = "relay.example"}, NULL},
        {"wrong name",
         relay,
         {.ca_cert = der, .server_name = "x.example"},
         "x.example"},
        {"expired",
         expired,
         {.ca_cert = der, .server_name = "relay.example"},
         "expired"},
        {"the system's roots",
         relay,
         {.system_roots = true, .server_name = "relay.example"},
         "this system trusts"},
    };
    EACH_ROW (row, rows) {
        sim_net *net = net_between(row->relay, client, &row->trust);
        CHECK(run_until(net, LP_SECONDS(5), client_has_news));
        run(net, LP_SECONDS(1));
        const sim_node *node = &net->nodes[CLIENT];
        CHECK_EQ(node->connected, !row->says);
        CHECK_EQ(net->nodes[RELAY].connected, !row->says);
        CHECK_EQ(node->ended, !!row->says);
        CHECK_EQ(node->end.err, row->says ? LP_ERR_UNTRUSTED : LP_OK);
        CHECK_HAS(node->end.reason, row->says ? row->says : "");
        CHECK_EQ(lp_quic_stats_of(net->nodes[RELAY].quic)->handshakes_failed,
                 !!row->says);
        net_free(net);
    }
    lp_credentials_free(ca);
    lp_credentials_free(relay);
    lp_credentials_free(expired);
    lp_credentials_free(client);
}

static bool client_has_ended(const sim_net *net)
{
    return net->nodes[CLIENT].ended > 0;
}

TEST(a_client_without_a_certificate_is_refused_and_told_why)
{
    lp_credentials *relay = credentials_of(1, "relay");
    lp_trust trust = {.fingerprint = &relay->hash};
    sim_net *net = net_between(relay, NULL, &trust);
    CHECK(run_until(net, LP_SECONDS(5), client_has_ended));
    CHECK_EQ(net->nodes[RELAY].connected, 0);
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_ERR_REFUSED);
    CHECK_HAS(net->nodes[CLIENT].end.reason, "certificate_required");
    net_free(net);
    lp_credentials_free(relay);
}

TEST(keys_of_every_kind_are_identities)
{
    static const struct {
        const char *name;
        bool is_p256;
    } rows[] = {{"Ed25519", false}, {"P-256", true}};
    lp_credentials *relay = credentials_of(1, "relay");
    EACH_ROW (row, rows) {
        lp_why why;
        lp_trust trust = {.fingerprint = &relay->hash};
        lp_credentials *client = NULL;
        if (row->is_p256)
            CHECK_EQ(lp_credentials_generate("me", &client, &why), LP_OK);
        else
            client = credentials_of(9, "me");
        sim_net *net = net_between(relay, client, &trust);
        CHECK(run_until(net, LP_SECONDS(5), both_connected));
        CHECK_BYTES(net->nodes[RELAY].peer.octet, 32, client->hash.octet, 32);
        net_free(net);
        lp_credentials_free(client);
    }
    lp_credentials_free(relay);
}

TEST(another_protocol_is_refused_by_name)
{
    static const struct {
        const char *name;
        const uint8_t *alpn;
        unsigned alpn_len;
        bool connects;
    } rows[] = {
        {"ours", (const uint8_t *)"\x0alanparty/1", 11, true},
        {"ours among others", (const uint8_t *)"\x02h3\x0alanparty/1", 14, true},
        {"the next version", (const uint8_t *)"\x0alanparty/2", 11, false},
        {"a longer one", (const uint8_t *)"\x0blanparty/10", 12, false},
        {"a prefix", (const uint8_t *)"\x09lanparty/", 10, false},
        {"none", NULL, 0, false},
    };
    lp_credentials *relay = credentials_of(1, "relay"),
                   *client = credentials_of(2, "me");
    EACH_ROW (row, rows) {
        lp_trust trust = {.fingerprint = &relay->hash};
        sim_net *net = net_between(relay, client, &trust);
        const lp_conn *conn = net->nodes[CLIENT].conn;
        CHECK_EQ(SSL_set_alpn_protos(conn->session.ssl, row->alpn, row->alpn_len), 0);
        CHECK(run_until(net, LP_SECONDS(5), client_has_news));
        CHECK_EQ(net->nodes[RELAY].connected, row->connects);
        CHECK_EQ(net->nodes[CLIENT].end.err, row->connects ? LP_OK : LP_ERR_REFUSED);
        CHECK_HAS(net->nodes[CLIENT].end.reason,
                  row->connects ? "" : "speaks another protocol");
        net_free(net);
    }
    lp_credentials_free(relay);
    lp_credentials_free(client);
}

TEST(the_cheapest_cipher_is_agreed_on_and_no_ticket_is_left)
{
    lp_credentials *relay = credentials_of(1, "relay"),
                   *client = credentials_of(2, "me");
    lp_trust trust = {.fingerprint = &relay->hash};
    sim_net *net = net_between(relay, client, &trust);
    CHECK(run_until(net, LP_SECONDS(5), both_connected));
    run(net, LP_SECONDS(1));
    SSL *ssl = net->nodes[CLIENT].conn->session.ssl;
    CHECK_STR(SSL_get_cipher_name(ssl), "TLS_AES_128_GCM_SHA256");
    CHECK(!SSL_SESSION_is_resumable(SSL_get0_session(ssl)));
    net_free(net);
    lp_credentials_free(relay);
    lp_credentials_free(client);
}

TEST(a_replaced_certificate_is_shown_to_those_who_come_later)
{
    lp_why why;
    lp_credentials *relay = credentials_of(1, "relay"),
                   *renewed = credentials_of(8, "new");
    lp_credentials *client = credentials_of(2, "me");
    lp_trust trust = {.fingerprint = &relay->hash};
    sim_net *net = net_between(relay, client, &trust);
    CHECK(run_until(net, LP_SECONDS(5), both_connected));
    CHECK_EQ(lp_tls_replace(net->relay_tls, renewed, &why), LP_OK);
    run(net, LP_SECONDS(10));
    CHECK_EQ(net->nodes[CLIENT].ended, 0); /* those that stand are left alone */
    dial(net, CLIENT);
    CHECK(run_until(net, LP_SECONDS(5), client_has_ended));
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_ERR_UNTRUSTED);
    CHECK_EQ(net->nodes[CLIENT].connected, 1);
    net_free(net);
    lp_credentials_free(relay);
    lp_credentials_free(renewed);
    lp_credentials_free(client);
}

TEST(sessions_keep_what_they_need_of_a_context_that_is_gone)
{
    lp_credentials *relay = credentials_of(1, "relay"),
                   *client = credentials_of(2, "me");
    lp_trust trust = {.fingerprint = &relay->hash};
    sim_net *net = net_between(relay, client, &trust);
    lp_tls_free(net->client_tls); /* the trust is consulted only later */
    net->client_tls = NULL;
    CHECK(run_until(net, LP_SECONDS(5), both_connected));
    net_free(net);
    lp_credentials_free(relay);
    lp_credentials_free(client);
}
