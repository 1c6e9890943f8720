/* Who may open what we make. */
#pragma once

#include <stdbool.h>

#include <windows.h>

typedef enum lp_access {
    LP_ACCESS_INHERITED, /* whoever the folder lets in */
    LP_ACCESS_OWNER,     /* the owner, administrators, the system */
    LP_ACCESS_CONSOLE,   /* these, and whoever sits at the machine may read and write */
} lp_access;

typedef struct lp_access_list {
    SECURITY_ATTRIBUTES attributes; /* for a Create function */
    void *descriptor;
} lp_access_list;

/* False: GetLastError says why. */
bool lp_access_open(lp_access access, lp_access_list *out_list);
void lp_access_close(lp_access_list *list);

/* Is this process an administrator's with all rights, or the system's? */
bool lp_access_is_elevated(void);

/* Is this file or folder the system's, an administrator's or our own, and where it seems
 * to be? Anybody may make a folder below ProgramData before we do, or a junction. */
bool lp_access_is_trusted(const wchar_t *path);
/* Did the system, an administrator or our own user make this object? The handle needs
 * READ_CONTROL. */
bool lp_access_is_trusted_object(HANDLE object);
