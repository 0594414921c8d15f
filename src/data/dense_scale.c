/* SPDX-License-Identifier: Apache-2.0 */
/* Dense values of logs are counts and amounts over many magnitudes, also negative ones. So what is
 * trained on is sign(x) log(1 + |x|), less its mean and over its standard deviation in the training
 * part; a missing value is then the mean, 0, and so is a value that never varies there.
 *
 * Mean and deviation by Welford's recurrence (1962, doi:10.1080/00401706.1962.10490022): the same
 * from the same values in the same order, and exactly 0 for values that are all alike. */
#include "data/dense_scale.h"

#include <math.h>

static double squeeze(double value)
{
    return copysign(log1p(fabs(value)), value);
}

void tp_dense_scale_see(struct tp_dense_scale *scale, double value)
{
    if (isnan(value))
        return;
    double squeezed = squeeze(value), distance = squeezed - scale->mean;
    scale->count++;
    scale->mean += distance / (double)scale->count;
    scale->squares += distance * (squeezed - scale->mean);
}

float tp_dense_scale_value(const struct tp_dense_scale *scale, double value)
{
    if (isnan(value) || !(scale->squares > 0))
        return 0;
    double deviation = sqrt(scale->squares / (double)scale->count);
    return (float)((squeeze(value) - scale->mean) / deviation);
}
