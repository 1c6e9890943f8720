#include "core/gauges.h"

#define CONNECTION LP_GAUGE_CONNECTION
#define SOCKET     LP_GAUGE_SOCKET

static const struct {
    const char *name, *meaning;
    lp_gauge_scope scope;
} gauges[] = {
#define GAUGE(code, scope, name, unit, meaning) {name, meaning, scope},
#include "core/gauges.def"
#undef GAUGE
};

const char *lp_gauge_name(lp_gauge gauge)
{
    return gauges[gauge].name;
}

const char *lp_gauge_meaning(lp_gauge gauge)
{
    return gauges[gauge].meaning;
}

lp_gauge_scope lp_gauge_scope_of(lp_gauge gauge)
{
    return gauges[gauge].scope;
}
