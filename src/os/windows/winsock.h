/* Winsock's headers in the order that they insist on. Includes <windows.h>. */
#pragma once

#include <winsock2.h>

#include <ws2tcpip.h>

#include <mswsock.h>

/* Of newer systems than mingw-w64's headers (10.0); setsockopt tells who has them. */
#ifndef UDP_SEND_MSG_SIZE
#define UDP_SEND_MSG_SIZE           2
#define UDP_RECV_MAX_COALESCED_SIZE 3
#define UDP_COALESCED_INFO          3
#endif
#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET _WSAIOW(IOC_VENDOR, 15)
#endif

/* Before the first socket or look-up; again costs nothing. */
void lp_winsock_start(void);
