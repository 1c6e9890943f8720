#include "os/windows/adapters.h"

#include "test.h"

#include <windows.h>

#define CLASSES  "SYSTEM\\CurrentControlSet\\Control\\Class\\" LP_ADAPTER_CLASS
#define NETWORKS "SYSTEM\\CurrentControlSet\\Control\\Network\\" LP_ADAPTER_CLASS
#define FIRST    "{11111111-1111-4222-8333-0123456789AB}"
#define SECOND   "{22222222-1111-4222-8333-0123456789AB}"

static lp_why why;

static void set(const char *key, const char *name, const char *value)
{
    CHECK_EQ(RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, name, REG_SZ, value,
                             (DWORD)strlen(value) + 1),
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
}

static lp_err choose(const char *wanted, const char *want_id)
{
    lp_adapter adapter = {0};
    lp_err err = lp_adapter_choose(wanted, &adapter, &why);
    CHECK_STR(adapter.choice.id, want_id);
    return err;
}

TEST(adapters_are_found_and_chosen)
{
    put_adapter("7001", "ethernet0", "{33333333-1111-4222-8333-0123456789AB}", "Wire");
    CHECK_EQ(choose(NULL, ""), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "there is no TAP adapter here");

    put_adapter("7002", "root\\tap0901", FIRST, "LAN party");
    CHECK_EQ(choose(NULL, FIRST), LP_OK);

    put_adapter("7003", "TAP0901", SECOND, "OpenVPN");
    CHECK_EQ(choose(NULL, ""), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "--tap-instance-id");
    CHECK_HAS(why.text, "\"LAN party\" " FIRST);
    CHECK_HAS(why.text, SECOND);
    CHECK_EQ(choose("lan PARTY", FIRST), LP_OK);
    CHECK_EQ(choose("{22222222-1111-4222-8333-0123456789ab}", SECOND), LP_OK);
    CHECK_EQ(choose("Wire", ""), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "there is no TAP adapter Wire");

    lp_tap_choice list[1];
    CHECK_EQ(lp_tap_list(list, 1), 1);
    CHECK_STR(list[0].name, "LAN party");
    remove_adapter("7001");
    remove_adapter("7002");
    remove_adapter("7003");
}

TEST(an_address_is_written_where_the_driver_reads_it)
{
    char got[32] = "";
    DWORD len = sizeof got;
    lp_adapter adapter;
    lp_mac mac = {{0x02, 0x0a, 0xff, 0, 0, 1}};
    put_adapter("7002", "root\\tap0901", FIRST, "LAN party");
    CHECK_EQ(lp_adapter_choose(NULL, &adapter, &why), LP_OK);
    CHECK_EQ(lp_adapter_write_mac(&adapter, mac, &why), LP_OK);
    CHECK_EQ(RegGetValueA(HKEY_LOCAL_MACHINE, CLASSES "\\7002", "NetworkAddress",
                          RRF_RT_REG_SZ, NULL, got, &len),
             0);
    CHECK_STR(got, "020AFF000001");
    remove_adapter("7002");
}
