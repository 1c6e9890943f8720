#include "os/windows/errors.h"

#include "os/windows/winsock.h"

#include <stdio.h>
#include <string.h>

lp_err lp_err_of_windows(unsigned long number)
{
    switch (number) {
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
    case WSAEACCES:
        return LP_ERR_DENIED;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_NOT_FOUND:
    case WSAEADDRNOTAVAIL:
        return LP_ERR_NOT_FOUND;
    case ERROR_SHARING_VIOLATION:
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
    case ERROR_PIPE_BUSY:
    case WSAEADDRINUSE:
        return LP_ERR_IN_USE;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case WSAENOBUFS:
        return LP_ERR_NO_MEMORY;
    case ERROR_NOT_SUPPORTED:
    case WSAEAFNOSUPPORT:
    case WSAEOPNOTSUPP:
        return LP_ERR_UNSUPPORTED;
    case WSAEWOULDBLOCK:
        return LP_ERR_WOULD_BLOCK;
    default:
        return LP_ERR_IO;
    }
}

const char *lp_windows_text(unsigned long number, char out[LP_WINDOWS_TEXT_LEN])
{
    char words[LP_WINDOWS_TEXT_LEN - 32] = "";
    DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    FormatMessageA(flags, NULL, number, 0, words, sizeof words, NULL);
    words[strcspn(words, "\r\n")] = '\0';
    snprintf(out, LP_WINDOWS_TEXT_LEN, "%s%serror %lu", words, *words ? " " : "",
             number);
    return out;
}
