#include "os/windows/winsock.h"

static BOOL CALLBACK start(INIT_ONCE *once, void *parameter, void **context)
{
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

void lp_winsock_start(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    InitOnceExecuteOnce(&once, start, NULL, NULL);
}
