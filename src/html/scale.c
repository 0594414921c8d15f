/* SPDX-License-Identifier: Apache-2.0 */
/* Linear and logarithmic scales, and round values on them.
 *
 * In: a range of values and a range of places. Out: places of values, and ticks that people can read.
 * Steps are 1, 2, 2.5 or 5 times a power of ten (after Heckbert, "Nice numbers for graph labels",
 * Graphics Gems 1990, with 2.5 so that quarters are possible). Cost: constant. */
#include "html/scale.h"

#include <math.h>

#define SLACK 1e-9 /* of a step: what sums of steps are off */

double tp_scale_at(const struct tp_scale *scale, double value)
{
    double least = scale->least, most = scale->most;
    if (scale->logarithmic) {
        least = log(least);
        most = log(most);
        value = log(value);
    }
    double share = most > least ? (value - least) / (most - least) : 0;
    share = share > 0 ? fmin(share, 1) : 0;
    return scale->start + share * (scale->end - scale->start);
}

double tp_scale_round(double value)
{
    static const double heads[] = {1, 2, 2.5, 5, 10};
    if (!(value > 0) || !isfinite(value))
        return 1;
    double power = pow(10, floor(log10(value)));
    for (int i = 0; i < 5; i++)
        if (heads[i] * power >= value * (1 - SLACK))
            return heads[i] * power;
    return 10 * power;
}

/* 1, 2 and 5 times the powers of ten, or the powers alone; of many powers every few. */
static int32_t add_powers(const struct tp_scale *scale, int32_t wanted, double *ticks)
{
    static const double heads[] = {1, 2, 5};
    double first = floor(log10(scale->least)), last = floor(log10(scale->most) + SLACK);
    double span = log10(scale->most) - log10(scale->least);
    int32_t step = (int32_t)ceil(span / wanted), count = 0;
    for (double power = first; power <= last; power += step > 1 ? step : 1)
        for (int i = 0; i < (span < 2 ? 3 : 1) && count < TP_TICKS_MAX; i++) {
            double tick = heads[i] * pow(10, power);
            if (tick >= scale->least * (1 - SLACK) && tick <= scale->most * (1 + SLACK))
                ticks[count++] = tick;
        }
    return count;
}

int32_t tp_scale_ticks(const struct tp_scale *scale, int32_t wanted, double ticks[TP_TICKS_MAX])
{
    int32_t count = 0;
    if (!(scale->most > scale->least) || !isfinite(scale->most - scale->least))
        return 0;
    if (scale->logarithmic)
        return add_powers(scale, wanted, ticks);
    double step = tp_scale_round((scale->most - scale->least) / wanted);
    double first = ceil(scale->least / step - SLACK);
    for (double i = first; i * step <= scale->most + SLACK * step && count < TP_TICKS_MAX; i++)
        ticks[count++] = i * step + 0.0; /* no -0 */
    return count;
}
