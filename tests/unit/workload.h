/* SPDX-License-Identifier: Apache-2.0 */
/* Small models, topologies and affinities put together in C, for the tests of planning. Tables are
 * named t0, t1, ..., features f0, f1, ... A workload owns no memory. */
#ifndef TP_TESTS_WORKLOAD_H
#define TP_TESTS_WORKLOAD_H

#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/topology.h>

#include "base/random.h"

#define WORKLOAD_TABLES_MAX 128
#define WORKLOAD_FEATURES_MAX 128
#define WORKLOAD_HOSTS_MAX 64
#define WORKLOAD_CONSTRAINTS_MAX 8
#define WORKLOAD_BOUND_MAX 16 /* features of one constraint */
#define WORKLOAD_NAME_BYTES 8

struct workload {
    struct tp_model model;
    struct tp_topology topology;
    struct tp_affinity affinity;
    struct tp_table tables[WORKLOAD_TABLES_MAX];
    struct tp_feature features[WORKLOAD_FEATURES_MAX];
    struct tp_constraint constraints[WORKLOAD_CONSTRAINTS_MAX];
    int32_t bound[WORKLOAD_CONSTRAINTS_MAX][WORKLOAD_BOUND_MAX];
    struct tp_host hosts[WORKLOAD_HOSTS_MAX];
    char table_name[WORKLOAD_TABLES_MAX][WORKLOAD_NAME_BYTES];
    char feature_name[WORKLOAD_FEATURES_MAX][WORKLOAD_NAME_BYTES];
    char *affinity_names[WORKLOAD_FEATURES_MAX];
    float matrix[WORKLOAD_FEATURES_MAX * WORKLOAD_FEATURES_MAX];
    float std_error[WORKLOAD_FEATURES_MAX * WORKLOAD_FEATURES_MAX];
};

static char workload_name[] = "small";
static char workload_host[] = "host", workload_cluster[] = "cluster";

/* 64 samples per rank; sgd, float32; dlrm with one dense feature, no tower module. One rank has
 * `memory_bytes`, all of it for embeddings. */
static inline void workload_begin(
    struct workload *w, int32_t hosts, int32_t ranks_per_host, int64_t memory_bytes)
{
    memset(w, 0, sizeof *w);
    w->model.name = workload_name;
    w->model.dense_features = 1;
    w->model.local_batch_size = 64;
    w->model.optimizer = TP_SGD;
    w->model.tables = w->tables;
    w->model.features = w->features;
    w->model.constraints = w->constraints;
    w->model.bottom_mlp = (struct tp_mlp){1, {16}};
    w->model.top_mlp = (struct tp_mlp){1, {1}};
    struct tp_topology *t = &w->topology;
    t->name = workload_name;
    t->hosts_per_tower = 1;
    t->device = (struct tp_device){
        .memory_bytes = memory_bytes, .memory_bytes_per_s = 2e12, .flops_per_s = 1.5e14};
    t->level_count = 2;
    t->levels[0] = (struct tp_level){
        .name = workload_host, .fanout = ranks_per_host, .bytes_per_s = 3e11, .latency_s = 3e-6};
    t->levels[1] = (struct tp_level){
        .name = workload_cluster, .fanout = hosts, .bytes_per_s = 2.5e10, .latency_s = 1e-5};
    t->rank_count = hosts * ranks_per_host;
    t->ranks_per_host = ranks_per_host;
    t->host_count = hosts;
    t->hosts = w->hosts;
    for (int32_t h = 0; h < hosts; h++)
        w->hosts[h].memory_bytes = memory_bytes;
}

/* Adds a table of that many features, each with that pooling. */
static inline void workload_table(
    struct workload *w, int64_t rows, int32_t dim, int32_t features, double pooling)
{
    int32_t i = w->model.table_count++;
    snprintf(w->table_name[i], WORKLOAD_NAME_BYTES, "t%d", (int)i);
    w->tables[i] = (struct tp_table){.name = w->table_name[i],
        .rows = rows,
        .dim = dim,
        .first_feature = w->model.feature_count,
        .feature_count = features};
    for (int32_t k = 0; k < features; k++) {
        int32_t f = w->model.feature_count++;
        snprintf(w->feature_name[f], WORKLOAD_NAME_BYTES, "f%d", (int)f);
        w->features[f] =
            (struct tp_feature){.name = w->feature_name[f], .table = i, .pooling = pooling};
    }
}

/* `count` tables alike, of one feature each. */
static inline void workload_tables(struct workload *w, int32_t count, int64_t rows, int32_t dim)
{
    for (int32_t i = 0; i < count; i++)
        workload_table(w, rows, dim, 1, 1);
}

/* Adds a constraint on the features that follow, -1 ends them. */
static inline void workload_bind(struct workload *w, enum tp_constraint_kind kind, ...)
{
    int32_t i = w->model.constraint_count++;
    struct tp_constraint *c = &w->constraints[i];
    *c = (struct tp_constraint){.kind = kind, .features = w->bound[i], .tower = -1};
    va_list args;
    va_start(args, kind);
    for (int f = va_arg(args, int); f >= 0; f = va_arg(args, int))
        c->features[c->feature_count++] = f;
    va_end(args);
}

static inline void workload_pin(struct workload *w, int32_t feature, int32_t tower)
{
    workload_bind(w, TP_PIN, (int)feature, -1);
    w->constraints[w->model.constraint_count - 1].tower = tower;
}

/* Affinity `inside` between features of one group, `outside` else, each with a random part of at most
 * `noise`. @param group_of  (F). To be called when all tables are there. */
static inline struct tp_affinity *workload_relate(struct workload *w, const int32_t *group_of,
    double inside, double outside, double noise, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 1000);
    struct tp_affinity *a = &w->affinity;
    int32_t n = w->model.feature_count;
    a->feature_count = n;
    a->features = w->affinity_names;
    a->affinity = w->matrix;
    a->std_error = w->std_error;
    a->samples = 4096;
    a->measure = TP_MEASURE_CKA;
    a->dumps = 1;
    a->reproducibility = a->null_rho = a->learned = (double)NAN;
    a->noise_floor = 0.01;
    a->noise_median = 0.005;
    for (int32_t i = 0; i < n; i++) {
        w->affinity_names[i] = w->feature_name[i];
        w->matrix[i * n + i] = 1;
        for (int32_t j = 0; j < i; j++) {
            double value = group_of[i] == group_of[j] ? inside : outside;
            value += noise * tp_random_uniform(&random);
            w->matrix[i * n + j] = w->matrix[j * n + i] = (float)fmin(1, value);
            w->std_error[i * n + j] = w->std_error[j * n + i] = 0.001f;
        }
    }
    return a;
}

/* No groups: values between 0 and 1. */
static inline struct tp_affinity *workload_relate_randomly(struct workload *w, uint64_t seed)
{
    static const int32_t none[WORKLOAD_FEATURES_MAX];
    return workload_relate(w, none, 0, 0, 1, seed);
}

/* Runs a suite; the number of failures. */
static inline int workload_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}

#endif
