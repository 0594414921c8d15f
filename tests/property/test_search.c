/* SPDX-License-Identifier: Apache-2.0 */
/* The partitioner against others under the limits that its plan states: the inside affinity is no
 * worse than that of METIS k-way, METIS recursive, load and stride, and within 1 % of a slow
 * multi-start search. Coherent and diverse, 4 and 8 towers; on two dumps of a real model (its
 * folder is the program's only argument) and on synthetic matrices. An answer of METIS or stride
 * that breaks the limits is first repaired by the steps that reduce the breach most.
 * TOWERPART_STARTS=N searches from N random starts in place of 60. */
#include <towerpart/affinity.h>
#include <towerpart/plan.h>

#include "claims.h"
#include "complaints.h"
#include "dice.h"
#include "judge.h"
#include "reference.h"
#include "runner.h"
#include "scratch.h"
#include "trial.h"

#include <check.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STARTS = 60, SYNTHETIC_FEATURES = 40 };

static const char *data_folder;

static void must(enum tp_status status, const struct tp_error *error)
{
    ck_assert_msg(status == TP_OK, "%s", error->text);
}

static FILE *create(const struct scratch *scratch, const char *name)
{
    char path[SCRATCH_PATH_BYTES];
    FILE *file = fopen(scratch_path(scratch, name, path), "w");
    ck_assert_msg(file != NULL, "%s", path);
    return file;
}

static void write_topology(const struct scratch *scratch, int hosts)
{
    FILE *file = create(scratch, "topology.yaml");
    fprintf(file, "towerpart_topology: 1\nname: test\n"
                  "device: {memory_bytes: 80000000000, memory_bytes_per_s: 2.0e+12, "
                  "flops_per_s: 1.0e+14}\nlevels:\n"
                  "  - {name: host, fanout: 2, bytes_per_s: 3.0e+11, latency_s: 3.0e-6}\n");
    fprintf(
        file, "  - {name: cluster, fanout: %d, bytes_per_s: 2.5e+10, latency_s: 1.0e-5}\n", hosts);
    fclose(file);
}

/* One table and one feature each; poolings differ, so that the load limit matters. */
static void write_synthetic_model(const struct scratch *scratch, struct dice *dice)
{
    FILE *file = create(scratch, "model.yaml");
    fprintf(file, "towerpart_model: 1\nname: test\ndense_features: 0\nbatch_size: 4096\ntables:\n");
    for (int i = 0; i < SYNTHETIC_FEATURES; i++)
        fprintf(file,
            "  - {name: t%d, rows: 1000, dim: 16, features: [{name: f%d, pooling: %.3f}]}\n", i, i,
            exp(0.4 * dice_normal(dice)));
    fprintf(file, "arch: {interaction: dlrm, bottom_mlp: [16], top_mlp: [16, 1]}\n");
    fclose(file);
}

/* Group sizes vary on purpose: towers of equal size must cut through some. */
static double synthetic_affinity(struct dice *dice, int kind, int i, int j)
{
    double noise = dice_real(dice, 0, 0.3);
    if (kind == 0) /* planted */
        return i * i / 200 == j * j / 200 ? 0.4 + noise : noise;
    if (kind == 1) /* nothing but noise */
        return 0.2 + noise / 3;
    return exp(-abs(i - j) / 6.0) * (0.7 + noise); /* a chain without borders */
}

/* The planner's inputs, and the plan as its file states it. */
struct entry {
    struct scratch scratch;
    struct tp_model *model;
    struct tp_topology *topology;
    struct tp_affinity *affinity; /* the library's, or made here */
    bool made_here;
    struct claims claims;
};

static void make_affinity(struct entry *entry, struct dice *dice, int kind)
{
    int count = SYNTHETIC_FEATURES;
    size_t cells = (size_t)count * (size_t)count;
    struct tp_affinity *a = need(1, sizeof *a);
    a->feature_count = count;
    a->affinity = need(cells, sizeof *a->affinity);
    a->std_error = need(cells, sizeof *a->std_error);
    a->features = need((size_t)count, sizeof *a->features);
    a->samples = 1000;
    a->measure = TP_MEASURE_CKA;
    a->dumps = 1;
    for (int i = 0; i < count; i++) {
        a->features[i] = entry->model->features[i].name;
        a->affinity[i * count + i] = 1;
        for (int j = 0; j < i; j++)
            a->affinity[i * count + j] = a->affinity[j * count + i] =
                (float)synthetic_affinity(dice, kind, i, j);
    }
    entry->affinity = a;
    entry->made_here = true;
}

static void load_specs(struct entry *entry, const char *model_path)
{
    struct tp_error error = {0};
    char path[SCRATCH_PATH_BYTES];
    must(tp_model_load(model_path, &entry->model, &error), &error);
    scratch_path(&entry->scratch, "topology.yaml", path);
    must(tp_topology_load(path, &entry->topology, &error), &error);
}

/* @param data  0, 1: the real dumps; 2..4: synthetic. */
static void entry_init(struct entry *entry, int data, int towers)
{
    struct tp_error error = {0};
    struct dice dice = {(uint64_t)data};
    char path[SCRATCH_PATH_BYTES];
    *entry = (struct entry){0};
    scratch_init(&entry->scratch);
    write_topology(&entry->scratch, towers);
    if (data >= 2) {
        write_synthetic_model(&entry->scratch, &dice);
        load_specs(entry, scratch_path(&entry->scratch, "model.yaml", path));
        make_affinity(entry, &dice, data - 2);
        return;
    }
    struct tp_dump *dump;
    snprintf(path, sizeof path, "%s/model.yaml", data_folder);
    load_specs(entry, path);
    snprintf(path, sizeof path, "%s/dump_seed%d", data_folder, data);
    must(tp_dump_open(path, entry->model, false, &dump, &error), &error);
    must(tp_affinity_measure(
             (const struct tp_dump *const *)&dump, 1, NULL, NULL, &entry->affinity, &error),
        &error);
    tp_dump_free(dump);
}

static void entry_release(struct entry *entry)
{
    if (entry->made_here) {
        free(entry->affinity->affinity);
        free(entry->affinity->std_error);
        free(entry->affinity->features);
        free(entry->affinity);
    } else {
        tp_affinity_free(entry->affinity);
    }
    tp_topology_free(entry->topology);
    tp_model_free(entry->model);
    claims_release(&entry->claims);
    scratch_remove(&entry->scratch);
}

/* Makes a plan and reads it from its file. */
static void plan_with(struct entry *entry, struct tp_plan_options options)
{
    struct tp_plan *plan;
    struct tp_error error = {0};
    struct complaints complaints = {0};
    char path[SCRATCH_PATH_BYTES];
    scratch_path(&entry->scratch, "plan.yaml", path);
    must(tp_plan_make(entry->model, entry->topology, entry->affinity, &options, &plan, &error),
        &error);
    must(tp_plan_save(plan, path, &error), &error);
    tp_plan_free(plan);
    claims_release(&entry->claims);
    claims_read(path, &entry->claims, &complaints);
    judge_claims(&entry->claims, &(struct request){NULL, entry->affinity->affinity}, &complaints);
    ck_assert_msg(complaints.count == 0, "%s", complaints.count ? complaints.lines[0] : "");
}

/* The limits of the plan, as its rivals must hold them. */
static void contest_init(struct contest *contest, const struct entry *entry, bool diverse)
{
    const struct workload *w = &entry->claims.workload;
    bool *alone = need((size_t)w->feature_count, sizeof *alone);
    *contest = (struct contest){.count = w->feature_count,
        .towers = tower_count(w),
        .affinity = entry->affinity->affinity,
        .diverse = diverse};
    contest->load = need((size_t)w->feature_count, sizeof *contest->load);
    contest->least_features = features_least(w, entry->claims.ratio);
    contest->most_features = features_most(w, entry->claims.ratio);
    for (int f = 0; f < w->feature_count; f++) {
        alone[f] = true;
        struct tower_weight weight = tower_weight(w, alone);
        alone[f] = false;
        double load[LOADS] = {weight.lookup, weight.output, weight.flops};
        for (int k = 0; k < LOADS; k++) {
            contest->load[f][k] = load[k];
            contest->most[k] += load[k] / contest->towers * (1 + entry->claims.balance);
        }
    }
    free(alone);
}

static void read_towers(const struct claims *claims, int *tower)
{
    for (int t = 0; t < claims->tower_count; t++)
        for (int i = 0; i < claims->towers[t].feature_count; i++)
            tower[claims->towers[t].features[i]] = t;
}

/* The plan is at least as good as a rival, repaired if need be. */
static void beat(const struct contest *contest, const int *plan, int *rival, const char *name)
{
    bool lawful = contest_violation(contest, rival) <= 0;
    if (!lawful && !contest_repair(contest, rival)) {
        printf("# %s cannot be repaired\n", name);
        return;
    }
    double ours = contest_value(contest, plan), theirs = contest_value(contest, rival);
    printf("# %s %s: %.4f, the plan %.4f\n", name, lawful ? "as it is" : "repaired", fabs(theirs),
        fabs(ours));
    ck_assert_msg(ours >= theirs - 1e-6 * fabs(theirs), "%s has %g, the plan %g", name,
        fabs(theirs), fabs(ours));
}

static void near_the_best(const struct contest *contest, const int *plan, int *rival)
{
    int starts = setting("TOWERPART_STARTS", STARTS);
    int legal = contest_search(contest, starts, 7, rival);
    double ours = contest_value(contest, plan), best = contest_value(contest, rival);
    ck_assert_msg(legal > starts / 20, "only %d starts were legal", legal);
    printf("# search: %.4f from %d starts, the plan %.4f\n", fabs(best), legal, fabs(ours));
    ck_assert_msg(
        ours >= best - 0.01 * fabs(best), "search has %g, the plan %g", fabs(best), fabs(ours));
}

/* The load strategy under the very same limits. */
static void beat_load(
    struct entry *entry, const struct contest *contest, const int *plan, int *rival)
{
    struct tp_plan_options options = tp_plan_options_default();
    options.strategy = TP_STRATEGY_LOAD;
    options.balance = entry->claims.balance;
    options.ratio = entry->claims.ratio;
    plan_with(entry, options);
    read_towers(&entry->claims, rival);
    beat(contest, plan, rival, "load");
}

static void run_contest(struct entry *entry, struct tp_plan_options options)
{
    struct contest contest;
    plan_with(entry, options);
    contest_init(&contest, entry, options.strategy == TP_STRATEGY_DIVERSE);
    int *plan = need((size_t)contest.count, sizeof *plan);
    int *rival = need((size_t)contest.count, sizeof *rival);
    read_towers(&entry->claims, plan);
    ck_assert_msg(contest_violation(&contest, plan) <= 0, "the plan breaks its own limits");
    for (int recursive = 0; recursive < 2; recursive++)
        if (contest_metis(&contest, recursive, rival))
            beat(&contest, plan, rival, recursive ? "METIS recursive" : "METIS k-way");
    for (int i = 0; i < contest.count; i++)
        rival[i] = i % contest.towers;
    beat(&contest, plan, rival, "stride");
    near_the_best(&contest, plan, rival);
    beat_load(entry, &contest, plan, rival);
    free(rival);
    free(plan);
    free(contest.load);
}

/* Case: data * 4 + (8 towers) * 2 + (diverse). The synthetic ones also run with loose limits. */
START_TEST(inside_affinity_is_at_least_that_of_others)
{
    int data = _i / 4, towers = _i & 2 ? 8 : 4;
    struct tp_plan_options options = tp_plan_options_default();
    struct entry entry;
    options.effort = 3; /* the contest's cases have the default */
    options.strategy = _i & 1 ? TP_STRATEGY_DIVERSE : TP_STRATEGY_COHERENT;
    printf("# data %d, %d towers, %s\n", data, towers, tp_strategy_name(options.strategy));
    entry_init(&entry, data, towers);
    run_contest(&entry, options);
    if (data >= 2) {
        options.ratio = 2;
        options.balance = 0.6;
        run_contest(&entry, options);
    }
    entry_release(&entry);
}
END_TEST

int main(int argc, char **argv)
{
    data_folder = argc > 1 ? argv[1] : "tests/data/diabetes130";
    Suite *suite = suite_create("search");
    TCase *tcase = tcase_create("search");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, inside_affinity_is_at_least_that_of_others, 0, 5 * 4);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
