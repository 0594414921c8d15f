/* SPDX-License-Identifier: Apache-2.0 */
/* One relaxation on its way to its solution: multipliers that give an upper bound at any time, and a
 * better one the longer they are worked on. */
#ifndef TP_PARTITION_DUAL_H
#define TP_PARTITION_DUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/assignment.h"
#include "partition/crowds.h"
#include "partition/effort.h"

struct tp_dual;

/* When to leave off: after so many looks at the bound that together gained less, of the value known. */
struct tp_patience {
    int looks;
    double gain;
};

/* Begins at an assignment.
 * @param tower   (U).
 * @param crowds  charged for from the beginning; more will be found. Copied.
 * @param dual    out, to be freed with tp_dual_free(). @return TP_ENOMEM. */
enum tp_status tp_dual_new(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, const struct tp_crowds *crowds, struct tp_dual **dual,
    struct tp_error *err);
void tp_dual_free(struct tp_dual *dual);

/* Another one that goes on from here, with one pair decided. Not to outlive `from`'s root.
 * @param to  out; NULL: no legal assignment has the pair so. @return TP_ENOMEM. */
enum tp_status tp_dual_branch(const struct tp_dual *from, int32_t u, int32_t v, bool together,
    struct tp_dual **to, struct tp_error *err);

/* Works on the multipliers.
 * @param known  ends when the bound has come down to it.
 * @param bound  in and out: the smallest so far.
 * @return TP_EINTERNAL when LAPACK gives up; TP_ENOMEM. */
enum tp_status tp_dual_descend(struct tp_dual *dual, double known, struct tp_patience patience,
    struct tp_effort *effort, double *bound, struct tp_error *err);

/* The pair whose share in the solution is nearest to one half. @return false: all are decided. */
bool tp_dual_undecided(const struct tp_dual *dual, int32_t *u, int32_t *v);

/* Steps of one round of the work; bytes that one takes beyond the root. */
int64_t tp_dual_round_steps(int32_t unit_count);
int64_t tp_dual_bytes(int32_t unit_count);

#endif
