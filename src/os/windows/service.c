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

void lp_service_listen(void (*heard)(void *state, lp_service_event event), void *state)
{
}

void lp_service_ended(void)
{
}

/* --- a service of the system ------------------------------------------------------ */

lp_err lp_service_install(const lp_service_about *about, lp_why *why)
{
    return lp_explain(why, LP_ERR_UNSUPPORTED,
                      "this program cannot install services yet");
}

lp_err lp_service_remove(const char *name, lp_why *why)
{
    return lp_explain(why, LP_ERR_UNSUPPORTED,
                      "this program cannot remove services yet");
}

int lp_service_run(const char *name, int (*body)(void *state), void *state)
{
    return body(state);
}

bool lp_service_is_unheard(void)
{
    return false;
}
