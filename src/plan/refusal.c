/* SPDX-License-Identifier: Apache-2.0 */
/* Why nothing fits, and what would.
 *
 * The question is asked again with one thing relaxed at a time: the user's balance, the user's ratio,
 * each constraint, memory. What makes an answer possible is what binds. Then the settings that a user
 * can turn (balance, ratio, batch, hosts per tower, number of hosts) are tried from the nearest on, and
 * only those that were seen to work are named. The number of questions is bounded, so a refusal of many
 * tables takes seconds, not minutes. */
#include "plan/solve.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "spec/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS_TRIED_MOST 8 /* times the present number */
#define UNITS_NAMED 3
#define QUESTIONS_MOST 60
#define CONSTRAINTS_TRIED 16 /* one by one */
#define BATCH_HALVINGS 10

struct inquiry {
    const struct tp_question *asked;
    struct tp_text causes, remedies; /* one per line, indented */
    int32_t questions;               /* asked so far */
};

static enum tp_status try_question(struct inquiry *q, const struct tp_question *question,
    bool *works, struct tp_limits *limits, struct tp_error *err)
{
    enum tp_answer answer;
    *works = false;
    if (q->questions++ >= QUESTIONS_MOST)
        return TP_OK;
    enum tp_status status = tp_feasible(question, &answer, limits, err);
    *works = !status && answer == TP_ANSWER_YES;
    return status;
}

static void name_unit(struct tp_text *out, const struct tp_model *model,
    const struct tp_problem *problem, int32_t unit)
{
    const char *separator = "";
    for (int32_t i = 0; i < model->table_count; i++) {
        if (problem->unit_of_table[i] != unit)
            continue;
        tp_text_add(out, "%s%s", separator, model->tables[i].name);
        separator = " + ";
    }
}

static const char *resource_name(int resource)
{
    static const char *const names[] = {
        "lookup bytes", "output dims", "module flops", "memory", "features"};
    return names[resource];
}

/* The heaviest units by a resource, each with its share of a tower's mean. */
static void name_heaviest(struct tp_text *out, const struct tp_model *model,
    const struct tp_problem *problem, int resource)
{
    double below = INFINITY;
    int32_t last = -1;
    for (int k = 0; k < UNITS_NAMED && k < problem->unit_count; k++) {
        int32_t best = -1;
        for (int32_t u = 0; u < problem->unit_count; u++) {
            double w = tp_unit_weight(problem, u)[resource];
            bool next = w < below || (w == below && u > last);
            if (next && (best < 0 || w > tp_unit_weight(problem, best)[resource]))
                best = u;
        }
        if (best < 0)
            return;
        below = tp_unit_weight(problem, best)[resource];
        last = best;
        tp_text_add(out, "%s", k ? ", " : "");
        name_unit(out, model, problem, best);
        if (resource == TP_MEMORY) {
            char bytes[16];
            tp_format_bytes(bytes, below);
            tp_text_add(out, " (%s)", bytes);
        } else {
            tp_text_add(out, " (%.2f of a tower's mean)", below / problem->mean[resource]);
        }
    }
}

/* Relaxes the user's balance, ratio, or both. */
static enum tp_status ask_limits(
    struct inquiry *q, const struct tp_problem *problem, struct tp_error *err)
{
    const struct tp_question *asked = q->asked;
    struct tp_limits found = {0};
    bool works = false;
    enum tp_status status = TP_OK;
    for (int which = 1; which <= 3 && !works && !status; which++) {
        struct tp_question loose = *asked;
        if ((which & 1 && isnan(asked->balance)) || (which & 2 && isnan(asked->ratio)))
            continue;
        loose.balance = which & 1 ? (double)NAN : asked->balance;
        loose.ratio = which & 2 ? (double)NAN : asked->ratio;
        status = try_question(q, &loose, &works, &found, err);
        if (!works)
            continue;
        if (which & 1) {
            int worst = TP_LOOKUP;
            double most = 0;
            for (int32_t u = 0; u < problem->unit_count; u++)
                for (int r = 0; r < TP_MEMORY; r++)
                    if (problem->mean[r] > 0 &&
                        tp_unit_weight(problem, u)[r] / problem->mean[r] > most) {
                        most = tp_unit_weight(problem, u)[r] / problem->mean[r];
                        worst = r;
                    }
            tp_text_add(&q->causes,
                "  balance %g: no tower may hold over %g times the mean; by %s "
                "the heaviest units are ",
                asked->balance, 1 + asked->balance, resource_name(worst));
            name_heaviest(&q->causes, asked->model, problem, worst);
            tp_text_add(&q->causes, "\n");
            tp_text_add(&q->remedies, "  --balance %g", found.balance);
        }
        if (which & 2) {
            int32_t least, most;
            tp_ratio_bounds(
                problem->feature_count, problem->tower_count, asked->ratio, &least, &most);
            tp_text_add(&q->causes,
                "  ratio %g: every tower must hold %d to %d features; the units "
                "with most features are ",
                asked->ratio, least, most);
            name_heaviest(&q->causes, asked->model, problem, TP_FEATURES);
            tp_text_add(&q->causes, "\n");
            tp_text_add(&q->remedies, "%s--ratio %g", which == 3 ? " " : "  ", found.ratio);
        }
        tp_text_add(&q->remedies, "\n");
    }
    return status;
}

static void name_constraint(
    struct tp_text *out, const struct tp_model *model, const struct tp_constraint *c)
{
    static const char *const kinds[] = {"together", "apart", "pin"};
    tp_text_add(out, "%s: [", kinds[c->kind]);
    for (int32_t i = 0; i < c->feature_count; i++)
        tp_text_add(out, "%s%s", i ? ", " : "", model->features[c->features[i]].name);
    tp_text_add(out, "]");
    if (c->kind == TP_PIN)
        tp_text_add(out, " to tower %d", c->tower);
}

/* Leaves out one constraint at a time; if no single one helps, all of them.
 * @param all_at_once  whether to try that last; not when the refusal already names two that
 *                     contradict each other. */
static enum tp_status ask_constraints(struct inquiry *q, bool all_at_once, struct tp_error *err)
{
    const struct tp_model *model = q->asked->model;
    struct tp_model loose = *model; /* shallow */
    struct tp_question question = *q->asked;
    bool works = false, any = false;
    int32_t count = model->constraint_count;
    loose.constraints = TP_NEW(count, struct tp_constraint);
    if (!loose.constraints)
        return tp_fail_memory(err);
    question.model = &loose;
    enum tp_status status = TP_OK;
    for (int32_t i = 0; i < count && i < CONSTRAINTS_TRIED && !status; i++) {
        loose.constraint_count = 0;
        for (int32_t j = 0; j < count; j++)
            if (j != i)
                loose.constraints[loose.constraint_count++] = model->constraints[j];
        status = try_question(q, &question, &works, NULL, err);
        if (!works)
            continue;
        any = true;
        tp_text_add(&q->causes, "  constraint ");
        name_constraint(&q->causes, model, &model->constraints[i]);
        tp_text_add(&q->causes, "\n");
        tp_text_add(&q->remedies, "  leave out the constraint ");
        name_constraint(&q->remedies, model, &model->constraints[i]);
        tp_text_add(&q->remedies, "\n");
    }
    loose.constraint_count = 0;
    if (!status && !any && count > 1 && all_at_once)
        status = try_question(q, &question, &works, NULL, err);
    if (!status && !any && works) {
        tp_text_add(&q->causes, "  the %d constraints together; no single one of them\n", count);
        tp_text_add(&q->remedies, "  leave out the constraints\n");
    }
    free(loose.constraints);
    return status;
}

static void describe_memory(struct inquiry *q, const struct tp_problem *problem)
{
    double needed = 0, room = 0, least = INFINITY;
    char needed_text[16], room_text[16], least_text[16];
    for (int32_t u = 0; u < problem->unit_count; u++)
        needed += tp_unit_weight(problem, u)[TP_MEMORY];
    for (int32_t t = 0; t < problem->tower_count; t++) {
        room += tp_tower_most(problem, t)[TP_MEMORY];
        least = fmin(least, tp_tower_most(problem, t)[TP_MEMORY]);
    }
    tp_format_bytes(needed_text, needed);
    tp_format_bytes(room_text, room);
    tp_format_bytes(least_text, least);
    tp_text_add(&q->causes,
        "  memory: the tables with their optimizer state and send buffers need at least %s; after "
        "reserve and receive buffers the ranks of all towers have %s, those of the tightest tower "
        "%s; the heaviest units are ",
        needed_text, room_text, least_text);
    name_heaviest(&q->causes, q->asked->model, problem, TP_MEMORY);
    tp_text_add(&q->causes, "\n");
}

/* A smaller batch, halved until it works. */
static enum tp_status ask_batch(struct inquiry *q, struct tp_error *err)
{
    struct tp_model smaller = *q->asked->model; /* shallow */
    struct tp_question question = *q->asked;
    int64_t *batch = smaller.batch_size ? &smaller.batch_size : &smaller.local_batch_size;
    int64_t unit = smaller.batch_size ? question.topology->rank_count : 1, before = *batch;
    bool works = false;
    enum tp_status status = TP_OK;
    question.model = &smaller;
    for (int i = 0; i < BATCH_HALVINGS && *batch % (2 * unit) == 0 && !works && !status; i++) {
        *batch /= 2;
        status = try_question(q, &question, &works, NULL, err);
    }
    if (works)
        tp_text_add(&q->remedies, "  %s %" PRId64 " instead of %" PRId64 "\n",
            smaller.batch_size ? "batch_size" : "local_batch_size", *batch, before);
    return status;
}

/* Memory without limit: if that helps, memory binds. */
static enum tp_status ask_memory(
    struct inquiry *q, const struct tp_problem *problem, struct tp_error *err)
{
    struct tp_topology *large = NULL;
    struct tp_question question = *q->asked;
    bool works = false;
    enum tp_status status = tp_topology_copy(q->asked->topology, &large, err);
    if (status)
        return status;
    for (int32_t h = 0; h < large->host_count; h++)
        large->hosts[h].memory_bytes = INT64_C(1) << 60;
    question.topology = large;
    status = try_question(q, &question, &works, NULL, err);
    tp_topology_free(large);
    if (status || !works)
        return status;
    describe_memory(q, problem);
    return ask_batch(q, err);
}

/* More hosts per tower: the nearest divisor that works. */
static enum tp_status ask_hosts_per_tower(struct inquiry *q, struct tp_error *err)
{
    struct tp_question question = *q->asked;
    int32_t hosts = question.topology->host_count;
    bool works = false;
    enum tp_status status = TP_OK;
    for (int32_t k = question.hosts_per_tower + 1; k <= hosts && !works && !status; k++) {
        if (hosts % k)
            continue;
        question.hosts_per_tower = k;
        status = try_question(q, &question, &works, NULL, err);
        if (works)
            tp_text_add(&q->remedies, "  --hosts-per-tower %d (%d towers)\n", k, hosts / k);
    }
    return status;
}

/* The same cluster with another number of hosts: a larger outermost level. */
static enum tp_status resize_topology(
    const struct tp_topology *from, int32_t fanout, struct tp_topology **to, struct tp_error *err)
{
    enum tp_status status = tp_topology_copy(from, to, err);
    if (status)
        return status;
    struct tp_topology *t = *to;
    struct tp_level *outer = &t->levels[t->level_count - 1];
    int32_t hosts = t->host_count / outer->fanout * fanout;
    struct tp_host *grown = tp_resize(t->hosts, (size_t)hosts, sizeof *grown);
    if (!grown) {
        tp_topology_free(t);
        return tp_fail_memory(err);
    }
    t->hosts = grown;
    for (int32_t h = t->host_count; h < hosts; h++)
        t->hosts[h] = (struct tp_host){
            t->device.memory_bytes, t->level_count > 1 ? t->levels[1].uplink_bytes_per_s : 0};
    t->host_count = hosts;
    t->rank_count = hosts * t->ranks_per_host;
    outer->fanout = fanout;
    return TP_OK;
}

static enum tp_status ask_more_hosts(struct inquiry *q, struct tp_error *err)
{
    const struct tp_topology *topology = q->asked->topology;
    struct tp_question question = *q->asked;
    bool works = false;
    enum tp_status status = TP_OK;
    int32_t fanout = topology->levels[topology->level_count - 1].fanout;
    if (topology->level_count < 2 || topology->rank_count > TP_RANKS_MAX / HOSTS_TRIED_MOST)
        return TP_OK;
    for (int32_t f = fanout + 1; f <= HOSTS_TRIED_MOST * fanout && !works && !status; f++) {
        struct tp_topology *larger = NULL;
        int64_t batch;
        status = resize_topology(topology, f, &larger, err);
        if (status)
            break;
        question.topology = larger;
        if (question.strategy == TP_STRATEGY_FLAT) /* always one tower, of all hosts */
            question.hosts_per_tower = larger->host_count;
        if (larger->host_count % question.hosts_per_tower == 0 &&
            !tp_model_global_batch(question.model, larger->rank_count, &batch, NULL))
            status = try_question(q, &question, &works, NULL, err);
        if (works)
            tp_text_add(&q->remedies, "  %d hosts instead of %d (%d towers)\n", larger->host_count,
                topology->host_count, larger->host_count / question.hosts_per_tower);
        tp_topology_free(larger);
    }
    return status;
}

/* When no single thing binds: what a single unit, or all of them, cannot hold anyway. */
static void describe_impossible(struct inquiry *q, const struct tp_problem *problem)
{
    for (int r = 0; r < TP_RESOURCES; r++) {
        double most = 0, heaviest = 0;
        for (int32_t t = 0; t < problem->tower_count; t++)
            most = fmax(most, tp_tower_most(problem, t)[r]);
        for (int32_t u = 0; u < problem->unit_count; u++)
            heaviest = fmax(heaviest, tp_unit_weight(problem, u)[r]);
        if (heaviest <= most)
            continue;
        tp_text_add(&q->causes, "  %s: the limit is %.2f of a tower's mean, and alone there are ",
            resource_name(r), most / problem->mean[r]);
        name_heaviest(&q->causes, q->asked->model, problem, r);
        tp_text_add(&q->causes, "\n");
    }
}

/* Stride has no freedom: it is the limits or the constraints that its one assignment breaks. */
static enum tp_status refuse_stride(struct inquiry *q, struct tp_error *err)
{
    struct tp_question question = *q->asked;
    bool works = false;
    question.strategy = TP_STRATEGY_LOAD;
    enum tp_status status = try_question(q, &question, &works, NULL, err);
    if (status)
        return status;
    return tp_fail(err, TP_EINFEASIBLE,
        "the stride assignment (unit i to tower i mod T) breaks a limit or a constraint%s",
        works
            ? "\nnearest settings that work, each tried:\n  --strategy load (or coherent, diverse)"
            : ", and no other assignment was found either; --strategy load says why");
}

static enum tp_status gather(
    struct inquiry *q, const struct tp_problem *problem, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    if (problem) {
        status = ask_limits(q, problem, err);
        if (!status && !q->causes.length)
            status = ask_memory(q, problem, err);
    }
    if (!status && problem && !q->causes.length)
        describe_impossible(q, problem);
    if (!status && q->asked->model->constraint_count)
        status = ask_constraints(q, problem != NULL, err);
    if (!status)
        status = ask_hosts_per_tower(q, err);
    /* More hosts are more towers: no cure for too few units. */
    if (!status && problem)
        status = ask_more_hosts(q, err);
    return status;
}

enum tp_status tp_explain_refusal(
    const struct tp_question *question, const struct tp_solution *solution, struct tp_error *err)
{
    struct tp_question again = *question;
    again.effort = 1;
    again.progress = false;
    struct inquiry q = {.asked = &again};
    bool proven = solution->partition.answer == TP_ANSWER_NO;
    if (solution->problem && question->strategy == TP_STRATEGY_STRIDE)
        return refuse_stride(&q, err);
    enum tp_status status = gather(&q, solution->problem, err);
    if (status)
        goto out;
    if (q.causes.failed || q.remedies.failed) {
        status = tp_fail_memory(err);
        goto out;
    }
    status = tp_fail(err, TP_EINFEASIBLE, "%s%s%s%s%s",
        solution->problem
            ? proven ? "no plan fits (proven)" : "no plan was found (not proven that there is none)"
            : solution->why.text,
        q.causes.length ? "\nwhat binds:\n" : "", q.causes.length ? q.causes.data : "",
        q.causes.length ? "" : "\n",
        q.remedies.length
            ? "nearest settings that work, each tried:\n"
            : "no single change of "
              "balance, ratio, constraints, hosts per tower or hosts was found to help");
    if (err && q.remedies.length) {
        struct tp_error head = *err;
        /* The last line end goes: messages have none. */
        status = tp_fail(
            err, TP_EINFEASIBLE, "%s%.*s", head.text, (int)q.remedies.length - 1, q.remedies.data);
    }
out:
    tp_text_release(&q.causes);
    tp_text_release(&q.remedies);
    return status;
}
