#include "os/files.h"

#include "folder.h"

static lp_why why;

static lp_bytes text(const char *of)
{
    return lp_bytes_of(of, strlen(of));
}

static lp_err write_text(const char *path, const char *of, bool only_new)
{
    return lp_file_write(path, text(of), 0600, only_new, &why);
}

static void check_content(const char *path, const char *want)
{
    lp_file_content content = {0};
    CHECK_EQ(lp_file_read(path, 100, &content, &why), LP_OK);
    CHECK_BYTES(content.at, content.len, want, strlen(want));
    CHECK_EQ(content.at[content.len], 0);
    lp_file_content_fini(&content);
    CHECK(!content.at);
}

TEST(what_is_written_is_read_again_and_replaced_whole)
{
    new_folder();
    CHECK_EQ(write_text(in_folder("a"), "first", false), LP_OK);
    check_content(in_folder("a"), "first");
    CHECK_EQ(write_text(in_folder("a"), "2", false), LP_OK);
    check_content(in_folder("a"), "2");
    CHECK_EQ(files_in_folder(), 1);
}

TEST(names_are_utf_8)
{
    new_folder();
    CHECK_EQ(write_text(in_folder("spieler-\xc3\xa4\xc3\xb6"), "x", false), LP_OK);
    check_content(in_folder("spieler-\xc3\xa4\xc3\xb6"), "x");
    CHECK_EQ(write_text(in_folder("\xff\xfe"), "x", false), LP_ERR_NOT_FOUND);
}

TEST(what_exists_is_left_alone_when_only_new_is_wanted)
{
    new_folder();
    CHECK_EQ(write_text(in_folder("a"), "mine", true), LP_OK);
    CHECK_EQ(write_text(in_folder("a"), "theirs", true), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "exists already");
    check_content(in_folder("a"), "mine");
    CHECK_EQ(files_in_folder(), 1);
}

TEST(a_file_has_a_limit)
{
    lp_file_content content = {0};
    new_folder();
    CHECK_EQ(write_text(in_folder("a"), "12345", false), LP_OK);
    CHECK_EQ(lp_file_read(in_folder("a"), 4, &content, &why), LP_ERR_TOO_BIG);
    CHECK_HAS(why.text, "larger than 4 bytes");
    CHECK_EQ(lp_file_read(in_folder("a"), 5, &content, &why), LP_OK);
    lp_file_content_fini(&content);
}

TEST(what_is_not_there_is_told)
{
    lp_file_content content = {0};
    new_folder();
    CHECK_EQ(lp_file_read(in_folder("none"), 10, &content, &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "there is no such file");
    CHECK_EQ(write_text(in_folder("none\\a"), "x", false), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "folder to hold it");
}

TEST(folders_are_made_with_their_parents)
{
    char path[MAX_PATH + 64];
    new_folder();
    snprintf(path, sizeof path, "%s/b/c", in_folder("a"));
    CHECK_EQ(lp_dir_make(path, 0700, &why), LP_OK);
    CHECK_EQ(lp_dir_make(path, 0700, &why), LP_OK);
    CHECK_EQ(write_text(in_folder("a\\b\\c\\file"), "x", false), LP_OK);
    CHECK(lp_dir_make(in_folder("a\\b\\c\\file"), 0700, &why) != LP_OK);
    CHECK(lp_dir_make("", 0700, &why) != LP_OK);
}

TEST(a_change_has_a_time)
{
    new_folder();
    CHECK_EQ(lp_file_mtime(in_folder("a")), 0);
    CHECK_EQ(write_text(in_folder("a"), "x", false), LP_OK);
    CHECK(lp_file_mtime(in_folder("a")) > 1700000000000000000);
    CHECK(lp_file_mtime(in_folder("a")) < 4102444800000000000);
}

TEST(what_lasts_has_a_place)
{
    char got[MAX_PATH];
    SetEnvironmentVariableA("ProgramData", "D:\\data");
    SetEnvironmentVariableA("LOCALAPPDATA", "D:\\data");
    CHECK(lp_dir_state(got, sizeof got));
    CHECK_STR(got, "D:\\data\\softlan");
    CHECK(!lp_dir_state(got, 8));
    SetEnvironmentVariableA("ProgramData", NULL);
    SetEnvironmentVariableA("LOCALAPPDATA", NULL);
    CHECK(!lp_dir_state(got, sizeof got));
}

TEST(running_out_of_memory_is_told)
{
    lp_file_content content;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_file_read("nul", 10, &content, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
}
