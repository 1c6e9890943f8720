#include "gui/zip.h"

#include "test.h"

#include <stdlib.h>
#include <zlib.h>

static const lp_zip_time made = {2026, 11, 30, 20, 15, 42};

static unsigned u16(const uint8_t *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

static uint32_t u32(const uint8_t *at)
{
    return u16(at) | (uint32_t)u16(at + 2) << 16;
}

/* Reads it as an unpacker does: from the end to the directory to the file. */
static bool unpack(lp_bytes zip, const char *name, uint8_t *out, size_t *out_len)
{
    const uint8_t *end = zip.at + zip.len - 22, *entry = zip.at + u32(end + 16);
    for (unsigned i = 0; i < u16(end + 10); i++) {
        bool is_it = strlen(name) == u16(entry + 28) &&
                     memcmp(entry + 46, name, strlen(name)) == 0;
        const uint8_t *file = zip.at + u32(entry + 42);
        if (is_it) {
            z_stream stream = {.next_in =
                                   (Bytef *)(uintptr_t)(file + 30 + u16(file + 26)),
                               .avail_in = u32(file + 18),
                               .next_out = out,
                               .avail_out = (uInt)*out_len};
            inflateInit2(&stream, -MAX_WBITS);
            bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END;
            *out_len = stream.total_out;
            inflateEnd(&stream);
            return whole && crc32(0, out, (uInt)*out_len) == u32(entry + 16) &&
                   *out_len == u32(entry + 24) && memcmp(file, "PK\3\4", 4) == 0;
        }
        entry += 46 + u16(entry + 28);
    }
    return false;
}

TEST(what_was_packed_is_unpacked)
{
    static uint8_t noise[70000], out[80000];
    static const struct {
        const char *name;
        const uint8_t *at;
        size_t len;
    } rows[] = {
        {"empty.txt", noise, 0},
        {"a.txt", (const uint8_t *)"hello hello hello hello", 23},
        {"folder/noise.bin", noise, sizeof noise}, /* grows when packed */
    };
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
    lp_bytes archive;
    lp_zip *zip = lp_zip_new(made);
    EACH_ROW (row, rows)
        CHECK_EQ(lp_zip_add(zip, row->name, lp_bytes_of(row->at, row->len)), LP_OK);
    CHECK_EQ(lp_zip_finish(zip, &archive), LP_OK);
    EACH_ROW (row, rows) {
        size_t len = sizeof out;
        CHECK(unpack(archive, row->name, out, &len));
        CHECK_BYTES(out, len, row->at, row->len);
    }
    lp_zip_free(zip);
}

TEST(a_file_has_the_time_that_was_given)
{
    lp_bytes archive;
    lp_zip *zip = lp_zip_new(made);
    CHECK_EQ(lp_zip_add(zip, "a", lp_bytes_of("a", 1)), LP_OK);
    CHECK_EQ(lp_zip_finish(zip, &archive), LP_OK);
    CHECK_EQ(u16(archive.at + 10), 20 << 11 | 15 << 5 | 21);
    CHECK_EQ(u16(archive.at + 12), 46 << 9 | 11 << 5 | 30);
    lp_zip_free(zip);
}

TEST(limits_are_kept_and_change_nothing)
{
    char name[80];
    lp_bytes archive;
    lp_zip *zip = lp_zip_new(made);
    memset(name, 'a', sizeof name);
    name[65] = '\0';
    CHECK_EQ(lp_zip_add(zip, name, lp_bytes_of("a", 1)), LP_ERR_TOO_BIG);
    CHECK_EQ(lp_zip_add(zip, "a", lp_bytes_of("a", LP_ZIP_MAX_LEN + 1)),
             LP_ERR_TOO_BIG);
    for (int i = 0; i < LP_ZIP_MAX_FILES; i++)
        CHECK_EQ(lp_zip_add(zip, "a", lp_bytes_of("a", 1)), LP_OK);
    CHECK_EQ(lp_zip_add(zip, "b", lp_bytes_of("b", 1)), LP_ERR_FULL);
    CHECK_EQ(lp_zip_finish(zip, &archive), LP_OK);
    CHECK_EQ(u16(archive.at + archive.len - 12), LP_ZIP_MAX_FILES);
    lp_zip_free(zip);
}

TEST(no_memory_is_told)
{
    for (unsigned n = 1;; n++) {
        lp_bytes archive;
        lp_test_fail_allocation(n);
        lp_zip *zip = lp_zip_new(made);
        lp_err err = zip ? lp_zip_add(zip, "a", lp_bytes_of("a", 1)) : LP_ERR_NO_MEMORY;
        if (!err)
            err = lp_zip_finish(zip, &archive);
        bool failed = lp_test_allocation_failed();
        CHECK_EQ(err, failed ? LP_ERR_NO_MEMORY : LP_OK);
        lp_zip_free(zip);
        if (!failed)
            break;
    }
}
