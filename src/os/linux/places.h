/* Where a program keeps what lives as long as it runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* $RUNTIME_DIRECTORY, /run/softlan for root, else $XDG_RUNTIME_DIR/softlan. False: none. */
bool lp_dir_runtime(char *out, size_t out_len);
