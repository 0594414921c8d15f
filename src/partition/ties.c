/* SPDX-License-Identifier: Apache-2.0 */
/* A pull towards towers, said in the words that the problem has: pins and affinity between units. */
#include "partition/ties.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The old matrix in the corner of a larger one, the ties on its borders. */
static void fill_affinity(const struct tp_problem *p, const double *pull, float *affinity)
{
    size_t units = (size_t)p->unit_count, towers = (size_t)p->tower_count, all = units + towers;
    for (size_t u = 0; u < units; u++) {
        if (p->affinity)
            memcpy(affinity + u * all, p->affinity + u * units, units * sizeof *affinity);
        for (size_t t = 0; t < towers; t++) {
            float tie = (float)pull[u * towers + t];
            affinity[u * all + units + t] = tie;
            affinity[(units + t) * all + u] = tie;
        }
    }
}

enum tp_status tp_problem_tie(struct tp_problem *p, const double *pull, struct tp_error *err)
{
    size_t units = (size_t)p->unit_count, towers = (size_t)p->tower_count, all = units + towers;
    size_t cells;
    float *affinity = tp_multiply(all, all, &cells) ? TP_NEW(cells, float) : NULL;
    double *weight = tp_new(all * TP_RESOURCES, sizeof *weight);
    int32_t *pin = TP_NEW(all, int32_t), *apart_first = TP_NEW(all + 1, int32_t);
    if (!affinity || !weight || !pin || !apart_first) {
        free(affinity);
        free(weight);
        free(pin);
        free(apart_first);
        return tp_fail_memory(err);
    }
    fill_affinity(p, pull, affinity);
    memcpy(weight, p->weight, units * TP_RESOURCES * sizeof *weight);
    memcpy(pin, p->pin, units * sizeof *pin);
    memcpy(apart_first, p->apart_first, (units + 1) * sizeof *apart_first);
    for (size_t t = 0; t < towers; t++) {
        pin[units + t] = (int32_t)t;
        apart_first[units + t + 1] = apart_first[units];
        p->tower_class[t] = (int32_t)t;
    }
    free(p->affinity);
    free(p->weight);
    free(p->pin);
    free(p->apart_first);
    p->affinity = affinity;
    p->weight = weight;
    p->pin = pin;
    p->apart_first = apart_first;
    p->class_count = p->tower_count;
    p->unit_count = (int32_t)all;
    return TP_OK;
}
