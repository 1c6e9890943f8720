/*
 * Writes a zip archive of some small files: deflate and CRC-32 by zlib, the container
 * here. (APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 and 4.3.16; names in UTF-8.)
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#define LP_ZIP_MAX_FILES 16
#define LP_ZIP_MAX_LEN   (64 * 1024 * 1024) /* of the whole, and so of every offset */

typedef struct lp_zip lp_zip;

/* When it was made, for all of its files; a DOS time has two-second steps from 1980. */
typedef struct lp_zip_time {
    unsigned year, month, day, hour, minute, second;
} lp_zip_time;

lp_zip *lp_zip_new(lp_zip_time made); /* NULL when memory runs out */
void lp_zip_free(lp_zip *zip);        /* NULL is fine */

/* The name uses "/" between folders. On failure the archive is as before.
 *   LP_ERR_FULL  LP_ZIP_MAX_FILES are in it;  LP_ERR_TOO_BIG  over LP_ZIP_MAX_LEN
 *   LP_ERR_NO_MEMORY */
LP_MUST_USE lp_err lp_zip_add(lp_zip *zip, const char *name, lp_bytes content);

/* Writes the directory; nothing can be added after. The octets live as long as `zip`. */
LP_MUST_USE lp_err lp_zip_finish(lp_zip *zip, lp_bytes *out_archive);
