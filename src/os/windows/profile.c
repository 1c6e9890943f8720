#define COBJMACROS
#include "os/windows/profile.h"

#include "os/windows/errors.h"
#include "os/windows/journal.h"
#include "os/windows/text.h"

#include <process.h>
#include <stdlib.h>
#include <string.h>

#include <initguid.h>
#include <netlistmgr.h>
#include <windows.h>

/* A start of ours waits no longer for the service that knows. */
#define PATIENCE LP_SECONDS(5)

static HRESULT open_manager(INetworkListManager **out_manager)
{
    return CoCreateInstance(&CLSID_NetworkListManager, NULL, CLSCTX_ALL,
                            &IID_INetworkListManager, (void **)out_manager);
}

static lp_err explain(lp_why *why, const char *what, HRESULT result)
{
    char text[LP_WINDOWS_TEXT_LEN];
    unsigned long number = HRESULT_FACILITY(result) == FACILITY_WIN32
                               ? (unsigned long)HRESULT_CODE(result)
                               : (unsigned long)result;
    return lp_explain(why, lp_err_of_windows(number), "%s: %s", what,
                      lp_windows_text(number, text));
}

/* --- trusting --------------------------------------------------------------------- */

/* The network that this adapter is in; NULL: none, or it cannot be told. */
static INetwork *network_of(INetworkListManager *manager, const GUID *adapter)
{
    IEnumNetworkConnections *all = NULL;
    INetworkConnection *one = NULL;
    INetwork *network = NULL;
    ULONG got;
    GUID id;
    if (INetworkListManager_GetNetworkConnections(manager, &all) != S_OK)
        return NULL;
    while (!network && IEnumNetworkConnections_Next(all, 1, &one, &got) == S_OK) {
        if (INetworkConnection_GetAdapterId(one, &id) == S_OK &&
            IsEqualGUID(&id, adapter) &&
            INetworkConnection_GetNetwork(one, &network) != S_OK)
            network = NULL;
        INetworkConnection_Release(one);
    }
    IEnumNetworkConnections_Release(all);
    return network;
}

/* How it is now, as a line of the journal. */
static bool look(INetwork *network, lp_undo *out)
{
    GUID id;
    wchar_t wide[LP_UNDO_NETWORK_LEN];
    NLM_NETWORK_CATEGORY category;
    *out = (lp_undo){.kind = LP_UNDO_PROFILE};
    if (INetwork_GetNetworkId(network, &id) != S_OK ||
        INetwork_GetCategory(network, &category) != S_OK ||
        StringFromGUID2(&id, wide, LP_UNDO_NETWORK_LEN) == 0 ||
        !lp_text_of_wide(wide, out->network, sizeof out->network))
        return false;
    out->category = (unsigned)category;
    return true;
}

static bool was_changed(const lp_undo_list *before, const lp_undo *now)
{
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(before->entry[i].network, now->network) == 0)
            return true;
    return false;
}

static lp_err trust(INetwork *network, const lp_undo_list *before, bool *out_is_changed,
                    lp_undo *out_changed, lp_why *why)
{
    lp_undo now;
    if (!look(network, &now))
        return lp_explain(why, LP_ERR_NOT_FOUND, "Windows does not tell the network");
    if (now.category != NLM_NETWORK_CATEGORY_PUBLIC || was_changed(before, &now))
        return LP_OK;
    if (before->count == LP_UNDO_MAX)
        return lp_explain(why, LP_ERR_FULL, "the adapter saw too many networks");
    lp_err err = lp_journal_note(&now, why);
    if (err)
        return err;
    HRESULT result = INetwork_SetCategory(network, NLM_NETWORK_CATEGORY_PRIVATE);
    if (result != S_OK) {
        lp_journal_strike(&now);
        return explain(why, "Windows does not let the party's network be a private one",
                       result);
    }
    *out_changed = now;
    *out_is_changed = true;
    return LP_OK;
}

lp_err lp_profile_trust(const GUID *adapter, const lp_undo_list *before,
                        bool *out_is_changed, lp_undo *out_changed, lp_why *why)
{
    INetworkListManager *manager = NULL;
    INetwork *network = NULL;
    lp_err err;
    *out_is_changed = false;
    HRESULT result = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (FAILED(result))
        return explain(why, "COM cannot be used", result);
    result = open_manager(&manager);
    if (result != S_OK)
        err = explain(why, "Windows' network list cannot be asked", result);
    else if (!(network = network_of(manager, adapter)))
        err = lp_explain(why, LP_ERR_NOT_FOUND, "the adapter is in no network yet");
    else
        err = trust(network, before, out_is_changed, out_changed, why);
    if (network)
        INetwork_Release(network);
    if (manager)
        INetworkListManager_Release(manager);
    CoUninitialize();
    return err;
}

/* --- giving back ------------------------------------------------------------------ */

typedef struct giving_back {
    LONG users; /* the thread, and who waits for it */
    lp_undo entry;
    bool is_done;
} giving_back;

static void let_go(giving_back *task)
{
    if (InterlockedDecrement(&task->users) == 0)
        free(task);
}

/* Windows forgets networks that it could not identify: then nothing is left to change.
 * One that is not private any more, a person has set since. */
static bool give_back(INetworkListManager *manager, const lp_undo *entry)
{
    INetwork *network = NULL;
    wchar_t wide[LP_UNDO_NETWORK_LEN];
    lp_undo now;
    GUID id;
    if (!lp_text_to_wide(entry->network, wide, LP_UNDO_NETWORK_LEN) ||
        CLSIDFromString(wide, &id) != S_OK)
        return true; /* names no network */
    HRESULT result = INetworkListManager_GetNetwork(manager, id, &network);
    if (result != S_OK || !network)
        return SUCCEEDED(result) || result == HRESULT_FROM_WIN32(ERROR_NOT_FOUND) ||
               result == E_INVALIDARG;
    bool done =
        look(network, &now) &&
        (now.category != NLM_NETWORK_CATEGORY_PRIVATE ||
         INetwork_SetCategory(network, (NLM_NETWORK_CATEGORY)entry->category) == S_OK);
    INetwork_Release(network);
    return done;
}

static unsigned __stdcall run_giving_back(void *state)
{
    giving_back *task = state;
    INetworkListManager *manager = NULL;
    if (SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED))) {
        if (open_manager(&manager) == S_OK) {
            task->is_done = give_back(manager, &task->entry);
            INetworkListManager_Release(manager);
        }
        CoUninitialize();
    }
    let_go(task);
    return 0;
}

bool lp_profile_give_back(const lp_undo *entry, lp_duration patience)
{
    giving_back *task = calloc(1, sizeof *task);
    bool done = false;
    if (!task)
        return false;
    task->users = 2;
    task->entry = *entry;
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, run_giving_back, task, 0, NULL);
    if (!thread) {
        free(task);
        return false;
    }
    if (WaitForSingleObject(thread, (DWORD)(patience / LP_MS(1))) == WAIT_OBJECT_0)
        done = task->is_done;
    CloseHandle(thread);
    let_go(task);
    return done;
}

bool lp_journal_undo_profile(const lp_undo *entry)
{
    return lp_profile_give_back(entry, PATIENCE);
}
