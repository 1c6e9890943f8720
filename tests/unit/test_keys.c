#include "hex.h"
#include "quic/keys.h"
#include "test.h"

static void check_hex(const uint8_t *got, size_t len, const char *wanted)
{
    uint8_t octets[64];
    size_t wanted_len = lp_test_hex(wanted, octets, sizeof octets);
    CHECK_BYTES(got, len, octets, wanted_len);
}

/* RFC 9001 appendix A.1 */
TEST(initial_keys_are_those_of_the_rfc)
{
    ngtcp2_cid dcid = {8, {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08}};
    uint8_t client[LP_SECRET_LEN], server[LP_SECRET_LEN];
    lp_packet_keys keys;
    CHECK(lp_keys_initial_secrets(&dcid, client, server));
    check_hex(client, sizeof client,
              "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea");
    check_hex(server, sizeof server,
              "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b");
    CHECK(lp_keys_derive(&lp_aead_aes_evp, client, &keys));
    check_hex(keys.key, 16, "1f369613dd76d5467730efcbe3b1a22d");
    check_hex(keys.iv, sizeof keys.iv, "fa044b2f42a3fd3b46fb255c");
    check_hex(keys.mask, 16, "9f50449e04a0e810283a1e9933adedd2");
    CHECK(lp_keys_derive(&lp_aead_aes_evp, server, &keys));
    check_hex(keys.key, 16, "cf3a5331653c364c88f0f379b6067e37");
    check_hex(keys.iv, sizeof keys.iv, "0ac1493ca1905853b0bba03e");
    check_hex(keys.mask, 16, "c206b8d9b9f0f37644430b490eeaa314");
}

/* RFC 9001 appendix A.5 */
TEST(chacha_keys_are_those_of_the_rfc)
{
    uint8_t secret[LP_SECRET_LEN];
    lp_packet_keys keys;
    CHECK_EQ(
        lp_test_hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b",
                    secret, sizeof secret),
        sizeof secret);
    CHECK(lp_keys_derive(&lp_aead_chacha_evp, secret, &keys));
    check_hex(keys.key, 32,
              "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8");
    check_hex(keys.iv, sizeof keys.iv, "e0459b3474bdd0e44a41c144");
    check_hex(keys.mask, 32,
              "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4");
}
