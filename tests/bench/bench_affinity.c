/* SPDX-License-Identifier: Apache-2.0 */
/* Speed of the affinity of a dump that is in the page cache, as a share of the sgemm rate that the
 * same machine reaches at 2048 x 2048 in the same run.
 *
 * One line per case: name, size, median seconds, share. Counted are the useful halves of the
 * symmetric products alone: the matrix itself, and the one behind the noise floor. All the rest
 * that tp_affinity_measure() does (centring, jackknife, digest of the dump) is in the seconds. For
 * cosine, whose products are few against the values read, one case times the matrix alone.
 * Takes the largest number of features as an argument, to leave large cases out. */
#include <towerpart/affinity.h>

#include "affinity/cosine.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/random.h"

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPEATS 3
#define NOISE_FEATURES_MAX 142 /* of the noise floor: about 10,000 pairs */

static const struct bench_case {
    const char *name;
    int32_t features, dim;
    int64_t samples, memory_bytes;
    enum tp_measure measure;
    bool pairs_alone; /* the matrix, without the readings before it and the floor after it */
} cases[] = {
    {"cka_small", 26, 16, 20000, (int64_t)1 << 30, TP_MEASURE_CKA, false},
    {"cka_wide", 26, 128, 16384, (int64_t)1 << 30, TP_MEASURE_CKA, false},
    {"cka_streamed", 128, 64, 16384, (int64_t)1 << 28, TP_MEASURE_CKA, false},
    {"cka_large", 512, 64, 4096, (int64_t)1 << 30, TP_MEASURE_CKA, false},
    {"cosine_small", 26, 16, 20000, (int64_t)1 << 30, TP_MEASURE_COSINE, false},
    {"cosine_large", 512, 64, 4096, (int64_t)1 << 30, TP_MEASURE_COSINE, false},
    {"cosine_pairs", 512, 64, 4096, (int64_t)1 << 30, TP_MEASURE_COSINE, true},
};

static void check(enum tp_status status, const struct tp_error *err)
{
    if (status) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static void write_values(struct tp_file_out *out, const struct bench_case *at)
{
    struct tp_error err;
    struct tp_random random = tp_random_new(1, 0);
    size_t count = (size_t)at->features * (size_t)at->dim;
    float *row = TP_NEW(count, float);
    for (int64_t s = 0; row && s < at->samples; s++) {
        for (size_t i = 0; i < count; i++)
            row[i] = (float)(tp_random_uniform(&random) - 0.5);
        check(tp_file_out_add(out, row, count * sizeof *row, &err), &err);
    }
    free(row);
}

static void write_dump(const char *folder, const struct bench_case *at)
{
    struct tp_error err;
    struct tp_text list = {0}, header = {0};
    struct tp_file_out *out;
    int64_t shape[3] = {at->samples, at->features, at->dim};
    char *pooled = tp_path_join(folder, "pooled.npy"),
         *names = tp_path_join(folder, "features.json");
    tp_text_add(&list, "{\"features\": [");
    for (int32_t i = 0; i < at->features; i++)
        tp_text_add(&list, "%s\"f%d\"", i ? ", " : "", i);
    tp_text_add(&list, "]}\n");
    tp_npy_format_header(&header, TP_NPY_FLOAT32, 0, 3, shape);
    check(tp_file_write(names, list.data, list.length, &err), &err);
    check(tp_file_out_open(pooled, &out, &err), &err);
    check(tp_file_out_add(out, header.data, header.length, &err), &err);
    write_values(out, at);
    check(tp_file_out_end(out, TP_OK, &err), &err);
    tp_text_release(&header);
    tp_text_release(&list);
    free(names);
    free(pooled);
}

static void remove_dump(const char *folder)
{
    char *pooled = tp_path_join(folder, "pooled.npy"),
         *names = tp_path_join(folder, "features.json");
    unlink(pooled);
    unlink(names);
    rmdir(folder);
    free(names);
    free(pooled);
}

/* As many features as the case has, one table for all. */
static void make_model(const struct bench_case *at, struct tp_model *model, struct tp_table *table)
{
    *table = (struct tp_table){.name = (char *)"t", .dim = at->dim, .feature_count = at->features};
    *model = (struct tp_model){.tables = table, .table_count = 1, .feature_count = at->features};
    model->features = TP_NEW(at->features, struct tp_feature);
    for (int32_t i = 0; i < at->features; i++) {
        model->features[i].name = TP_NEW(16, char);
        snprintf(model->features[i].name, 16, "f%d", i);
    }
}

static void free_model(struct tp_model *model)
{
    for (int32_t i = 0; i < model->feature_count; i++)
        free(model->features[i].name);
    free(model->features);
}

/* cka multiplies all columns with each other, cosine only those of one number in their feature. */
static double useful_flops(const struct bench_case *at)
{
    double noise = at->features < NOISE_FEATURES_MAX ? at->features : NOISE_FEATURES_MAX;
    noise = at->pairs_alone ? 0 : noise;
    double pairs = (double)at->features * at->features + noise * noise;
    double products = at->measure == TP_MEASURE_CKA ? (double)at->dim * at->dim : at->dim;
    return (double)at->samples * pairs * products;
}

static void measure_pairs(const struct bench_case *at, const struct tp_dump *dump)
{
    struct tp_error err;
    size_t features = (size_t)at->features, cells = features * features;
    float *value = TP_NEW(cells, float), *std_error = TP_NEW(cells, float);
    int32_t *list = TP_NEW(features, int32_t);
    if (!value || !std_error || !list)
        exit(1);
    for (int32_t f = 0; f < at->features; f++)
        list[f] = f;
    struct tp_pairs_input input = {.dump = dump, .features = list, .count = at->features};
    struct tp_pairs_output output = {value, std_error, list, features};
    check(tp_cosine_measure(&input, at->memory_bytes, openblas_get_num_threads(),
              (struct tp_progress_part){0}, &output, &err),
        &err);
    free(list);
    free(std_error);
    free(value);
}

static void measure_all(const struct bench_case *at, const struct tp_dump *dump)
{
    struct tp_error err;
    struct tp_affinity *affinity;
    struct tp_affinity_options options = tp_affinity_options_default();
    options.memory_bytes = at->memory_bytes;
    options.measure = at->measure;
    check(tp_affinity_measure(&dump, 1, NULL, &options, &affinity, &err), &err);
    tp_affinity_free(affinity);
}

static void run_case(const struct bench_case *at, const char *folder, double rate)
{
    struct tp_error err;
    struct tp_model model;
    struct tp_table table;
    struct tp_dump *dump;
    double seconds[REPEATS];
    make_model(at, &model, &table);
    write_dump(folder, at);
    check(tp_dump_open(folder, &model, false, &dump, &err), &err);
    for (int i = 0; i < REPEATS; i++) {
        double start = tp_seconds_now();
        (at->pairs_alone ? measure_pairs : measure_all)(at, dump);
        seconds[i] = tp_seconds_now() - start;
    }
    double typical = median(seconds, REPEATS);
    printf("%-14s F=%d N=%d samples=%lld  %.3f s  %.1f %% of sgemm\n", at->name, at->features,
        at->dim, (long long)at->samples, typical, 100 * useful_flops(at) / typical / rate);
    fflush(stdout);
    tp_dump_free(dump);
    free_model(&model);
}

int main(int argc, char **argv)
{
    const char *base = getenv("TMPDIR");
    char folder[4096];
    int features_max = argc > 1 ? atoi(argv[1]) : 1 << 30;
    snprintf(folder, sizeof folder, "%s/towerpart-bench-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    double rate = sgemm_rate();
    printf("sgemm          2048 x 2048  %.1f Gflop/s on %d threads\n", rate * 1e-9,
        openblas_get_num_threads());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].features <= features_max)
            run_case(&cases[i], folder, rate);
    }
    remove_dump(folder);
    return 0;
}
