/*
 * A stand-in for Windows' Network List Manager (netlistmgr.h), registered as its class:
 * one network, in which the fake adapter is, and its category, as machine.h has it.
 */
#define COBJMACROS
#include <winsock2.h>
#include <ws2ipdef.h>

#include <initguid.h>
#include <windows.h>

#include <iphlpapi.h>
#include <netioapi.h>
#include <netlistmgr.h>
#include <ws2tcpip.h>

#include "machine.h"

#define EXPORT __declspec(dllexport)

static GUID guid_of(const char *text)
{
    WCHAR wide[40];
    GUID guid = {0};
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 40);
    CLSIDFromString(wide, &guid);
    return guid;
}

/* Nothing is ever freed: there is one of each. */
static ULONG WINAPI count(void *self)
{
    return 1;
}

#define OBJECT(NAME)                                                            \
    static HRESULT WINAPI query_##NAME(NAME *self, REFIID iid, void **out)      \
    {                                                                           \
        *out = IsEqualGUID(iid, &IID_IUnknown) || IsEqualGUID(iid, &IID_##NAME) \
                   ? self                                                       \
                   : NULL;                                                      \
        return *out ? S_OK : E_NOINTERFACE;                                     \
    }

/* --- the network ------------------------------------------------------------------ */

OBJECT(INetwork)

static HRESULT WINAPI get_id(INetwork *self, GUID *out)
{
    *out = guid_of(NETWORK_ID);
    return S_OK;
}

static HRESULT WINAPI get_category(INetwork *self, NLM_NETWORK_CATEGORY *out)
{
    HANDLE lock = lock_machine();
    *out = (NLM_NETWORK_CATEGORY)now.category;
    unlock_machine(lock, FALSE);
    return S_OK;
}

/* Only to public or private, and only by administrators (LP_DENIED: we are none). */
static HRESULT WINAPI set_category(INetwork *self, NLM_NETWORK_CATEGORY category)
{
    static int calls;
    char line[120], denied[8];
    HANDLE lock = lock_machine();
    HRESULT result =
        category == NLM_NETWORK_CATEGORY_DOMAIN_AUTHENTICATED ? E_INVALIDARG : S_OK;
    if (GetEnvironmentVariableA("LP_DENIED", denied, sizeof denied))
        result = E_ACCESSDENIED;
    if (call_fails("INetwork::SetCategory", ++calls, 0))
        result = E_FAIL;
    snprintf(line, sizeof line, "INetwork::SetCategory " NETWORK_ID " %d -> %lx\n",
             (int)category, (unsigned long)result);
    call_note(line);
    if (result == S_OK)
        now.category = (LONG)category;
    unlock_machine(lock, result == S_OK);
    return result;
}

static INetworkVtbl network_calls = {
    .QueryInterface = query_INetwork,
    .AddRef = (ULONG(WINAPI *)(INetwork *))count,
    .Release = (ULONG(WINAPI *)(INetwork *))count,
    .GetNetworkId = get_id,
    .GetCategory = get_category,
    .SetCategory = set_category,
};
static INetwork network = {.lpVtbl = &network_calls};

/* --- the adapter's connection to it ----------------------------------------------- */

OBJECT(INetworkConnection)

static HRESULT WINAPI get_network(INetworkConnection *self, INetwork **out)
{
    *out = &network;
    return S_OK;
}

static HRESULT WINAPI get_adapter(INetworkConnection *self, GUID *out)
{
    *out = guid_of(FAKETAP_ID);
    return S_OK;
}

static INetworkConnectionVtbl connection_calls = {
    .QueryInterface = query_INetworkConnection,
    .AddRef = (ULONG(WINAPI *)(INetworkConnection *))count,
    .Release = (ULONG(WINAPI *)(INetworkConnection *))count,
    .GetNetwork = get_network,
    .GetAdapterId = get_adapter,
};
static INetworkConnection connection = {.lpVtbl = &connection_calls};

/* --- all connections -------------------------------------------------------------- */

OBJECT(IEnumNetworkConnections)

static BOOL is_through;

static HRESULT WINAPI next(IEnumNetworkConnections *self, ULONG wanted,
                           INetworkConnection **out, ULONG *out_count)
{
    HANDLE lock = lock_machine();
    BOOL is_there = !is_through && now.category >= 0;
    unlock_machine(lock, FALSE);
    is_through = TRUE;
    *out = is_there ? &connection : NULL;
    *out_count = is_there;
    return is_there ? S_OK : S_FALSE;
}

static IEnumNetworkConnectionsVtbl all_calls = {
    .QueryInterface = query_IEnumNetworkConnections,
    .AddRef = (ULONG(WINAPI *)(IEnumNetworkConnections *))count,
    .Release = (ULONG(WINAPI *)(IEnumNetworkConnections *))count,
    .Next = next,
};
static IEnumNetworkConnections all = {.lpVtbl = &all_calls};

/* --- the manager ------------------------------------------------------------------ */

OBJECT(INetworkListManager)

static HRESULT WINAPI find_network(INetworkListManager *self, GUID id, INetwork **out)
{
    GUID ours = guid_of(NETWORK_ID);
    HANDLE lock = lock_machine();
    BOOL is_there = now.category >= 0 && IsEqualGUID(&id, &ours);
    unlock_machine(lock, FALSE);
    *out = is_there ? &network : NULL;
    return is_there ? S_OK : HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
}

static HRESULT WINAPI get_connections(INetworkListManager *self,
                                      IEnumNetworkConnections **out)
{
    is_through = FALSE;
    *out = &all;
    return S_OK;
}

static INetworkListManagerVtbl manager_calls = {
    .QueryInterface = query_INetworkListManager,
    .AddRef = (ULONG(WINAPI *)(INetworkListManager *))count,
    .Release = (ULONG(WINAPI *)(INetworkListManager *))count,
    .GetNetwork = find_network,
    .GetNetworkConnections = get_connections,
};
static INetworkListManager manager = {.lpVtbl = &manager_calls};

/* --- its class -------------------------------------------------------------------- */

OBJECT(IClassFactory)

static HRESULT WINAPI create(IClassFactory *self, IUnknown *outer, REFIID iid,
                             void **out)
{
    return query_INetworkListManager(&manager, iid, out);
}

static HRESULT WINAPI keep(IClassFactory *self, BOOL is_kept)
{
    return S_OK;
}

static IClassFactoryVtbl class_calls = {
    .QueryInterface = query_IClassFactory,
    .AddRef = (ULONG(WINAPI *)(IClassFactory *))count,
    .Release = (ULONG(WINAPI *)(IClassFactory *))count,
    .CreateInstance = create,
    .LockServer = keep,
};
static IClassFactory class = {.lpVtbl = &class_calls};

EXPORT HRESULT WINAPI DllGetClassObject(REFCLSID id, REFIID iid, void **out)
{
    return query_IClassFactory(&class, iid, out);
}

EXPORT HRESULT WINAPI DllCanUnloadNow(void)
{
    return S_FALSE;
}
