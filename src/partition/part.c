/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a solution, made anew one after the other (POPMUSIC, Taillard & Voss 2002,
 * doi:10.1007/978-1-4615-1507-4_27). Groups of many units that are in the wrong towers cannot change places
 * one by one, nor as blocks where towers differ in size; in a problem of a few towers they can. */
#include "partition/part.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ANY_ONE_IN 3

/* Of every tower, affinity of its units with those of one, blurred: 1.6 times either way is usual. */
static void relate(const struct tp_problem *p, const int32_t *tower, int32_t to,
    struct tp_random *random, double *related)
{
    memset(related, 0, (size_t)p->tower_count * sizeof *related);
    for (int32_t u = 0; u < p->unit_count; u++) {
        const float *row = p->affinity + (int64_t)u * p->unit_count;
        for (int32_t v = 0; v < p->unit_count && tower[u] == to; v++)
            related[tower[v]] += (double)row[v];
    }
    for (int32_t t = 0; t < p->tower_count; t++)
        related[t] *= exp(0.5 * tp_random_normal(random));
}

enum tp_status tp_part_choose(const struct tp_problem *p, const int32_t *tower, int32_t count,
    struct tp_random *random, int32_t *chosen, struct tp_error *err)
{
    double *related = TP_NEW(p->tower_count, double);
    bool *taken = TP_NEW(p->tower_count, bool);
    enum tp_status status = related && taken ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; i < count && !status; i++) {
        int32_t next = (int32_t)tp_random_below(random, p->tower_count);
        bool any = i == 0 || (!taken[next] && tp_random_below(random, ANY_ONE_IN) == 0);
        for (int32_t t = 0; t < p->tower_count && !any; t++)
            if (!taken[t] && (taken[next] || related[t] > related[next]))
                next = t;
        if (i == 0)
            relate(p, tower, next, random, related);
        taken[next] = true;
        chosen[i] = next;
    }
    free(related);
    free(taken);
    return status;
}

/* @param place  (T) the place of a tower among the chosen ones, -1 for all others.
 * @param name   out, (U) the unit of the part that a unit is. @return how many there are. */
static int32_t find_units(const struct tp_problem *p, const int32_t *tower, const int32_t *place,
    int32_t *name, int32_t *unit, int32_t *at)
{
    int32_t count = 0;
    for (int32_t u = 0; u < p->unit_count; u++) {
        name[u] = place[tower[u]] >= 0 ? count : -1;
        if (name[u] < 0)
            continue;
        unit[count] = u;
        at[count++] = place[tower[u]];
    }
    return count;
}

static void copy_limits(const struct tp_problem *p, const int32_t *chosen, struct tp_problem *part)
{
    for (int32_t i = 0; i < part->tower_count; i++)
        memcpy(part->most + (int64_t)i * TP_RESOURCES, tp_tower_most(p, chosen[i]),
            TP_RESOURCES * sizeof *part->most);
}

static void copy_units(const struct tp_problem *p, const int32_t *place, const int32_t *name,
    const int32_t *unit, struct tp_problem *part)
{
    int32_t aparts = 0;
    for (int32_t i = 0; i < part->unit_count; i++) {
        int32_t u = unit[i];
        const double *weight = tp_unit_weight(p, u);
        memcpy(part->weight + (int64_t)i * TP_RESOURCES, weight, TP_RESOURCES * sizeof *weight);
        part->feature_count += (int32_t)weight[TP_FEATURES];
        part->pin[i] = p->pin[u] >= 0 ? place[p->pin[u]] : -1;
        for (int32_t k = p->apart_first[u]; k < p->apart_first[u + 1]; k++)
            if (name[p->apart[k]] >= 0)
                part->apart[aparts++] = name[p->apart[k]];
        part->apart_first[i + 1] = aparts;
    }
}

static void copy_affinity(const struct tp_problem *p, const int32_t *unit, struct tp_problem *part)
{
    for (int32_t i = 0; i < part->unit_count; i++) {
        const float *from = p->affinity + (int64_t)unit[i] * p->unit_count;
        float *to = part->affinity + (int64_t)i * part->unit_count;
        for (int32_t j = 0; j < part->unit_count; j++)
            to[j] = from[unit[j]];
    }
}

enum tp_status tp_part_new(const struct tp_problem *p, const int32_t *tower, const int32_t *chosen,
    int32_t count, int32_t *unit, int32_t *at, struct tp_problem **part, struct tp_error *err)
{
    int32_t *place = TP_NEW(p->tower_count, int32_t), *name = TP_NEW(p->unit_count, int32_t);
    enum tp_status status = place && name ? TP_OK : tp_fail_memory(err);
    for (int32_t t = 0; t < p->tower_count && !status; t++)
        place[t] = -1;
    for (int32_t i = 0; i < count && !status; i++)
        place[chosen[i]] = i;
    if (!status) {
        int32_t units = find_units(p, tower, place, name, unit, at);
        status = tp_problem_like(p, units, count, part, err);
    }
    if (!status) {
        copy_limits(p, chosen, *part);
        copy_units(p, place, name, unit, *part);
        if (p->affinity)
            copy_affinity(p, unit, *part);
    }
    free(place);
    free(name);
    return status;
}
