/* SPDX-License-Identifier: Apache-2.0 */
/* Spearman's rank correlation, of two lists or in the mean of all pairs of several.
 *
 * Each list becomes its ranks r_p, centred and brought to length 1, so that rho(p, q) = r_p . r_q.
 * Then |sum of r_p|^2 = m + 2 * the sum of all rho: the pairs of m lists need no more than the sum
 * of the lists, and the mean rho is (|sum of r_p|^2 - m) / (m (m - 1)). */
#include "affinity/spearman.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct item {
    float value;
    size_t place;
};

static int by_value(const void *a, const void *b)
{
    float x = ((const struct item *)a)->value, y = ((const struct item *)b)->value;
    return (x > y) - (x < y);
}

/* Adds the ranks of a list, centred and of length 1, to sum; false if all its numbers are equal. */
static bool add_ranks(const float *list, size_t count, struct item *items, double *sum)
{
    double middle = (double)(count - 1) / 2, squares = 0;
    for (size_t k = 0; k < count; k++)
        items[k] = (struct item){list[k], k};
    qsort(items, count, sizeof *items, by_value);
    for (int turn = 0; turn < 2; turn++) { /* the length, then the values */
        double length = sqrt(squares);
        for (size_t k = 0, end; k < count; k = end) {
            end = k + 1;
            while (end < count && items[end].value <= items[k].value)
                end++;
            double rank = (double)(k + end - 1) / 2 - middle;
            squares += rank * rank * (double)(end - k);
            for (size_t tie = k; turn && tie < end; tie++)
                sum[items[tie].place] += rank / length;
        }
        if (squares <= 0)
            return false;
    }
    return true;
}

enum tp_status tp_spearman(
    const float *const *lists, int list_count, size_t count, double *rho, struct tp_error *err)
{
    double m = list_count, squares = 0;
    bool ranked = list_count > 1 && count > 1;
    struct item *items = TP_NEW(count, struct item);
    double *sum = TP_NEW(count, double);
    enum tp_status status = items && sum ? TP_OK : tp_fail_memory(err);
    for (int p = 0; !status && ranked && p < list_count; p++)
        ranked = add_ranks(lists[p], count, items, sum);
    for (size_t k = 0; !status && k < count; k++)
        squares += sum[k] * sum[k];
    if (!status)
        *rho = ranked ? fmax(-1.0, fmin((squares - m) / (m * (m - 1)), 1.0)) : (double)NAN;
    free(sum);
    free(items);
    return status;
}
