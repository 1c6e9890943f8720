#include "os/windows/adapters.h"

#include "os/windows/errors.h"
#include "os/windows/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define VALUE_MAX 256

/* "" where there is none: the registry of a driver that is half installed. */
static void read_text(const char *path, const wchar_t *name, char *out, size_t out_len)
{
    wchar_t wide_path[VALUE_MAX], value[VALUE_MAX];
    DWORD len = sizeof value;
    if (!lp_text_to_wide(path, wide_path, VALUE_MAX) ||
        RegGetValueW(HKEY_LOCAL_MACHINE, wide_path, name, RRF_RT_REG_SZ, NULL, value,
                     &len) != 0 ||
        !lp_text_of_wide(value, out, out_len))
        out[0] = '\0';
}

/* Registry text of no letters is as good as none. */
static bool is_absent_or_empty(const wchar_t *path, const wchar_t *name)
{
    wchar_t value[VALUE_MAX];
    DWORD len = sizeof value;
    LSTATUS status =
        RegGetValueW(HKEY_LOCAL_MACHINE, path, name, RRF_RT_REG_SZ, NULL, value, &len);
    return status == ERROR_FILE_NOT_FOUND || (status == 0 && !value[0]);
}

static void class_path(const char *driver, char out[VALUE_MAX])
{
    snprintf(out, VALUE_MAX, LP_ADAPTER_CLASSES "%s", driver);
}

/* False: it is another kind of adapter. */
static bool read_adapter(const char *subkey, lp_adapter *out)
{
    char path[VALUE_MAX], component[64];
    DWORD mark = 0, len = sizeof mark;
    snprintf(out->driver, sizeof out->driver, LP_ADAPTER_CLASS "\\%s", subkey);
    class_path(out->driver, path);
    read_text(path, L"ComponentId", component, sizeof component);
    if (_stricmp(component, "tap0901") != 0 &&
        _stricmp(component, "root\\tap0901") != 0)
        return false;
    read_text(path, L"NetCfgInstanceId", out->choice.id, sizeof out->choice.id);
    RegGetValueA(HKEY_LOCAL_MACHINE, path, LP_ADAPTER_MARK, RRF_RT_REG_DWORD, NULL,
                 &mark, &len);
    out->is_ours = mark != 0;
    snprintf(path, sizeof path, LP_ADAPTER_NETWORKS LP_ADAPTER_CLASS "\\%s\\Connection",
             out->choice.id);
    read_text(path, L"Name", out->choice.name, sizeof out->choice.name);
    if (!out->choice.name[0])
        snprintf(out->choice.name, sizeof out->choice.name, "%s", out->choice.id);
    return out->choice.id[0] != '\0';
}

static int ours_first(const void *a, const void *b)
{
    const lp_adapter *left = a, *right = b;
    return left->is_ours == right->is_ours ? strcmp(left->driver, right->driver)
                                           : right->is_ours - left->is_ours;
}

size_t lp_adapters_find(lp_adapter out[LP_ADAPTERS_MAX])
{
    HKEY class;
    size_t count = 0;
    char subkey[32];
    DWORD len = sizeof subkey;
    if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, LP_ADAPTER_CLASSES LP_ADAPTER_CLASS, 0,
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
    qsort(out, count, sizeof *out, ours_first);
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

static bool is_id(const char *wanted, const char *id)
{
    size_t len = strlen(id);
    return _stricmp(wanted, id) == 0 || (len > 2 && strlen(wanted) == len - 2 &&
                                         _strnicmp(wanted, id + 1, len - 2) == 0);
}

/* In any case of letters, of whatever alphabet. */
static bool is_name(const char *wanted, const char *name)
{
    wchar_t wide_wanted[VALUE_MAX], wide_name[VALUE_MAX];
    return lp_text_to_wide(wanted, wide_wanted, VALUE_MAX) &&
           lp_text_to_wide(name, wide_name, VALUE_MAX) &&
           CompareStringOrdinal(wide_wanted, -1, wide_name, -1, TRUE) == CSTR_EQUAL;
}

/* Ours stand first. */
static size_t count_ours(const lp_adapter *found, size_t count)
{
    size_t ours = 0;
    while (ours < count && found[ours].is_ours)
        ours++;
    return ours;
}

lp_err lp_adapters_choose(const char *wanted, lp_adapter out[LP_ADAPTERS_MAX],
                          size_t *out_count, lp_why *why)
{
    char known[300];
    size_t count = lp_adapters_find(out), at = 0, ours = count_ours(out, count);
    if (count == 0)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "there is no TAP adapter on this machine: make one with "
                          "\"lanparty-client adapter create\"");
    if (wanted ? _stricmp(wanted, LP_TAP_ANY) == 0 : ours > 0 || count == 1) {
        *out_count = !wanted && ours > 0 ? ours : count;
        return LP_OK;
    }
    list(out, count, known, sizeof known);
    if (!wanted)
        return lp_explain(why, LP_ERR_IN_USE,
                          "there are several TAP adapters: name one with "
                          "--tap-instance-id, or say \"" LP_TAP_ANY
                          "\" there. There are %s",
                          known);
    while (at < count && !is_id(wanted, out[at].choice.id) &&
           !is_name(wanted, out[at].choice.name))
        at++;
    if (at == count)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "there is no TAP adapter %.64s. There are %s", wanted, known);
    out[0] = out[at];
    *out_count = 1;
    return LP_OK;
}

/* --- its address ------------------------------------------------------------------ */

/* False: it is none that we could write back. */
static bool read_address(const char *driver, char out[LP_UNDO_ADDRESS_LEN])
{
    char path[VALUE_MAX];
    wchar_t wide_path[VALUE_MAX];
    out[0] = '\0';
    class_path(driver, path);
    read_text(path, L"NetworkAddress", out, LP_UNDO_ADDRESS_LEN);
    return out[0] || (lp_text_to_wide(path, wide_path, VALUE_MAX) &&
                      is_absent_or_empty(wide_path, L"NetworkAddress"));
}

lp_err lp_adapter_mac_before(const lp_adapter *adapter, lp_undo *out, lp_why *why)
{
    lp_undo entry = {.kind = LP_UNDO_MAC};
    snprintf(entry.driver, sizeof entry.driver, "%s", adapter->driver);
    if (!read_address(entry.driver, entry.address))
        return lp_explain(
            why, LP_ERR_UNSUPPORTED,
            "the adapter \"%s\" has a NetworkAddress that is none, and could "
            "not be given back: correct it in the device manager, or make an "
            "adapter with \"lanparty-client adapter create\"",
            adapter->choice.name);
    *out = entry;
    return LP_OK;
}

lp_err lp_adapter_write_mac(const lp_adapter *adapter, lp_mac mac, lp_why *why)
{
    char path[VALUE_MAX], digits[16], text[LP_WINDOWS_TEXT_LEN];
    const uint8_t *octet = mac.octet;
    int len = snprintf(digits, sizeof digits, "%02X%02X%02X%02X%02X%02X", octet[0],
                       octet[1], octet[2], octet[3], octet[4], octet[5]);
    class_path(adapter->driver, path);
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

/* True: it is as it was, or there is nothing left to give back to. That it takes hold at
 * once is worth a try only: it does when the adapter starts next. */
bool lp_journal_undo_mac(const lp_undo *entry)
{
    lp_adapter adapter = {0};
    char path[VALUE_MAX], component[64], now[LP_UNDO_ADDRESS_LEN];
    wchar_t wide[LP_UNDO_ADDRESS_LEN], wide_path[VALUE_MAX];
    lp_why ignored;
    LSTATUS status;
    class_path(entry->driver, path);
    read_text(path, L"ComponentId", component, sizeof component);
    if (!component[0])
        return true; /* the adapter was removed */
    snprintf(adapter.driver, sizeof adapter.driver, "%s", entry->driver);
    if (read_address(entry->driver, now) && strcmp(now, entry->address) == 0)
        return true;
    if (!lp_text_to_wide(entry->address, wide, LP_UNDO_ADDRESS_LEN) ||
        !lp_text_to_wide(path, wide_path, VALUE_MAX))
        return true; /* no text of Windows', so never its address */
    if (wide[0])
        status =
            RegSetKeyValueW(HKEY_LOCAL_MACHINE, wide_path, L"NetworkAddress", REG_SZ,
                            wide, (DWORD)((wcslen(wide) + 1) * sizeof *wide));
    else
        status = RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, wide_path, L"NetworkAddress");
    if (status == 0)
        (void)!lp_adapter_restart(&adapter, &ignored);
    return status == 0;
}
