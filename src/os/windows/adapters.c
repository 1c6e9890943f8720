#include "os/windows/adapters.h"

#include "os/windows/errors.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#define CLASSES  "SYSTEM\\CurrentControlSet\\Control\\Class\\"
#define NETWORKS "SYSTEM\\CurrentControlSet\\Control\\Network\\" LP_ADAPTER_CLASS "\\"

/* "" where there is none: the registry of a driver that is half installed. */
static void read_text(const char *path, const char *name, char *out, DWORD len)
{
    out[0] = '\0';
    if (RegGetValueA(HKEY_LOCAL_MACHINE, path, name, RRF_RT_REG_SZ, NULL, out, &len) !=
        0)
        out[0] = '\0';
}

/* False: it is another kind of adapter. */
static bool read_adapter(const char *subkey, lp_adapter *out)
{
    char path[160], component[64];
    snprintf(out->driver, sizeof out->driver, LP_ADAPTER_CLASS "\\%s", subkey);
    snprintf(path, sizeof path, CLASSES "%s", out->driver);
    read_text(path, "ComponentId", component, sizeof component);
    if (_stricmp(component, "tap0901") != 0 &&
        _stricmp(component, "root\\tap0901") != 0)
        return false;
    read_text(path, "NetCfgInstanceId", out->choice.id, sizeof out->choice.id);
    snprintf(path, sizeof path, NETWORKS "%s\\Connection", out->choice.id);
    read_text(path, "Name", out->choice.name, sizeof out->choice.name);
    return out->choice.id[0] != '\0';
}

size_t lp_adapters_find(lp_adapter out[LP_ADAPTERS_MAX])
{
    HKEY class;
    size_t count = 0;
    char subkey[32];
    DWORD len = sizeof subkey;
    if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, CLASSES LP_ADAPTER_CLASS, 0,
                      KEY_ENUMERATE_SUB_KEYS, &class) != 0)
        return 0;
    for (DWORD i = 0; count < LP_ADAPTERS_MAX; i++, len = sizeof subkey) {
        LSTATUS status = RegEnumKeyExA(class, i, subkey, &len, NULL, NULL, NULL, NULL);
        if (status == ERROR_NO_MORE_ITEMS)
            break;
        if (status == 0 && read_adapter(subkey, &out[count]))
            count++;
    }
    RegCloseKey(class);
    return count;
}

size_t lp_tap_list(lp_tap_choice *out, size_t max)
{
    lp_adapter found[LP_ADAPTERS_MAX];
    size_t count = lp_adapters_find(found);
    for (size_t i = 0; i < count && i < max; i++)
        out[i] = found[i].choice;
    return count < max ? count : max;
}

/* --- choosing --------------------------------------------------------------------- */

static void list(const lp_adapter *found, size_t count, char *out, size_t out_len)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && len < out_len; i++)
        len += (size_t)snprintf(out + len, out_len - len, "%s\"%s\" %s", i ? ", " : "",
                                found[i].choice.name, found[i].choice.id);
}

lp_err lp_adapter_choose(const char *wanted, lp_adapter *out_adapter, lp_why *why)
{
    lp_adapter found[LP_ADAPTERS_MAX];
    char known[300];
    size_t count = lp_adapters_find(found), at = 0;
    if (count == 0)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "there is no TAP adapter here: install OpenVPN's driver "
                          "tap-windows6, which brings one");
    list(found, count, known, sizeof known);
    if (!wanted && count > 1)
        return lp_explain(why, LP_ERR_IN_USE,
                          "there are several TAP adapters: name one with "
                          "--tap-instance-id. There are %s",
                          known);
    while (wanted && at < count && _stricmp(wanted, found[at].choice.id) != 0 &&
           _stricmp(wanted, found[at].choice.name) != 0)
        at++;
    if (at == count)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "there is no TAP adapter %.64s. There are %s", wanted, known);
    *out_adapter = found[at];
    return LP_OK;
}

/* --- its address ------------------------------------------------------------------ */

lp_err lp_adapter_write_mac(const lp_adapter *adapter, lp_mac mac, lp_why *why)
{
    char path[160], digits[16], text[LP_WINDOWS_TEXT_LEN];
    const uint8_t *octet = mac.octet;
    int len = snprintf(digits, sizeof digits, "%02X%02X%02X%02X%02X%02X", octet[0],
                       octet[1], octet[2], octet[3], octet[4], octet[5]);
    snprintf(path, sizeof path, CLASSES "%s", adapter->driver);
    LSTATUS status = RegSetKeyValueA(HKEY_LOCAL_MACHINE, path, "NetworkAddress", REG_SZ,
                                     digits, (DWORD)len + 1);
    if (status == 0)
        return LP_OK;
    return lp_explain(why, lp_err_of_windows((unsigned long)status),
                      "cannot give the adapter \"%s\" its address: %s; start as "
                      "administrator",
                      adapter->choice.name,
                      lp_windows_text((unsigned long)status, text));
}
