#include "runtime/mailbox.h"

#include "loop.h"

#include <stdlib.h>

enum { WRITERS = 4, LETTERS = 2000 };

typedef struct note {
    lp_letter letter; /* first */
    int writer, number;
} note;

/* What the reader has seen. */
static struct {
    int next[WRITERS]; /* the number that has to come */
    int count, rounds;
    bool out_of_order;
} heard;

static int burnt;

static void read_note(lp_letter *letter, void *reader)
{
    note *it = (note *)letter;
    CHECK(reader == &heard);
    heard.out_of_order |= it->number != heard.next[it->writer]++;
    heard.count++;
    free(it);
}

static void burn_note(lp_letter *letter)
{
    burnt++;
    free(letter);
}

static void count_round(void *reader)
{
    heard.rounds++;
}

static void post(lp_mailbox *mailbox, int writer, int number)
{
    note *it = malloc(sizeof *it);
    *it = (note){{.read = read_note, .burn = burn_note}, writer, number};
    lp_mailbox_post(mailbox, &it->letter);
}

static lp_mailbox *open_mailbox(void)
{
    lp_mailbox *mailbox = NULL;
    memset(&heard, 0, sizeof heard);
    burnt = 0;
    open_loop();
    CHECK_EQ(lp_mailbox_open(&loop, &heard, count_round, &mailbox), LP_OK);
    return mailbox;
}

static void close_mailbox(lp_mailbox *mailbox)
{
    lp_mailbox_close(mailbox);
    close_loop();
    lp_mailbox_free(mailbox);
}

typedef struct writer {
    lp_mailbox *mailbox;
    int number;
} writer;

static void write_letters(void *arg)
{
    const writer *it = arg;
    for (int i = 0; i < LETTERS; i++)
        post(it->mailbox, it->number, i);
}

static bool has_all(void *state)
{
    return heard.count == WRITERS * LETTERS;
}

TEST(letters_of_several_threads_arrive_each_in_its_order)
{
    uv_thread_t threads[WRITERS];
    writer writers[WRITERS];
    lp_mailbox *mailbox = open_mailbox();
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (writer){mailbox, i};
        CHECK_EQ(uv_thread_create(&threads[i], write_letters, &writers[i]), 0);
    }
    CHECK(turn_until(has_all, NULL));
    for (int i = 0; i < WRITERS; i++)
        uv_thread_join(&threads[i]);
    CHECK(!heard.out_of_order);
    CHECK(heard.rounds > 0);
    CHECK_EQ(burnt, 0);
    close_mailbox(mailbox);
}

TEST(what_is_not_read_is_burnt)
{
    lp_mailbox *mailbox = open_mailbox();
    post(mailbox, 0, 0);
    post(mailbox, 0, 1);
    lp_mailbox_close(mailbox);
    CHECK_EQ(burnt, 2);
    post(mailbox, 0, 2); /* too late */
    CHECK_EQ(burnt, 3);
    close_mailbox(mailbox);
    CHECK_EQ(heard.count, 0);
    lp_mailbox_free(NULL);
}

TEST(a_crowd_is_noticed)
{
    lp_mailbox *mailbox = open_mailbox();
    for (int i = 0; i < LP_MAILBOX_CROWDED; i++) {
        CHECK(!lp_mailbox_is_crowded(mailbox));
        post(mailbox, 0, i);
    }
    CHECK(lp_mailbox_is_crowded(mailbox));
    uv_run(&loop, UV_RUN_NOWAIT);
    CHECK(!lp_mailbox_is_crowded(mailbox));
    CHECK_EQ(heard.count, LP_MAILBOX_CROWDED);
    close_mailbox(mailbox);
}

TEST(a_mailbox_needs_its_memory)
{
    lp_mailbox *mailbox = NULL;
    open_loop();
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_mailbox_open(&loop, NULL, count_round, &mailbox), LP_ERR_NO_MEMORY);
    CHECK(mailbox == NULL);
    close_loop();
}
