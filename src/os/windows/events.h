/*
 * Windows' log of events: where an administrator looks when a service does not start, or
 * stopped. Its viewer finds the words by the source's message file; ours is that of Windows'
 * own eventcreate.exe, whose messages 1 to 1000 are one text each, and nothing else.
 */
#pragma once

#include <wchar.h>

/* For administrators; what fails costs the viewer's explanation, and no word of ours. */
void lp_events_enroll(const wchar_t *source);
void lp_events_forget(const wchar_t *source);

void lp_events_write(const wchar_t *source, const char *words); /* an error, in UTF-8 */
