#include "os/undo.h"

#include "test.h"

static lp_undo_list list;

static size_t read_text(const char *text)
{
    lp_undo_read(lp_bytes_of(text, strlen(text)), &list);
    return list.count;
}

TEST(every_kind_of_line_is_read_and_written_back)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"an interface", "interface 35000007000000 4 1500 25 1 0\n"},
        {"of IPv6", "interface ffffffffffffffff 6 4294967295 4294967295 0 1\n"},
        {"a route by a gateway", "route 6000005000000 198.51.100.1 192.0.2.254\n"},
        {"a route on the link", "route 2a 255.255.255.255 -\n"},
        {"an IPv6 route", "route 0 2001:db8::1 fe80::1\n"},
        {"an adapter's address",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\0007 020000000001\n"},
        {"an adapter that had none",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7042 -\n"},
        {"an address with odd words in it",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\0007 "
         "02-00:00.00%2000%25%0A%C3%A4\n"},
        {"an address that is a dash",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\0007 %2D\n"},
        {"the longest, of odd letters only",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\0007 "
         "%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20"
         "%20%20%20%20%20%20%20%20%20%20%20\n"},
        {"an adapter that is being made", "device ROOT\\NET\\0001\n"},
        {"a network", "profile {01234567-89AB-CDEF-0123-456789ABCDEF} 0\n"},
    };
    char text[LP_UNDO_TEXT_MAX];
    EACH_ROW (row, rows) {
        CHECK_EQ(read_text(row->line), 1);
        CHECK_EQ(lp_undo_write(&list, text), strlen(row->line));
        CHECK_STR(text, row->line);
    }
}

TEST(what_is_not_exactly_a_line_is_passed_over)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"nothing", "\n"},
        {"another word", "adapter 7\n"},
        {"a torn end: half an address is another address",
         "route 7 192.0.2.1 10.0.0.2"},
        {"a word too few", "route 7 192.0.2.1\n"},
        {"a word too many", "route 7 192.0.2.1 - -\n"},
        {"words without end", "route 7 192.0.2.1 - - - - - - - - - -\n"},
        {"two spaces", "route 7  192.0.2.1 -\n"},
        {"a space at the end", "route 7 192.0.2.1 - \n"},
        {"a carriage return", "route 7 192.0.2.1 -\r\n"},
        {"a sign", "route -7 192.0.2.1 -\n"},
        {"a prefix", "route 0x7 192.0.2.1 -\n"},
        {"a LUID that is too large", "route 10000000000000000 192.0.2.1 -\n"},
        {"capitals", "route A 192.0.2.1 -\n"},
        {"no address", "route 7 nowhere -\n"},
        {"an address written otherwise", "route 7 2001:DB8::1 -\n"},
        {"two versions", "route 7 192.0.2.1 2001:db8::1\n"},
        {"no such version", "interface 7 5 1500 25 1 0\n"},
        {"an MTU that is too large", "interface 7 4 4294967296 25 1 0\n"},
        {"neither yes nor no", "interface 7 4 1500 25 2 0\n"},
        {"no GUID", "profile 01234567-89AB-CDEF-0123-456789ABCDEF 0\n"},
        {"a short GUID", "profile {01234567-89AB-CDEF-0123-456789ABCDE} 0\n"},
        {"a key elsewhere", "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\..\\7 -\n"},
        {"no key", "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\ -\n"},
        {"a long address", "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 "
                           "0123456789012345678901234567890123\n"},
        {"an empty address", "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 \n"},
        {"an escape cut short", "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 02%2\n"},
        {"an escape that is none",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 %GG\n"},
        {"an escape in small letters",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 %2a\n"},
        {"an escaped NUL", "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 %00\n"},
        {"a letter escaped", "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 %41\n"},
        {"a letter that should be",
         "mac {4D36E972-E325-11CE-BFC1-08002BE10318}\\7 a_b\n"},
        {"a device elsewhere", "device ROOT\\NETX\\0001\n"},
        {"a device without a number", "device ROOT\\NET\\\n"},
        {"a device's child", "device ROOT\\NET\\0001\\2\n"},
        {"a number without end", "device ROOT\\NET\\0123456789012345678901234\n"},
        {"no such category", "profile {01234567-89AB-CDEF-0123-456789ABCDEF} 3\n"},
    };
    EACH_ROW (row, rows)
        CHECK_EQ(read_text(row->line), 0);
}

TEST(a_nul_and_a_line_without_end_are_no_line)
{
    static const char nul[] = "route 7 192.0.2.1 -\0\nroute 8 192.0.2.1 -\n";
    char endless[4 * LP_UNDO_LINE_MAX];
    lp_undo_read(lp_bytes_of(nul, sizeof nul - 1), &list);
    CHECK_EQ(list.count, 1);
    CHECK_EQ(list.entry[0].luid, 8);
    memset(endless, 'r', sizeof endless);
    endless[sizeof endless - 1] = '\n';
    lp_undo_read(lp_bytes_of(endless, sizeof endless), &list);
    CHECK_EQ(list.count, 0);
    lp_undo_read((lp_bytes){0}, &list);
    CHECK_EQ(list.count, 0);
}

TEST(one_entry_stands_there_once_and_keeps_its_place)
{
    lp_undo absent;
    CHECK_EQ(
        read_text("route 7 192.0.2.1 -\nroute 8 192.0.2.1 -\nroute 7 192.0.2.1 -\n"),
        2);
    CHECK_EQ(list.entry[1].luid, 8);
    CHECK_EQ(lp_undo_find(&list, &list.entry[1]), 1);
    CHECK(!lp_undo_same(&list.entry[0], &list.entry[1]));
    absent = list.entry[0];
    absent.luid = 9;
    CHECK_EQ(lp_undo_find(&list, &absent), 2);
}

TEST(what_a_registry_holds_survives_the_journal)
{
    static const struct {
        const char *name, *address;
    } rows[] = {
        {"none", ""},
        {"as it should be", "020000000001"},
        {"a dash", "-"},
        {"two", "--"},
        {"spaces", "02 00 00 00 00 01"},
        {"a space", " "},
        {"what looks like an escape", "%20"},
        {"a line of its own", "a\nroute 7 1.2.3.4 -"},
        {"other alphabets", "\xc3\xa4\xf0\x9f\x8e\x89"},
        {"the longest", "0123456789012345678901234567890"},
    };
    char text[LP_UNDO_TEXT_MAX];
    EACH_ROW (row, rows) {
        lp_undo entry = {.kind = LP_UNDO_MAC,
                         .driver = "{4D36E972-E325-11CE-BFC1-08002BE10318}\\0007"};
        snprintf(entry.address, sizeof entry.address, "%s", row->address);
        list = (lp_undo_list){.count = 1, .entry = {entry}};
        size_t len = lp_undo_write(&list, text);
        CHECK(memchr(text, '\n', len) == text + len - 1);
        lp_undo_read(lp_bytes_of(text, len), &list);
        CHECK_EQ(list.count, 1);
        CHECK_STR(list.entry[0].address, row->address);
    }
}

TEST(a_list_has_a_limit)
{
    char text[4096] = "";
    size_t len = 0;
    for (int i = 1; i <= LP_UNDO_MAX + 5; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "route %x 192.0.2.1 -\n",
                                (unsigned)i);
    CHECK_EQ(read_text(text), LP_UNDO_MAX);
}
