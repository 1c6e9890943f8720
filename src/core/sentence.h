/*
 * What a stranger wrote, made fit to be repeated to others: in messages, in logs, on
 * terminals. Pure.
 */
#pragma once

#include "wire/message.h"

/*
 * Copies `text` as far as it fits. Control characters become spaces, what is not UTF-8
 * becomes '?', and no character is cut in two. An empty or absent text becomes
 * `instead`.
 */
void lp_sentence_copy(char out[LP_REASON_MAX + 1], const char *text,
                      const char *instead);
