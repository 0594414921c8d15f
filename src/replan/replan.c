/* SPDX-License-Identifier: Apache-2.0 */
/* From an older plan to one for a changed model or topology.
 *
 *   1. Where is everything? (home.c) Locked features are pinned to their towers.
 *   2. Limits: the old plan's, where the tables can keep them.
 *   3. The plan from nothing: what there would be to gain, baselines, the bound; and the refusal if there
 *      is no plan at all.
 *   4. Keeping still: every unit in its tower, new ones wherever they are best. If that breaks something: as few
 *      bytes as were found, by tying units to their towers so strongly that nothing else matters.
 *   5. Buying: ties of several strengths give towers with more affinity for more bytes; the best that may be
 *      paid for is walked towards step by step (walk.c), then anything that still gains, then tables inside
 *      towers that make a step faster. */
#include <towerpart/replan.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/fill.h"
#include "plan/figures.h"
#include "plan/options.h"
#include "plan/solve.h"
#include "plan/trust.h"
#include "replan/home.h"
#include "replan/reasons.h"
#include "replan/walk.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TIED_FIRMLY 1e3 /* all bytes are worth so many times all affinity */
#define TIES_TRIED 8
#define TIES_RANGE                                                                                 \
    64.0 /* strongest and weakest tie tried, times and part of bytes as dear as affinity */
#define SHORT_EFFORT 2
#define TRIFLE 1e-4 /* of all affinity: not worth a byte */

struct replanner {
    const struct tp_plan *old;
    const struct tp_affinity *affinity;
    const struct tp_replan_options *how;
    struct tp_replan *out;
    struct tp_homes *homes;
    bool *locked; /* (tables) */
    struct tp_question question;
    struct tp_solution anew;
    double *bytes;      /* (U, T) of units on the ranks of towers */
    double *pull;       /* (U, T) scratch */
    int32_t *home;      /* (U) tower; -1: none */
    int32_t *still;     /* (U) towers when nothing is bought */
    int32_t *candidate; /* (U + T) scratch: the units of ties follow */
    int32_t *target;    /* (U) */
    struct tp_walk *walk;
    struct tp_walk_rules rules;
};

struct tp_replan_options tp_replan_options_default(void)
{
    return (struct tp_replan_options){.max_move_bytes = (double)NAN};
}

static enum tp_status check_how(const struct tp_plan *old, const struct tp_plan_options *options,
    const struct tp_replan_options *how, struct tp_error *err)
{
    if (options->strategy != TP_STRATEGY_COHERENT && options->strategy != TP_STRATEGY_DIVERSE &&
        options->strategy != TP_STRATEGY_LOAD && options->strategy != TP_STRATEGY_FLAT)
        return tp_fail(err, TP_EUSAGE,
            "strategy %s has one answer, whatever the older plan is; to keep what can be kept take "
            "coherent, diverse or load",
            tp_strategy_name(options->strategy));
    if (how->max_move_bytes < 0)
        return tp_fail(err, TP_EUSAGE, "max_move_bytes %g is out of range, expected a number >= 0",
            how->max_move_bytes);
    for (int32_t i = 0; i < how->lost_count; i++) {
        if (how->lost_hosts[i] < 0 || how->lost_hosts[i] >= old->topology->host_count)
            return tp_fail(err, TP_EUSAGE, "lost host %d: the older plan has hosts 0 to %d",
                how->lost_hosts[i], old->topology->host_count - 1);
        if (i && how->lost_hosts[i] <= how->lost_hosts[i - 1])
            return tp_fail(err, TP_EUSAGE, "lost hosts are to be ascending, found %d after %d",
                how->lost_hosts[i], how->lost_hosts[i - 1]);
    }
    return TP_OK;
}

/* It may be one that was dropped. */
static enum tp_status fail_no_feature(
    const struct replanner *r, const char *name, struct tp_error *err)
{
    const struct tp_model *model = r->out->plan->model;
    const char *near = tp_model_nearest_feature(model, name);
    if (tp_model_feature(r->old->model, name) >= 0)
        return tp_fail(err, TP_EUSAGE,
            "feature '%s' is to be locked, but the model has none of that name any more", name);
    return tp_fail(err, TP_EUSAGE,
        "feature '%s' is to be locked, but the model has none of that name%s%s%s", name,
        near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* The table of a feature to be locked, which must be able to stay. */
static enum tp_status lock(struct replanner *r, const char *name, struct tp_error *err)
{
    const struct tp_model *model = r->out->plan->model;
    int32_t f = tp_model_feature(model, name);
    if (f < 0)
        return fail_no_feature(r, name, err);
    int32_t table = model->features[f].table;
    const struct tp_home *home = &r->homes->tables[table];
    const char *of = model->tables[table].name;
    if (home->before < 0)
        return tp_fail(err, TP_EINFEASIBLE,
            "feature %s is to be locked, but its table %s is new: the older plan has none of that "
            "name",
            name, of);
    if (home->lost_bytes > 0 || home->tower < 0)
        return tp_fail(err, TP_EINFEASIBLE,
            "feature %s is to be locked, but its table %s was on a rank that is gone", name, of);
    if (home->kept.shard_count == 0)
        return tp_fail(err, TP_EINFEASIBLE,
            "feature %s is to be locked, but its table %s cannot stay as it is: %s now", name, of,
            r->old->model->tables[home->before].dim != model->tables[table].dim
                ? "it has another dim"
                : "the ranks of a tower are others");
    r->locked[table] = true;
    return TP_OK;
}

/* A model with more pins: shallow but for the list of constraints. */
struct pinned {
    struct tp_model model;
    int32_t *features; /* what the pins point to */
};

/* Pins tables to their old towers. @param which  (tables) NULL: all that have one. */
static enum tp_status pin_tables(const struct replanner *r, const struct tp_model *from,
    const bool *which, struct pinned *pinned, struct tp_error *err)
{
    size_t tables = (size_t)from->table_count, constraints = (size_t)from->constraint_count;
    struct tp_constraint *list = TP_NEW(constraints + tables, struct tp_constraint);
    pinned->model = *from;
    pinned->model.constraints = list;
    pinned->features = TP_NEW(tables, int32_t);
    if (!list || !pinned->features)
        return tp_fail_memory(err);
    memcpy(list, from->constraints, constraints * sizeof *list);
    for (int32_t i = 0; i < from->table_count; i++) {
        if (r->homes->tables[i].tower < 0 || (which && !which[i]))
            continue;
        pinned->features[i] = from->tables[i].first_feature;
        list[pinned->model.constraint_count++] = (struct tp_constraint){.kind = TP_PIN,
            .features = &pinned->features[i],
            .feature_count = 1,
            .tower = r->homes->tables[i].tower};
    }
    return TP_OK;
}

static void pinned_release(struct pinned *pinned)
{
    free(pinned->model.constraints);
    free(pinned->features);
}

static enum tp_status lock_all(struct replanner *r, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    r->locked = TP_NEW(r->out->plan->model->table_count, bool);
    if (!r->locked)
        return tp_fail_memory(err);
    for (int32_t i = 0; !status && i < r->how->locked_count; i++)
        status = lock(r, r->how->locked[i], err);
    return status;
}

/* The limits asked for, else the old plan's where they can be kept, else the larger of those and the smallest
 * that can. Where there are none, they stay open: the plan from nothing says why. */
static enum tp_status choose_limits(struct replanner *r, struct tp_error *err)
{
    struct tp_question *q = &r->question;
    double balance = q->balance, ratio = q->ratio;
    enum tp_answer answer;
    struct tp_limits limits = {balance, ratio};
    if (!isnan(balance) && !isnan(ratio))
        return TP_OK;
    q->balance = isnan(balance) ? r->old->balance : balance;
    q->ratio = isnan(ratio) ? r->old->ratio : ratio;
    enum tp_status status = tp_feasible(q, TP_LIMITS_EFFORT, &answer, NULL, err);
    if (status || answer == TP_ANSWER_YES)
        return status;
    q->balance = balance;
    q->ratio = ratio;
    status = tp_feasible(q, TP_LIMITS_EFFORT, &answer, &limits, err);
    if (status || answer != TP_ANSWER_YES)
        return status;
    q->balance = isnan(balance) ? fmax(limits.balance, r->old->balance) : balance;
    q->ratio = isnan(ratio) ? fmax(limits.ratio, r->old->ratio) : ratio;
    return TP_OK;
}

static enum tp_status plan_anew(struct replanner *r, struct tp_error *err)
{
    enum tp_status status = choose_limits(r, err);
    if (!status)
        status = tp_solve(&r->question, &r->anew, err);
    if (status || r->anew.partition.answer == TP_ANSWER_YES)
        return status;
    status = tp_explain_refusal(&r->question, &r->anew, err);
    bool by_locks = r->how->locked_count && !r->anew.partition.stopped;
    return by_locks ? tp_fail_prefix(err, status, "with what is locked, ") : status;
}

/* Bytes of the units and the towers that have most of them. */
static enum tp_status find_homes(struct replanner *r, struct tp_error *err)
{
    const struct tp_problem *p = r->anew.problem;
    size_t units = (size_t)p->unit_count, towers = (size_t)p->tower_count;
    r->bytes = tp_new(units, towers * sizeof *r->bytes);
    r->pull = tp_new(units, towers * sizeof *r->pull);
    r->home = TP_NEW(units, int32_t);
    r->still = TP_NEW(units, int32_t);
    r->target = TP_NEW(units, int32_t);
    r->candidate = TP_NEW(units + towers, int32_t);
    if (!r->bytes || !r->pull || !r->home || !r->still || !r->target || !r->candidate)
        return tp_fail_memory(err);
    for (size_t u = 0; u < units; u++)
        r->home[u] = -1;
    for (int32_t i = 0; i < r->homes->table_count; i++) {
        int32_t unit = p->unit_of_table[i], *home = &r->home[unit];
        double *there = r->bytes + (size_t)unit * towers;
        for (size_t t = 0; t < towers; t++)
            there[t] += r->homes->bytes[(size_t)i * towers + t];
        if (*home < 0)
            *home = r->homes->tables[i].tower;
        for (size_t t = 0; t < towers; t++)
            if (there[t] > there[*home < 0 ? 0 : *home])
                *home = (int32_t)t;
    }
    return TP_OK;
}

/* Bytes that travel to these towers, if nothing has to make room inside one. */
static double bytes_to(const struct replanner *r, const int32_t *tower)
{
    const struct tp_problem *p = r->anew.problem;
    double bytes = 0;
    for (int64_t u = 0; u < p->unit_count; u++)
        for (int64_t t = 0; t < p->tower_count; t++)
            if (t != tower[u])
                bytes += r->bytes[u * p->tower_count + t];
    return bytes;
}

/* All that there is of affinity, and of bytes; none of them 0. */
static double all_affinity(const struct replanner *r)
{
    double all = r->affinity ? tp_all_affinity(r->affinity) : 0;
    return all > 0 ? all : 1;
}

static double all_bytes(const struct replanner *r)
{
    double all = 0;
    for (int32_t i = 0; i < r->homes->table_count; i++)
        all += r->homes->tables[i].bytes;
    return all > 0 ? all : 1;
}

/* A search of a second or so, whatever time there was for the one from nothing: what cannot keep still without it
 * would move everything. */
static void make_short(struct tp_question *question)
{
    question->effort = SHORT_EFFORT;
    question->deadline = 0;
    question->stop = NULL;
    question->quick = true;
}

/* Towers for units that are drawn to where their bytes are: all bytes are worth `strength` times all
 * affinity.
 * @param from   (U) legal towers, to begin with.
 * @param found  out: r->candidate is set. */
static enum tp_status solve_tied(
    struct replanner *r, double strength, const int32_t *from, bool *found, struct tp_error *err)
{
    const struct tp_problem *p = r->anew.problem;
    size_t units = (size_t)p->unit_count, towers = (size_t)p->tower_count;
    bool by_load = r->rules.goal == TP_GOAL_LOAD;
    struct tp_question question = r->question;
    struct tp_solution solution;
    double scale = strength * all_affinity(r) / all_bytes(r);
    if (r->rules.goal == TP_GOAL_DIVERSE)
        scale = -scale;
    for (size_t i = 0; i < units * towers; i++)
        r->pull[i] = scale * r->bytes[i];
    memcpy(r->candidate, from, units * sizeof *from);
    for (size_t t = 0; t < towers; t++)
        r->candidate[units + t] = (int32_t)t;
    question.affinity = by_load ? NULL : r->affinity;
    question.strategy = by_load ? TP_STRATEGY_COHERENT : question.strategy;
    question.legal = r->candidate;
    question.pull = r->pull;
    make_short(&question);
    enum tp_status status = tp_solve(&question, &solution, err);
    if (status)
        return status;
    *found = solution.partition.answer == TP_ANSWER_YES;
    if (*found)
        memcpy(r->candidate, solution.partition.tower, units * sizeof *r->candidate);
    tp_solution_release(&solution);
    return TP_OK;
}

/* Begins at towers, if their tables can be placed. @param begun  out. */
static enum tp_status begin_at(
    struct replanner *r, const int32_t *tower, bool *begun, struct tp_error *err)
{
    struct tp_walk *walk = NULL;
    enum tp_status status = tp_walk_new(&r->rules, tower, &walk, err);
    *begun = !status && walk->placement;
    if (!*begun) {
        tp_walk_free(status ? NULL : walk);
        return status;
    }
    memcpy(r->still, tower, (size_t)r->anew.problem->unit_count * sizeof *tower);
    r->walk = walk;
    return TP_OK;
}

static bool is_legal(
    const struct replanner *r, const int32_t *tower, enum tp_status *status, struct tp_error *err)
{
    struct tp_assignment *assignment;
    *status = tp_assignment_new(r->anew.problem, r->rules.goal, &assignment, err);
    if (*status)
        return false;
    tp_assignment_set(assignment, tower); /* pins move what is pinned elsewhere */
    bool legal =
        tp_assignment_violation(assignment) <= 0 &&
        memcmp(assignment->tower, tower, (size_t)r->anew.problem->unit_count * sizeof *tower) == 0;
    tp_assignment_free(assignment);
    return legal;
}

/* Everything that has a home in it, and what is new wherever that is best. */
static enum tp_status keep_still(struct replanner *r, bool *begun, struct tp_error *err)
{
    const struct tp_problem *p = r->anew.problem;
    struct tp_question question = r->question;
    struct tp_solution solution = {0};
    struct pinned pinned;
    enum tp_status status = TP_OK;
    bool all_have = true;
    for (int32_t u = 0; u < p->unit_count; u++)
        all_have &= r->home[u] >= 0;
    if (all_have)
        return is_legal(r, r->home, &status, err) ? begin_at(r, r->home, begun, err) : status;
    status = pin_tables(r, r->question.model, NULL, &pinned, err);
    if (!status) {
        question.model = &pinned.model;
        make_short(&question);
        status = tp_solve(&question, &solution, err);
    }
    if (!status && solution.partition.answer == TP_ANSWER_YES)
        status = begin_at(r, solution.partition.tower, begun, err);
    tp_solution_release(&solution);
    pinned_release(&pinned);
    return status;
}

/* @param all  keeping still is not possible at all. */
static enum tp_status say_reasons(struct replanner *r, bool all, struct tp_error *err)
{
    struct tp_text reasons = {0};
    tp_say_reasons(&reasons, r->question.model, r->homes, r->anew.problem, all ? r->home : NULL);
    if (reasons.failed) {
        tp_text_release(&reasons);
        return tp_fail_memory(err);
    }
    r->out->reasons = reasons.data;
    return TP_OK;
}

/* As few bytes as were found. */
static enum tp_status move_what_must(struct replanner *r, struct tp_error *err)
{
    bool found = false, begun = false;
    enum tp_status status = solve_tied(r, TIED_FIRMLY, r->anew.partition.tower, &found, err);
    if (!status && found)
        status = begin_at(r, r->candidate, &begun, err);
    if (!status && !begun)
        status = begin_at(r, r->anew.partition.tower, &begun, err);
    if (!status && !begun)
        return tp_fail(err, TP_EINFEASIBLE,
            "what is locked leaves the other tables no room on their ranks: lock fewer features, "
            "or "
            "give ranks more memory");
    return status;
}

static enum tp_status refuse_budget(const struct replanner *r, struct tp_error *err)
{
    struct tp_text text = {0};
    char needed[16], allowed[16];
    tp_format_bytes(needed, r->out->needed.bytes);
    tp_format_bytes(allowed, r->how->max_move_bytes);
    tp_text_add(&text,
        "%s (%.0f bytes) have to move, more than the %s that may; fewer were not found\nwhy they "
        "have "
        "to:\n%s",
        needed, r->out->needed.bytes, allowed, r->out->reasons);
    if (!text.failed)
        text.data[text.length - 1] = '\0'; /* errors end without a newline */
    enum tp_status status =
        text.failed ? tp_fail_memory(err) : tp_fail_lines(err, TP_EINFEASIBLE, text.data);
    tp_text_release(&text);
    return status;
}

static struct tp_replan_stand stand_of(const struct tp_walk *walk)
{
    return (struct tp_replan_stand){.inside = walk->inside,
        .seconds = walk->speed.same,
        .dmt_seconds = walk->speed.any,
        .bytes = tp_travel_bytes(&walk->travel),
        .between_hosts_bytes = walk->travel.between_hosts_bytes};
}

static enum tp_status find_start(struct replanner *r, struct tp_error *err)
{
    bool begun = false;
    struct tp_replan *out = r->out;
    enum tp_status status = keep_still(r, &begun, err);
    if (!status && !begun && !(status = say_reasons(r, true, err)))
        status = move_what_must(r, err);
    if (!status)
        status = tp_needed_step(r->homes, out->plan->model, r->walk->placement, &out->needed, err);
    if (!status && out->needed.move_count && !out->reasons)
        status = say_reasons(r, false, err);
    if (status)
        return status;
    out->still = stand_of(r->walk);
    return out->needed.bytes > r->how->max_move_bytes ? refuse_budget(r, err) : TP_OK;
}

/* Numbers the towers of the plan from nothing so that much stays: of two towers that can take each other's
 * place, those with most in common first. O(T^2 (T + U)) at worst, with few classes of towers. */
static enum tp_status number_anew(struct replanner *r, struct tp_error *err)
{
    const struct tp_problem *p = r->anew.problem;
    int32_t towers = p->tower_count, *tower = r->anew.partition.tower;
    double *common = tp_new((size_t)towers, (size_t)towers * sizeof *common);
    int32_t *number = TP_NEW(towers, int32_t);
    bool *taken = TP_NEW(towers, bool);
    enum tp_status status = common && number && taken ? TP_OK : tp_fail_memory(err);
    for (int32_t t = 0; !status && t < towers; t++)
        number[t] = -1;
    for (int64_t u = 0; !status && u < p->unit_count; u++)
        for (int64_t t = 0; t < towers; t++)
            common[(int64_t)tower[u] * towers + t] += r->bytes[u * towers + t];
    for (int32_t turn = 0; !status && turn < towers; turn++) {
        int32_t from = -1, to = -1;
        for (int32_t a = 0; a < towers; a++)
            for (int32_t b = 0; number[a] < 0 && b < towers; b++)
                if (!taken[b] && p->tower_class[a] == p->tower_class[b] &&
                    (from < 0 ||
                        common[(int64_t)a * towers + b] > common[(int64_t)from * towers + to])) {
                    from = a;
                    to = b;
                }
        number[from] = to;
        taken[to] = true;
    }
    for (int32_t u = 0; !status && u < p->unit_count; u++)
        tower[u] = number[tower[u]];
    free(common);
    free(number);
    free(taken);
    return status;
}

/* What planning from nothing comes to. */
static enum tp_status weigh_anew(struct replanner *r, struct tp_error *err)
{
    struct tp_replan_stand *stand = &r->out->anew;
    struct tp_walk_rules rules = r->rules;
    struct tp_walk *walk = NULL;
    enum tp_status status = number_anew(r, err);
    rules.bytes_most = INFINITY;
    if (!status)
        status = tp_walk_new(&rules, r->anew.partition.tower, &walk, err);
    if (!status && walk->placement && r->anew.problem->tower_count == 1)
        status = tp_walk_inside(walk, err); /* without towers there is nothing else to plan */
    if (status) {
        tp_walk_free(walk);
        return status;
    }
    *stand =
        (struct tp_replan_stand){(double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    if (walk->placement)
        *stand = stand_of(walk);
    tp_walk_free(walk);
    return TP_OK;
}

struct best {
    double value, bytes;
};

/* Takes towers for the target if they are the best that may be paid for, or as good for fewer bytes.
 * @param affordable  out. */
static enum tp_status consider(struct replanner *r, const int32_t *tower, struct best *best,
    bool *affordable, struct tp_error *err)
{
    double value = 0, bytes = bytes_to(r, tower), trifle = r->rules.least_gain;
    enum tp_status status = tp_towers_value(r->anew.problem, r->rules.goal, tower, &value, err);
    *affordable = bytes <= r->rules.bytes_most;
    if (!status && *affordable &&
        (value > best->value + trifle || (value >= best->value - trifle && bytes < best->bytes))) {
        *best = (struct best){value, bytes};
        memcpy(r->target, tower, (size_t)r->anew.problem->unit_count * sizeof *tower);
    }
    return status;
}

/* The best towers that ties lead to; r->target. The weaker the tie, the more travels. */
static enum tp_status find_target(struct replanner *r, struct tp_error *err)
{
    struct best best = {tp_assignment_value(r->walk->now), bytes_to(r, r->still)};
    double weak = 1 / TIES_RANGE, strong = TIES_RANGE;
    bool affordable = false, found = false;
    memcpy(r->target, r->still, (size_t)r->anew.problem->unit_count * sizeof *r->target);
    enum tp_status status = consider(r, r->anew.partition.tower, &best, &affordable, err);
    if (status || r->rules.goal == TP_GOAL_LOAD)
        return status;
    for (int i = 0; !status && i < TIES_TRIED; i++) {
        if (r->question.stop && *r->question.stop)
            break;
        double strength = sqrt(weak * strong);
        status = solve_tied(r, strength, r->still, &found, err);
        if (!status && found)
            status = consider(r, r->candidate, &best, &affordable, err);
        if (affordable)
            strong = strength;
        else
            weak = strength;
    }
    return status;
}

/* Walks from where nothing is bought to towers and, if asked to, on from there as far as bytes go. */
static enum tp_status walk_to(const struct replanner *r, const int32_t *target, bool on,
    bool may_slow, struct tp_walk **walk, struct tp_error *err)
{
    struct tp_walk_rules rules = r->rules;
    rules.may_slow = may_slow;
    enum tp_status status = tp_walk_new(&rules, r->still, walk, err);
    if (!status && r->anew.problem->tower_count > 1)
        status = tp_walk_towards(*walk, target, err);
    if (!status && on && r->anew.problem->tower_count > 1)
        status = tp_walk_towards(*walk, NULL, err);
    return status ? status : tp_walk_inside(*walk, err);
}

/* Whether a walk ends no slower than it began, and better than another (NULL: none): with more gained, else with
 * fewer bytes, else in fewer steps. */
static bool ends_better(
    const struct replanner *r, const struct tp_walk *walk, const struct tp_walk *than)
{
    if (tp_is_slower(walk->speed, walk->slowest))
        return false;
    if (!than)
        return true;
    double gain = tp_assignment_value(walk->now) - tp_assignment_value(than->now);
    double more = tp_travel_bytes(&walk->travel) - tp_travel_bytes(&than->travel);
    if (fabs(gain) > r->rules.least_gain / 2)
        return gain > 0;
    return more < 0 || (more <= 0 && walk->step_count < than->step_count);
}

/* Takes a walk for the best one so far, if it is. */
static enum tp_status try_walk(struct replanner *r, const int32_t *target, bool on, bool may_slow,
    struct tp_walk **best, struct tp_error *err)
{
    struct tp_walk *walk = NULL;
    enum tp_status status = walk_to(r, target, on, may_slow, &walk, err);
    if (!status && ends_better(r, walk, *best)) {
        struct tp_walk *worse = *best;
        *best = walk;
        walk = worse;
    }
    tp_walk_free(walk);
    return status;
}

static enum tp_status try_budget(struct replanner *r, double bytes_most, bool may_slow,
    struct tp_walk **best, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    r->rules.bytes_most = bytes_most;
    if (r->anew.problem->tower_count > 1)
        status = find_target(r, err);
    return status ? status : try_walk(r, r->target, true, may_slow, best, err);
}

/* What is slower on the way may be as fast at its end. If it is not, a smaller budget may lead elsewhere, for more
 * bytes shall not buy less, or no step may be slower. In the end every unit goes straight to where it ended. */
static enum tp_status buy(struct replanner *r, struct tp_error *err)
{
    static const double shares[] = {0.75, 0.5, 0.35, 0.2};
    struct tp_walk *best = NULL;
    double most = r->rules.bytes_most, still = r->out->still.bytes, anew = r->out->anew.bytes;
    double finite = isinf(most) ? fmax(still, isnan(anew) ? 0 : anew) : most;
    enum tp_status status = try_budget(r, most, true, &best, err);
    if (!status && !best) {
        for (size_t i = 0; !status && i < sizeof shares / sizeof *shares; i++)
            status = try_budget(r, still + shares[i] * (finite - still), true, &best, err);
        if (!status)
            status = try_budget(r, most, false, &best, err);
    }
    r->rules.bytes_most = most;
    if (!status && best) {
        memcpy(
            r->target, best->now->tower, (size_t)r->anew.problem->unit_count * sizeof *r->target);
        status = try_walk(r, r->target, false, true, &best, err);
    }
    if (!status && best) {
        tp_walk_free(r->walk);
        r->walk = best;
        best = NULL;
    }
    tp_walk_free(best);
    return status;
}

static void count_tables(struct replanner *r)
{
    struct tp_replan *out = r->out;
    out->dropped = r->homes->dropped_count;
    for (int32_t i = 0; i < r->homes->table_count; i++) {
        const struct tp_home *home = &r->homes->tables[i];
        struct tp_travel travel = tp_home_travel(r->homes, i, &r->walk->placement->tables[i]);
        bool moves = travel.weight_bytes > 0 || home->lost_bytes > 0 || !(home->bytes > 0);
        out->added += home->before < 0;
        out->lost += home->lost_bytes > 0;
        out->lost_bytes += home->lost_bytes;
        out->reset += home->before >= 0 &&
                      r->old->model->tables[home->before].dim != out->plan->model->tables[i].dim;
        out->staying += home->before >= 0 && !moves;
    }
}

/* Whether the affinity can be trusted shows in the towers that it leads to by itself, not in what was kept. */
static enum tp_status finish(struct replanner *r, struct tp_error *err)
{
    struct tp_partition *partition = &r->anew.partition;
    struct tp_plan *plan = r->out->plan;
    size_t bytes = (size_t)r->anew.problem->unit_count * sizeof *partition->tower;
    memcpy(r->target, partition->tower, bytes);
    memcpy(partition->tower, r->walk->now->tower, bytes);
    partition->value = tp_assignment_value(r->walk->now);
    partition->optimal =
        !isnan(partition->bound) && tp_is_proven(partition->bound, partition->value);
    count_tables(r);
    r->out->final = stand_of(r->walk);
    r->out->was_inside = r->old->quality.inside_affinity;
    r->out->was_balance = r->old->balance;
    r->out->was_ratio = r->old->ratio;
    r->out->asked = r->how->max_move_bytes;
    r->out->bought = r->walk->steps;
    r->out->bought_count = r->walk->step_count;
    r->walk->steps = NULL;
    r->walk->step_count = 0;
    enum tp_status status = tp_plan_fill(plan, r->affinity, &r->anew, r->walk->placement, err);
    memcpy(partition->tower, r->target, bytes);
    return status ? status : tp_assess_trust(&r->question, &r->anew, plan, err);
}

static enum tp_status replan(struct replanner *r, struct tp_error *err)
{
    struct pinned pinned = {.features = NULL};
    struct tp_plan *plan = r->out->plan;
    struct tp_model unbound = *plan->model; /* shallow */
    if (plan->strategy == TP_STRATEGY_FLAT)
        unbound.constraint_count = 0; /* they are about towers, and there are none */
    enum tp_status status =
        tp_homes_make(r->old, plan, r->how->lost_hosts, r->how->lost_count, &r->homes, err);
    if (!status && r->homes->dropped_count == r->old->model->table_count)
        status = tp_fail(err, TP_EUSAGE,
            "the older plan has none of the model's tables, so nothing of it can be kept: is it of "
            "another model?");
    if (!status)
        status = lock_all(r, err);
    if (!status)
        status = pin_tables(r, &unbound, r->locked, &pinned, err);
    r->question.model = &pinned.model;
    if (!status)
        status = plan_anew(r, err);
    if (!status)
        status = find_homes(r, err);
    if (status)
        goto out;
    r->rules = (struct tp_walk_rules){.homes = r->homes,
        .model = plan->model,
        .topology = plan->topology,
        .affinity = r->affinity,
        .problem = r->anew.problem,
        .goal = tp_goal_of(plan->strategy),
        .least_gain = plan->strategy == TP_STRATEGY_LOAD ? TRIFLE : TRIFLE * all_affinity(r),
        .bytes = r->bytes,
        .locked = r->locked,
        .bytes_most = isnan(r->how->max_move_bytes) ? INFINITY : r->how->max_move_bytes,
        .stop = r->question.stop};
    r->question.balance = r->anew.partition.limits.balance;
    r->question.ratio = r->anew.partition.limits.ratio;
    status = weigh_anew(r, err);
    if (!status)
        status = find_start(r, err);
    if (!status && !isnan(r->how->max_move_bytes))
        status = buy(r, err);
    if (!status)
        status = finish(r, err);
out:
    pinned_release(&pinned);
    return status;
}

static void replanner_release(struct replanner *r)
{
    tp_walk_free(r->walk);
    tp_solution_release(&r->anew);
    tp_homes_free(r->homes);
    free(r->locked);
    free(r->bytes);
    free(r->pull);
    free(r->home);
    free(r->still);
    free(r->candidate);
    free(r->target);
}

enum tp_status tp_replan_make(const struct tp_plan *old, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_affinity *affinity,
    const struct tp_plan_options *options, const struct tp_replan_options *how,
    struct tp_replan **replan_out, struct tp_error *err)
{
    struct tp_plan_options defaults = tp_plan_options_default();
    struct tp_replan_options as_default = tp_replan_options_default();
    options = options ? options : &defaults;
    struct replanner r = {.old = old, .affinity = affinity, .how = how ? how : &as_default};
    enum tp_status status = tp_check_plan_options(topology, affinity, options, err);
    if (!status)
        status = check_how(old, options, r.how, err);
    if (status)
        return status;
    r.out = TP_NEW(1, struct tp_replan);
    if (!r.out)
        return tp_fail_memory(err);
    status = tp_plan_new(model, topology, options, &r.out->plan, err);
    if (!status) {
        r.question = tp_question_of(r.out->plan, affinity, options);
        status = replan(&r, err);
    }
    replanner_release(&r);
    if (status) {
        tp_replan_free(r.out);
        return status;
    }
    *replan_out = r.out;
    return TP_OK;
}

void tp_replan_free(struct tp_replan *replan)
{
    if (!replan)
        return;
    for (int32_t i = 0; i < replan->bought_count; i++)
        free(replan->bought[i].moves);
    free(replan->bought);
    free(replan->needed.moves);
    free(replan->reasons);
    tp_plan_free(replan->plan);
    free(replan);
}
