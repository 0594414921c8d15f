/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two training runs agree, where it is known, and what the verdict of a plan on both is: runs
 * over the same planted relations agree and are trusted, runs over nothing are noise, for 12 seeds
 * (TOWERPART_SEEDS=N: N); on a real model (argument: its folder, two dumps of other seeds) cka agrees
 * and cosine does not. */
#include <towerpart/affinity.h>
#include <towerpart/plan.h>

#include "dice.h"
#include "runner.h"
#include "scratch.h"
#include "trial.h"

#include <check.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SEEDS = 12, FEATURES = 24, DIM = 8, SAMPLES = 2000, ROW = FEATURES * DIM };

static const char *real; /* the real model's folder */

static void must(enum tp_status status, const struct tp_error *error)
{
    ck_assert_msg(status == TP_OK, "%s", error->text);
}

/* What a run of training is given: relations between features, and the same samples. */
struct world {
    double group_strength[FEATURES], common_strength[FEATURES];
    double group[SAMPLES][4][DIM], common[SAMPLES][DIM];
};

static void fill_normal(struct dice *dice, double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = dice_normal(dice);
}

/* Features f, f + 4, f + 8 ... are a group. GROUPS: that is all, so most pairs are unrelated and the
 * others alike. STRENGTHS: all features share something too, both in strengths of their own, so that the
 * pairs have an order. */
enum relation { NONE, GROUPS, STRENGTHS };

static void draw_world(struct dice *dice, enum relation relation, struct world *world)
{
    fill_normal(dice, &world->group[0][0][0], SAMPLES * 4 * DIM);
    fill_normal(dice, &world->common[0][0], SAMPLES * DIM);
    for (int f = 0; f < FEATURES; f++) {
        world->group_strength[f] = relation == STRENGTHS ? dice_real(dice, 0.3, 1.5)
                                   : relation == GROUPS  ? 1.0
                                                         : 0.0;
        world->common_strength[f] = relation == STRENGTHS ? dice_real(dice, 0.3, 1.5) : 0;
    }
}

/* A random orthogonal matrix (Gram-Schmidt). */
static void draw_rotation(struct dice *dice, double rotation[DIM][DIM])
{
    fill_normal(dice, &rotation[0][0], DIM * DIM);
    for (int r = 0; r < DIM; r++) {
        for (int before = 0; before <= r; before++) {
            double dot = 0;
            for (int c = 0; c < DIM; c++)
                dot += rotation[r][c] * rotation[before][c];
            for (int c = 0; c < DIM; c++)
                rotation[r][c] = before < r ? rotation[r][c] - dot * rotation[before][c]
                                            : rotation[r][c] / sqrt(dot);
        }
    }
}

/* One feature of one run: its own rotation of what it shares, and noise. */
static void draw_feature(struct dice *dice, const struct world *world, int f, float *pooled)
{
    double rotation[DIM][DIM];
    draw_rotation(dice, rotation);
    for (int s = 0; s < SAMPLES; s++) {
        for (int r = 0; r < DIM; r++) {
            double sum = dice_normal(dice);
            for (int c = 0; c < DIM; c++)
                sum += rotation[r][c] * (world->group_strength[f] * world->group[s][f % 4][c] +
                                            world->common_strength[f] * world->common[s][c]);
            pooled[s * ROW + f * DIM + r] = (float)sum;
        }
    }
}

static FILE *open_file(const struct scratch *scratch, const char *name)
{
    char path[SCRATCH_PATH_BYTES];
    FILE *file = fopen(scratch_path(scratch, name, path), "wb");
    ck_assert_ptr_nonnull(file);
    return file;
}

static void write_model(const struct scratch *scratch)
{
    FILE *file = open_file(scratch, "model.yaml");
    fprintf(file, "towerpart_model: 1\nname: planted\nbatch_size: 64\ntables:\n");
    for (int f = 0; f < FEATURES; f++)
        fprintf(file, "  - {name: t%d, rows: 10, dim: %d, features: [f%d]}\n", f, DIM, f);
    ck_assert_int_eq(fclose(file), 0);
}

/* A folder with features.json and pooled.npy, version 1.0: a header of 128 bytes in all. */
static void write_dump(const struct scratch *scratch, const char *run, const float *pooled)
{
    char name[64], dict[128], path[SCRATCH_PATH_BYTES];
    scratch_path(scratch, run, path);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    snprintf(name, sizeof name, "%s/features.json", run);
    FILE *file = open_file(scratch, name);
    fprintf(file, "{\"features\": [");
    for (int f = 0; f < FEATURES; f++)
        fprintf(file, "%s\"f%d\"", f ? ", " : "", f);
    fprintf(file, "]}\n");
    ck_assert_int_eq(fclose(file), 0);
    snprintf(name, sizeof name, "%s/pooled.npy", run);
    file = open_file(scratch, name);
    snprintf(dict, sizeof dict, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d, %d)}",
        SAMPLES, FEATURES, DIM);
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
    fprintf(file, "%-117s\n", dict);
    fwrite(pooled, sizeof *pooled, (size_t)SAMPLES * ROW, file);
    ck_assert_int_eq(fclose(file), 0);
}

static enum tp_verdict verdict_on(const struct tp_model *model, const struct tp_affinity *affinity)
{
    static const char text[] =
        "towerpart_topology: 1\nname: four\n"
        "device: {memory_bytes: 1000000000, memory_bytes_per_s: 1.0e+12, flops_per_s: 1.0e+13}\n"
        "levels:\n"
        "  - {name: host, fanout: 2, bytes_per_s: 1.0e+11, latency_s: 1.0e-6}\n"
        "  - {name: cluster, fanout: 4, bytes_per_s: 1.0e+10, latency_s: 1.0e-5}\n";
    struct tp_error error = {0};
    struct scratch scratch;
    struct tp_topology *topology;
    struct tp_plan *plan;
    char path[SCRATCH_PATH_BYTES];
    scratch_init(&scratch);
    FILE *file = open_file(&scratch, "topology.yaml");
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    must(
        tp_topology_load(scratch_path(&scratch, "topology.yaml", path), &topology, &error), &error);
    must(tp_plan_make(model, topology, affinity, NULL, &plan, &error), &error);
    enum tp_verdict verdict = plan->affinity.verdict;
    tp_plan_free(plan);
    tp_topology_free(topology);
    scratch_remove(&scratch);
    return verdict;
}

/* Reproducibility of two dumps, and the verdict of a plan on 4 hosts that is made from both. */
static double agreement(const char *folder, const char *const runs[2], enum tp_measure measure,
    enum tp_verdict *verdict)
{
    struct tp_error error = {0};
    struct tp_model *model;
    struct tp_dump *dumps[2];
    struct tp_affinity *affinity;
    struct tp_affinity_options options = tp_affinity_options_default();
    char path[SCRATCH_PATH_BYTES];
    options.measure = measure;
    snprintf(path, sizeof path, "%s/model.yaml", folder);
    must(tp_model_load(path, &model, &error), &error);
    for (int r = 0; r < 2; r++) {
        snprintf(path, sizeof path, "%s/%s", folder, runs[r]);
        must(tp_dump_open(path, model, false, &dumps[r], &error), &error);
    }
    must(tp_affinity_measure(
             (const struct tp_dump *const *)dumps, 2, NULL, &options, &affinity, &error),
        &error);
    double rho = affinity->reproducibility;
    *verdict = verdict_on(model, affinity);
    tp_affinity_free(affinity);
    for (int r = 0; r < 2; r++)
        tp_dump_free(dumps[r]);
    tp_model_free(model);
    return rho;
}

static double agreement_of_runs(
    int seed, enum relation relation, enum tp_measure measure, enum tp_verdict *verdict)
{
    static const char *const runs[2] = {"run0", "run1"};
    struct scratch scratch;
    struct dice dice = {(uint64_t)seed};
    struct world *world = malloc(sizeof *world);
    float *pooled = malloc((size_t)SAMPLES * ROW * sizeof *pooled);
    ck_assert(world && pooled);
    scratch_init(&scratch);
    write_model(&scratch);
    draw_world(&dice, relation, world);
    for (int r = 0; r < 2; r++) {
        for (int f = 0; f < FEATURES; f++)
            draw_feature(&dice, world, f, pooled);
        write_dump(&scratch, runs[r], pooled);
    }
    double rho = agreement(scratch.folder, runs, measure, verdict);
    scratch_remove(&scratch);
    free(pooled);
    free(world);
    return rho;
}

START_TEST(runs_over_the_same_relations_agree)
{
    enum tp_verdict verdict;
    double rho = agreement_of_runs(_i, STRENGTHS, TP_MEASURE_CKA, &verdict);
    ck_assert_msg(rho > 0.9, "seed %d: rho %.3f", _i, rho);
}
END_TEST

START_TEST(runs_over_the_same_clean_groups_agree)
{
    enum tp_verdict verdict;
    double rho = agreement_of_runs(_i, GROUPS, TP_MEASURE_CKA, &verdict);
    ck_assert_msg(rho > 0.8, "seed %d: rho %.3f", _i, rho);
    ck_assert_int_eq(verdict, TP_VERDICT_TRUSTED);
}
END_TEST

/* About 3 of the 276 pairs are above the floor in each run; where by chance one of them is in both, rho
 * is a third. */
START_TEST(runs_over_nothing_do_not)
{
    enum tp_verdict verdict;
    double rho = agreement_of_runs(_i, NONE, TP_MEASURE_CKA, &verdict);
    ck_assert_msg(isnan(rho) || rho < 0.5, "seed %d: rho %.3f", _i, rho);
    ck_assert_int_eq(verdict, TP_VERDICT_NOISE);
}
END_TEST

/* Every feature has its own rotation: cosines see none of it. */
START_TEST(cosine_sees_no_rotated_relation)
{
    enum tp_verdict verdict;
    double rho = agreement_of_runs(_i, STRENGTHS, TP_MEASURE_COSINE, &verdict);
    ck_assert_msg(isnan(rho) || rho < 0.5, "seed %d: rho %.3f", _i, rho);
    ck_assert_int_ne(verdict, TP_VERDICT_TRUSTED);
}
END_TEST

START_TEST(on_a_real_model_cka_agrees_and_cosine_does_not)
{
    static const char *const runs[2] = {"dump_seed0", "dump_seed1"};
    enum tp_verdict cka_verdict, cosine_verdict;
    double cka = agreement(real, runs, TP_MEASURE_CKA, &cka_verdict);
    double cosine = agreement(real, runs, TP_MEASURE_COSINE, &cosine_verdict);
    ck_assert_msg(cka > 0.9, "cka: rho %.3f", cka);
    ck_assert_msg(cosine < 0.3, "cosine: rho %.3f", cosine);
    ck_assert_int_ne(cka_verdict, TP_VERDICT_NOISE); /* it is trusted, its stability just enough */
    ck_assert_int_eq(cosine_verdict, TP_VERDICT_NOISE);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 2)
        return EXIT_FAILURE;
    real = argv[1];
    TCase *tcase = tcase_create("agreement");
    tcase_set_timeout(tcase, 120);
    int seeds = setting("TOWERPART_SEEDS", SEEDS);
    tcase_add_loop_test(tcase, runs_over_the_same_relations_agree, 0, seeds);
    tcase_add_loop_test(tcase, runs_over_the_same_clean_groups_agree, 0, seeds);
    tcase_add_loop_test(tcase, runs_over_nothing_do_not, 0, seeds);
    tcase_add_loop_test(tcase, cosine_sees_no_rotated_relation, 0, 3);
    tcase_add_test(tcase, on_a_real_model_cka_agrees_and_cosine_does_not);
    Suite *suite = suite_create("agreement");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
