/* SPDX-License-Identifier: Apache-2.0 */
/* From timed transfers to a latency or a rate, with its spread.
 *
 * In: seconds per round and size. Out: the median over rounds and its quartiles. One disturbed
 * transfer moves no figure: sizes of a round are joined by medians, or by the line of Theil and Sen
 * (Sen 1968, doi:10.1080/01621459.1968.10480934), whose slope is the median over pairs of points.
 *
 * Short messages follow other rules than long ones: other protocols, and on a shaped link up to a
 * token bucket's burst of bytes passes at full speed. So a rate rests on the long ones only: on the
 * longest, and on shorter ones as long as these agree with it. Behind a burst of b bytes a transfer
 * takes (bytes - b) / rate, and the slope does not see b. The longest transfer of all is held back,
 * to see whether the line still holds there.
 *
 * Pure functions. Cost: O(rounds * sizes^2). */
#include "calibrate/fit.h"

#include <math.h>
#include <stdlib.h>

#define AGREE 0.05       /* share by which a shorter size may differ from the longer ones */
#define LINE_SIZES 3     /* that a line needs at least */
#define LATENCY_MOST 0.5 /* share of a time that may be latency; a longer message has less */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* At a share of the way through sorted values; between two of them in proportion. */
static double at_share(const double *values, int32_t count, double share)
{
    double place = share * (count - 1);
    int32_t below = (int32_t)place;
    int32_t above = below + 1 < count ? below + 1 : below;
    return values[below] + (place - below) * (values[above] - values[below]);
}

struct tp_quartiles tp_quartiles_of(double *values, int32_t count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return (struct tp_quartiles){
        at_share(values, count, 0.25), at_share(values, count, 0.5), at_share(values, count, 0.75)};
}

static double median_of(double *values, int32_t count)
{
    return tp_quartiles_of(values, count).median;
}

/* Median seconds of each size. */
static void typical_seconds(const struct tp_timings *timings, double seconds[TP_SIZES_MAX])
{
    double rounds[TP_ROUNDS_MAX];
    for (int32_t i = 0; i < timings->size_count; i++) {
        for (int32_t r = 0; r < timings->round_count; r++)
            rounds[r] = timings->seconds[r][i];
        seconds[i] = median_of(rounds, timings->round_count);
    }
}

struct tp_fit tp_fit_latency(const struct tp_timings *timings)
{
    double rounds[TP_ROUNDS_MAX], small[TP_SIZES_MAX];
    int32_t count = 1;
    while (count < timings->size_count && timings->bytes[count] <= TP_SMALL_BYTES)
        count++;
    for (int32_t r = 0; r < timings->round_count; r++) {
        for (int32_t i = 0; i < count; i++)
            small[i] = timings->seconds[r][i];
        rounds[r] = median_of(small, count);
    }
    return (struct tp_fit){.value = tp_quartiles_of(rounds, timings->round_count),
        .from_bytes = timings->bytes[0],
        .to_bytes = timings->bytes[count - 1]};
}

struct tp_fit tp_fit_less(struct tp_fit fit, double seconds)
{
    struct tp_quartiles *value = &fit.value;
    value->low = fmax(0, value->low - seconds);
    value->median = fmax(0, value->median - seconds);
    value->high = fmax(0, value->high - seconds);
    return fit;
}

struct line {
    double start, slope; /* y = start + slope * x */
};

/* Theil and Sen's. @param x  ascending. */
static struct line fit_line(const double *x, const double *y, int32_t count)
{
    double slopes[TP_SIZES_MAX * TP_SIZES_MAX / 2], starts[TP_SIZES_MAX];
    int32_t pairs = 0;
    for (int32_t i = 0; i < count; i++)
        for (int32_t j = i + 1; j < count; j++)
            slopes[pairs++] = (y[j] - y[i]) / (x[j] - x[i]);
    struct line line = {.slope = median_of(slopes, pairs)};
    for (int32_t i = 0; i < count; i++)
        starts[i] = y[i] - line.slope * x[i];
    line.start = median_of(starts, count);
    return line;
}

static double on_line(struct line line, double x)
{
    return line.start + line.slope * x;
}

static int agree(double found, double expected)
{
    return fabs(found - expected) <= AGREE * fabs(expected);
}

/* The rate of sizes first .. end - 1 in one round. Where longer ones took no more time it is that
 * of the longest: rounds that were disturbed, or times that do not depend on the size. */
static double rate_of(const double *bytes, const double *seconds, int32_t first, int32_t end)
{
    double slope = 0;
    if (end - first > 1)
        slope = fit_line(bytes + first, seconds + first, end - first).slope;
    return slope > 0 ? 1 / slope : bytes[end - 1] / seconds[end - 1];
}

struct tp_fit tp_fit_rate(const struct tp_timings *timings)
{
    const double *bytes = timings->bytes;
    double seconds[TP_SIZES_MAX], rounds[TP_ROUNDS_MAX];
    int32_t last = timings->size_count - 1, end = last > LINE_SIZES ? last : last + 1;
    int32_t first = end > LINE_SIZES ? end - LINE_SIZES : 0;
    struct line line = {0};
    struct tp_fit fit = {0};
    typical_seconds(timings, seconds);
    if (end - first > 1)
        line = fit_line(bytes + first, seconds + first, end - first);
    while (first > 0 && bytes[first - 1] > TP_SMALL_BYTES &&
           agree(seconds[first - 1], on_line(line, bytes[first - 1]))) {
        first--;
        line = fit_line(bytes + first, seconds + first, end - first);
    }
    for (int32_t r = 0; r < timings->round_count; r++)
        rounds[r] = rate_of(bytes, timings->seconds[r], first, end);
    fit.value = tp_quartiles_of(rounds, timings->round_count);
    fit.from_bytes = bytes[first];
    fit.to_bytes = bytes[end - 1];
    if (end == last)
        fit.check = seconds[last] / on_line(line, bytes[last]);
    return fit;
}

/* Less the latency, which cannot be most of the time that a long message takes. */
static double share_rate(double bytes, double seconds, double latency_s)
{
    return bytes / (seconds - fmin(latency_s, LATENCY_MOST * seconds));
}

struct tp_fit tp_fit_share(const struct tp_timings *timings, double latency_s)
{
    const double *bytes = timings->bytes;
    double seconds[TP_SIZES_MAX], rates[TP_SIZES_MAX], rounds[TP_ROUNDS_MAX];
    int32_t last = timings->size_count - 1, first = last;
    typical_seconds(timings, seconds);
    double longest = share_rate(bytes[last], seconds[last], latency_s);
    while (first > 0 && agree(share_rate(bytes[first - 1], seconds[first - 1], latency_s), longest))
        first--;
    for (int32_t r = 0; r < timings->round_count; r++) {
        for (int32_t i = first; i <= last; i++)
            rates[i] = share_rate(bytes[i], timings->seconds[r][i], latency_s);
        rounds[r] = median_of(rates + first, last - first + 1);
    }
    return (struct tp_fit){.value = tp_quartiles_of(rounds, timings->round_count),
        .from_bytes = bytes[first],
        .to_bytes = bytes[last]};
}
