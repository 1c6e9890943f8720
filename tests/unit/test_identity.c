#include "wire/identity.h"

#include "test.h"

#define SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define FILE_WITH_BOTH \
    "{\n  \"mac\": \"02:5e:10:00:00:01\",\n  \"private_key\": \"" SEED "\"\n}\n"

static lp_why why;

static lp_err read_text(const char *text, lp_identity *identity)
{
    return lp_identity_read(lp_bytes_of(text, strlen(text)), identity, &why);
}

static const char *write_text(const lp_identity *identity)
{
    static char text[LP_IDENTITY_MAX];
    size_t len =
        lp_identity_write(identity, lp_space_of((uint8_t *)text, sizeof text - 1));
    text[len] = '\0';
    return text;
}

TEST(a_file_is_read_and_written_back)
{
    static const struct {
        const char *name;
        const char *text;
        bool has_mac, has_seed;
    } rows[] = {
        {"a client's", FILE_WITH_BOTH, true, true},
        {"a gateway's", "{\n  \"private_key\": \"" SEED "\"\n}\n", false, true},
        {"of before keys", "{\n  \"mac\": \"02:5e:10:00:00:01\"\n}\n", true, false},
        {"of nobody", "{\n}\n", false, false},
    };
    EACH_ROW (row, rows) {
        lp_identity identity;
        CHECK_EQ(read_text(row->text, &identity), LP_OK);
        CHECK_EQ(identity.has_mac, row->has_mac);
        CHECK_EQ(identity.has_seed, row->has_seed);
        CHECK_STR(write_text(&identity), row->text);
    }
}

TEST(the_seed_and_the_mac_are_what_the_file_says)
{
    lp_identity identity;
    CHECK_EQ(read_text(FILE_WITH_BOTH, &identity), LP_OK);
    CHECK_EQ(identity.seed[0], 0x9d);
    CHECK_EQ(identity.seed[31], 0x60);
    CHECK_EQ(identity.mac.octet[1], 0x5e);
}

TEST(other_spellings_and_fields_of_a_newer_program_are_read)
{
    lp_identity identity;
    CHECK_EQ(
        read_text("{\"future\":{\"x\":[1]},\"private_key\":\"9D61B19DEFFD5A60BA844AF4"
                  "92EC2CC44449C5697B326919703BAC031CAE7F60\",\"mac\":null}",
                  &identity),
        LP_OK);
    CHECK(identity.has_seed);
    CHECK(!identity.has_mac);
    CHECK_EQ(identity.seed[0], 0x9d);
}

TEST(a_damaged_file_is_refused_with_the_field_and_changes_nothing)
{
    static const struct {
        const char *name;
        const char *why;
    } rows[] = {
        {"", "json: "},
        {"{\"mac\": \"02:5e:10:00:00:01\"", "json: "},
        {"[]", "json: "},
        {"{\"mac\": 5}", "mac: "},
        {"{\"mac\": \"\"}", "mac: "},
        {"{\"mac\": \"00:1b:21:00:00:01\"}", "mac: "},
        {"{\"mac\": \"03:00:00:00:00:01\"}", "mac: "},
        {"{\"private_key\": 5}", "private_key: "},
        {"{\"private_key\": \"\"}", "private_key: "},
        {"{\"private_key\": \"" SEED "00\"}", "private_key: "},
        {"{\"private_key\": "
         "\"zz61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f"
         "60\"}",
         "private_key: "},
        {"{\"mac\": \"02:5e:10:00:00:01\", \"mac\": \"02:5e:10:00:00:02\"}", "json: "},
    };
    EACH_ROW (row, rows) {
        lp_identity identity = {.seed = {7}};
        CHECK_EQ(read_text(row->name, &identity), LP_ERR_MALFORMED);
        CHECK_HAS(why.text, row->why);
        CHECK_EQ(identity.seed[0], 7);
    }
}

TEST(a_file_has_at_most_4096_octets)
{
    char text[LP_IDENTITY_MAX + 2];
    lp_identity identity;
    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    text[LP_IDENTITY_MAX] = '\0';
    CHECK_EQ(read_text(text, &identity), LP_OK);
    text[LP_IDENTITY_MAX] = ' ';
    text[LP_IDENTITY_MAX + 1] = '\0';
    CHECK_EQ(read_text(text, &identity), LP_ERR_TOO_BIG);
}

TEST(what_does_not_fit_is_not_written)
{
    uint8_t space[sizeof FILE_WITH_BOTH];
    lp_identity identity;
    CHECK_EQ(read_text(FILE_WITH_BOTH, &identity), LP_OK);
    size_t len = strlen(FILE_WITH_BOTH);
    CHECK_EQ(lp_identity_write(&identity, lp_space_of(space, len)), len);
    CHECK_EQ(lp_identity_write(&identity, lp_space_of(space, len - 1)), 0);
    CHECK_EQ(lp_identity_write(&identity, lp_space_of(space, 0)), 0);
}

static void fill_with_ff(void *state, uint8_t *at, size_t len)
{
    memset(at, 0xff, len);
    *(size_t *)state += len;
}

TEST(a_new_identity_is_random_and_its_mac_may_be_worn) /* P-012 */
{
    size_t drawn = 0;
    lp_random random = {fill_with_ff, &drawn};
    lp_identity client = lp_identity_new(true, random);
    CHECK(client.has_mac && client.has_seed);
    CHECK(lp_mac_is_identity(client.mac));
    CHECK_EQ(client.mac.octet[5], 0xff);
    CHECK_EQ(client.seed[31], 0xff);
    CHECK(drawn >= LP_IDENTITY_SEED_LEN + 5);

    lp_identity gateway = lp_identity_new(false, random);
    CHECK(!gateway.has_mac && gateway.has_seed);
    CHECK(lp_mac_is_zero(gateway.mac));
}

TEST(a_wiped_identity_has_no_seed_left)
{
    static const uint8_t zero[LP_IDENTITY_SEED_LEN];
    size_t drawn = 0;
    lp_identity identity = lp_identity_new(false, (lp_random){fill_with_ff, &drawn});
    lp_identity_wipe(&identity);
    CHECK_BYTES(identity.seed, sizeof identity.seed, zero, sizeof zero);
}
