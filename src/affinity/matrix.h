/* SPDX-License-Identifier: Apache-2.0 */
/* Making an empty affinity, for those who fill it. */
#ifndef TP_AFFINITY_MATRIX_H
#define TP_AFFINITY_MATRIX_H

#include <towerpart/affinity.h>

/* The model's features, zeros, ones on the diagonal. To be freed with tp_affinity_free(). */
enum tp_status tp_affinity_new(
    const struct tp_model *model, struct tp_affinity **affinity, struct tp_error *err);

/* Gives neutral features the mean affinity to all others, with the standard deviation as standard error. What
 * never varies has cka 0 to them too, whatever they hold. O(F^2). */
enum tp_status tp_affinity_fill_neutral(struct tp_affinity *affinity, struct tp_error *err);

#endif
