#include "runtime/identity_file.h"

#include "folder.h"

#include <fcntl.h>

static lp_why why;

static lp_err load(const char *path, bool with_mac, lp_identity *out)
{
    bool is_new;
    return lp_identity_load(path, with_mac, LP_FILES_KEEP, out, &is_new, &why);
}

static bool same(const lp_identity *a, const lp_identity *b)
{
    return a->has_mac == b->has_mac && lp_mac_equal(a->mac, b->mac) &&
           memcmp(a->seed, b->seed, sizeof a->seed) == 0;
}

/* W-002 */
TEST(the_first_run_makes_an_identity_that_lasts)
{
    lp_identity first = {0}, second = {0};
    bool is_new = false;
    new_folder();
    const char *path = in_folder("identity.json");
    CHECK_EQ(lp_identity_load(path, true, LP_FILES_KEEP, &first, &is_new, &why), LP_OK);
    CHECK(is_new);
    CHECK(first.has_seed && first.has_mac);
    CHECK(lp_mac_is_identity(first.mac));
    CHECK_EQ(mode_of(path), 0600);

    CHECK_EQ(lp_identity_load(path, true, LP_FILES_KEEP, &second, &is_new, &why),
             LP_OK);
    CHECK(!is_new);
    CHECK(same(&first, &second));
}

TEST(looking_makes_nothing)
{
    lp_identity identity;
    bool is_new = false;
    new_folder();
    const char *path = in_folder("identity.json");
    CHECK_EQ(lp_identity_load(path, true, LP_FILES_LOOK, &identity, &is_new, &why),
             LP_OK);
    CHECK(is_new && identity.has_mac && identity.has_seed);
    CHECK_EQ(lp_file_mtime(path), 0);
}

TEST(nobody_else_gets_the_same_identity)
{
    lp_identity one = {0}, other = {0};
    new_folder();
    CHECK_EQ(load(in_folder("one"), true, &one), LP_OK);
    CHECK_EQ(load(in_folder("other"), true, &other), LP_OK);
    CHECK(memcmp(one.seed, other.seed, sizeof one.seed) != 0);
    CHECK(!lp_mac_equal(one.mac, other.mac));
}

TEST(a_gateways_identity_has_no_address)
{
    lp_identity identity = {0};
    new_folder();
    CHECK_EQ(load(in_folder("identity.json"), false, &identity), LP_OK);
    CHECK(identity.has_seed);
    CHECK(!identity.has_mac);
    CHECK(!strstr(text_in(in_folder("identity.json")), "mac"));
}

/* A DHCP reservation knows the MAC: it must outlive the file's format. */
TEST(a_file_of_before_keys_gains_one_and_keeps_its_mac)
{
    lp_identity first = {0}, second = {0};
    lp_mac kept = {{0x02, 0x5e, 0x10, 0, 0, 1}};
    bool is_new = true;
    new_folder();
    const char *path = in_folder("identity.json");
    put_text(path, "{\"mac\": \"02:5e:10:00:00:01\"}");
    chmod(path, 0644);
    CHECK_EQ(lp_identity_load(path, true, LP_FILES_KEEP, &first, &is_new, &why), LP_OK);
    CHECK(!is_new);
    CHECK(lp_mac_equal(first.mac, kept));
    CHECK_HAS(text_in(path), "\"private_key\"");
    CHECK_EQ(mode_of(path), 0600); /* it holds a secret now */
    CHECK_EQ(load(path, true, &second), LP_OK);
    CHECK(same(&first, &second));
}

TEST(a_gateways_identity_becomes_a_players_with_the_same_key)
{
    lp_identity gateway = {0}, player = {0};
    new_folder();
    CHECK_EQ(load(in_folder("identity.json"), false, &gateway), LP_OK);
    CHECK_EQ(load(in_folder("identity.json"), true, &player), LP_OK);
    CHECK(lp_mac_is_identity(player.mac));
    CHECK(memcmp(gateway.seed, player.seed, sizeof player.seed) == 0);
}

TEST(a_whole_file_is_not_written_again)
{
    lp_identity identity = {0};
    struct timespec times[2] = {{1000, 0}, {2000, 0}};
    struct stat found = {0};
    new_folder();
    const char *path = in_folder("identity.json");
    CHECK_EQ(load(path, true, &identity), LP_OK);
    CHECK_EQ(utimensat(AT_FDCWD, path, times, 0), 0);
    CHECK_EQ(load(path, true, &identity), LP_OK);
    CHECK_EQ(stat(path, &found), 0);
    CHECK_EQ(found.st_mtim.tv_sec, 2000);
}

TEST(a_damaged_file_is_named_and_left_as_it_is)
{
    static const struct {
        const char *name, *content;
        const char *says;
    } rows[] = {
        {"empty", "", "not an identity file"},
        {"not JSON", "mac = 02:00:00:00:00:01\n", "not an identity file"},
        {"cut off", "{\"mac\": \"02:5e:10:00:0", "not an identity file"},
        {"a list", "[]", "not an identity file"},
        {"a damaged key", "{\"mac\": \"02:5e:10:00:00:01\", \"private_key\": \"12\"}",
         "private_key"},
        {"a damaged address", "{\"mac\": \"02:5e:10:00:00\"}", "mac"},
        {"a card's address", "{\"mac\": \"00:1b:21:00:00:01\"}", "mac"},
        {"a number for an address", "{\"mac\": 7}", "mac"},
    };
    EACH_ROW (row, rows) {
        lp_identity identity = {.has_mac = true, .mac = {{9}}};
        bool is_new = true;
        new_folder();
        const char *path = in_folder("identity.json");
        put_text(path, row->content);
        CHECK_EQ(lp_identity_load(path, true, LP_FILES_KEEP, &identity, &is_new, &why),
                 LP_ERR_MALFORMED);
        CHECK_HAS(why.text, path);
        CHECK_HAS(why.text, row->says);
        CHECK_HAS(why.text, "backup");
        CHECK_STR(text_in(path), row->content);
        CHECK_EQ(identity.mac.octet[0], 9); /* outputs change only on success */
        CHECK(is_new);
    }
}

TEST(a_file_that_is_far_too_large_is_refused_and_kept)
{
    lp_identity identity = {0};
    char content[LP_IDENTITY_MAX + 2];
    new_folder();
    const char *path = in_folder("identity.json");
    memset(content, ' ', sizeof content - 1);
    content[sizeof content - 1] = '\0';
    put_text(path, content);
    CHECK_EQ(load(path, true, &identity), LP_ERR_TOO_BIG);
    CHECK_HAS(why.text, path);
    CHECK_STR(text_in(path), content);
}

TEST(a_path_that_cannot_be_used_is_named)
{
    static const struct {
        const char *name, *path;
    } rows[] = {
        {"a folder", "folder"},
        {"below a file", "file/identity.json"},
        {"in a folder that does not exist", "none/identity.json"},
    };
    EACH_ROW (row, rows) {
        lp_identity identity = {0};
        new_folder();
        CHECK_EQ(mkdir(in_folder("folder"), 0700), 0);
        put_text(in_folder("file"), "x");
        CHECK(load(in_folder(row->path), true, &identity) != LP_OK);
        CHECK_HAS(why.text, in_folder(row->path));
        CHECK(!identity.has_seed);
    }
}

TEST(the_path_is_the_option_or_stands_in_the_state_folder)
{
    char path[512];
    new_folder();
    CHECK_EQ(lp_identity_path("me.json", "lanparty-client", LP_FILES_KEEP, path,
                              sizeof path, &why),
             LP_OK);
    CHECK_STR(path, "me.json");

    setenv("STATE_DIRECTORY", in_folder("state/deep"), 1);
    CHECK_EQ(lp_identity_path(NULL, "lanparty-client", LP_FILES_KEEP, path, sizeof path,
                              &why),
             LP_OK);
    CHECK_STR(path, in_folder("state/deep/lanparty-client-identity.json"));
    CHECK_EQ(mode_of(in_folder("state/deep")), 0700); /* made by need */

    CHECK_EQ(lp_identity_path(NULL, "lanparty-client", LP_FILES_KEEP, path, 20, &why),
             LP_ERR_TOO_BIG);
    CHECK_EQ(lp_identity_path("much-too-long", "x", LP_FILES_KEEP, path, 13, &why),
             LP_ERR_TOO_BIG);
    put_text(in_folder("file"), "x");
    setenv("STATE_DIRECTORY", in_folder("file/state"), 1);
    CHECK_EQ(lp_identity_path(NULL, "lanparty-client", LP_FILES_KEEP, path, sizeof path,
                              &why),
             LP_ERR_IO);
    CHECK_HAS(why.text, in_folder("file/state"));
    unsetenv("STATE_DIRECTORY");
}
