#include "test.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

static lp_test *tests;
static int failures;
static const char *row_name;

void lp_test_register(lp_test *test)
{
    lp_test **end = &tests; /* in the order of the file */
    while (*end)
        end = &(*end)->next;
    *end = test;
}

int lp_test_at_row(const char *name)
{
    row_name = name;
    return name != NULL;
}

void lp_test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s:%d: ", file, line);
    if (row_name)
        fprintf(stderr, "[%s] ", row_name);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    failures++;
}

void lp_test_check_has(const char *file, int line, const char *what, const char *got,
                       const char *part)
{
    if (!got)
        lp_test_fail(file, line, "%s is NULL, which lacks \"%s\"", what, part);
    else if (!strstr(got, part))
        lp_test_fail(file, line, "%s is \"%s\", which lacks \"%s\"", what, got, part);
}

void lp_test_check_bytes(const char *file, int line, const char *what, const void *got,
                         size_t got_len, const void *want, size_t want_len)
{
    const unsigned char *a = got, *b = want;
    if (got_len != want_len)
        lp_test_fail(file, line, "%s has %zu octets, expected %zu", what, got_len,
                     want_len);
    for (size_t i = 0; i < got_len && i < want_len; i++) {
        if (a[i] == b[i])
            continue;
        lp_test_fail(file, line, "%s: octet %zu is %02x, expected %02x", what, i, a[i],
                     b[i]);
        return;
    }
}

/* --- allocations that fail on demand ---------------------------------------------- */

static unsigned allocations_left;
static bool allocation_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

static atomic_ulong allocations;

unsigned long lp_test_allocations(void)
{
    return allocations;
}

static bool fails_now(void)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    if (allocations_left == 0 || --allocations_left > 0)
        return false;
    allocation_failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return fails_now() ? NULL : __real_realloc(at, size);
}

void lp_test_fail_allocation(unsigned n)
{
    allocations_left = n;
    allocation_failed = false;
}

bool lp_test_allocation_failed(void)
{
    allocations_left = 0;
    return allocation_failed;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    for (lp_test *test = tests; test; test = test->next) {
        if (argc > 1 && !strstr(test->name, argv[1]))
            continue;
        int before = failures;
        row_name = NULL;
        test->run();
        bool ok = failures == before;
        *(ok ? &passed : &failed) += 1;
        printf("%s %s\n", ok ? "ok    " : "FAILED", test->name);
        fflush(stdout);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || passed == 0 ? 1 : 0; /* a run of nothing proves nothing */
}
