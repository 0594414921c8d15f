/* SPDX-License-Identifier: Apache-2.0 */
/* The whole road on planted groups: 48 features in 8 groups, noise as strong as the signal, 8
 * hosts. With the defaults of every step, the towers must be the groups, feature by feature, and the
 * affinity trusted, for 20 seeds (TOWERPART_SEEDS=N: N). The truth is read from truth.json by name,
 * not by order.
 *
 * The same with random vectors in place of the embeddings: noise, for 20 seeds. */
#include <towerpart/affinity.h>
#include <towerpart/plan.h>
#include <towerpart/synth.h>

#include "complaints.h"
#include "dice.h"
#include "runner.h"
#include "scratch.h"
#include "trial.h"

#include <check.h>
#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 20, FEATURES = 48, GROUPS = 8 };

/* The library's word is taken for success only; the rest is judged here. */
static void must(enum tp_status status, const struct tp_error *error)
{
    ck_assert_msg(status == TP_OK, "%s", error->text);
}

static struct tp_plan *plan_of(const struct scratch *scratch)
{
    struct tp_error error = {0};
    struct tp_model *model;
    struct tp_topology *topology;
    struct tp_dump *dump;
    struct tp_affinity *affinity;
    struct tp_plan *plan;
    char path[SCRATCH_PATH_BYTES];
    must(tp_model_load(scratch_path(scratch, "model.yaml", path), &model, &error), &error);
    must(tp_topology_load(scratch_path(scratch, "topology.yaml", path), &topology, &error), &error);
    must(tp_dump_open(scratch_path(scratch, "dump", path), model, false, &dump, &error), &error);
    must(
        tp_affinity_measure((const struct tp_dump *const *)&dump, 1, NULL, NULL, &affinity, &error),
        &error);
    must(tp_plan_make(model, topology, affinity, NULL, &plan, &error), &error);
    tp_affinity_free(affinity);
    tp_dump_free(dump);
    tp_topology_free(topology);
    tp_model_free(model);
    return plan;
}

static json_int_t group_of(const json_t *truth, const char *feature)
{
    const json_t *group = json_object_get(truth, feature);
    ck_assert_msg(json_is_integer(group), "truth.json does not know feature %s", feature);
    return json_integer_value(group);
}

/* As many towers as groups, no tower with two groups, and all features there: the towers are the
 * groups. */
static void compare(const struct tp_plan *plan, const json_t *truth, int seed)
{
    int seen = 0;
    ck_assert_int_eq(plan->tower_count, GROUPS);
    for (int t = 0; t < plan->tower_count; t++) {
        const struct tp_plan_tower *tower = &plan->towers[t];
        for (int i = 0; i < tower->feature_count; i++)
            ck_assert_msg(
                group_of(truth, tower->features[i]) == group_of(truth, tower->features[0]),
                "seed %d: tower %d mixes the groups of %s and %s", seed, t, tower->features[0],
                tower->features[i]);
        seen += tower->feature_count;
    }
    ck_assert_int_eq(seen, FEATURES);
}

static void synthesize(const struct scratch *scratch, int seed, int64_t samples)
{
    struct tp_error error = {0};
    struct tp_synth_options options = tp_synth_options_default();
    options.features = FEATURES;
    options.groups = GROUPS;
    options.noise = 1;
    options.hosts = GROUPS;
    options.seed = (uint64_t)seed;
    options.samples = samples;
    must(tp_synth(scratch->folder, &options, &error), &error);
}

START_TEST(planted_groups_are_recovered_exactly_and_trusted)
{
    struct scratch scratch;
    char path[SCRATCH_PATH_BYTES];
    scratch_init(&scratch);
    synthesize(&scratch, _i + 1, 4096);
    struct tp_plan *plan = plan_of(&scratch);
    json_t *truth = json_load_file(scratch_path(&scratch, "truth.json", path), 0, NULL);
    ck_assert_ptr_nonnull(truth);
    compare(plan, truth, _i + 1);
    ck_assert_msg(plan->affinity.verdict == TP_VERDICT_TRUSTED, "seed %d: signal %g, stability %g",
        _i + 1, plan->affinity.above_floor, plan->affinity.stability);
    json_decref(truth);
    tp_plan_free(plan);
    scratch_remove(&scratch);
}
END_TEST

/* Puts independent normal numbers in the place of all values of the dump; its head, 10 bytes and as many
 * more as bytes 8 and 9 say (NumPy's format 1.0), stays. */
static void randomize(const struct scratch *scratch, int seed)
{
    struct dice dice = {(uint64_t)seed};
    char path[SCRATCH_PATH_BYTES];
    unsigned char head[10];
    FILE *file = fopen(scratch_path(scratch, "dump/pooled.npy", path), "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(head, 1, sizeof head, file), sizeof head);
    ck_assert_int_eq(head[6], 1);
    long start = 10 + head[8] + 256 * head[9];
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    long values = (ftell(file) - start) / (long)sizeof(float);
    ck_assert_int_eq(fseek(file, start, SEEK_SET), 0);
    float *noise = calloc((size_t)values, sizeof *noise);
    ck_assert_ptr_nonnull(noise);
    for (long i = 0; i < values; i++)
        noise[i] = (float)dice_normal(&dice);
    ck_assert_uint_eq(fwrite(noise, sizeof *noise, (size_t)values, file), (size_t)values);
    free(noise);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(random_vectors_are_noise)
{
    struct scratch scratch;
    scratch_init(&scratch);
    synthesize(&scratch, 1, 1024);
    randomize(&scratch, _i + 1);
    struct tp_plan *plan = plan_of(&scratch);
    ck_assert_msg(plan->affinity.verdict == TP_VERDICT_NOISE, "seed %d: signal %g, stability %g",
        _i + 1, plan->affinity.above_floor, plan->affinity.stability);
    tp_plan_free(plan);
    scratch_remove(&scratch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("planted");
    TCase *tcase = tcase_create("planted");
    tcase_set_timeout(tcase, 0);
    int seeds = setting("TOWERPART_SEEDS", SEEDS);
    tcase_add_loop_test(tcase, planted_groups_are_recovered_exactly_and_trusted, 0, seeds);
    tcase_add_loop_test(tcase, random_vectors_are_noise, 0, seeds);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
