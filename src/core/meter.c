#include "core/meter.h"

void lp_meter_look(const lp_meter *meter, lp_gauges *out_gauges)
{
    uint64_t *at = out_gauges->at;
    at[LP_GAUGE_OF_READS] = meter->reads;
    at[LP_GAUGE_OF_SENDS] = meter->sends;
    at[LP_GAUGE_OF_READ_P50] = lp_histogram_percentile(&meter->per_read, 50);
    at[LP_GAUGE_OF_READ_P99] = lp_histogram_percentile(&meter->per_read, 99);
    at[LP_GAUGE_OF_SEND_P50] = lp_histogram_percentile(&meter->per_send, 50);
    at[LP_GAUGE_OF_SEND_P99] = lp_histogram_percentile(&meter->per_send, 99);
    at[LP_GAUGE_OF_FRAMES_P50] = lp_histogram_percentile(&meter->per_packet, 50);
    at[LP_GAUGE_OF_FRAMES_P99] = lp_histogram_percentile(&meter->per_packet, 99);
}
