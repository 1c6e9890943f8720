/* lp_privileges_drop, in a child each time: there is no way back (G-022). */
#include "netns.h"
#include "os/service.h"
#include "test.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct outcome {
    lp_err err;
    lp_why why;
    uid_t uid;
    gid_t gid;
    int groups;
    uint64_t permitted, effective, bounding;
    int no_new_privs, dumpable;
    bool may_return_to_root, gains_by_exec;
} outcome;

static uint64_t bounding_set(void)
{
    uint64_t caps = 0;
    for (unsigned cap = 0; cap < 64; cap++)
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
            caps |= (uint64_t)1 << cap;
    return caps;
}

static void look(outcome *seen)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    syscall(SYS_capget, &header, data);
    seen->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    seen->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    seen->bounding = bounding_set();
    seen->uid = getuid();
    seen->gid = getgid();
    seen->groups = getgroups(0, NULL);
    seen->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    seen->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    seen->gains_by_exec = !sh("grep -q 'CapEff:.0000000000000000' /proc/self/status");
    seen->may_return_to_root = seen->uid != 0 && setuid(0) == 0;
}

/* What a child sees after dropping; `before` prepares what it starts with. */
static outcome drop(const char *user, unsigned keep, void (*before)(void))
{
    outcome seen = {0};
    int ends[2];
    if (geteuid() != 0) {
        puts("skipped: needs root");
        exit(LP_TEST_SKIPPED);
    }
    CHECK_EQ(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (before)
            before();
        seen.err = lp_privileges_drop(user, keep, &seen.why);
        look(&seen);
        _exit(write(ends[1], &seen, sizeof seen) != (ssize_t)sizeof seen);
    }
    CHECK_EQ(read(ends[0], &seen, sizeof seen), sizeof seen);
    close(ends[0]);
    close(ends[1]);
    waitpid(child, NULL, 0);
    return seen;
}

#define BIT(cap) ((uint64_t)1 << (cap))

TEST(only_what_is_kept_remains)
{
    static const struct {
        const char *name, *user;
        unsigned keep;
        uint64_t caps;
        uid_t uid;
    } rows[] = {
        {"nothing, as nobody", "nobody", LP_KEEP_NOTHING, 0, 65534},
        {"one, as nobody", "nobody", LP_KEEP_NET_ADMIN, BIT(CAP_NET_ADMIN), 65534},
        {"both, as nobody", "nobody", LP_KEEP_NET_ADMIN | LP_KEEP_NET_RAW,
         BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW), 65534},
        {"one, still root", NULL, LP_KEEP_NET_RAW, BIT(CAP_NET_RAW), 0},
        {"nothing, still root", NULL, LP_KEEP_NOTHING, 0, 0},
    };
    EACH_ROW (row, rows) {
        outcome seen = drop(row->user, row->keep, NULL);
        CHECK_EQ(seen.err, LP_OK);
        CHECK_EQ(seen.permitted, row->caps);
        CHECK_EQ(seen.effective, row->caps);
        CHECK_EQ(seen.bounding, row->caps);
        CHECK_EQ(seen.uid, row->uid);
        CHECK(row->uid == 0 || seen.gid == 65534);
        CHECK(row->uid == 0 || seen.groups == 0);
        CHECK_EQ(seen.no_new_privs, 1);
        CHECK_EQ(seen.dumpable, 0);
        CHECK(!seen.may_return_to_root);
        CHECK(!seen.gains_by_exec);
    }
}

static void have_only_net_caps(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.permitted = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW),
         .effective = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW),
         .inheritable = BIT(CAP_NET_ADMIN)}};
    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (setgid(65534) || setuid(65534) || syscall(SYS_capset, &header, data) ||
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0))
        _exit(1);
}

/* As a unit with User= and AmbientCapabilities= starts it. */
TEST(a_user_with_some_capabilities_keeps_the_chosen_ones)
{
    outcome seen = drop("nobody", LP_KEEP_NET_ADMIN, have_only_net_caps);
    CHECK_EQ(seen.err, LP_OK);
    CHECK_EQ(seen.permitted, BIT(CAP_NET_ADMIN));
    CHECK_EQ(seen.effective, BIT(CAP_NET_ADMIN));
    CHECK_EQ(seen.uid, 65534);
    CHECK(!seen.gains_by_exec); /* ambient ones are gone too */
}

static void have_nothing(void)
{
    if (setgid(65534) || setuid(65534))
        _exit(1);
}

TEST(a_user_without_any_has_nothing_to_drop)
{
    outcome seen = drop(NULL, LP_KEEP_NET_ADMIN, have_nothing);
    CHECK_EQ(seen.err, LP_OK);
    CHECK_EQ(seen.permitted, 0);
    CHECK_EQ(seen.no_new_privs, 1);
}

TEST(an_unknown_user_is_named_and_nothing_changes)
{
    outcome seen = drop("no-such-user", LP_KEEP_NOTHING, NULL);
    CHECK_EQ(seen.err, LP_ERR_NOT_FOUND);
    CHECK_HAS(seen.why.text, "no-such-user");
    CHECK_EQ(seen.uid, 0);
    CHECK(seen.permitted != 0);
}

TEST(a_file_is_given_to_the_user)
{
    char path[] = "/tmp/lp-give-XXXXXX";
    struct stat found = {0};
    lp_why why;
    close(mkstemp(path));
    CHECK_EQ(lp_file_give(path, "nobody", &why), LP_OK);
    CHECK_EQ(stat(path, &found), 0);
    CHECK_EQ(found.st_uid, 65534);
    CHECK_EQ(lp_file_give(path, NULL, &why), LP_OK);
    unlink(path);
    CHECK_EQ(lp_file_give(path, "nobody", &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, path);
    CHECK_EQ(lp_file_give(path, "no-such-user", &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "no-such-user");
}

TEST(without_root_nothing_is_given_away)
{
    pid_t child = fork();
    if (child == 0) {
        lp_why why;
        have_nothing();
        _exit(lp_file_give("/etc/passwd", "root", &why) == LP_OK ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}
