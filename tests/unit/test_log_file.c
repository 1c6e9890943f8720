#include "runtime/log_file.h"

#include "folder.h"
#include "test.h"

#include <sys/stat.h>

static lp_why why;

static off_t size_of(const char *name)
{
    struct stat found;
    return stat(in_folder(name), &found) == 0 ? found.st_size : -1;
}

TEST(lines_are_added_to_those_of_the_run_before)
{
    lp_log_file *file = NULL;
    struct stat made;
    new_folder();
    for (int run = 0; run < 2; run++) {
        CHECK_EQ(lp_log_file_open(in_folder("log"), &file, &why), LP_OK);
        lp_log_file_put(file, run ? "two" : "one");
        lp_log_file_close(file);
    }
    CHECK_STR(text_in(in_folder("log")), "one\ntwo\n");
    CHECK_EQ(stat(in_folder("log"), &made), 0);
    CHECK_EQ(made.st_mode & 0777, 0600);
}

TEST(at_its_limit_a_file_becomes_the_old_one_and_the_old_one_goes)
{
    static char line[1024];
    lp_log_file *file = NULL;
    new_folder();
    memset(line, 'x', sizeof line - 1);
    CHECK_EQ(lp_log_file_open(in_folder("log"), &file, &why), LP_OK);
    for (size_t i = 0; i < 3 * LP_LOG_FILE_MAX / sizeof line; i++) {
        lp_log_file_put(file, line);
        if (i % 64 == 0)
            CHECK(size_of("log") <= LP_LOG_FILE_MAX &&
                  size_of("log.1") <= LP_LOG_FILE_MAX);
    }
    lp_log_file_put(file, "the last");
    lp_log_file_close(file);
    CHECK_EQ(size_of("log.1"), LP_LOG_FILE_MAX);
    CHECK_STR(text_in(in_folder("log")), "the last\n");
}

TEST(a_file_that_cannot_be_had_is_named)
{
    lp_log_file *file = NULL;
    new_folder();
    CHECK(lp_log_file_open(in_folder("none/log"), &file, &why) != LP_OK);
    CHECK_HAS(why.text, in_folder("none/log"));
    CHECK(file == NULL);
    lp_log_file_close(NULL);
}
