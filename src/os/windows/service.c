#include "os/service.h"

#include <stdio.h>
#include <string.h>

void lp_service_ready(const char *status)
{
}

void lp_service_status(const char *status)
{
}

void lp_service_tell(char told[LP_SERVICE_STATUS_MAX], const char *status)
{
    snprintf(told, LP_SERVICE_STATUS_MAX, "%s", status);
}

void lp_service_stopping(void)
{
}

lp_duration lp_service_watchdog(void)
{
    return 0;
}

void lp_service_alive(void)
{
}

void lp_service_outlive_askers(void)
{
}

bool lp_service_hangup_reloads(void)
{
    return false;
}
