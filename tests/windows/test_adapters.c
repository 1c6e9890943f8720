#include "os/windows/adapters.h"

#include "os/windows/text.h"
#include "test.h"

#include <windows.h>

#define CLASSES  "SYSTEM\\CurrentControlSet\\Control\\Class\\" LP_ADAPTER_CLASS
#define NETWORKS "SYSTEM\\CurrentControlSet\\Control\\Network\\" LP_ADAPTER_CLASS
#define FIRST    "{11111111-1111-4222-8333-0123456789AB}"
#define SECOND   "{22222222-1111-4222-8333-0123456789AB}"

static lp_why why;

static void set(const char *key, const char *name, const char *value)
{
    wchar_t wide[200], wide_key[200], wide_name[64];
    CHECK(lp_text_to_wide(value, wide, 200) && lp_text_to_wide(key, wide_key, 200) &&
          lp_text_to_wide(name, wide_name, 64));
    CHECK_EQ(RegSetKeyValueW(HKEY_LOCAL_MACHINE, wide_key, wide_name, REG_SZ, wide,
                             (DWORD)((wcslen(wide) + 1) * sizeof *wide)),
             0);
}

static void put_adapter(const char *subkey, const char *component, const char *id,
                        const char *name)
{
    char key[200];
    snprintf(key, sizeof key, CLASSES "\\%s", subkey);
    set(key, "ComponentId", component);
    set(key, "NetCfgInstanceId", id);
    snprintf(key, sizeof key, NETWORKS "\\%s\\Connection", id);
    set(key, "Name", name);
}

static void remove_adapter(const char *subkey)
{
    char key[200];
    snprintf(key, sizeof key, CLASSES "\\%s", subkey);
    RegDeleteKeyA(HKEY_LOCAL_MACHINE, key);
    /* Wine's registry lasts, and a name that is taken stays taken. */
    RegDeleteTreeA(HKEY_LOCAL_MACHINE, NETWORKS);
}

static void mark_as_ours(const char *subkey)
{
    DWORD mark = 1;
    char key[200];
    snprintf(key, sizeof key, CLASSES "\\%s", subkey);
    CHECK_EQ(RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, LP_ADAPTER_MARK, REG_DWORD, &mark,
                             sizeof mark),
             0);
}

/* The ids in the order in which they are to be tried, each with a blank before it. */
static lp_err choose(const char *wanted, const char *want_ids)
{
    lp_adapter found[LP_ADAPTERS_MAX];
    char ids[200] = "";
    size_t count = 0;
    lp_err err = lp_adapters_choose(wanted, found, &count, &why);
    for (size_t i = 0; i < count; i++)
        snprintf(ids + strlen(ids), sizeof ids - strlen(ids), " %s",
                 found[i].choice.id);
    CHECK_STR(ids, want_ids);
    return err;
}

TEST(adapters_are_found_and_chosen)
{
    put_adapter("7001", "ethernet0", "{33333333-1111-4222-8333-0123456789AB}", "Wire");
    CHECK_EQ(choose(NULL, ""), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "adapter create");

    put_adapter("7002", "root\\tap0901", FIRST, "LAN party");
    CHECK_EQ(choose(NULL, " " FIRST), LP_OK);

    put_adapter("7003", "TAP0901", SECOND, "OpenVPN");
    CHECK_EQ(choose(NULL, ""), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "--tap-instance-id");
    CHECK_HAS(why.text, "\"LAN party\" " FIRST);
    CHECK_HAS(why.text, SECOND);

    lp_tap_choice list[1];
    CHECK_EQ(lp_tap_list(list, 1), 1);
    CHECK_STR(list[0].name, "LAN party");
    remove_adapter("7001");
    remove_adapter("7002");
    remove_adapter("7003");
}

TEST(an_adapter_is_named_in_whatever_way_people_write_it)
{
    static const struct {
        const char *name, *wanted, *ids;
        lp_err err;
    } rows[] = {
        {"its name", "LAN party", " " FIRST, LP_OK},
        {"in other letters", "lan PARTY", " " FIRST, LP_OK},
        {"its id", SECOND, " " SECOND, LP_OK},
        {"in small letters", "{22222222-1111-4222-8333-0123456789ab}", " " SECOND,
         LP_OK},
        {"without braces", "22222222-1111-4222-8333-0123456789AB", " " SECOND, LP_OK},
        {"both", "22222222-1111-4222-8333-0123456789ab", " " SECOND, LP_OK},
        {"half an id", "22222222-1111", "", LP_ERR_NOT_FOUND},
        {"a stranger", "Wire", "", LP_ERR_NOT_FOUND},
        {"no text", "\xff\xfe", "", LP_ERR_NOT_FOUND},
        {"nothing", "", "", LP_ERR_NOT_FOUND},
        {"whichever opens", "any", " " FIRST " " SECOND, LP_OK},
    };
    put_adapter("7002", "root\\tap0901", FIRST, "LAN party");
    put_adapter("7003", "tap0901", SECOND, "OpenVPN");
    EACH_ROW (row, rows)
        CHECK_EQ(choose(row->wanted, row->ids), row->err);
    remove_adapter("7002");
    remove_adapter("7003");
}

TEST(the_adapter_that_we_made_goes_first)
{
    put_adapter("7002", "tap0901", FIRST, "OpenVPN");
    put_adapter("7003", "root\\tap0901", SECOND, "LAN party");
    mark_as_ours("7003");
    CHECK_EQ(choose(NULL, " " SECOND), LP_OK);
    CHECK_EQ(choose("any", " " SECOND " " FIRST), LP_OK);
    remove_adapter("7002");
    remove_adapter("7003");
}

static void check_address(const char *expected)
{
    char got[32] = "";
    wchar_t wide[32] = L"";
    DWORD len = sizeof wide;
    RegGetValueW(HKEY_LOCAL_MACHINE, L"" CLASSES "\\7002", L"NetworkAddress",
                 RRF_RT_REG_SZ, NULL, wide, &len);
    CHECK(lp_text_of_wide(wide, got, sizeof got));
    CHECK_STR(got, expected);
}

TEST(an_address_is_written_where_the_driver_reads_it_and_given_back)
{
    static const struct {
        const char *name, *before;
    } rows[] = {{"it had none", ""},
                {"it had one", "02AABBCCDDEE"},
                {"it had words", "02 AA-bb%CC \xc3\xa4"}};
    lp_adapter found[LP_ADAPTERS_MAX];
    size_t count;
    lp_mac mac = {{0x02, 0x0a, 0xff, 0, 0, 1}};
    EACH_ROW (row, rows) {
        put_adapter("7002", "root\\tap0901", FIRST, "LAN party");
        if (row->before[0])
            set(CLASSES "\\7002", "NetworkAddress", row->before);
        CHECK_EQ(lp_adapters_choose(NULL, found, &count, &why), LP_OK);
        lp_undo before;
        CHECK_EQ(lp_adapter_mac_before(found, &before, &why), LP_OK);
        CHECK_EQ(lp_adapter_write_mac(found, mac, &why), LP_OK);
        check_address("020AFF000001");
        CHECK(lp_journal_undo_mac(&before));
        check_address(row->before);
        CHECK(lp_journal_undo_mac(&before));
        remove_adapter("7002");
        CHECK(lp_journal_undo_mac(&before)); /* and makes no key for it */
        CHECK_EQ(lp_adapters_find(found), 0);
    }
}

TEST(an_address_that_could_not_be_given_back_is_not_replaced)
{
    lp_adapter found[LP_ADAPTERS_MAX];
    size_t count;
    lp_undo before;
    DWORD number = 2;
    put_adapter("7002", "root\\tap0901", FIRST, "LAN party");
    CHECK_EQ(lp_adapters_choose(NULL, found, &count, &why), LP_OK);
    set(CLASSES "\\7002", "NetworkAddress", "0123456789012345678901234567890123456789");
    CHECK_EQ(lp_adapter_mac_before(found, &before, &why), LP_ERR_UNSUPPORTED);
    CHECK_HAS(why.text, "LAN party");
    CHECK_EQ(RegSetKeyValueA(HKEY_LOCAL_MACHINE, CLASSES "\\7002", "NetworkAddress",
                             REG_DWORD, &number, sizeof number),
             0);
    CHECK_EQ(lp_adapter_mac_before(found, &before, &why), LP_ERR_UNSUPPORTED);
    set(CLASSES "\\7002", "NetworkAddress", "");
    CHECK_EQ(lp_adapter_mac_before(found, &before, &why), LP_OK);
    CHECK_STR(before.address, "");
    remove_adapter("7002");
}

TEST(without_a_driver_no_adapter_is_made_and_it_is_said_what_to_install)
{
    lp_tap_choice made;
    size_t count = 1;
    CHECK_EQ(lp_tap_create(&made, &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "install OpenVPN's tap-windows6");
    CHECK_EQ(lp_tap_remove(&count, &why), LP_OK);
    CHECK_EQ(count, 0);
}
