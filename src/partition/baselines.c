/* SPDX-License-Identifier: Apache-2.0 */
/* Other methods on the same problem. They know of few limits or none, so each answer is held against all
 * of them afterwards. */
#include "partition/baselines.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/metis.h"
#include "partition/paper.h"
#include "partition/starts.h"

#include <stdlib.h>
#include <string.h>

/* The complete graph of more units is slow and no better. */
#define METIS_DENSE_UNITS_MAX 2000

const char *tp_baseline_name(enum tp_baseline baseline)
{
    static const char *const names[] = {"stride", "load", "paper", "metis_kway", "metis_recursive"};
    return names[baseline];
}

/* @param made  out: false when there is no answer. */
static enum tp_status make(const struct tp_problem *p, enum tp_goal goal, double ratio,
    uint64_t seed, enum tp_baseline which, int32_t *tower, bool *made, struct tp_error *err)
{
    struct tp_error ignored; /* no answer of METIS is one comparison less, not a failure */
    enum tp_status status = TP_OK;
    *made = true;
    if (which == TP_BASELINE_STRIDE) {
        tp_start_stride(p, tower);
    } else if (which == TP_BASELINE_LOAD) {
        status = tp_start_greedy(p, NULL, tower, err);
    } else if (which == TP_BASELINE_PAPER) {
        *made = p->affinity != NULL;
        status = *made ? tp_paper(p, goal, ratio, seed, tower, err) : TP_OK;
    } else if (p->unit_count > METIS_DENSE_UNITS_MAX) {
        *made = false;
    } else {
        status = tp_metis(p, goal, which == TP_BASELINE_METIS_RECURSIVE, seed, tower, &ignored);
        *made = !status;
        status = status == TP_ENOMEM ? tp_fail_memory(err) : TP_OK;
    }
    return status;
}

/* Setting an assignment moves pinned units home, so what it says is compared before it is judged. */
static bool holds_limits(const struct tp_problem *p, const int32_t *tower, struct tp_assignment *a)
{
    tp_assignment_set(a, tower);
    return !memcmp(tower, a->tower, (size_t)p->unit_count * sizeof *tower) &&
           tp_assignment_violation(a) <= 0;
}

enum tp_status tp_baselines_make(const struct tp_problem *problem, enum tp_goal goal, double ratio,
    uint64_t seed, struct tp_baselines *baselines, struct tp_error *err)
{
    struct tp_assignment *a = NULL;
    *baselines = (struct tp_baselines){0};
    /* Of the load goal, so that no affinity is added up for it. */
    enum tp_status status = tp_assignment_new(problem, TP_GOAL_LOAD, &a, err);
    for (int b = 0; b < TP_BASELINE_COUNT && !status; b++) {
        bool made = false;
        int32_t *tower = TP_NEW(problem->unit_count, int32_t);
        status = tower ? make(problem, goal, ratio, seed, (enum tp_baseline)b, tower, &made, err)
                       : tp_fail_memory(err);
        if (made) {
            baselines->tower[b] = tower;
            baselines->within_limits[b] = holds_limits(problem, tower, a);
        } else {
            free(tower);
        }
    }
    tp_assignment_free(a);
    return status;
}

void tp_baselines_release(struct tp_baselines *baselines)
{
    for (int b = 0; b < TP_BASELINE_COUNT; b++)
        free(baselines->tower[b]);
    *baselines = (struct tp_baselines){0};
}
