#include "base/key_hash.h"
#include "test.h"

#define HALF "000102030405060708090a0b0c0d0e0f"

TEST(a_fingerprint_is_read_as_people_paste_it)
{
    static const struct {
        const char *name, *text;
        lp_err err;
    } rows[] = {
        {"plain", "sha256:" HALF HALF, LP_OK},
        {"upper case", "sha256:000102030405060708090A0B0C0D0E0F" HALF, LP_OK},
        {"colons, as openssl prints",
         "sha256:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:"
         "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
         LP_OK},
        {"no prefix", HALF HALF, LP_ERR_MALFORMED},
        {"another hash", "sha512:" HALF HALF, LP_ERR_MALFORMED},
        {"too short", "sha256:" HALF, LP_ERR_MALFORMED},
        {"one digit missing", "sha256:" HALF "000102030405060708090a0b0c0d0e0",
         LP_ERR_MALFORMED},
        {"too long", "sha256:" HALF HALF "0", LP_ERR_MALFORMED},
        {"not a digit", "sha256:" HALF "000102030405060708090a0b0c0d0e0g",
         LP_ERR_MALFORMED},
        {"colon inside a pair", "sha256:0:00102030405060708090a0b0c0d0e0f" HALF,
         LP_ERR_MALFORMED},
        {"colon in front", "sha256::" HALF HALF, LP_ERR_MALFORMED},
        {"colon behind", "sha256:" HALF HALF ":", LP_ERR_MALFORMED},
        {"nothing", "sha256:", LP_ERR_MALFORMED},
        {"empty", "", LP_ERR_MALFORMED},
    };
    EACH_ROW (row, rows) {
        lp_key_hash hash = {{0xff}};
        char text[LP_KEY_HASH_TEXT_LEN];
        CHECK_EQ(lp_key_hash_read(row->text, &hash), row->err);
        if (row->err)
            CHECK_EQ(hash.octet[0], 0xff);
        else
            CHECK_STR(lp_key_hash_write(&hash, text), "sha256:" HALF HALF);
    }
}
