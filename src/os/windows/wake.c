#include "os/windows/wake.h"

#include "os/windows/errors.h"
#include "os/windows/winsock.h"

#include <stdbool.h>
#include <stdlib.h>

struct lp_wake {
    SOCKET socket;
    SRWLOCK lock;
    bool is_ringing; /* one octet is on its way, or there */
};

/* Connected to itself, it hears itself and nobody else. */
static bool connect_to_itself(SOCKET self)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    int len = sizeof name;
    BOOL alone = TRUE;
    u_long non_blocking = 1;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(self, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char *)&alone, sizeof alone);
    return bind(self, (struct sockaddr *)&name, sizeof name) == 0 &&
           getsockname(self, (struct sockaddr *)&name, &len) == 0 &&
           connect(self, (struct sockaddr *)&name, sizeof name) == 0 &&
           ioctlsocket(self, FIONBIO, &non_blocking) == 0;
}

lp_err lp_wake_open(lp_wake **out_wake, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    lp_wake *wake = calloc(1, sizeof *wake);
    if (!wake)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    lp_winsock_start();
    InitializeSRWLock(&wake->lock);
    wake->socket = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    if (wake->socket == INVALID_SOCKET || !connect_to_itself(wake->socket)) {
        lp_explain(why, LP_ERR_IO, "cannot make a socket to wake the loop with: %s",
                   lp_windows_text((unsigned long)WSAGetLastError(), text));
        lp_wake_close(wake);
        return LP_ERR_IO;
    }
    *out_wake = wake;
    return LP_OK;
}

void lp_wake_close(lp_wake *wake)
{
    if (!wake)
        return;
    if (wake->socket != INVALID_SOCKET)
        closesocket(wake->socket);
    free(wake);
}

lp_fd lp_wake_fd(const lp_wake *wake)
{
    return (lp_fd)wake->socket;
}

void lp_wake_ring(lp_wake *wake)
{
    AcquireSRWLockExclusive(&wake->lock);
    if (!wake->is_ringing)
        wake->is_ringing = send(wake->socket, "", 1, 0) == 1;
    ReleaseSRWLockExclusive(&wake->lock);
}

void lp_wake_clear(lp_wake *wake)
{
    char octet;
    AcquireSRWLockExclusive(&wake->lock);
    wake->is_ringing = false;
    /* An octet that is late rings once more for nothing, and is cleared then. */
    while (recv(wake->socket, &octet, 1, 0) == 1)
        ;
    ReleaseSRWLockExclusive(&wake->lock);
}
