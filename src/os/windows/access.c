#include "os/windows/access.h"

#include <aclapi.h>
#include <sddl.h>

/*
 * SY the system, BA administrators, OW the owner; IU who is logged on at the machine. P:
 * nothing is inherited from above; OICI: files below inherit this. 12019b: all of reading
 * and writing but FILE_CREATE_PIPE_INSTANCE, with which one could pose as us.
 */
#define OWNER_RIGHTS   L"(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)"
#define CONSOLE_RIGHTS L"(D;;FA;;;NU)" OWNER_RIGHTS L"(A;;0x12019b;;;IU)"

bool lp_access_open(lp_access access, lp_access_list *out_list)
{
    static const wchar_t *const rules[] = {[LP_ACCESS_OWNER] = L"D:P" OWNER_RIGHTS,
                                           [LP_ACCESS_CONSOLE] = L"D:P" CONSOLE_RIGHTS};
    *out_list =
        (lp_access_list){.attributes = {.nLength = sizeof out_list->attributes}};
    if (access == LP_ACCESS_INHERITED)
        return true;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            rules[access], SDDL_REVISION_1, &out_list->descriptor, NULL))
        return false;
    out_list->attributes.lpSecurityDescriptor = out_list->descriptor;
    return true;
}

void lp_access_close(lp_access_list *list)
{
    LocalFree(list->descriptor);
    *list = (lp_access_list){0};
}

bool lp_access_is_elevated(void)
{
    HANDLE token;
    TOKEN_ELEVATION elevation = {0};
    DWORD len;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    GetTokenInformation(token, TokenElevation, &elevation, sizeof elevation, &len);
    CloseHandle(token);
    return elevation.TokenIsElevated != 0;
}

/* The process's own user, or whom it makes files as: administrators, when elevated. */
static bool is_own(HANDLE token, TOKEN_INFORMATION_CLASS what, PSID owner)
{
    union {
        TOKEN_USER user;
        TOKEN_OWNER owner;
        BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } own;
    DWORD len;
    if (!GetTokenInformation(token, what, &own, sizeof own, &len))
        return false;
    return EqualSid(owner, what == TokenUser ? own.user.User.Sid : own.owner.Owner);
}

/* The system's own installer has no well-known number; C:\ and much below it is its. */
static bool is_trusted_installer(PSID owner)
{
    PSID installer;
    if (!ConvertStringSidToSidW(L"S-1-5-80-956008885-3418522649-1831038044-1853292631-"
                                L"2271478464",
                                &installer))
        return false;
    bool is_it = EqualSid(owner, installer);
    LocalFree(installer);
    return is_it;
}

static bool is_trusted_owner(PSID owner)
{
    HANDLE token;
    if (IsWellKnownSid(owner, WinLocalSystemSid) ||
        IsWellKnownSid(owner, WinBuiltinAdministratorsSid) ||
        is_trusted_installer(owner))
        return true;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool trusted = is_own(token, TokenUser, owner) || is_own(token, TokenOwner, owner);
    CloseHandle(token);
    return trusted;
}

bool lp_access_is_trusted(const wchar_t *path)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES ||
        attributes & FILE_ATTRIBUTE_REPARSE_POINT ||
        GetNamedSecurityInfoW(path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                              NULL, NULL, NULL, &descriptor) != ERROR_SUCCESS)
        return false;
    bool trusted = owner && is_trusted_owner(owner);
    LocalFree(descriptor);
    return trusted;
}

bool lp_access_is_trusted_object(HANDLE object)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    if (GetSecurityInfo(object, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                        NULL, NULL, NULL, &descriptor) != ERROR_SUCCESS)
        return false;
    bool trusted = owner && is_trusted_owner(owner);
    LocalFree(descriptor);
    return trusted;
}
