#include "os/service.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Errors are nobody's business: a service runs as well without its manager's ear. */
static void notify(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, strlen(path));
    if (*path == '@')
        to.sun_path[0] =
            '\0'; /* the abstract namespace: exactly these octets, no NUL */
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                 (struct sockaddr *)&to, len);
    close(fd);
}

/* A newline would begin another assignment, and a status may name what a peer chose. */
static void notify_status(const char *before, const char *status)
{
    char text[512];
    snprintf(text, sizeof text, "%sSTATUS=%.*s", before, (int)strcspn(status, "\n"),
             status);
    notify(text);
}

void lp_service_ready(const char *status)
{
    notify_status("READY=1\n", status);
}

void lp_service_status(const char *status)
{
    notify_status("", status);
}

void lp_service_tell(char told[LP_SERVICE_STATUS_MAX], const char *status)
{
    if (strncmp(told, status, LP_SERVICE_STATUS_MAX - 1) == 0)
        return;
    snprintf(told, LP_SERVICE_STATUS_MAX, "%s", status);
    lp_service_status(status);
}

void lp_service_stopping(void)
{
    notify("STOPPING=1");
}

static unsigned long long number_in(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

lp_duration lp_service_watchdog(void)
{
    unsigned long long us = number_in("WATCHDOG_USEC");
    unsigned long long pid = number_in("WATCHDOG_PID");
    if (pid != 0 && pid != (unsigned long long)getpid())
        return 0;
    if (us > LP_NEVER / 1000)
        return 0;
    return LP_US(us) / 2; /* as sd_watchdog_enabled(3) advises */
}

void lp_service_alive(void)
{
    notify("WATCHDOG=1");
}

void lp_service_outlive_askers(void)
{
    signal(SIGPIPE, SIG_IGN);
}

bool lp_service_hangup_reloads(void)
{
    return true;
}

void lp_service_listen(void (*heard)(void *state, lp_service_event event), void *state)
{
}

void lp_service_may_sleep(void)
{
}

void lp_service_ended(void)
{
}

/* --- a service of the system ------------------------------------------------------ */

lp_err lp_service_install(const lp_service_about *about, lp_why *why)
{
    return lp_explain(
        why, LP_ERR_UNSUPPORTED,
        "on Linux systemd does that: `systemctl edit --full %s` and write "
        "`%s %s` behind ExecStart=, then `systemctl enable --now %s`",
        about->name, about->name, about->arguments, about->name);
}

lp_err lp_service_remove(const char *name, lp_why *why)
{
    return lp_explain(why, LP_ERR_UNSUPPORTED,
                      "on Linux systemd does that: `systemctl disable --now %s`", name);
}

int lp_service_run(const char *name, int (*body)(void *state), void *state)
{
    return body(state);
}

void lp_service_complain(const char *words)
{
}

bool lp_service_is_unheard(void)
{
    return false; /* the journal listens */
}
