#include "runtime/join.h"

#include "folder.h"
#include "heard.h"

#define GOOD_HASH \
    "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static heard lines;
static lp_why why;
static char identity_path[128], ca_path[128], rubbish_path[128];

static void put_ca(const char *path)
{
    lp_credentials *credentials = NULL;
    char pem[8192];
    CHECK_EQ(lp_credentials_generate("relay.example", &credentials, &why), LP_OK);
    size_t len = lp_credentials_cert_pem(credentials, lp_space_of(pem, sizeof pem - 1));
    pem[len] = '\0';
    put_text(path, pem);
    lp_credentials_free(credentials);
}

/* What suffices to join; tests take something away. */
static lp_join_options begin(void)
{
    new_folder();
    snprintf(identity_path, sizeof identity_path, "%s", in_folder("identity.json"));
    snprintf(ca_path, sizeof ca_path, "%s", in_folder("ca.pem"));
    snprintf(rubbish_path, sizeof rubbish_path, "%s", in_folder("rubbish.pem"));
    put_ca(ca_path);
    put_text(rubbish_path, "no certificate\n");
    return (lp_join_options){.relay = {"relay.example", 443},
                             .room = "quake",
                             .relay_fingerprint = GOOD_HASH,
                             .identity = identity_path};
}

/* As a program starts: its options first, then everything else. */
static lp_err init(lp_join *join, lp_role role, const lp_join_options *options,
                   const lp_option_mac *mac)
{
    lp_log_sink log = log_to(&lines, LP_INFO);
    const char *program =
        role == LP_ROLE_CLIENT ? "lanparty-client" : "lanparty-gateway";
    *join = (lp_join){0};
    lp_err err = lp_join_check_options(options, mac, &why);
    return err ? err : lp_join_init(join, program, role, options, mac, &log, &why);
}

TEST(a_player_with_relay_room_and_trust_can_join)
{
    lp_join join;
    lp_join_options options = begin();
    CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, NULL), LP_OK);
    CHECK_STR(join.member.room, "QUAKE"); /* as the wire has it */
    CHECK_EQ(join.member.role, LP_ROLE_CLIENT);
    CHECK_STR(join.member.software, "lanparty-client " LP_VERSION);
    CHECK(lp_mac_is_identity(join.member.mac));
    CHECK(lp_mac_equal(join.member.mac, join.identity.mac));
    CHECK_STR(join.identity_path, identity_path);
    CHECK(join.tls && join.net && join.credentials);
    lp_join_fini(&join);
    lp_join_fini(&join); /* a zeroed one is fine */
}

TEST(a_gateway_has_no_address_of_its_own)
{
    lp_join join;
    lp_join_options options = begin();
    CHECK_EQ(init(&join, LP_ROLE_GATEWAY, &options, NULL), LP_OK);
    CHECK_EQ(join.member.role, LP_ROLE_GATEWAY);
    CHECK(lp_mac_is_zero(join.member.mac));
    CHECK(!strstr(text_in(identity_path), "mac"));
    lp_join_fini(&join);
}

TEST(a_new_identity_is_logged_and_an_old_one_is_kept)
{
    lp_join first, second;
    lp_join_options options = begin();
    CHECK_EQ(init(&first, LP_ROLE_CLIENT, &options, NULL), LP_OK);
    CHECK_EQ(lines.count, 1);
    CHECK_HAS(lines.line[0].text, identity_path);
    CHECK_EQ(init(&second, LP_ROLE_CLIENT, &options, NULL), LP_OK);
    CHECK_EQ(lines.count, 0);
    lp_key_hash key[2] = {lp_credentials_hash(first.credentials),
                          lp_credentials_hash(second.credentials)};
    CHECK_BYTES(key[1].octet, LP_KEY_HASH_LEN, key[0].octet, LP_KEY_HASH_LEN);
    CHECK(lp_mac_equal(first.member.mac, second.member.mac));
    lp_join_fini(&first);
    lp_join_fini(&second);
}

/* W-003 */
TEST(a_virtual_mac_counts_for_this_run_only)
{
    lp_join join;
    lp_join_options options = begin();
    lp_option_mac mac = {.is_set = true, .mac = {{0x02, 0, 0, 0, 0, 0x99}}};
    lp_option_mac none = {0};
    CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, &mac), LP_OK);
    CHECK(lp_mac_equal(join.member.mac, mac.mac));
    CHECK(!strstr(text_in(identity_path), "02:00:00:00:00:99"));
    lp_join_fini(&join);
    CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, &none), LP_OK);
    CHECK(!lp_mac_equal(join.member.mac, mac.mac));
    CHECK(lp_mac_is_identity(join.member.mac));
    lp_join_fini(&join);
}

TEST(each_way_to_know_the_relay_is_taken)
{
    static const struct {
        const char *name;
        const char *fingerprint, *ca_cert, *server_name;
    } rows[] = {
        {"its key", GOOD_HASH, NULL, NULL},
        {"its certificate", NULL, ca_path, NULL},
        {"its certificate, under another name", NULL, ca_path, "lanparty-relay.local"},
        {"the system's roots", NULL, NULL, NULL},
    };
    EACH_ROW (row, rows) {
        lp_join join;
        lp_join_options options = begin();
        options.relay_fingerprint = row->fingerprint;
        options.relay_ca_cert = row->ca_cert;
        options.server_name = row->server_name;
        CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, NULL), LP_OK);
        lp_join_fini(&join);
    }
}

/* Everything that can be wrong is said before any packet is sent, with what to do. */
TEST(what_is_missing_or_wrong_is_named)
{
    static const struct {
        const char *name;
        const char *relay, *room, *fingerprint, *ca_cert;
        lp_err err;
        const char *says, *remedy;
    } rows[] = {
        {"no relay", "", "quake", GOOD_HASH, NULL, LP_ERR_MALFORMED,
         "no relay is named", "--relay HOST"},
        {"no room", "r", NULL, GOOD_HASH, NULL, LP_ERR_MALFORMED, "no room is named",
         "--room CODE"},
        {"an empty room", "r", "", GOOD_HASH, NULL, LP_ERR_MALFORMED, "room: \"\"",
         "letters, digits"},
        {"a room with a space", "r", "my room", GOOD_HASH, NULL, LP_ERR_MALFORMED,
         "room: \"my room\"", "letters, digits"},
        {"a room code of 33", "r", "a23456789012345678901234567890123", GOOD_HASH, NULL,
         LP_ERR_MALFORMED, "a23456789012345678901234567890123", "1 to 32"},
        {"a short fingerprint", "r", "quake", "sha256:0011", NULL, LP_ERR_MALFORMED,
         "relay-fingerprint: \"sha256:0011\"", "copy it"},
        {"another hash", "r", "quake", "sha1:0011", NULL, LP_ERR_MALFORMED,
         "relay-fingerprint: \"sha1:0011\"", "sha256:"},
        {"an empty fingerprint", "r", "quake", "", NULL, LP_ERR_MALFORMED,
         "relay-fingerprint: \"\"", "sha256:"},
        {"two ways to trust", "r", "quake", GOOD_HASH, ca_path, LP_ERR_MALFORMED,
         "relay-fingerprint and relay-ca-cert", "name one"},
        {"a CA file that is none", "r", "quake", NULL, rubbish_path, LP_ERR_MALFORMED,
         "rubbish.pem", "PEM or DER"},
        {"no such CA file", "r", "quake", NULL, "/none/ca.pem", LP_ERR_NOT_FOUND,
         "/none/ca.pem", "no such file"},
    };
    EACH_ROW (row, rows) {
        lp_join join;
        lp_join_options options = begin();
        snprintf(options.relay.host, sizeof options.relay.host, "%s", row->relay);
        options.room = row->room;
        options.relay_fingerprint = row->fingerprint;
        options.relay_ca_cert = row->ca_cert;
        CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, NULL), row->err);
        CHECK_HAS(why.text, row->says);
        CHECK_HAS(why.text, row->remedy);
        CHECK(!join.tls && !join.net && !join.credentials);
    }
}

TEST(an_empty_ca_file_is_named)
{
    lp_join join;
    lp_join_options options = begin();
    put_text(rubbish_path, "");
    options.relay_fingerprint = NULL;
    options.relay_ca_cert = rubbish_path;
    CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, NULL), LP_ERR_MALFORMED);
    CHECK_HAS(why.text, rubbish_path);
}

TEST(a_virtual_mac_that_no_player_may_have_is_refused)
{
    static const struct {
        const char *name;
        lp_mac mac;
    } rows[] = {
        {"multicast", {{0x03, 0, 0, 0, 0, 1}}},
        {"broadcast", {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}},
        {"a card's", {{0x00, 0x1b, 0x21, 0, 0, 1}}},
        {"none", {{0}}},
    };
    EACH_ROW (row, rows) {
        lp_join join;
        lp_join_options options = begin();
        lp_option_mac mac = {.is_set = true, .mac = row->mac};
        CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, &mac), LP_ERR_MALFORMED);
        CHECK_HAS(why.text, "virtual-mac: ");
        CHECK_HAS(why.text, "02:00:00:00:00:01");
    }
}

TEST(a_damaged_identity_stops_the_start)
{
    lp_join join;
    lp_join_options options = begin();
    put_text(identity_path, "{");
    CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, NULL), LP_ERR_MALFORMED);
    CHECK_HAS(why.text, identity_path);
    CHECK_STR(text_in(identity_path), "{");
    CHECK(!join.tls && !join.net && !join.credentials);
}

TEST(wrong_options_leave_no_identity_behind)
{
    static const struct {
        const char *name, *room, *fingerprint;
        uint8_t first_octet; /* of the virtual MAC */
    } rows[] = {{"the room", "no room", GOOD_HASH, 2},
                {"the fingerprint", "quake", "sha256:00", 2},
                {"the MAC", "quake", GOOD_HASH, 1}};
    EACH_ROW (row, rows) {
        lp_join join;
        lp_join_options options = begin();
        lp_option_mac mac = {.is_set = true, .mac = {{row->first_octet}}};
        options.room = row->room;
        options.relay_fingerprint = row->fingerprint;
        CHECK_EQ(init(&join, LP_ROLE_CLIENT, &options, &mac), LP_ERR_MALFORMED);
        CHECK_EQ(mode_of(identity_path), 0);
    }
}

/* --- links, and one party after another ------------------------------------------- */

TEST(a_link_says_what_no_other_option_says)
{
    static const char link[] = "lanparty://linked.example:4433/"
                               "LINKED?server_name=lan.example&fingerprint=" GOOD_HASH;
    lp_join_options options = {.link = link};
    CHECK_EQ(lp_join_take_link(&options, &why), LP_OK);
    CHECK_STR(options.relay.host, "linked.example");
    CHECK_STR(options.room, "LINKED");
    CHECK_STR(options.server_name, "lan.example");
    CHECK_STR(options.relay_fingerprint, GOOD_HASH);

    options = (lp_join_options){.link = link,
                                .relay = {"relay.example", 443},
                                .room = "quake",
                                .server_name = "other.example",
                                .relay_ca_cert = "ca.pem"};
    CHECK_EQ(lp_join_take_link(&options, &why), LP_OK);
    CHECK_STR(options.relay.host, "relay.example");
    CHECK_STR(options.room, "quake");
    CHECK_STR(options.server_name, "other.example");
    CHECK(options.relay_fingerprint == NULL);

    options = (lp_join_options){.link = "lanparty://relay.example"};
    CHECK_EQ(lp_join_take_link(&options, &why), LP_ERR_MALFORMED);
    CHECK_HAS(why.text, "link: the link names no room");
}

TEST(who_is_identified_once_may_go_to_one_party_after_another)
{
    lp_join_options options = begin();
    lp_log_sink log = log_to(&lines, LP_INFO);
    lp_file_content pem = {0};
    lp_join join;
    CHECK_EQ(lp_join_identify(&join, "lanparty-client", LP_ROLE_CLIENT, &options, NULL,
                              &log, &why),
             LP_OK);
    lp_mac mac = join.member.mac;
    CHECK(join.tls == NULL && join.net == NULL);
    CHECK_EQ(lp_join_aim(&join, &options, &why), LP_OK);
    CHECK_STR(join.member.room, "QUAKE");
    CHECK(join.tls && join.net);

    CHECK_EQ(lp_file_read(ca_path, 8192, &pem, &why), LP_OK);
    options.relay_fingerprint = NULL;
    options.ca_cert = (const char *)pem.at;
    options.room = "other";
    CHECK_EQ(lp_join_check_ca(&options, &why), LP_OK);
    CHECK_EQ(lp_join_aim(&join, &options, &why), LP_OK);
    CHECK_STR(join.member.room, "OTHER");
    CHECK(lp_mac_equal(join.member.mac, mac));

    options.ca_cert = "no certificate";
    CHECK(lp_join_check_ca(&options, &why) != LP_OK);
    CHECK(lp_join_aim(&join, &options, &why) != LP_OK);
    CHECK(join.tls == NULL && join.net == NULL);
    lp_join_rest(&join);
    lp_join_fini(&join);
    lp_file_content_fini(&pem);
}
