/* SPDX-License-Identifier: Apache-2.0 */
/* An upper bound by branch and bound over pairs of units: together or apart.
 *
 * There are two relaxations: of the matrix of pairs (dual.c), for any number of units, and of whole towers
 * (cover.c). Where the bounds of both stay above the best known, the better one is branched: the pair
 * whose share in its solution is nearest to one half is decided both ways, always in the branch with the
 * largest bound; a branch that comes down to the best known is done. The largest bound of the open branches
 * holds for all assignments, so the search may be cut off at any time. A branch in which every pair is
 * decided and that still lies above the best known is kept: what the relaxation does not know of (the
 * placement, which tower is which) may forbid it.
 * Cost: the more branches the looser the relaxation; of the matrix thousands of steps a branch, times U^2. */
#include "partition/bound.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/cover.h"
#include "partition/crowds.h"
#include "partition/dual.h"
#include "partition/relaxation.h"

#include <math.h>
#include <stdlib.h>

#define STEPS_FEW INT64_C(20000000) /* times the effort, as long as there are branches */
#define STEPS INT64_C(15000000)     /* the same with more units, and once more per 100 of them */
#define STEPS_PER_PAIR 60           /* at least: three rounds for 3,000 units by default */
#define NO_WORSE 1e-3               /* relative */
#define ROUNDS_LEAST 2              /* one lowers nothing */
#define DUAL_UNITS_MAX 4000         /* 0.6 GiB, and ten seconds in which nobody can stop LAPACK */
#define TREE_UNITS_MAX 100          /* the relaxations of more are too slow to take many */
#define TREE_BYTES 536870912

/* Of the root: the rest is worked on in its branches. */
static const struct tp_patience patience_root = {20, 1e-5};
static const struct tp_patience patience_branch = {3, 2e-4};

/* Of one of the two relaxations: what is decided, and the pair to decide next, or its state. */
struct branch {
    struct tp_pairs pairs;
    int32_t u, v;
    struct tp_dual *dual;
    double bound;
};

struct tree {
    struct tp_cover *cover; /* NULL: each branch has its dual */
    struct branch *open;
    int32_t count, most;
    double known, closed; /* largest bound of what cannot be branched */
    struct tp_effort *effort;
};

int64_t tp_bound_steps(int32_t unit_count, int32_t effort)
{
    int64_t units = unit_count, steps = STEPS * (1 + units / 100);
    if (units <= TREE_UNITS_MAX)
        steps = STEPS_FEW;
    else if (units <= DUAL_UNITS_MAX && steps < STEPS_PER_PAIR * units * units)
        steps = STEPS_PER_PAIR * units * units;
    return effort * steps;
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

static void branch_release(struct branch *branch)
{
    tp_dual_free(branch->dual);
    tp_pairs_release(&branch->pairs);
}

/* Lowers the bound of a branch of the dual that has one pair more decided.
 * @param possible  out: false: no legal assignment has it so. */
static enum tp_status grow_dual(struct tree *t, const struct branch *from, bool together,
    struct branch *branch, bool *possible, struct tp_error *err)
{
    enum tp_status status =
        tp_dual_branch(from->dual, from->u, from->v, together, &branch->dual, err);
    *possible = branch->dual;
    if (!status && *possible)
        status = tp_dual_descend(
            branch->dual, t->known, patience_branch, t->effort, &branch->bound, err);
    return status;
}

/* The same of the cover, which also says at once what to decide next. */
static enum tp_status grow_cover(struct tree *t, const struct branch *from, bool together,
    struct branch *branch, bool *possible, struct tp_error *err)
{
    enum tp_status status = tp_pairs_copy(&branch->pairs, &from->pairs, err);
    *possible = !status && tp_pairs_decide(&branch->pairs, from->u, from->v,
                               together ? TP_PAIR_TOGETHER : TP_PAIR_APART);
    if (!status && *possible)
        status =
            tp_cover_descend(t->cover, &branch->pairs, t->known, t->effort, &branch->bound, err);
    if (!status && *possible && !tp_cover_divided(t->cover, &branch->pairs, &branch->u, &branch->v))
        branch->u = -1;
    return status;
}

/* One of the two ways to decide a pair. */
static enum tp_status grow(
    struct tree *t, const struct branch *from, bool together, struct tp_error *err)
{
    struct branch branch = {.bound = from->bound};
    bool possible = false;
    enum tp_status status = t->cover ? grow_cover(t, from, together, &branch, &possible, err)
                                     : grow_dual(t, from, together, &branch, &possible, err);
    if (status || !possible || tp_is_proven(branch.bound, t->known))
        branch_release(&branch);
    else
        t->open[t->count++] = branch;
    return status;
}

static enum tp_status grow_both(struct tree *t, struct branch *from, struct tp_error *err)
{
    bool open = t->cover ? from->u >= 0 : tp_dual_undecided(from->dual, &from->u, &from->v);
    if (!open) {
        t->closed = fmax(t->closed, from->bound);
        return TP_OK;
    }
    enum tp_status status = grow(t, from, true, err);
    return status ? status : grow(t, from, false, err);
}

/* Branches until all is proven or the effort or the memory is used up.
 * @param bound  in: of the root; out: of all that is left. */
static enum tp_status grow_tree(
    struct tree *t, struct branch *root, double *bound, struct tp_error *err)
{
    root->bound = *bound;
    enum tp_status status = grow_both(t, root, err);
    while (!status && t->count > 0 && t->count + 2 <= t->most && !t->effort->over) {
        struct branch branch = take_loosest(t);
        status = grow_both(t, &branch, err);
        branch_release(&branch);
    }
    *bound = fmax(t->known, t->closed);
    for (int32_t i = 0; i < t->count; i++)
        *bound = fmax(*bound, t->open[i].bound);
    return status;
}

/* @param cover  NULL: the root has a dual. */
static enum tp_status branch_and_bound(struct branch *root, struct tp_cover *cover,
    const struct tp_problem *problem, double known, struct tp_effort *effort, double *bound,
    struct tp_error *err)
{
    int64_t most = TREE_BYTES / tp_dual_bytes(problem->unit_count);
    struct tree t = {.cover = cover,
        .known = known,
        .closed = -INFINITY,
        .effort = effort,
        .most = (int32_t)most,
        .open = TP_NEW(most, struct branch)};
    if (!t.open)
        return tp_fail_memory(err);
    enum tp_status status = grow_tree(&t, root, bound, err);
    for (int32_t i = 0; i < t.count; i++)
        branch_release(&t.open[i]);
    free(t.open);
    return status;
}

/* The sum of each unit's best tower, with no multipliers but those of crowds: O(U^2), for any number of
 * units. */
static enum tp_status bound_of_rows(const struct tp_problem *p, enum tp_goal goal,
    const struct tp_crowds *crowds, double *bound, struct tp_error *err)
{
    const struct tp_row_price none = {{0}};
    struct tp_relaxation relaxation = {0};
    double *gain = TP_NEW(p->unit_count, double), half = goal == TP_GOAL_DIVERSE ? -0.5 : 0.5;
    struct tp_row_item *items = TP_NEW(p->unit_count, struct tp_row_item);
    unsigned char *pair = TP_NEW(p->unit_count, unsigned char);
    enum tp_status status = gain && items && pair ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_relaxation_init(&relaxation, p, err);
    *bound = tp_crowds_worth(crowds);
    for (int32_t u = 0; u < p->unit_count && !status; u++) {
        const float *row = p->affinity + (int64_t)u * p->unit_count;
        for (int32_t v = 0; v < p->unit_count; v++) {
            gain[v] = half * (double)row[v];
            pair[v] = v == u ? TP_PAIR_TOGETHER : TP_PAIR_OPEN;
        }
        tp_crowds_charge(crowds, u, gain);
        *bound += tp_row_most(&relaxation, u, pair, gain, &none, items);
    }
    tp_relaxation_release(&relaxation);
    free(pair);
    free(items);
    free(gain);
    return status;
}

/* Groups that stand out, unless it raises the bound to know how many of their pairs fit together: where each alone
 * fits, all of them may not.
 * @param bound  in and out. */
static enum tp_status plant_crowds(
    const struct tp_problem *p, struct tp_crowds *crowds, double *bound, struct tp_error *err)
{
    double with = INFINITY;
    enum tp_status status = tp_crowds_plant(crowds, err);
    if (!status)
        status = bound_of_rows(p, TP_GOAL_COHERENT, crowds, &with, err);
    if (with > *bound + NO_WORSE * fabs(*bound))
        crowds->count = crowds->units = 0;
    *bound = fmin(*bound, with);
    return status;
}

/* The other relaxation's bound at the root.
 * @param better  out: whether it is the lower one of the two. */
static enum tp_status cover_root(const struct tp_problem *problem, struct tp_cover *cover,
    struct branch *root, double known, struct tp_effort *effort, double *bound, bool *better,
    struct tp_error *err)
{
    struct tp_effort part = tp_effort_take(effort, effort->steps / 2);
    double with = INFINITY;
    enum tp_status status = tp_pairs_init(&root->pairs, problem, err);
    if (!status)
        status = tp_cover_descend(cover, &root->pairs, known, &part, &with, err);
    bool whole = !part.over;
    tp_effort_return(effort, &part);
    if (!status && !tp_cover_divided(cover, &root->pairs, &root->u, &root->v))
        root->u = -1;
    *better = whole && with < *bound;
    *bound = fmin(*bound, with);
    return status;
}

/* With multipliers, and branches where these can be afforded, of the relaxation that is better here.
 * @param bound  in and out. */
static enum tp_status tighten(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, const struct tp_crowds *crowds, double known, struct tp_effort *effort,
    double *bound, struct tp_error *err)
{
    struct branch root = {0};
    struct tp_cover *cover = NULL;
    bool covered = false, few = problem->unit_count <= TREE_UNITS_MAX;
    enum tp_status status = tp_dual_new(problem, goal, tower, crowds, &root.dual, err);
    if (!status)
        status = tp_dual_descend(root.dual, known, patience_root, effort, bound, err);
    if (!status && few && !tp_is_proven(*bound, known) && !effort->over)
        status = tp_cover_new(problem, goal, tower, crowds, &cover, err);
    if (!status && cover)
        status = cover_root(problem, cover, &root, known, effort, bound, &covered, err);
    if (!status && few && !tp_is_proven(*bound, known) && !effort->over)
        status =
            branch_and_bound(&root, covered ? cover : NULL, problem, known, effort, bound, err);
    tp_cover_free(cover);
    branch_release(&root);
    return status;
}

enum tp_status tp_bound(const struct tp_problem *problem, enum tp_goal goal, const int32_t *tower,
    struct tp_effort *effort, double *bound, struct tp_error *err)
{
    double known = 0, best = 0;
    struct tp_crowds crowds;
    enum tp_status status = tp_crowds_init(&crowds, problem, err);
    if (!status)
        status = tp_towers_value(problem, goal, tower, &known, err);
    if (!status)
        status = bound_of_rows(problem, goal, &crowds, &best, err);
    if (!status && goal == TP_GOAL_COHERENT)
        status = plant_crowds(problem, &crowds, &best, err);
    bool by_rounds = problem->unit_count <= DUAL_UNITS_MAX &&
                     effort->steps > ROUNDS_LEAST * tp_dual_round_steps(problem->unit_count);
    if (!status && !effort->over && by_rounds)
        status = tighten(problem, goal, tower, &crowds, known, effort, &best, err);
    tp_crowds_release(&crowds);
    if (!status)
        *bound = fmax(best, known);
    return status;
}
