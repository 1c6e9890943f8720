/* The last two minutes of latency, a sample a second. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LP_GRAPH_SAMPLES 120

typedef struct lp_graph {
    double ms[LP_GRAPH_SAMPLES]; /* negative: no connection then */
    size_t count, next;
} lp_graph;

void lp_graph_add(lp_graph *graph, double ms);
void lp_graph_clear(lp_graph *graph);

/* The sample `age` samples ago; false beyond the first, and where there was none. */
bool lp_graph_at(const lp_graph *graph, size_t age, double *out_ms);

/* The top of the scale: a round number at or above all samples, so that the curve does
 * not jump with every one. */
double lp_graph_top(const lp_graph *graph);

/* "Latency over the last 2 min: 23 ms now, 21 ms to 40 ms": for who cannot see it. */
char *lp_graph_words(const lp_graph *graph, char *out, size_t out_len);
