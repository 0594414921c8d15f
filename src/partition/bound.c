/* SPDX-License-Identifier: Apache-2.0 */
/* An upper bound by branch and bound over pairs of units: together or apart.
 *
 * The root is the relaxation (dual.c). Where its bound stays above the best known, the pair whose share
 * in its solution is nearest to one half is decided both ways, always in the branch with the largest
 * bound; a branch that comes down to the best known is done. The largest bound of the open branches
 * holds for all assignments, so the search may be cut off at any time. A branch in which every pair is
 * decided and that still lies above the best known is kept: what the relaxation does not know of (the
 * placement, which tower is which) may forbid it.
 * Cost: the more branches the looser the relaxation; thousands of steps a branch, times U^2. */
#include "partition/bound.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/dual.h"

#include <math.h>
#include <stdlib.h>

#define STEPS INT64_C(10000000) /* times the effort: 0.3 s at 10 */
#define LOOK_UNITS_MAX 2000
#define TREE_UNITS_MAX 100 /* the relaxations of more are too slow to take many */
#define TREE_BYTES 536870912

/* Of the root: the rest is worked on in its branches. */
static const struct tp_patience patience_root = {20, 1e-5};
static const struct tp_patience patience_branch = {3, 2e-4};

struct branch {
    struct tp_dual *dual;
    double bound;
};

struct tree {
    struct branch *open;
    int32_t count, most;
    double known, closed; /* largest bound of what cannot be branched */
    struct tp_effort *effort;
};

int64_t tp_bound_steps(int32_t unit_count, int32_t effort)
{
    int64_t steps = STEPS * effort, round = tp_dual_round_steps(unit_count);
    return unit_count <= LOOK_UNITS_MAX && steps <= round ? round + 1 : steps;
}

static bool proven(const struct tree *t, double bound)
{
    return bound <= t->known + TP_PROVEN * fabs(t->known);
}

/* Takes the branch with the largest bound out. */
static struct branch take_loosest(struct tree *t)
{
    int32_t loosest = 0;
    for (int32_t i = 1; i < t->count; i++)
        if (t->open[i].bound > t->open[loosest].bound)
            loosest = i;
    struct branch branch = t->open[loosest];
    t->open[loosest] = t->open[--t->count];
    return branch;
}

/* One of the two ways to decide a pair. */
static enum tp_status grow(struct tree *t, const struct branch *from, int32_t u, int32_t v,
    bool together, struct tp_error *err)
{
    struct branch branch = {.bound = from->bound};
    enum tp_status status = tp_dual_branch(from->dual, u, v, together, &branch.dual, err);
    if (status || !branch.dual)
        return status;
    status = tp_dual_descend(branch.dual, t->known, patience_branch, t->effort, &branch.bound, err);
    if (status || proven(t, branch.bound))
        tp_dual_free(branch.dual);
    else
        t->open[t->count++] = branch;
    return status;
}

static enum tp_status grow_both(struct tree *t, const struct branch *from, struct tp_error *err)
{
    int32_t u, v;
    if (!tp_dual_undecided(from->dual, &u, &v)) {
        t->closed = fmax(t->closed, from->bound);
        return TP_OK;
    }
    enum tp_status status = grow(t, from, u, v, true, err);
    return status ? status : grow(t, from, u, v, false, err);
}

/* Branches until all is proven or the effort or the memory is used up.
 * @param bound  in: of the root; out: of all that is left. */
static enum tp_status grow_tree(
    struct tree *t, struct tp_dual *root, double *bound, struct tp_error *err)
{
    struct branch branch = {root, *bound};
    enum tp_status status = grow_both(t, &branch, err);
    while (!status && t->count > 0 && t->count + 2 <= t->most && !t->effort->over) {
        branch = take_loosest(t);
        status = grow_both(t, &branch, err);
        tp_dual_free(branch.dual);
    }
    *bound = fmax(t->known, t->closed);
    for (int32_t i = 0; i < t->count; i++)
        *bound = fmax(*bound, t->open[i].bound);
    return status;
}

static enum tp_status branch_and_bound(struct tp_dual *root, const struct tp_problem *problem,
    double known, struct tp_effort *effort, double *bound, struct tp_error *err)
{
    int64_t most = TREE_BYTES / tp_dual_bytes(problem->unit_count);
    struct tree t = {.known = known,
        .closed = -INFINITY,
        .effort = effort,
        .most = (int32_t)most,
        .open = TP_NEW(most, struct branch)};
    if (!t.open)
        return tp_fail_memory(err);
    enum tp_status status = grow_tree(&t, root, bound, err);
    for (int32_t i = 0; i < t.count; i++)
        tp_dual_free(t.open[i].dual);
    free(t.open);
    return status;
}

static enum tp_status value_of(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, double *value, struct tp_error *err)
{
    struct tp_assignment *assignment = NULL;
    enum tp_status status = tp_assignment_new(problem, goal, &assignment, err);
    if (status)
        return status;
    tp_assignment_set(assignment, tower);
    *value = tp_assignment_value(assignment);
    tp_assignment_free(assignment);
    return TP_OK;
}

enum tp_status tp_bound(const struct tp_problem *problem, enum tp_goal goal, const int32_t *tower,
    struct tp_effort *effort, double *bound, struct tp_error *err)
{
    struct tp_dual *root = NULL;
    double known, best;
    enum tp_status status = value_of(problem, goal, tower, &known, err);
    if (!status)
        status = tp_dual_new(problem, goal, tower, &root, err);
    if (status)
        return status;
    best = tp_dual_rows(root);
    status = tp_dual_descend(root, known, patience_root, effort, &best, err);
    bool open = best > known + TP_PROVEN * fabs(known) && problem->unit_count <= TREE_UNITS_MAX;
    if (!status && open && !effort->over)
        status = branch_and_bound(root, problem, known, effort, &best, err);
    if (!status)
        *bound = fmax(best, known);
    tp_dual_free(root);
    return status;
}
