#include "gui/zip.h"

#include <stdlib.h>
#include <zlib.h>

/*
 * A file:       "PK\3\4" version flags method time date crc packed len name-len extra-len
 *               name, then the packed octets
 * Its entry:    "PK\1\2" made-by version flags method time date crc packed len name-len
 *               extra-len comment-len disk attributes(2, 4) offset, name
 * The end:      "PK\5\6" disk disk entries entries directory-len directory-offset comment-len
 *
 * All numbers are little-endian.
 */
enum {
    NAME_MAX_LEN = 64,
    FILE_LEN = 30,
    ENTRY_LEN = 46,
    END_LEN = 22,
    VERSION = 20, /* deflate needs 2.0 */
    UTF8 = 1 << 11,
    DEFLATED = 8,
};

typedef struct entry {
    char name[NAME_MAX_LEN + 1];
    uint32_t crc, packed, len, offset;
} entry;

struct lp_zip {
    uint8_t *at;
    size_t len, room;
    uint16_t date, time;
    entry entry[LP_ZIP_MAX_FILES];
    size_t count;
};

lp_zip *lp_zip_new(lp_zip_time made)
{
    lp_zip *zip = calloc(1, sizeof *zip);
    unsigned year = made.year > 1980 ? made.year - 1980 : 0;
    if (!zip)
        return NULL;
    zip->date = (uint16_t)(year << 9 | made.month << 5 | made.day);
    zip->time = (uint16_t)(made.hour << 11 | made.minute << 5 | made.second / 2);
    return zip;
}

void lp_zip_free(lp_zip *zip)
{
    if (zip)
        free(zip->at);
    free(zip);
}

/* --- writing ---------------------------------------------------------------------- */

static lp_err make_room(lp_zip *zip, size_t more)
{
    if (more > LP_ZIP_MAX_LEN - zip->len)
        return LP_ERR_TOO_BIG;
    if (zip->len + more <= zip->room)
        return LP_OK;
    size_t room = 2 * (zip->len + more);
    uint8_t *at = realloc(zip->at, room);
    if (!at)
        return LP_ERR_NO_MEMORY;
    zip->at = at;
    zip->room = room;
    return LP_OK;
}

/* There is room: make_room was asked for the whole record. */
static void put(lp_zip *zip, const void *octets, size_t len)
{
    memcpy(zip->at + zip->len, octets, len);
    zip->len += len;
}

static void put_u16(lp_zip *zip, unsigned value)
{
    put(zip, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2);
}

static void put_u32(lp_zip *zip, uint32_t value)
{
    put_u16(zip, value & 0xffff);
    put_u16(zip, value >> 16);
}

/* What a file's record and its entry have in common. */
static void put_facts(lp_zip *zip, const entry *one)
{
    put_u16(zip, VERSION);
    put_u16(zip, UTF8);
    put_u16(zip, DEFLATED);
    put_u16(zip, zip->time);
    put_u16(zip, zip->date);
    put_u32(zip, one->crc);
    put_u32(zip, one->packed);
    put_u32(zip, one->len);
    put_u16(zip, (unsigned)strlen(one->name));
    put_u16(zip, 0); /* extra fields */
}

/* Without zlib's own header: windowBits is negative. */
static lp_err pack(lp_bytes content, uint8_t *out, size_t *out_len)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)content.at,
                       .avail_in = (uInt)content.len,
                       .next_out = out,
                       .avail_out = (uInt)*out_len};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return LP_ERR_NO_MEMORY;
    int result = deflate(&stream, Z_FINISH);
    *out_len = stream.total_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? LP_OK : LP_ERR_TOO_BIG;
}

/* More than deflate can make of it, stored blocks and all. */
static size_t bound_of(size_t len)
{
    return len + len / 1000 + 64;
}

static void put_file(lp_zip *zip, entry *one, const uint8_t *packed)
{
    one->offset = (uint32_t)zip->len;
    put(zip, "PK\3\4", 4);
    put_facts(zip, one);
    put(zip, one->name, strlen(one->name));
    put(zip, packed, one->packed);
}

lp_err lp_zip_add(lp_zip *zip, const char *name, lp_bytes content)
{
    if (zip->count == LP_ZIP_MAX_FILES)
        return LP_ERR_FULL;
    if (strlen(name) > NAME_MAX_LEN || content.len > LP_ZIP_MAX_LEN)
        return LP_ERR_TOO_BIG;
    size_t packed_len = bound_of(content.len);
    uint8_t *packed = malloc(packed_len);
    if (!packed)
        return LP_ERR_NO_MEMORY;
    entry *one = &zip->entry[zip->count];
    lp_err err = pack(content, packed, &packed_len);
    if (!err)
        err = make_room(zip, FILE_LEN + strlen(name) + packed_len);
    if (!err) {
        memcpy(one->name, name, strlen(name) + 1);
        one->crc = (uint32_t)crc32(0, content.at, (uInt)content.len);
        one->packed = (uint32_t)packed_len;
        one->len = (uint32_t)content.len;
        put_file(zip, one, packed);
        zip->count++;
    }
    free(packed);
    return err;
}

static void put_entry(lp_zip *zip, const entry *one)
{
    put(zip, "PK\1\2", 4);
    put_u16(zip, VERSION);
    put_facts(zip, one);
    put_u16(zip, 0); /* comment */
    put_u16(zip, 0); /* disk */
    put_u16(zip, 0); /* attributes: nothing special */
    put_u32(zip, 0);
    put_u32(zip, one->offset);
    put(zip, one->name, strlen(one->name));
}

lp_err lp_zip_finish(lp_zip *zip, lp_bytes *out_archive)
{
    size_t start = zip->len;
    lp_err err = make_room(zip, zip->count * (ENTRY_LEN + NAME_MAX_LEN) + END_LEN);
    if (err)
        return err;
    for (size_t i = 0; i < zip->count; i++)
        put_entry(zip, &zip->entry[i]);
    uint32_t len = (uint32_t)(zip->len - start);
    put(zip, "PK\5\6", 4);
    put_u32(zip, 0); /* this disk, and the directory's */
    put_u16(zip, (unsigned)zip->count);
    put_u16(zip, (unsigned)zip->count);
    put_u32(zip, len);
    put_u32(zip, (uint32_t)start);
    put_u16(zip, 0);
    *out_archive = lp_bytes_of(zip->at, zip->len);
    return LP_OK;
}
