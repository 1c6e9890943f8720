#include "gui/graph.h"

#include "test.h"

static lp_graph graph;

TEST(samples_are_found_by_their_age)
{
    double ms;
    lp_graph_clear(&graph);
    CHECK(!lp_graph_at(&graph, 0, &ms));
    lp_graph_add(&graph, 10);
    lp_graph_add(&graph, -1);
    lp_graph_add(&graph, 30);
    CHECK(lp_graph_at(&graph, 0, &ms) && ms == 30);
    CHECK(!lp_graph_at(&graph, 1, &ms)); /* no connection then */
    CHECK(lp_graph_at(&graph, 2, &ms) && ms == 10);
    CHECK(!lp_graph_at(&graph, 3, &ms));
}

TEST(the_oldest_sample_makes_room)
{
    double ms;
    lp_graph_clear(&graph);
    for (int i = 0; i < LP_GRAPH_SAMPLES + 5; i++)
        lp_graph_add(&graph, i);
    CHECK(lp_graph_at(&graph, 0, &ms) && ms == LP_GRAPH_SAMPLES + 4);
    CHECK(lp_graph_at(&graph, LP_GRAPH_SAMPLES - 1, &ms) && ms == 5);
    CHECK(!lp_graph_at(&graph, LP_GRAPH_SAMPLES, &ms));
}

TEST(the_scale_is_a_round_number_above_all_samples)
{
    static const struct {
        const char *name;
        double most, top;
    } rows[] = {{"none", -1, 10},        {"tiny", 0.4, 10}, {"just", 10, 10},
                {"above", 10.1, 20},     {"usual", 23, 50}, {"slow", 420, 500},
                {"hopeless", 9000, 9000}};
    EACH_ROW (row, rows) {
        lp_graph_clear(&graph);
        lp_graph_add(&graph, 0.2);
        lp_graph_add(&graph, row->most);
        CHECK(lp_graph_top(&graph) == row->top);
    }
}

TEST(who_cannot_see_it_hears_it)
{
    char words[128];
    lp_graph_clear(&graph);
    CHECK_HAS(lp_graph_words(&graph, words, sizeof words), "not measured yet");
    lp_graph_add(&graph, 40);
    lp_graph_add(&graph, 21);
    CHECK_HAS(lp_graph_words(&graph, words, sizeof words),
              "21 ms now, between 21 ms and 40 ms");
    lp_graph_add(&graph, -1);
    CHECK_HAS(lp_graph_words(&graph, words, sizeof words), "nothing now");
}
