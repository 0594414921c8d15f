/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic workloads: the files, and that what was planted is in them. */
#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/synth.h>
#include <towerpart/topology.h>

#include "synth_files.h"

#include <math.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define FEATURES 12
#define SAMPLES 1500

static struct tp_synth_options small_options(void)
{
    struct tp_synth_options options = tp_synth_options_default();
    options.features = FEATURES;
    options.groups = 4; /* the first and the last with as many latents */
    options.samples = SAMPLES;
    return options;
}

static struct tp_model *load_model(const char *dir)
{
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    char path[PATH_BYTES + 20];
    snprintf(path, sizeof path, "%s/model.yaml", dir);
    ck_assert_msg(tp_model_load(path, &model, &err) == TP_OK, "%s", err.text);
    return model;
}

static struct tp_topology *load_topology(const char *dir)
{
    struct tp_error err = {0};
    struct tp_topology *topology = NULL;
    char path[PATH_BYTES + 20];
    snprintf(path, sizeof path, "%s/topology.yaml", dir);
    ck_assert_msg(tp_topology_load(path, &topology, &err) == TP_OK, "%s", err.text);
    return topology;
}

START_TEST(the_files_are_read_by_the_rest_of_the_tool)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    struct tp_error err = {0};
    struct tp_dump *dump = NULL;
    char path[PATH_BYTES + 20];
    options.mixed_dims = _i % 2;
    options.skew = _i / 2;
    synth(folder.path, &options);
    struct tp_model *model = load_model(folder.path);
    ck_assert_int_eq(model->feature_count, FEATURES);
    ck_assert_int_eq(model->table_count, FEATURES);
    ck_assert_int_eq(model->dense_features, 13);
    ck_assert_int_eq(model->tower_module.kind, TP_MODULE_DLRM);
    ck_assert_int_eq(model->tower_module.dim, 8);
    ck_assert_str_eq(model->features[11].name, "f11");
    ck_assert_str_eq(model->tables[11].name, "t_f11");
    struct tp_topology *topology = load_topology(folder.path);
    ck_assert_int_eq(topology->host_count, 4);
    ck_assert_int_eq(topology->ranks_per_host, 4);
    snprintf(path, sizeof path, "%s/dump", folder.path);
    ck_assert_msg(tp_dump_open(path, model, false, &dump, &err) == TP_OK, "%s", err.text);
    ck_assert_int_eq(tp_dump_samples(dump), SAMPLES);
    tp_dump_free(dump);
    tp_topology_free(topology);
    tp_model_free(model);
    scratch_remove(folder.path);
}
END_TEST

START_TEST(the_batch_of_a_rank_is_the_models)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    options.local_batch_size = 96;
    synth(folder.path, &options);
    struct tp_model *model = load_model(folder.path);
    ck_assert_int_eq(model->local_batch_size, 96);
    tp_model_free(model);
    scratch_remove(folder.path);
}
END_TEST

static const int cluster_sizes[][2] = {{1, 1}, {1, 8}, {3, 1}, {8, 8}, {2, 5}};

START_TEST(any_number_of_hosts_and_ranks_gives_a_valid_topology)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    options.hosts = cluster_sizes[_i][0];
    options.ranks_per_host = cluster_sizes[_i][1];
    synth(folder.path, &options);
    struct tp_topology *topology = load_topology(folder.path);
    ck_assert_int_eq(topology->host_count, cluster_sizes[_i][0]);
    ck_assert_int_eq(topology->ranks_per_host, cluster_sizes[_i][1]);
    tp_topology_free(topology);
    scratch_remove(folder.path);
}
END_TEST

static const char *const equal_files[] = {"model.yaml", "topology.yaml", "truth.json", "log.tsv",
    "dump/features.json", "dump/pooled.npy"};

START_TEST(the_same_seed_gives_the_same_bytes_and_another_seed_others)
{
    struct folder a = folder_make(), b = folder_make(), c = folder_make();
    struct tp_synth_options options = small_options();
    options.features = 26;
    options.samples = 100;
    options.log_rows = 300;
    options.skew = 1;
    synth(a.path, &options);
    synth(b.path, &options);
    options.seed = 2;
    synth(c.path, &options);
    for (int i = 0; i < COUNT(equal_files); i++) {
        bool depends_on_seed = strcmp(equal_files[i], "topology.yaml") != 0 &&
                               strcmp(equal_files[i], "dump/features.json") != 0;
        ck_assert_msg(same_file(a.path, b.path, equal_files[i]), "%s differs", equal_files[i]);
        ck_assert_msg(same_file(a.path, c.path, equal_files[i]) != depends_on_seed,
            "%s with another seed", equal_files[i]);
    }
    scratch_remove(a.path);
    scratch_remove(b.path);
    scratch_remove(c.path);
}
END_TEST

START_TEST(a_log_changes_no_other_file_and_no_group)
{
    int group[26], same_group[26];
    struct folder a = folder_make(), b = folder_make();
    struct tp_synth_options options = small_options();
    options.features = 26;
    options.samples = 64;
    synth(a.path, &options);
    ck_assert(!has_file(a.path, "log.tsv"));
    options.log_rows = 10;
    synth(b.path, &options);
    for (int i = 0; i < COUNT(equal_files); i++)
        if (strcmp(equal_files[i], "log.tsv") && strcmp(equal_files[i], "truth.json"))
            ck_assert_msg(same_file(a.path, b.path, equal_files[i]), "%s differs", equal_files[i]);
    ck_assert_int_eq(read_truth(a.path, group, 26), 26);
    ck_assert_int_eq(read_truth(b.path, same_group, 26), 26);
    ck_assert_mem_eq(group, same_group, sizeof group);
    scratch_remove(a.path);
    scratch_remove(b.path);
}
END_TEST

/* 11 features in 3 groups: sizes 4, 4, 3. Dealt at random, few stride seeds in 20 would find them. */
START_TEST(groups_are_even_and_stride_does_not_find_them)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    options.features = 11;
    options.groups = 3;
    options.samples = 32;
    int found = 0;
    for (options.seed = 1; options.seed <= 20; options.seed++) {
        int group[16], sizes[3] = {0}, pairs = 0;
        synth(folder.path, &options);
        ck_assert_int_eq(read_truth(folder.path, group, 16), 11);
        for (int f = 0; f < 11; f++) {
            ck_assert(group[f] >= 0 && group[f] < 3);
            sizes[group[f]]++;
        }
        ck_assert(sizes[0] == 4 && sizes[1] == 4 && sizes[2] == 3);
        for (int f = 0; f + 3 < 11; f++)
            pairs += group[f] == group[f + 3];
        found += pairs == 8;
    }
    ck_assert_int_eq(found, 0);
    scratch_remove(folder.path);
}
END_TEST

/* Linear cka straight from its definition: |Xc' Yc|^2 / (|Xc' Xc| |Yc' Yc|), Frobenius norms, columns
 * centred. x: (samples, xn), y: (samples, yn), rows xs and ys apart. */
static double product(const float *x, size_t xs, int xn, const float *y, size_t ys, int yn)
{
    double sum = 0;
    for (int i = 0; i < xn; i++)
        for (int j = 0; j < yn; j++) {
            double dot = 0, x_sum = 0, y_sum = 0;
            for (size_t s = 0; s < SAMPLES; s++) {
                double a = x[s * xs + (size_t)i], b = y[s * ys + (size_t)j];
                dot += a * b;
                x_sum += a;
                y_sum += b;
            }
            dot -= x_sum * y_sum / SAMPLES;
            sum += dot * dot;
        }
    return sum;
}

static double cka(const float *x, size_t xs, int xn, const float *y, size_t ys, int yn)
{
    return product(x, xs, xn, y, ys, yn) /
           sqrt(product(x, xs, xn, x, xs, xn) * product(y, ys, yn, y, ys, yn));
}

static void check_pair(const int *group, int f, int h, double affinity)
{
    if (group[f] == group[h])
        ck_assert_msg(affinity > 0.3, "f%02d and f%02d share a group: %f", f, h, affinity);
    else
        ck_assert_msg(affinity < 0.05, "f%02d and f%02d share none: %f", f, h, affinity);
}

START_TEST(features_of_a_group_are_related_and_others_are_not)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    char dump[PATH_BYTES + 20], header[256];
    size_t count;
    int group[FEATURES];
    synth(folder.path, &options);
    snprintf(dump, sizeof dump, "%s/dump", folder.path);
    float *values = read_floats(dump, "pooled.npy", header, &count);
    ck_assert_ptr_nonnull(strstr(header, "'shape': (1500, 12, 16)"));
    ck_assert_ptr_nonnull(strstr(header, "'descr': '<f4'"));
    ck_assert_uint_eq(count, SAMPLES * FEATURES * 16);
    read_truth(folder.path, group, FEATURES);
    for (int f = 0; f < FEATURES; f++)
        for (int h = 0; h < f; h++)
            check_pair(group, f, h,
                cka(values + f * 16, FEATURES * 16, 16, values + h * 16, FEATURES * 16, 16));
    free(values);
    scratch_remove(folder.path);
}
END_TEST

START_TEST(mixed_dims_are_half_equal_or_double_and_hold_the_groups_too)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    char dump[PATH_BYTES + 20], header[256], name[16];
    float *values[FEATURES];
    int group[FEATURES], seen[3] = {0};
    options.mixed_dims = true;
    synth(folder.path, &options);
    snprintf(dump, sizeof dump, "%s/dump", folder.path);
    ck_assert(!has_file(dump, "features.json") && !has_file(dump, "pooled.npy"));
    struct tp_model *model = load_model(folder.path);
    read_truth(folder.path, group, FEATURES);
    for (int f = 0; f < FEATURES; f++) {
        size_t count;
        int dim = model->tables[f].dim;
        ck_assert(dim == 8 || dim == 16 || dim == 32);
        seen[dim / 16]++;
        snprintf(name, sizeof name, "f%02d.npy", f);
        values[f] = read_floats(dump, name, header, &count);
        ck_assert_uint_eq(count, (size_t)SAMPLES * (size_t)dim);
        for (int h = 0; h < f; h++)
            check_pair(group, f, h,
                cka(values[f], (size_t)dim, dim, values[h], (size_t)model->tables[h].dim,
                    model->tables[h].dim));
    }
    ck_assert(seen[0] && seen[1] && seen[2]);
    for (int f = 0; f < FEATURES; f++)
        free(values[f]);
    tp_model_free(model);
    scratch_remove(folder.path);
}
END_TEST

/* A signal of power 1 per coordinate plus noise of power noise^2: 1, 2, 5. The standard error of the mean of
 * 1500 * 12 * 16 squares, 4 groups of 2 to 4 latents: below 2 %. */
START_TEST(noise_1_is_as_strong_as_the_signal)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    char dump[PATH_BYTES + 20], header[256];
    size_t count;
    options.noise = _i;
    synth(folder.path, &options);
    snprintf(dump, sizeof dump, "%s/dump", folder.path);
    float *values = read_floats(dump, "pooled.npy", header, &count);
    double power = 0;
    for (size_t i = 0; i < count; i++)
        power += (double)values[i] * (double)values[i];
    ck_assert_double_eq_tol(power / (double)count, 1 + _i * _i, 0.06 * (1 + _i * _i));
    free(values);
    scratch_remove(folder.path);
}
END_TEST

/* Log-normal with sigma 2 and median 1000: of 400 tables about half lie below 1000, about a sixth above
 * 1000 e^2 = 7389; of the poolings, cut at 1, about a sixth lie above 7.39. */
START_TEST(skew_spreads_rows_and_pooling)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    int below = 0, rows_above = 0, pooling_above = 0;
    options.features = 400;
    options.samples = 32;
    options.dim = 4;
    options.rows = 1000;
    options.skew = 2;
    synth(folder.path, &options);
    struct tp_model *model = load_model(folder.path);
    for (int i = 0; i < 400; i++) {
        double pooling = model->features[i].pooling;
        ck_assert_int_ge(model->tables[i].rows, 4);
        ck_assert(pooling >= 1);
        ck_assert_double_eq_tol(pooling * 10, round(pooling * 10), 1e-6);
        below += model->tables[i].rows < 1000;
        rows_above += model->tables[i].rows > 7389;
        pooling_above += pooling > 7.39;
    }
    ck_assert(below > 160 && below < 240);
    ck_assert(rows_above > 40 && rows_above < 90);
    ck_assert(pooling_above > 40 && pooling_above < 90);
    tp_model_free(model);
    scratch_remove(folder.path);
}
END_TEST

START_TEST(without_skew_tables_are_equal)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    options.samples = 32;
    synth(folder.path, &options);
    struct tp_model *model = load_model(folder.path);
    for (int i = 0; i < FEATURES; i++) {
        ck_assert_int_eq(model->tables[i].rows, 10000);
        ck_assert_int_eq(model->tables[i].dim, 16);
        ck_assert(model->features[i].pooling <= 1 && model->features[i].pooling >= 1);
    }
    tp_model_free(model);
    scratch_remove(folder.path);
}
END_TEST

START_TEST(nothing_of_an_earlier_dump_is_left_but_what_is_not_ours)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    char dump[PATH_BYTES + 20], note[PATH_BYTES + 40];
    options.samples = 32;
    options.mixed_dims = true;
    synth(folder.path, &options);
    snprintf(dump, sizeof dump, "%s/dump", folder.path);
    snprintf(note, sizeof note, "%s/f1.txt", dump);
    FILE *file = fopen(note, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    ck_assert(has_file(dump, "f11.npy"));
    options.features = 8;
    synth(folder.path, &options);
    ck_assert(
        has_file(dump, "f07.npy") && !has_file(dump, "f08.npy") && !has_file(dump, "f11.npy"));
    options.mixed_dims = false;
    synth(folder.path, &options);
    ck_assert(has_file(dump, "pooled.npy") && !has_file(dump, "f00.npy"));
    ck_assert(has_file(dump, "f1.txt"));
    scratch_remove(folder.path);
}
END_TEST

START_TEST(names_are_padded_to_the_same_width)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    options.features = 101;
    options.samples = 32;
    synth(folder.path, &options);
    struct tp_model *model = load_model(folder.path);
    ck_assert_str_eq(model->features[0].name, "f000");
    ck_assert_str_eq(model->features[100].name, "f100");
    tp_model_free(model);
    scratch_remove(folder.path);
}
END_TEST

static void set_features(struct tp_synth_options *o)
{
    o->features = 1;
}
static void set_groups(struct tp_synth_options *o)
{
    o->groups = FEATURES + 1;
}
static void set_no_groups(struct tp_synth_options *o)
{
    o->groups = 0;
}
static void set_samples(struct tp_synth_options *o)
{
    o->samples = 31;
}
static void set_dim(struct tp_synth_options *o)
{
    o->dim = 3;
}
static void set_noise(struct tp_synth_options *o)
{
    o->noise = NAN;
}
static void set_rows(struct tp_synth_options *o)
{
    o->rows = 3;
}
static void set_skew(struct tp_synth_options *o)
{
    o->skew = -1;
}
static void set_hosts(struct tp_synth_options *o)
{
    o->hosts = 0;
}
static void set_ranks(struct tp_synth_options *o)
{
    o->hosts = 1024;
    o->ranks_per_host = 1025; /* 1024 * 1025 > 2^20 */
}
static void set_batch(struct tp_synth_options *o)
{
    o->local_batch_size = 0;
}
static void set_log(struct tp_synth_options *o)
{
    o->log_rows = -1;
}
static void set_log_features(struct tp_synth_options *o)
{
    o->log_rows = 1;
}

static const struct {
    void (*set)(struct tp_synth_options *);
    const char *words[2];
} refused[] = {{set_features, {"--features", "found 1"}},
    {set_groups, {"--groups", "expected 1 to 12"}}, {set_no_groups, {"--groups", "found 0"}},
    {set_samples, {"--samples", "found 31"}}, {set_dim, {"--dim", "found 3"}},
    {set_noise, {"--noise", "found nan"}}, {set_rows, {"--rows", "found 3"}},
    {set_skew, {"--skew", "found -1"}}, {set_hosts, {"--hosts", "found 0"}},
    {set_ranks, {"--ranks-per-host", "expected 1 to 1024"}},
    {set_batch, {"--local-batch-size", "found 0"}}, {set_log, {"--log", "found -1"}},
    {set_log_features, {"--features", "expected 26 with --log"}}};

START_TEST(a_bad_option_is_named_and_nothing_is_written)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = small_options();
    struct tp_error err = {0};
    char inner[PATH_BYTES + 20];
    snprintf(inner, sizeof inner, "%s/new", folder.path);
    refused[_i].set(&options);
    ck_assert_int_eq(tp_synth(inner, &options, &err), TP_EUSAGE);
    for (int i = 0; i < 2; i++)
        ck_assert_msg(strstr(err.text, refused[_i].words[i]) != NULL, "%s", err.text);
    ck_assert(!has_file(folder.path, "new"));
    scratch_remove(folder.path);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error)
{
    struct tp_error err = {0};
    ck_assert_int_eq(tp_synth("/nonexistent/folder/new", NULL, &err), TP_EINTERNAL);
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/folder/new"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("synth");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_files_are_read_by_the_rest_of_the_tool, 0, 4);
    tcase_add_test(tcase, the_batch_of_a_rank_is_the_models);
    tcase_add_loop_test(
        tcase, any_number_of_hosts_and_ranks_gives_a_valid_topology, 0, COUNT(cluster_sizes));
    tcase_add_test(tcase, the_same_seed_gives_the_same_bytes_and_another_seed_others);
    tcase_add_test(tcase, a_log_changes_no_other_file_and_no_group);
    tcase_add_test(tcase, groups_are_even_and_stride_does_not_find_them);
    tcase_add_test(tcase, features_of_a_group_are_related_and_others_are_not);
    tcase_add_test(tcase, mixed_dims_are_half_equal_or_double_and_hold_the_groups_too);
    tcase_add_loop_test(tcase, noise_1_is_as_strong_as_the_signal, 0, 3);
    tcase_add_test(tcase, skew_spreads_rows_and_pooling);
    tcase_add_test(tcase, without_skew_tables_are_equal);
    tcase_add_test(tcase, nothing_of_an_earlier_dump_is_left_but_what_is_not_ours);
    tcase_add_test(tcase, names_are_padded_to_the_same_width);
    tcase_add_loop_test(tcase, a_bad_option_is_named_and_nothing_is_written, 0, COUNT(refused));
    tcase_add_test(tcase, a_folder_that_cannot_be_made_is_an_error);
    Suite *suite = suite_create("synth");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
