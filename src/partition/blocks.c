/* SPDX-License-Identifier: Apache-2.0 */
/* Contraction along the common refinement of several partitions, as in the combine step of evolutionary
 * multilevel partitioning (Sanders & Schulz 2012, doi:10.1137/1.9781611972924.2): whatever the assignments
 * agree on moves as a whole, so a search among the blocks reaches in one step what single units
 * would have to cross bad ground for. Each of the assignments is one of the blocks', too. */
#include "partition/blocks.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MOST 1000 /* no third assignment then: blocks are to be fewer than units */

/* Splits blocks by one more assignment. @param name  (count * T) scratch. @return how many there are. */
static int32_t refine(
    const struct tp_problem *p, const int32_t *tower, int32_t count, int32_t *name, int32_t *block)
{
    int32_t next = 0;
    for (int64_t i = 0; i < (int64_t)count * p->tower_count; i++)
        name[i] = -1;
    for (int32_t u = 0; u < p->unit_count; u++) {
        int32_t *is = &name[(int64_t)block[u] * p->tower_count + tower[u]];
        if (*is < 0)
            *is = next++;
        block[u] = *is;
    }
    return next;
}

static enum tp_status find_blocks(const struct tp_problem *p, const int32_t *const *towers,
    int count, int32_t *block, int32_t *blocks, struct tp_error *err)
{
    int32_t *name = TP_NEW((size_t)p->unit_count * (size_t)p->tower_count, int32_t);
    if (!name)
        return tp_fail_memory(err);
    *blocks = 1;
    memset(block, 0, (size_t)p->unit_count * sizeof *block);
    for (int i = 0; i < count && (i < 2 || *blocks < BLOCKS_MOST); i++)
        *blocks = refine(p, towers[i], *blocks, name, block);
    free(name);
    return TP_OK;
}

static void add_up_weights(const struct tp_problem *p, const int32_t *block, struct tp_problem *b)
{
    for (int32_t u = 0; u < p->unit_count; u++) {
        for (int r = 0; r < TP_RESOURCES; r++)
            b->weight[(int64_t)block[u] * TP_RESOURCES + r] += tp_unit_weight(p, u)[r];
        if (p->pin[u] >= 0)
            b->pin[block[u]] = p->pin[u];
    }
}

static void add_up_affinity(const struct tp_problem *p, const int32_t *block, struct tp_problem *b)
{
    for (int32_t u = 0; u < p->unit_count; u++) {
        const float *row = p->affinity + (int64_t)u * p->unit_count;
        float *sum = b->affinity + (int64_t)block[u] * b->unit_count;
        for (int32_t v = 0; v < p->unit_count; v++)
            sum[block[v]] += row[v];
    }
    for (int32_t i = 0; i < b->unit_count; i++)
        b->affinity[(int64_t)i * b->unit_count + i] = 0;
}

/* Lists of blocks to be apart, a pair as often as it has units: more weighs more. */
static void keep_apart(const struct tp_problem *p, const int32_t *block, struct tp_problem *b)
{
    for (int32_t u = 0; u < p->unit_count; u++)
        b->apart_first[block[u] + 1] += p->apart_first[u + 1] - p->apart_first[u];
    for (int32_t i = 0; i < b->unit_count; i++)
        b->apart_first[i + 1] += b->apart_first[i];
    for (int32_t u = 0; u < p->unit_count; u++)
        for (int32_t i = p->apart_first[u]; i < p->apart_first[u + 1]; i++)
            b->apart[b->apart_first[block[u]]++] = block[p->apart[i]];
    for (int32_t i = b->unit_count; i > 0; i--) /* back to where each begins */
        b->apart_first[i] = b->apart_first[i - 1];
    b->apart_first[0] = 0;
}

enum tp_status tp_halve_towers(const struct tp_problem *p, const int32_t *tower,
    struct tp_random *random, int32_t *half, struct tp_error *err)
{
    int32_t *size = TP_NEW(p->tower_count, int32_t), *heart = TP_NEW(p->tower_count, int32_t);
    double *sum = TP_NEW(p->tower_count, double);
    enum tp_status status = size && heart && sum ? TP_OK : tp_fail_memory(err);
    for (int32_t u = 0; !status && u < p->unit_count; u++)
        if (tp_random_below(random, ++size[tower[u]]) == 0)
            heart[tower[u]] = u;
    for (int32_t u = 0; !status && u < p->unit_count; u++)
        sum[tower[u]] += (double)p->affinity[(int64_t)heart[tower[u]] * p->unit_count + u];
    for (int32_t u = 0; !status && u < p->unit_count; u++) {
        int32_t t = tower[u];
        double affinity = (double)p->affinity[(int64_t)heart[t] * p->unit_count + u];
        half[u] = u == heart[t] || affinity > sum[t] / size[t];
    }
    free(size);
    free(heart);
    free(sum);
    return status;
}

enum tp_status tp_blocks_new(const struct tp_problem *p, const int32_t *const *towers, int count,
    int32_t *block, struct tp_problem **blocks, struct tp_error *err)
{
    struct tp_problem *b = NULL;
    int32_t units = 0;
    enum tp_status status = find_blocks(p, towers, count, block, &units, err);
    if (!status)
        status = tp_problem_like(p, units, p->tower_count, &b, err);
    if (status)
        return status;
    b->feature_count = p->feature_count;
    memcpy(b->most, p->most, (size_t)p->tower_count * TP_RESOURCES * sizeof *b->most);
    add_up_weights(p, block, b);
    if (p->affinity)
        add_up_affinity(p, block, b);
    keep_apart(p, block, b);
    *blocks = b;
    return TP_OK;
}
