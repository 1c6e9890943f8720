/*
 * The whole test harness. TEST(name) { ... } registers itself; the name is the
 * sentence it proves. A failure says file, line, row, expression, was and should be.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct lp_test {
    const char *name;
    void (*run)(void);
    struct lp_test *next;
} lp_test;

int lp_test_at_row(const char *name); /* false past the last row */
void lp_test_register(lp_test *test);
void lp_test_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(LP_PRINTF, 3, 4)));
void lp_test_check_has(const char *file, int line, const char *what, const char *got,
                       const char *part);
void lp_test_check_bytes(const char *file, int line, const char *what, const void *got,
                         size_t got_len, const void *want, size_t want_len);

/*
 * Makes the n-th allocation from now (1 is the next) fail, once. 0: none will. To test
 * every path, count up until lp_test_allocation_failed() is false afterwards.
 */
void lp_test_fail_allocation(unsigned n);
bool lp_test_allocation_failed(void);    /* and no allocation will fail any more */
unsigned long lp_test_allocations(void); /* how many there were, of all threads' */

#define TEST(name)                                                 \
    static void name(void);                                        \
    __attribute__((constructor)) static void register_##name(void) \
    {                                                              \
        static lp_test test = {#name, name, NULL};                 \
        lp_test_register(&test);                                   \
    }                                                              \
    static void name(void)

#define CHECK(cond) ((cond) ? (void)0 : lp_test_fail(__FILE__, __LINE__, "%s", #cond))

#define CHECK_EQ(actual, expected)                                                     \
    do {                                                                               \
        intmax_t got_ = (intmax_t)(actual), want_ = (intmax_t)(expected);              \
        if (got_ != want_)                                                             \
            lp_test_fail(__FILE__, __LINE__, "%s is %" PRIdMAX ", expected %" PRIdMAX, \
                         #actual, got_, want_);                                        \
    } while (0)

#define CHECK_STR(actual, expected)                                                    \
    do {                                                                               \
        const char *got_ = (actual), *want_ = (expected);                              \
        if (strcmp(got_, want_) != 0)                                                  \
            lp_test_fail(__FILE__, __LINE__, "%s is \"%s\", expected \"%s\"", #actual, \
                         got_, want_);                                                 \
    } while (0)

/* The text holds this part: for sentences whose wording may still improve. */
#define CHECK_HAS(actual, part) \
    lp_test_check_has(__FILE__, __LINE__, #actual, (actual), (part))

#define CHECK_BYTES(actual, actual_len, expected, expected_len)              \
    lp_test_check_bytes(__FILE__, __LINE__, #actual, (actual), (actual_len), \
                        (expected), (expected_len))

/* Failures inside the loop carry the row's name. */
#define EACH_ROW(row, table)                                                      \
    for (const __typeof__(*(table)) *row = (table); lp_test_at_row(               \
             row < (table) + sizeof(table) / sizeof *(table) ? row->name : NULL); \
         row++)
