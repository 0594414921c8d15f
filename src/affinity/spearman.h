/* SPDX-License-Identifier: Apache-2.0 */
/* Rank correlation. */
#ifndef TP_AFFINITY_SPEARMAN_H
#define TP_AFFINITY_SPEARMAN_H

#include <stddef.h>

#include <towerpart/status.h>

/* Spearman's rho (1904, doi:10.2307/1412159) between lists of numbers: the correlation of their
 * ranks, ties at their average rank.
 * @param lists  (list_count) of `count` numbers each, none NaN; item k belongs to item k of the others.
 * @param rho    out, the mean over all pairs of lists, in [-1, 1]; NAN where there is nothing to rank:
 *               fewer than 2 lists or numbers, or a list all of whose numbers are equal.
 * @return TP_OK or TP_ENOMEM.
 * Cost: O(list_count * count log count), memory for one list. */
enum tp_status tp_spearman(
    const float *const *lists, int list_count, size_t count, double *rho, struct tp_error *err);

#endif
