#include "gui/graph.h"

#include "gui/text.h"
#include "gui/view.h"

void lp_graph_add(lp_graph *graph, double ms)
{
    graph->ms[graph->next] = ms;
    graph->next = (graph->next + 1) % LP_GRAPH_SAMPLES;
    graph->count += graph->count < LP_GRAPH_SAMPLES;
}

void lp_graph_clear(lp_graph *graph)
{
    *graph = (lp_graph){0};
}

bool lp_graph_at(const lp_graph *graph, size_t age, double *out_ms)
{
    if (age >= graph->count)
        return false;
    double ms =
        graph->ms[(graph->next + 2 * LP_GRAPH_SAMPLES - 1 - age) % LP_GRAPH_SAMPLES];
    if (ms < 0)
        return false;
    *out_ms = ms;
    return true;
}

/* False: there are none. */
static bool range_of(const lp_graph *graph, double *out_min, double *out_max)
{
    bool any = false;
    for (size_t age = 0; age < graph->count; age++) {
        double ms;
        if (!lp_graph_at(graph, age, &ms))
            continue;
        *out_min = any && *out_min < ms ? *out_min : ms;
        *out_max = any && *out_max > ms ? *out_max : ms;
        any = true;
    }
    return any;
}

double lp_graph_top(const lp_graph *graph)
{
    static const double tops[] = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000};
    double min = 0, max = 0;
    size_t i = 0;
    range_of(graph, &min, &max);
    while (i + 1 < sizeof tops / sizeof *tops && tops[i] < max)
        i++;
    return tops[i] > max ? tops[i] : max;
}

char *lp_graph_words(const lp_graph *graph, char *out, size_t out_len)
{
    double now, min, max;
    char texts[3][24];
    if (!range_of(graph, &min, &max))
        return lp_put_text(out, out_len, "Latency: not measured yet");
    lp_view_latency(min, texts[1], sizeof texts[1]);
    lp_view_latency(max, texts[2], sizeof texts[2]);
    if (lp_graph_at(graph, 0, &now))
        lp_view_latency(now, texts[0], sizeof texts[0]);
    else
        lp_put_text(texts[0], sizeof texts[0], "nothing");
    return lp_put_text(out, out_len,
                       "Latency over the last 2 min: %s now, between %s and %s",
                       texts[0], texts[1], texts[2]);
}
