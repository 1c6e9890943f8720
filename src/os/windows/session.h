/*
 * The end of a session, as a window hears of it: log-off and shutdown.
 *
 * A console's handler is not told of them once a program has loaded user32.dll or gdi32.dll
 * (SetConsoleCtrlHandler, Remarks), which libuv and OpenSSL do in every program of ours. The
 * same page names the way out: a window that nobody sees.
 */
#pragma once

/*
 * From now on `on_end` is called when the session ends, on a thread of its own; when it
 * returns, Windows may end the program. It does not wait for more than five seconds. Where
 * there can be no window nothing comes of it. Once only.
 */
void lp_session_watch(void (*on_end)(void));
