#include "runtime/identity_file.h"

#include <stdio.h>
#include <string.h>

#include "os/files.h"
#include "os/random.h"

static lp_err save(const char *path, const lp_identity *identity, bool only_new,
                   lp_why *why)
{
    uint8_t text[LP_IDENTITY_MAX];
    size_t len = lp_identity_write(identity, lp_space_of(text, sizeof text));
    if (len == 0)
        return lp_explain(why, LP_ERR_NO_MEMORY, "%s: out of memory", path);
    lp_err err = lp_file_write(path, lp_bytes_of(text, len), 0600, only_new, why);
    memset(text, 0, sizeof text);
    return err;
}

static lp_err load(const char *path, lp_identity *out_identity, lp_why *why)
{
    lp_file_content content = {0};
    lp_why inner;
    lp_err err = lp_file_read(path, LP_IDENTITY_MAX, &content, why);
    if (err)
        return err;
    err = lp_identity_read(lp_bytes_of(content.at, content.len), out_identity, &inner);
    lp_file_content_fini(&content);
    if (err)
        lp_explain(
            why, err,
            "%s: not an identity file: %.300s; restore it from a backup, or move it "
            "away to become somebody new",
            path, inner.text);
    return err;
}

/* What an older file lacks. True if anything was. */
static bool complete(lp_identity *identity, bool with_mac)
{
    lp_identity fresh = lp_identity_new(with_mac, lp_os_random());
    bool lacked = false;
    if (!identity->has_seed) {
        identity->has_seed = lacked = true;
        memcpy(identity->seed, fresh.seed, sizeof identity->seed);
    }
    if (with_mac && !identity->has_mac) {
        identity->has_mac = lacked = true;
        identity->mac = fresh.mac;
    }
    lp_identity_wipe(&fresh);
    return lacked;
}

lp_err lp_identity_load(const char *path, bool with_mac, lp_files_use use,
                        lp_identity *out_identity, bool *out_created, lp_why *why)
{
    lp_identity identity = {0};
    lp_err err = load(path, &identity, why);
    bool is_new = err == LP_ERR_NOT_FOUND;
    if (err && !is_new)
        return err;
    if (complete(&identity, with_mac) && use == LP_FILES_KEEP) {
        err = save(path, &identity, is_new, why);
        if (err)
            return err;
    }
    *out_identity = identity;
    *out_created = is_new;
    return LP_OK;
}

lp_err lp_identity_path(const char *option, const char *program, lp_files_use use,
                        char *out, size_t out_len, lp_why *why)
{
    char folder[256];
    int len;
    if (option) {
        len = snprintf(out, out_len, "%s", option);
    } else {
        if (!lp_dir_state(folder, sizeof folder))
            return lp_explain(
                why, LP_ERR_NOT_FOUND,
                "no folder for the identity file: name one with --identity");
        if (use == LP_FILES_KEEP && lp_dir_make(folder, 0700, why) != LP_OK)
            return LP_ERR_IO;
        len = snprintf(out, out_len, "%s/%s-identity.json", folder, program);
    }
    if (len <= 0 || (size_t)len >= out_len)
        return lp_explain(why, LP_ERR_TOO_BIG, "the identity file's path is too long");
    return LP_OK;
}
