#include "runtime/log_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

struct lp_log_ring {
    uv_mutex_t lock;
    char
        *line[LP_LOG_RING_LINES]; /* of number n at n % LP_LOG_RING_LINES; NULL: lost */
    uint32_t last;
};

/* --- secrets ---------------------------------------------------------------------- */

void lp_log_secrets_add(lp_log_secrets *secrets, const char *code)
{
    for (size_t i = 0; i < LP_LOG_SECRETS_MAX; i++)
        if (strcmp(secrets->code[i], code) == 0)
            return;
    snprintf(secrets->code[secrets->next], sizeof(lp_room_code), "%s", code);
    secrets->next = (secrets->next + 1) % LP_LOG_SECRETS_MAX;
}

static bool is_word_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
           c == '_';
}

/* Octets of the secret that stands at `at`, a word's first; 0: none does. */
static size_t secret_at(const lp_log_secrets *secrets, const char *at)
{
    for (size_t i = 0; i < LP_LOG_SECRETS_MAX; i++) {
        size_t len = strlen(secrets->code[i]);
        if (len > 0 && strncmp(at, secrets->code[i], len) == 0 &&
            !is_word_char(at[len]))
            return len;
    }
    return 0;
}

char *lp_log_secrets_hide(const lp_log_secrets *secrets, const char *line, char *out,
                          size_t out_len)
{
    size_t len = 0;
    bool in_word = false;
    while (*line && len + sizeof LP_LOG_HIDDEN < out_len) {
        size_t secret = in_word ? 0 : secret_at(secrets, line);
        if (secret > 0) {
            len += (size_t)snprintf(out + len, out_len - len, "%s", LP_LOG_HIDDEN);
            line += secret;
            continue;
        }
        in_word = is_word_char(*line);
        out[len++] = *line++;
    }
    out[len] = '\0';
    return out;
}

/* --- lines ------------------------------------------------------------------------ */

lp_log_ring *lp_log_ring_new(void)
{
    lp_log_ring *ring = calloc(1, sizeof *ring);
    if (ring && uv_mutex_init(&ring->lock) != 0) {
        free(ring);
        ring = NULL;
    }
    return ring;
}

void lp_log_ring_free(lp_log_ring *ring)
{
    if (!ring)
        return;
    for (size_t i = 0; i < LP_LOG_RING_LINES; i++)
        free(ring->line[i]);
    uv_mutex_destroy(&ring->lock);
    free(ring);
}

void lp_log_ring_put(lp_log_ring *ring, const char *line)
{
    char *copy = strdup(line); /* NULL: this line is lost, and the next is not */
    uv_mutex_lock(&ring->lock);
    ring->last++;
    char **place = &ring->line[ring->last % LP_LOG_RING_LINES];
    free(*place);
    *place = copy;
    uv_mutex_unlock(&ring->lock);
}

static void put_lines(const lp_log_ring *ring, uint32_t after, json_t *lines)
{
    uint32_t held = ring->last < LP_LOG_RING_LINES ? ring->last : LP_LOG_RING_LINES;
    uint32_t before = ring->last - held;
    /* A number beyond our last is of a program that ran before us. */
    uint32_t from = after > ring->last || after < before ? before : after;
    for (uint32_t n = from + 1; n <= ring->last; n++) {
        const char *text = ring->line[n % LP_LOG_RING_LINES];
        if (text)
            json_array_append_new(
                lines, json_pack("{s:I, s:s}", "n", (json_int_t)n, "text", text));
    }
}

json_t *lp_log_ring_after(lp_log_ring *ring, uint32_t after)
{
    json_t *lines = json_array();
    uv_mutex_lock(&ring->lock);
    put_lines(ring, after, lines);
    json_int_t last = ring->last;
    uv_mutex_unlock(&ring->lock);
    return json_pack("{s:o, s:I}", "lines", lines, "last", last);
}
