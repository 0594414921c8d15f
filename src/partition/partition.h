/* SPDX-License-Identifier: Apache-2.0 */
/* Units to towers: settles the limits, runs the starts through the refinement, keeps the best legal
 * answer that can be placed. */
#ifndef TP_PARTITION_PARTITION_H
#define TP_PARTITION_PARTITION_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "partition/assignment.h"
#include "partition/baselines.h"
#include "partition/exact.h"
#include "partition/limits.h"
#include "partition/problem.h"

struct tp_partition_options {
    enum tp_goal goal;
    bool stride; /* take the stride assignment, or nothing */
    bool paper;  /* take the paper's, made legal by as few steps as possible; goal coherent */
    double balance, ratio; /* NAN: automatic */
    uint64_t seed;
    int32_t effort;  /* 1..1000; 0: without end, until the deadline or a request */
    double deadline; /* of tp_seconds_now(), for the search and the bound; INFINITY: none */
    const volatile sig_atomic_t *stop; /* not 0: end with the best so far; NULL: never asked */
    bool quick;                        /* no METIS starts, no baselines */
    const int32_t
        *legal; /* (U) known to be legal within balance and ratio, which are then given: the
                             answer if no start leads to a better one; NULL: none known */
    bool progress;
};

struct tp_partition {
    int32_t *tower; /* (U); NULL: no answer */
    struct tp_limits limits;
    bool limits_proven;
    enum tp_answer answer; /* YES, or why there is none */
    struct tp_baselines baselines;
    double value; /* tp_assignment_value() */
    double bound; /* on it, within the limits; NAN: none computed */
    bool optimal; /* proven: no legal assignment that fits is better */
    bool stopped; /* by the deadline or by request, before the effort was used up */
};

/* @param problem    its limits are set on return.
 * @param partition  out; to be released with tp_partition_release(), also when the answer is no.
 * @return TP_OK also when there is no answer; TP_ENOMEM. */
enum tp_status tp_partition(struct tp_problem *problem, const struct tp_judge *judge,
    const struct tp_partition_options *options, struct tp_partition *partition,
    struct tp_error *err);
void tp_partition_release(struct tp_partition *partition);

#endif
