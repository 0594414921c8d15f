/* SPDX-License-Identifier: Apache-2.0 */
/* Random changes of a model and its cluster, planned from the plan before: limits hold, no more bytes travel than
 * may, what is bought is never worse than keeping still, locked tables stay, a lost host is survived or refused.
 *
 * Tables are replaced by new ones, grow, or get another dim; hosts come, go, or have other memory; rules are
 * dropped; towers get other numbers of hosts. Where nothing fits any more, planning from nothing must say
 * so, too. An instance is a number, its seed, as in test_plans; TOWERPART_INSTANCES=N runs N changes in
 * place of 200. */
#include "dice.h"
#include "judge.h"
#include "runner.h"
#include "trial.h"

#include <towerpart/replan.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES = 200, SLICES = 10, LARGE_ONE_IN = 50, REPRESENTED_ONE_IN = 10 };

struct change {
    struct trial old, new;
    struct tp_replan_options how;
    int32_t lost; /* a host of the old plan; -1: none */
};

struct tally {
    int kept, refused, needed, bought, locked;
};

/* --- changes ---------------------------------------------------------------------------------------- */

static void change_tables(struct dice *dice, struct workload *w)
{
    for (int i = 0; i < w->table_count; i++) {
        if (dice_chance(dice, 0.1)) {
            char name[NAME_BYTES];
            snprintf(name, sizeof name, "new_%.50s", w->tables[i].name);
            strcpy(w->tables[i].name, name);
        }
        if (dice_chance(dice, 0.2))
            w->tables[i].rows = (int64_t)((double)w->tables[i].rows * dice_log(dice, 0.5, 3)) + 1;
        for (int k = 0; k < w->tables[i].feature_count; k++)
            w->features[w->tables[i].first_feature + k].hot_count =
                0; /* of rows that may be gone */
    }
    if (w->rule_count > 0 && dice_chance(dice, 0.3))
        w->rule_count--;
}

/* Hosts are added and lost by whole towers, where the cluster has two levels. */
static void change_hosts(struct dice *dice, struct change *c)
{
    struct workload *w = &c->new.instance.workload;
    int hosts = host_count(w),
        added = dice_chance(dice, 0.5) ? w->hosts_per_tower : -w->hosts_per_tower;
    if (w->level_count != 2 || hosts + added < w->hosts_per_tower || hosts + added < 1)
        return;
    int64_t *memory = need((size_t)(hosts + w->hosts_per_tower), sizeof *memory);
    double *uplink = need((size_t)(hosts + w->hosts_per_tower), sizeof *uplink);
    int lost = added < 0 && w->hosts_per_tower == 1 ? dice_below(dice, hosts) : -1, to = 0;
    for (int h = 0; h < hosts + (added > 0 ? added : 0); h++) {
        if (h == lost)
            continue;
        memory[to] = w->host_memory[h < hosts ? h : 0];
        uplink[to++] = w->host_uplink[h < hosts ? h : 0];
    }
    free(w->host_memory);
    free(w->host_uplink);
    w->host_memory = memory;
    w->host_uplink = uplink;
    w->levels[1].fanout += added;
    c->lost = lost;
    if (w->batch) {
        w->local_batch = w->batch / (hosts * ranks_per_host(w));
        w->batch = 0;
    }
    c->how.lost_hosts = &c->lost;
    c->how.lost_count = lost >= 0;
}

static void change_memory(struct dice *dice, struct workload *w)
{
    double factor = dice_log(dice, 0.6, 2);
    for (int h = 0; h < host_count(w); h++)
        w->host_memory[h] = (int64_t)((double)w->host_memory[h] * factor) + 1;
    w->memory_bytes = (int64_t)((double)w->memory_bytes * factor) + 1;
}

static void double_memory(struct workload *w)
{
    for (int h = 0; h < host_count(w); h++)
        w->host_memory[h] *= 2;
    w->memory_bytes *= 2;
}

static void roll(struct change *c, uint64_t number)
{
    struct dice dice = {number * 77 + 5};
    struct workload *w = &c->new.instance.workload;
    if (dice_chance(&dice, 0.7))
        change_tables(&dice, w);
    if (dice_chance(&dice, 0.4))
        change_hosts(&dice, c);
    if (dice_chance(&dice, 0.5))
        change_memory(&dice, w);
    for (int i = 0; i < w->rule_count; i++) /* pins to towers that are gone would only be refused */
        if (w->rules[i].kind == RULE_PIN && w->rules[i].tower >= tower_count(w))
            w->rules[i].tower = 0;
    c->old.options.strategy = dice_chance(&dice, 0.5) ? TP_STRATEGY_LOAD : TP_STRATEGY_STRIDE;
    c->new.options.strategy = dice_chance(&dice, 0.2)   ? TP_STRATEGY_LOAD
                              : dice_chance(&dice, 0.2) ? TP_STRATEGY_DIVERSE
                                                        : TP_STRATEGY_COHERENT;
    if (dice_chance(&dice, 0.2))
        c->new.options.balance = dice_real(&dice, 0.1, 2);
    c->old.options.effort = c->new.options.effort = 1;
}

/* --- what is counted anew ----------------------------------------------------------------------------- */

static const struct tp_plan_table *table_of(const struct tp_plan *plan, const char *name)
{
    for (int32_t i = 0; i < plan->table_count; i++)
        if (strcmp(plan->tables[i].name, name) == 0)
            return &plan->tables[i];
    return NULL;
}

/* The rank now, of one under the older plan; -1: gone. */
static int rank_now(const struct change *c, int rank)
{
    int per_host = ranks_per_host(&c->old.instance.workload);
    int host = rank / per_host, left = host - (c->lost >= 0 && host > c->lost); /* hosts close up */
    if (host == c->lost || left >= host_count(&c->new.instance.workload))
        return -1;
    return left * per_host + rank % per_host;
}

static int64_t common(int64_t a, int64_t a_count, int64_t b, int64_t b_count)
{
    int64_t first = a > b ? a : b;
    int64_t end = a + a_count < b + b_count ? a + a_count : b + b_count;
    return end > first ? end - first : 0;
}

/* Bytes of one table that change rank. */
static double table_bytes(const struct change *c, const struct tp_plan *plan, int table)
{
    const struct workload *was = &c->old.instance.workload, *is = &c->new.instance.workload;
    const struct tp_plan_table *from = table_of(c->old.plan, is->tables[table].name);
    const struct tp_plan_table *to = table_of(plan, is->tables[table].name);
    double bytes = 0;
    if (!from || was->tables[table].dim != is->tables[table].dim)
        return 0;
    for (int32_t i = 0; i < from->place.shard_count; i++)
        for (int32_t k = 0; k < to->place.shard_count; k++) {
            const struct tp_shard *a = &from->place.shards[i], *b = &to->place.shards[k];
            int64_t rows = common(a->row, a->rows, b->row, b->rows);
            int64_t columns = common(a->column, a->columns, b->column, b->columns);
            int now = rank_now(c, a->rank);
            if (rows && columns && now >= 0 && now != b->rank)
                bytes += shard_weight(was, table, BY_TABLE, 0, rows, (int)columns).parameters;
        }
    return bytes;
}

static double bytes_of(const struct change *c, const struct tp_plan *plan)
{
    double bytes = 0;
    for (int i = 0; i < c->new.instance.workload.table_count; i++)
        bytes += table_bytes(c, plan, i);
    return bytes;
}

/* What the strategy is after; the larger the better. */
static double worth(const struct change *c, const struct tp_plan *plan)
{
    const struct workload *w = &c->new.instance.workload;
    int *tower = need((size_t)w->feature_count, sizeof *tower);
    bool *in_tower = need((size_t)w->feature_count, sizeof *in_tower);
    double value = 0, lookup = 0, output = 0, flops = 0;
    for (int f = 0; f < w->feature_count; f++)
        tower[f] = table_of(plan, w->tables[w->features[f].table].name)->place.tower;
    if (c->new.options.strategy != TP_STRATEGY_LOAD) {
        double inside = inside_share(c->new.instance.affinity, w->feature_count, tower);
        value = c->new.options.strategy == TP_STRATEGY_COHERENT ? inside : -inside;
    } else {
        for (int t = -1; t < tower_count(w); t++) { /* all of them first */
            for (int f = 0; f < w->feature_count; f++)
                in_tower[f] = t < 0 || tower[f] == t;
            struct tower_weight load = tower_weight(w, in_tower);
            if (t < 0) {
                lookup = load.lookup;
                output = load.output;
            }
            flops += t < 0 ? 0 : load.flops;
            value -= t < 0 ? 0 : pow(load.lookup / lookup, 2) + pow(load.output / output, 2);
        }
        for (int t = 0; t < tower_count(w) && flops > 0; t++) {
            for (int f = 0; f < w->feature_count; f++)
                in_tower[f] = tower[f] == t;
            value -= pow(tower_weight(w, in_tower).flops / flops, 2);
        }
    }
    free(in_tower);
    free(tower);
    return value;
}

/* --- judging ------------------------------------------------------------------------------------------ */

static struct tp_replan *replan(struct change *c, struct tp_error *error)
{
    struct tp_replan *made = NULL;
    enum tp_status status = tp_replan_make(c->old.plan, c->new.model, c->new.topology,
        &c->new.affinity, &c->new.options, &c->how, &made, error);
    if (status && status != TP_EINFEASIBLE)
        complain(&c->new.complaints, "status %d: %s", (int)status, error->text);
    if (status == TP_EINFEASIBLE && strlen(error->text) < 20)
        complain(&c->new.complaints, "refused without a reason: '%s'", error->text);
    return made;
}

static void judge(struct change *c, const struct tp_replan *made, double budget)
{
    struct complaints *complaints = &c->new.complaints;
    struct request request = {&c->new.instance.workload, c->new.instance.affinity};
    struct tp_findings findings;
    struct tp_error error = {0};
    double bytes = bytes_of(c, made->plan);
    if (tp_plan_save(made->plan, c->new.plan_path, &error))
        complain(complaints, "not written: %s", error.text);
    judge_plan(c->new.plan_path, &request, complaints);
    if (tp_plan_check(made->plan, NULL, NULL, &findings, &error))
        complain(complaints, "not checked: %s", error.text);
    for (int i = 0; i < findings.count; i++)
        complain(complaints, "finding: %s", findings.lines[i]);
    tp_findings_release(&findings);
    if (fabs(bytes - made->final.bytes) > 0.5)
        complain(
            complaints, "%.0f bytes are said to travel, but %.0f do", made->final.bytes, bytes);
    if (bytes > budget + 0.5)
        complain(complaints, "%.0f bytes travel, but only %.0f may", bytes, budget);
}

static double fastest(const struct tp_plan *plan, bool with_dmt)
{
    const struct tp_step_cost *modes = plan->cost.modes;
    double seconds = fmin(modes[TP_MODE_FLAT].seconds, modes[TP_MODE_SPTT].seconds);
    return with_dmt ? fmin(seconds, modes[TP_MODE_DMT].seconds) : seconds;
}

static void compare(struct change *c, const struct tp_replan *still, const struct tp_replan *bought)
{
    struct complaints *complaints = &c->new.complaints;
    if (worth(c, bought->plan) < worth(c, still->plan) - 1e-6)
        complain(complaints, "what is bought makes it worse: %.9g, was %.9g",
            worth(c, bought->plan), worth(c, still->plan));
    for (int dmt = 0; dmt < 2; dmt++)
        if (fastest(bought->plan, dmt) > fastest(still->plan, dmt) * (1 + 1e-6))
            complain(complaints, "what is bought makes a step slower");
    double sum = still->final.bytes;
    for (int i = 0; i < bought->bought_count; i++)
        sum += bought->bought[i].bytes;
    if (fabs(sum - bought->final.bytes) > 0.5 + 1e-9 * sum)
        complain(
            complaints, "the steps do not add up: %.0f, in all %.0f", sum, bought->final.bytes);
}

/* Nothing has to move where the old places, with what is new in its new place, keep all rules. */
static void check_needed(struct change *c, const struct tp_replan *still)
{
    struct tp_error error = {0};
    struct tp_plan *back = NULL;
    if (!(still->final.bytes > 0) ||
        tower_count(&c->old.instance.workload) != tower_count(&c->new.instance.workload))
        return;
    if (tp_plan_save(still->plan, c->new.again_path, &error) ||
        tp_plan_load(c->new.again_path, &back, &error)) {
        complain(&c->new.complaints, "not read back: %s", error.text);
        return;
    }
    for (int i = 0; i < back->table_count; i++) {
        struct tp_plan_table *to = &back->tables[i];
        const struct tp_plan_table *from = table_of(c->old.plan, to->name);
        const struct table *was = &c->old.instance.workload.tables[i];
        const struct table *is = &c->new.instance.workload.tables[i];
        if (!from || was->rows != is->rows || was->dim != is->dim)
            continue;
        to->place.tower = from->place.tower;
        to->place.sharding = from->place.sharding;
        to->place.shard_count = from->place.shard_count;
        free(to->place.shards);
        to->place.shards = need((size_t)from->place.shard_count, sizeof *to->place.shards);
        memcpy(to->place.shards, from->place.shards,
            (size_t)from->place.shard_count * sizeof *to->place.shards);
    }
    int *count = need((size_t)back->tower_count, sizeof *count);
    for (int t = 0; t < back->tower_count; t++) { /* features follow their tables */
        for (int f = 0; f < back->towers[t].feature_count; f++)
            free(back->towers[t].features[f]);
        free(back->towers[t].features);
        back->towers[t].feature_count = 0;
        back->towers[t].features =
            need((size_t)back->model->feature_count, sizeof *back->towers[t].features);
    }
    for (int f = 0; f < back->model->feature_count; f++) {
        int t = back->tables[back->model->features[f].table].place.tower;
        back->towers[t].features[count[t]++] = strdup(back->model->features[f].name);
        back->towers[t].feature_count = count[t];
    }
    free(count);
    if (bytes_of(c, back) < still->final.bytes - 0.5 &&
        tp_plan_recost(back, &c->new.affinity, &error) == TP_OK)
        complain(&c->new.complaints, "%.0f bytes move, though the old places keep all rules",
            still->final.bytes);
    tp_plan_free(back);
}

/* A table that was bought away from its ranks is locked: it stays, or nothing fits around it. */
static void lock_one(struct change *c, const struct tp_replan *bought, struct tally *tally)
{
    const struct workload *w = &c->new.instance.workload;
    struct tp_error error = {0};
    for (int i = 0; i < w->table_count; i++) {
        if (!(table_bytes(c, bought->plan, i) > 0))
            continue;
        const char *name = w->features[w->tables[i].first_feature].name;
        c->how.locked = &name;
        c->how.locked_count = 1;
        struct tp_replan *made = replan(c, &error);
        c->how.locked_count = 0;
        if (made) {
            judge(c, made, c->how.max_move_bytes);
            bool rows = table_of(made->plan, w->tables[i].name)->place.sharding == TP_SHARD_ROW;
            if (!rows && table_bytes(c, made->plan, i) > 0) /* rows shift when they grow */
                complain(&c->new.complaints, "feature %s is locked, but moves", name);
            tally->locked++;
        }
        tp_replan_free(made);
        return;
    }
}

static void buy(
    struct change *c, const struct tp_replan *still, uint64_t number, struct tally *tally)
{
    struct dice dice = {number * 31 + 1};
    struct tp_error error = {0};
    double anew = isnan(still->anew.bytes) ? 1e6 : fmax(still->anew.bytes, 1000);
    c->how.max_move_bytes = still->final.bytes + dice_real(&dice, 0, 1.2) * anew;
    struct tp_replan *bought = replan(c, &error);
    if (!bought) {
        complain(&c->new.complaints, "more bytes may move, and it is refused: %s", error.text);
        return;
    }
    judge(c, bought, c->how.max_move_bytes);
    compare(c, still, bought);
    tally->bought += bought->bought_count > 0;
    lock_one(c, bought, tally);
    tp_replan_free(bought);
}

static void run(struct change *c, uint64_t number, struct tally *tally)
{
    struct tp_error error = {0};
    c->how.max_move_bytes = (double)NAN;
    struct tp_replan *still = replan(c, &error);
    if (!still) {
        char why[TP_ERROR_TEXT_BYTES];
        strcpy(why, error.text);
        if (trial_plan(&c->new, &c->new.affinity, &error) == TP_OK)
            complain(&c->new.complaints, "refused, though there is a plan from nothing: %s", why);
        tally->refused++;
        return;
    }
    tally->kept++;
    tally->needed += still->needed.move_count > 0;
    judge(c, still, INFINITY);
    check_needed(c, still);
    buy(c, still, number, tally);
    tp_replan_free(still);
}

static int run_change(int number, struct tally *tally)
{
    enum instance_size size = number % LARGE_ONE_IN == LARGE_ONE_IN - 1 ? INSTANCE_LARGE
                              : number % 3                              ? INSTANCE_DOZEN
                                                                        : INSTANCE_UNEQUAL;
    struct change c = {.how = tp_replan_options_default(), .lost = -1};
    struct tp_error error = {0};
    trial_init(&c.old, (uint64_t)number, size);
    trial_init(&c.new, (uint64_t)number, size);
    roll(&c, (uint64_t)number);
    bool made =
        trial_load(&c.old) && trial_load(&c.new) && trial_plan(&c.old, NULL, &error) == TP_OK;
    if (!made && c.new.topology) { /* at first everything was easier */
        c.old.options.strategy = TP_STRATEGY_LOAD;
        c.old.instance.workload.rule_count = 0;
        double_memory(&c.old.instance.workload);
        made = trial_load(&c.old) && trial_plan(&c.old, NULL, &error) == TP_OK;
    }
    if (made)
        run(&c, (uint64_t)number, tally);
    int failed = trial_show(&c.old) + trial_show(&c.new);
    trial_release(&c.old);
    trial_release(&c.new);
    return failed;
}

START_TEST(replanning_keeps_its_promises)
{
    int count = setting("TOWERPART_INSTANCES", CHANGES), failed = 0;
    struct tally tally = {0};
    for (int i = _i; i < count; i += SLICES)
        failed += run_change(i, &tally);
    printf("# slice %d: %d plans, %d refused; %d had to move something, %d bought, %d locked\n", _i,
        tally.kept, tally.refused, tally.needed, tally.bought, tally.locked);
    fflush(stdout);
    ck_assert_int_eq(failed, 0);
    if (count >= CHANGES) {
        ck_assert_int_ge(tally.kept, count / SLICES / REPRESENTED_ONE_IN);
        ck_assert_int_ge(tally.needed, 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replan");
    TCase *tcase = tcase_create("replan");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, replanning_keeps_its_promises, 0, SLICES);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
