/* Between the service manager's threads (service_manager.c) and the program's (service.c). */
#pragma once

#include "os/service.h"

#include <windows.h>

/* To whoever listens; from any thread. */
void lp_service_hear(lp_service_event event);

/* SERVICE_...: tells the manager, where it started us. */
void lp_service_report(DWORD state, DWORD exit_code);
