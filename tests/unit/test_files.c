#include "os/files.h"

#include "os/linux/places.h"
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static char paths[4][128]; /* several may be in one call */
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/lp-files-XXXXXX");
    if (!mkdtemp(folder))
        abort();
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK_EQ(system(command), 0);
}

static int files_in_folder(void)
{
    char command[128];
    int count = -1;
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *output = popen(command, "r");
    CHECK_EQ(fscanf(output, "%d", &count), 1);
    pclose(output);
    return count;
}

static lp_bytes text(const char *of)
{
    return lp_bytes_of(of, strlen(of));
}

static unsigned mode_of(const char *path)
{
    struct stat found = {0};
    stat(path, &found);
    return found.st_mode & 07777;
}

TEST(what_is_written_is_read_again)
{
    lp_why why;
    lp_file_content content;
    make_folder();
    CHECK_EQ(lp_file_write(in_folder("a"), text("hello"), 0600, false, &why), LP_OK);
    CHECK_EQ(lp_file_read(in_folder("a"), 5, &content, &why), LP_OK);
    CHECK_BYTES(content.at, content.len, "hello", 5);
    CHECK_EQ(content.at[5], 0);
    lp_file_content_fini(&content);
    CHECK(content.at == NULL);
    remove_folder();
}

TEST(a_file_has_the_mode_asked_for_whatever_the_umask)
{
    static const struct {
        const char *name;
        unsigned mode;
    } rows[] = {{"private", 0600}, {"public", 0644}, {"group", 0660}};
    lp_why why;
    mode_t before = umask(077);
    make_folder();
    EACH_ROW (row, rows) {
        const char *path = in_folder(row->name);
        CHECK_EQ(lp_file_write(path, text("x"), row->mode, false, &why), LP_OK);
        CHECK_EQ(mode_of(path), row->mode);
    }
    umask(before);
    remove_folder();
}

TEST(a_write_replaces_the_file_and_leaves_no_other)
{
    lp_why why;
    lp_file_content content;
    make_folder();
    CHECK_EQ(lp_file_write(in_folder("a"), text("old and long"), 0644, false, &why),
             LP_OK);
    CHECK_EQ(lp_file_write(in_folder("a"), text("new"), 0600, false, &why), LP_OK);
    CHECK_EQ(lp_file_read(in_folder("a"), 100, &content, &why), LP_OK);
    CHECK_BYTES(content.at, content.len, "new", 3);
    CHECK_EQ(mode_of(in_folder("a")), 0600);
    CHECK_EQ(files_in_folder(), 1);
    lp_file_content_fini(&content);
    remove_folder();
}

TEST(only_new_leaves_an_existing_file_alone)
{
    lp_why why;
    lp_file_content content;
    make_folder();
    CHECK_EQ(lp_file_write(in_folder("a"), text("one"), 0600, true, &why), LP_OK);
    CHECK_EQ(lp_file_write(in_folder("a"), text("two"), 0600, true, &why),
             LP_ERR_IN_USE);
    CHECK_HAS(why.text, in_folder("a"));
    CHECK_EQ(lp_file_read(in_folder("a"), 100, &content, &why), LP_OK);
    CHECK_BYTES(content.at, content.len, "one", 3);
    CHECK_EQ(files_in_folder(), 1);
    lp_file_content_fini(&content);
    remove_folder();
}

TEST(a_link_is_replaced_and_not_followed)
{
    lp_why why;
    lp_file_content content;
    make_folder();
    CHECK_EQ(lp_file_write(in_folder("target"), text("mine"), 0600, false, &why),
             LP_OK);
    CHECK_EQ(symlink(in_folder("target"), in_folder("link")), 0);
    CHECK_EQ(lp_file_write(in_folder("link"), text("yours"), 0600, true, &why),
             LP_ERR_IN_USE);
    CHECK_EQ(lp_file_write(in_folder("link"), text("yours"), 0600, false, &why), LP_OK);
    CHECK_EQ(lp_file_read(in_folder("target"), 100, &content, &why), LP_OK);
    CHECK_BYTES(content.at, content.len, "mine", 4);
    lp_file_content_fini(&content);
    remove_folder();
}

TEST(a_file_beyond_the_bound_is_refused)
{
    lp_why why;
    lp_file_content content;
    make_folder();
    CHECK_EQ(lp_file_write(in_folder("a"), text("123456"), 0600, false, &why), LP_OK);
    CHECK_EQ(lp_file_read(in_folder("a"), 5, &content, &why), LP_ERR_TOO_BIG);
    CHECK_HAS(why.text, in_folder("a"));
    CHECK_EQ(lp_file_read(in_folder("a"), 6, &content, &why), LP_OK);
    lp_file_content_fini(&content);
    remove_folder();
}

TEST(what_cannot_be_read_or_written_is_named)
{
    lp_why why;
    lp_file_content content;
    make_folder();
    CHECK_EQ(lp_file_read(in_folder("none"), 5, &content, &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, in_folder("none"));
    CHECK_EQ(lp_file_read(folder, 5, &content, &why), LP_ERR_IO);
    CHECK_HAS(why.text, folder);
    CHECK_EQ(lp_file_write(in_folder("no/a"), text("x"), 0600, false, &why),
             LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, in_folder("no/a"));
    CHECK_EQ(mkdir(in_folder("full"), 0700), 0);
    CHECK(lp_file_write(in_folder("full"), text("x"), 0600, false, &why) != LP_OK);
    CHECK_EQ(files_in_folder(), 1);
    remove_folder();
}

TEST(directories_are_made_with_their_parents)
{
    lp_why why;
    make_folder();
    CHECK_EQ(lp_dir_make(in_folder("a/b/c"), 0700, &why), LP_OK);
    CHECK_EQ(mode_of(in_folder("a/b")), 0700);
    CHECK_EQ(lp_dir_make(in_folder("a/b/c"), 0700, &why), LP_OK);
    CHECK_EQ(lp_dir_make(in_folder("a/b/c/"), 0700, &why), LP_OK);
    CHECK_EQ(lp_file_write(in_folder("a/file"), text("x"), 0600, false, &why), LP_OK);
    CHECK_EQ(lp_dir_make(in_folder("a/file"), 0700, &why), LP_ERR_IO);
    CHECK_HAS(why.text, in_folder("a/file"));
    CHECK(lp_dir_make(in_folder("a/file/d"), 0700, &why) != LP_OK);
    CHECK(lp_dir_make("", 0700, &why) != LP_OK);
    remove_folder();
}

TEST(a_change_changes_the_time)
{
    lp_why why;
    make_folder();
    CHECK_EQ(lp_file_mtime(in_folder("a")), 0);
    CHECK_EQ(lp_file_write(in_folder("a"), text("x"), 0600, false, &why), LP_OK);
    int64_t first = lp_file_mtime(in_folder("a"));
    struct timespec times[2] = {{1000, 0}, {2000, 5}};
    CHECK(first > 1700000000000000000);
    CHECK_EQ(utimensat(AT_FDCWD, in_folder("a"), times, 0), 0);
    CHECK_EQ(lp_file_mtime(in_folder("a")), 2000000000005);
    remove_folder();
}

TEST(a_manager_says_where_things_live)
{
    char got[64];
    setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two", 1);
    setenv("RUNTIME_DIRECTORY", "/run/one", 1);
    CHECK(lp_dir_state(got, sizeof got));
    CHECK_STR(got, "/var/lib/one");
    CHECK(lp_dir_runtime(got, sizeof got));
    CHECK_STR(got, "/run/one");
    CHECK(!lp_dir_runtime(got, 8));
    unsetenv("STATE_DIRECTORY");
    unsetenv("RUNTIME_DIRECTORY");
}

TEST(without_a_manager_it_depends_on_who_runs)
{
    char got[128];
    setenv("XDG_STATE_HOME", "/home/eve/state", 1);
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    bool is_root = geteuid() == 0;
    CHECK(lp_dir_state(got, sizeof got));
    CHECK_STR(got, is_root ? "/var/lib/softlan" : "/home/eve/state/softlan");
    CHECK(lp_dir_runtime(got, sizeof got));
    CHECK_STR(got, is_root ? "/run/softlan" : "/run/user/7/softlan");
}

TEST(running_out_of_memory_is_told)
{
    lp_why why;
    lp_file_content content;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_file_read("/dev/null", 10, &content, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
}
