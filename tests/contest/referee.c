/* SPDX-License-Identifier: Apache-2.0 */
/* Every sum is made anew from the instance; nothing is kept between calls. */
#include "referee.h"

#include "../property/complaints.h"

#include <stdio.h>
#include <stdlib.h>

double inside_affinity(const struct instance *in, const int32_t *tower)
{
    double sum = 0;
    for (size_t i = 0; i < (size_t)in->n; i++) {
        const float *row = in->affinity + i * (size_t)in->n;
        for (size_t j = 0; j < i; j++)
            sum += tower[i] == tower[j] ? (double)row[j] : 0;
    }
    return sum;
}

static bool overloaded(const struct instance *in, int t, const double *load, char text[128])
{
    for (int r = 0; r < BALANCED; r++)
        if (load[r] > balanced_most(in, r)) {
            snprintf(text, 128, "tower %d: weight %d is %g, at most %g allowed", t, r, load[r],
                balanced_most(in, r));
            return true;
        }
    if (load[MEMORY] > in->memory[t])
        snprintf(text, 128, "tower %d: memory is %g of %g", t, load[MEMORY], in->memory[t]);
    else if (load[FEATURES] < features_least(in) || load[FEATURES] > features_most(in))
        snprintf(text, 128, "tower %d: %g features, %d to %d allowed", t, load[FEATURES],
            features_least(in), features_most(in));
    else
        return false;
    return true;
}

bool breaks_limit(const struct instance *in, const int32_t *tower, char text[128])
{
    char unused[128];
    bool broken = false;
    text = text ? text : unused;
    double(*load)[WEIGHT_COUNT] = need((size_t)in->k, sizeof *load);
    for (int u = 0; u < in->n && !broken; u++) {
        broken = tower[u] < 0 || tower[u] >= in->k || (in->pin[u] >= 0 && tower[u] != in->pin[u]);
        if (broken)
            snprintf(text, 128, "unit %d is in tower %d, pin %d", u, tower[u], in->pin[u]);
        for (int r = 0; r < WEIGHT_COUNT && !broken; r++)
            load[tower[u]][r] += in->weight[u][r];
    }
    for (int i = 0; i < in->aparts && !broken; i++) {
        broken = tower[in->apart[i][0]] == tower[in->apart[i][1]];
        if (broken)
            snprintf(text, 128, "units %d and %d are together", in->apart[i][0], in->apart[i][1]);
    }
    for (int t = 0; t < in->k && !broken; t++)
        broken = overloaded(in, t, load[t], text);
    free(load);
    return broken;
}
