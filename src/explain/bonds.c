/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity of one feature: to each tower, and to the features that it is closest to.
 *
 * In: a row of the matrix, and who is in which tower. Out: per tower the sum, which is what the tower
 * contributes to the affinity inside if the feature joins it, and the mean, which does not grow with the
 * tower; of its own tower without itself. */
#include "explain/bonds.h"

#include <math.h>

/* Keeps the strongest, falling; of equal ones the first. */
static void keep_partner(struct tp_explain *explain, struct tp_explain_partner next)
{
    for (int32_t i = 0; i < TP_EXPLAIN_PARTNERS; i++) {
        struct tp_explain_partner *at = &explain->partners[i];
        if (i == explain->partner_count) {
            *at = next;
            explain->partner_count++;
            return;
        }
        if (next.affinity > at->affinity) {
            struct tp_explain_partner weaker = *at;
            *at = next;
            next = weaker;
        }
    }
}

void tp_explain_bonds(
    struct tp_explain *explain, const int32_t *tower_of_feature, const struct tp_affinity *affinity)
{
    int32_t count = explain->plan->model->feature_count;
    int64_t row = (int64_t)explain->feature * count;
    for (int32_t f = 0; f < count; f++) {
        if (f == explain->feature)
            continue;
        struct tp_explain_tower *tower = &explain->towers[tower_of_feature[f]];
        tower->features++;
        if (!affinity)
            continue;
        double value = (double)affinity->affinity[row + f];
        tower->sum += value;
        keep_partner(explain, (struct tp_explain_partner){f, tower_of_feature[f], value,
                                  (double)affinity->std_error[row + f]});
    }
    for (int32_t t = 0; t < explain->tower_count; t++) {
        struct tp_explain_tower *tower = &explain->towers[t];
        tower->mean = affinity && tower->features ? tower->sum / tower->features : (double)NAN;
        if (!affinity)
            tower->sum = (double)NAN;
    }
}
