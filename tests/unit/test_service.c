#include "os/service.h"
#include "ready.h"
#include "test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager's ear at NOTIFY_SOCKET. A name with '@' is in the abstract namespace. */
static int listen_as_manager(char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, path, strlen(path));
    if (*path == '@')
        name.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t len = (socklen_t)(sizeof(sa_family_t) + strlen(path));
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, len), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    return fd;
}

static const char *heard(int fd)
{
    static char text[1024];
    if (!wait_readable(fd))
        return "nothing";
    ssize_t len = recv(fd, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

TEST(the_manager_hears_each_step_at_either_kind_of_socket)
{
    char file[64], abstract[64];
    snprintf(file, sizeof file, "/tmp/lp-notify-%d", (int)getpid());
    snprintf(abstract, sizeof abstract, "@lp-notify-%d", (int)getpid());
    const struct {
        const char *name;
        char *path;
    } rows[] = {{"a file", file}, {"abstract", abstract}};
    EACH_ROW (row, rows) {
        int fd = listen_as_manager(row->path);
        lp_service_ready("2 rooms");
        CHECK_STR(heard(fd), "READY=1\nSTATUS=2 rooms");
        lp_service_status("3 rooms");
        CHECK_STR(heard(fd), "STATUS=3 rooms");
        lp_service_alive();
        CHECK_STR(heard(fd), "WATCHDOG=1");
        lp_service_stopping();
        CHECK_STR(heard(fd), "STOPPING=1");
        close(fd);
        unsetenv("NOTIFY_SOCKET");
    }
    unlink(file);
}

TEST(a_status_is_told_when_it_is_news)
{
    char abstract[64], told[LP_SERVICE_STATUS_MAX] = "";
    char long_one[2 * LP_SERVICE_STATUS_MAX];
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    snprintf(abstract, sizeof abstract, "@lp-notify-%d", (int)getpid());
    int fd = listen_as_manager(abstract);
    lp_service_tell(told, "1 player");
    CHECK_STR(heard(fd), "STATUS=1 player");
    lp_service_tell(told, "1 player");
    lp_service_tell(told, long_one);
    CHECK_HAS(heard(fd), "STATUS=xxx");
    lp_service_tell(told, long_one);
    lp_service_tell(told, "2 players");
    CHECK_STR(heard(fd), "STATUS=2 players");
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

TEST(a_status_cannot_smuggle_an_assignment_in)
{
    char abstract[64];
    snprintf(abstract, sizeof abstract, "@lp-notify-%d", (int)getpid());
    int fd = listen_as_manager(abstract);
    lp_service_status("quake\nMAINPID=1");
    CHECK_STR(heard(fd), "STATUS=quake");
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

TEST(without_a_manager_nothing_happens)
{
    char too_long[300];
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[0] = '/';
    too_long[sizeof too_long - 1] = '\0';
    const struct {
        const char *name, *path;
    } rows[] = {{"not set", NULL},
                {"empty", ""},
                {"nobody there", "/nonexistent/socket"},
                {"neither kind", "vsock:2:1234"},
                {"too long", too_long}};
    int before = dup(0);
    EACH_ROW (row, rows) {
        if (row->path)
            setenv("NOTIFY_SOCKET", row->path, 1);
        lp_service_ready("up");
        lp_service_alive();
        unsetenv("NOTIFY_SOCKET");
    }
    close(before);
    int after = dup(0);
    CHECK_EQ(after, before); /* no descriptor was left open */
    close(after);
}

TEST(the_watchdog_wants_half_its_time)
{
    char us[32], other[32];
    snprintf(us, sizeof us, "%d", (int)getpid());
    snprintf(other, sizeof other, "%d", (int)getpid() + 1);
    const struct {
        const char *name, *usec, *pid;
        lp_duration every;
    } rows[] = {{"nobody watches", NULL, NULL, 0},
                {"30 s", "30000000", NULL, LP_SECONDS(15)},
                {"for us", "30000000", us, LP_SECONDS(15)},
                {"for our parent", "30000000", other, 0},
                {"nonsense", "soon", NULL, 0},
                {"beyond what can be counted", "18446744073709551615", NULL, 0}};
    EACH_ROW (row, rows) {
        if (row->usec)
            setenv("WATCHDOG_USEC", row->usec, 1);
        if (row->pid)
            setenv("WATCHDOG_PID", row->pid, 1);
        CHECK_EQ(lp_service_watchdog(), row->every);
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
    }
}
