/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of other methods, for comparison. */
#ifndef TP_PARTITION_BASELINES_H
#define TP_PARTITION_BASELINES_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/assignment.h"

enum tp_baseline {
    TP_BASELINE_STRIDE,
    TP_BASELINE_LOAD,
    TP_BASELINE_PAPER, /* only with an affinity */
    TP_BASELINE_METIS_KWAY,
    TP_BASELINE_METIS_RECURSIVE,
    TP_BASELINE_COUNT
};

struct tp_baselines {
    int32_t *tower[TP_BASELINE_COUNT]; /* (U) each; NULL: not made */
    bool within_limits[TP_BASELINE_COUNT];
};

const char *tp_baseline_name(enum tp_baseline baseline);

/* All that there are for a problem of that size, each as its method gives it; only within_limits
 * looks at the problem's limits.
 * @param ratio      behind the limits: what the paper's method goes by.
 * @param baselines  out, to be released with tp_baselines_release(), also on failure.
 * @return TP_ENOMEM; a method that gives up is left out. */
enum tp_status tp_baselines_make(const struct tp_problem *problem, enum tp_goal goal, double ratio,
    uint64_t seed, struct tp_baselines *baselines, struct tp_error *err);
void tp_baselines_release(struct tp_baselines *baselines);

#endif
