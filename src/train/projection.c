/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of one width from embeddings of several.
 *
 * Each vector is worked on by itself, a product over the rows of the samples or a copy of its
 * columns. Neighbours that need no product are copied together. Cost: a pass over the values,
 * and 2 n N width flops for each vector of another width. */
#include "train/projection.h"

#include "base/fail.h"
#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum tp_status tp_projections_init(struct tp_projections *projections,
    struct tp_parameters *parameters, const char *prefix, int32_t count, const int32_t *widths,
    const char *const *names, int32_t common, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    projections->items = TP_NEW(count, struct tp_projection);
    if (!projections->items)
        return tp_fail_memory(err);
    projections->count = count;
    projections->common = common;
    for (int32_t i = 0; !status && i < count; i++) {
        struct tp_projection *item = &projections->items[i];
        char name[TP_TENSOR_NAME_BYTES];
        item->start = projections->width;
        item->width = widths[i];
        item->linear_used = widths[i] != common;
        projections->width += widths[i];
        if (!item->linear_used)
            continue;
        assert(names);
        snprintf(name, sizeof name, "%sprojection.%s", prefix, names[i]);
        status = tp_linear_init(&item->linear, parameters, name, widths[i], common, 1, err);
    }
    return status;
}

void tp_projections_release(struct tp_projections *projections)
{
    free(projections->items);
    *projections = (struct tp_projections){0};
}

/* One past the last of the vectors from i on that need no product. */
static int32_t plain_end(const struct tp_projections *projections, int32_t i)
{
    while (i < projections->count && !projections->items[i].linear_used)
        i++;
    return i;
}

void tp_projections_forward(const struct tp_projections *projections,
    const struct tp_parameters *parameters, int32_t n, struct tp_rows x, struct tp_rows_out y)
{
    int32_t common = projections->common;
    for (int32_t i = 0, next; i < projections->count; i = next) {
        const struct tp_projection *item = &projections->items[i];
        struct tp_rows from = tp_rows_from(x, item->start);
        struct tp_rows_out to = tp_rows_out_from(y, i * common);
        next = item->linear_used ? i + 1 : plain_end(projections, i);
        if (item->linear_used)
            tp_linear_forward(&item->linear, parameters, n, from, false, to);
        else
            tp_rows_copy(n, (next - i) * common, from, to);
    }
}

void tp_projections_backward(const struct tp_projections *projections,
    struct tp_parameters *parameters, int32_t n, struct tp_rows x, struct tp_rows d,
    struct tp_rows_out dx)
{
    int32_t common = projections->common;
    for (int32_t i = 0, next; i < projections->count; i = next) {
        const struct tp_projection *item = &projections->items[i];
        struct tp_rows from = tp_rows_from(d, i * common);
        struct tp_rows_out to = tp_rows_out_from(dx, item->start);
        next = item->linear_used ? i + 1 : plain_end(projections, i);
        if (item->linear_used) {
            tp_linear_backward_bias(&item->linear, parameters, n, from);
            tp_linear_backward_weight(
                &item->linear, parameters, n, tp_rows_from(x, item->start), from);
            tp_linear_backward_input(&item->linear, parameters, n, from, false, to);
        } else {
            tp_rows_copy(n, (next - i) * common, from, to);
        }
    }
}
