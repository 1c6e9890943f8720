#include "os/service.h"

#include "os/linux/errors.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef uint64_t cap_set; /* bit n: capability n, as linux/capability.h numbers them */

static cap_set caps_of(unsigned keep)
{
    cap_set caps = 0;
    if (keep & LP_KEEP_NET_ADMIN)
        caps |= (cap_set)1 << CAP_NET_ADMIN;
    if (keep & LP_KEEP_NET_RAW)
        caps |= (cap_set)1 << CAP_NET_RAW;
    return caps;
}

/* --- capabilities of this thread -------------------------------------------------- */

static bool get_permitted(cap_set *out_caps)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    *out_caps = data[0].permitted | (cap_set)data[1].permitted << 32;
    return true;
}

/* Exactly these, permitted and effective; nothing to inherit. */
static bool set_caps(cap_set caps)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    data[0].permitted = data[0].effective = (uint32_t)caps;
    data[1].permitted = data[1].effective = (uint32_t)(caps >> 32);
    return syscall(SYS_capset, &header, data) == 0;
}

/*
 * What an exec could win back. It needs CAP_SETPCAP, which a manager may have kept from
 * us; no_new_privs then closes the same door.
 */
static void drop_bounds(cap_set keep)
{
    for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (!(keep >> cap & 1))
            (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Becoming another user must not clear capabilities now, nor being root give any later.
 */
static bool unlink_caps_from_root(void)
{
    int bits = SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NOROOT |
               SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED;
    return prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) == 0 ||
           prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
}

/* --- users ------------------------------------------------------------------------ */

typedef struct user_ids {
    uid_t uid;
    gid_t gid;
} user_ids;

static lp_err find_ids(const char *user, user_ids *out_ids, lp_why *why)
{
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry)
        return lp_explain(
            why, LP_ERR_NOT_FOUND,
            "there is no user %s on this system: create it, or name another", user);
    *out_ids = (user_ids){entry->pw_uid, entry->pw_gid};
    return LP_OK;
}

static bool become(user_ids ids)
{
    return setgroups(0, NULL) == 0 && setresgid(ids.gid, ids.gid, ids.gid) == 0 &&
           setresuid(ids.uid, ids.uid, ids.uid) == 0;
}

/* --- dropping --------------------------------------------------------------------- */

lp_err lp_privileges_drop(const char *user, unsigned keep, lp_why *why)
{
    user_ids ids = {0};
    cap_set had = 0;
    bool changes_user = user && geteuid() == 0;
    if (changes_user) {
        lp_err err = find_ids(user, &ids, why);
        if (err)
            return err;
    }
    if (!get_permitted(&had))
        goto failed;
    cap_set kept = had & caps_of(keep);
    drop_bounds(kept); /* first: it needs CAP_SETPCAP */
    if (had != 0 && !unlink_caps_from_root())
        goto failed;
    if (changes_user && !become(ids))
        goto failed;
    if (!set_caps(kept) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        goto failed;
    return LP_OK;
failed:
    return lp_explain(why, lp_err_of_errno(errno), "cannot give up privileges%s%s: %s",
                      changes_user ? " and become " : "", changes_user ? user : "",
                      strerror(errno));
}

lp_err lp_file_give(const char *path, const char *user, lp_why *why)
{
    user_ids ids = {0};
    if (!user || geteuid() != 0)
        return LP_OK;
    lp_err err = find_ids(user, &ids, why);
    if (err)
        return err;
    if (lchown(path, ids.uid, ids.gid) != 0)
        return lp_explain(why, lp_err_of_errno(errno), "cannot give %s to %s: %s", path,
                          user, strerror(errno));
    return LP_OK;
}
