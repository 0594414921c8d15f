/* SPDX-License-Identifier: Apache-2.0 */
/* A plan built by hand for the tests of the reports: two hosts or more, one tower on each, tables dealt to the
 * towers in turn, every figure different from every other so that a mix-up shows. */
#ifndef SAMPLE_PLAN_H
#define SAMPLE_PLAN_H

#include <towerpart/plan.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLE_NAME_BYTES 256

struct sample {
    struct tp_plan plan;
    struct tp_model model;
    struct tp_topology topology;
    void **owned;
    size_t owned_count;
};

static inline void *sample_new(struct sample *s, size_t count, size_t bytes)
{
    void *memory = calloc(count ? count : 1, bytes);
    s->owned = realloc(s->owned, (s->owned_count + 1) * sizeof *s->owned);
    ck_assert_ptr_nonnull(memory);
    ck_assert_ptr_nonnull(s->owned);
    s->owned[s->owned_count++] = memory;
    return memory;
}

static inline char *sample_text(struct sample *s, const char *text)
{
    char *copy = sample_new(s, strlen(text) + 1, 1);
    strcpy(copy, text);
    return copy;
}

static inline void sample_release(struct sample *s)
{
    for (size_t i = 0; i < s->owned_count; i++)
        free(s->owned[i]);
    free(s->owned);
    memset(s, 0, sizeof *s);
}

/* Feature i has table i: 1000 * (i + 1) rows, dim 16, pooling 1 + i. */
static inline void sample_model(struct sample *s, int features, void (*name)(int, char *))
{
    char text[SAMPLE_NAME_BYTES], table[SAMPLE_NAME_BYTES + 2];
    struct tp_model *m = &s->model;
    m->name = sample_text(s, "small-model");
    m->dense_features = 13;
    m->batch_size = 4096;
    m->bottom_mlp = (struct tp_mlp){2, {64, 16}};
    m->top_mlp = (struct tp_mlp){2, {64, 1}};
    m->tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 8, 0};
    m->table_count = m->feature_count = features;
    m->tables = sample_new(s, (size_t)features, sizeof *m->tables);
    m->features = sample_new(s, (size_t)features, sizeof *m->features);
    for (int i = 0; i < features; i++) {
        name(i, text);
        snprintf(table, sizeof table, "t_%.250s", text);
        m->features[i] =
            (struct tp_feature){.name = sample_text(s, text), .table = i, .pooling = 1 + i};
        m->tables[i] = (struct tp_table){.name = sample_text(s, table),
            .rows = 1000 * (i + 1),
            .dim = 16,
            .first_feature = i,
            .feature_count = 1};
    }
}

static inline void sample_topology(struct sample *s, int hosts, int ranks_per_host)
{
    struct tp_topology *t = &s->topology;
    t->name = sample_text(s, "small-cluster");
    t->hosts_per_tower = 1;
    t->device = (struct tp_device){.memory_bytes = 1000000000,
        .reserve = 0.2,
        .memory_bytes_per_s = 2e12,
        .flops_per_s = 1e14};
    t->level_count = 2;
    t->levels[0].name = sample_text(s, "host");
    t->levels[0].fanout = ranks_per_host;
    t->levels[0].bytes_per_s = 3e11;
    t->levels[1].name = sample_text(s, "cluster");
    t->levels[1].fanout = hosts;
    t->levels[1].bytes_per_s = 2.5e10;
    t->ranks_per_host = ranks_per_host;
    t->host_count = hosts;
    t->rank_count = hosts * ranks_per_host;
    t->hosts = sample_new(s, (size_t)hosts, sizeof *t->hosts);
    for (int h = 0; h < hosts; h++)
        t->hosts[h].memory_bytes = t->device.memory_bytes;
}

/* Feature i in tower i % hosts, its table whole on the tower's first rank. */
static inline void sample_towers(struct sample *s)
{
    struct tp_plan *p = &s->plan;
    int hosts = s->topology.host_count, ranks = s->topology.ranks_per_host;
    p->tower_count = hosts;
    p->towers = sample_new(s, (size_t)hosts, sizeof *p->towers);
    for (int t = 0; t < hosts; t++) {
        struct tp_plan_tower *tower = &p->towers[t];
        *tower = (struct tp_plan_tower){.id = t, .host_count = 1, .rank_count = ranks};
        tower->hosts = sample_new(s, 1, sizeof(int32_t));
        tower->hosts[0] = t;
        tower->ranks = sample_new(s, (size_t)ranks, sizeof(int32_t));
        for (int r = 0; r < ranks; r++)
            tower->ranks[r] = t * ranks + r;
        tower->features = sample_new(s, (size_t)s->model.feature_count, sizeof(char *));
        for (int f = t; f < s->model.feature_count; f += hosts)
            tower->features[tower->feature_count++] = s->model.features[f].name;
        tower->output_dim = 16 * tower->feature_count;
    }
    p->table_count = s->model.table_count;
    p->tables = sample_new(s, (size_t)p->table_count, sizeof *p->tables);
    for (int i = 0; i < p->table_count; i++) {
        struct tp_shard *shard = sample_new(s, 1, sizeof *shard);
        *shard = (struct tp_shard){i % hosts * ranks, 0, s->model.tables[i].rows, 0, 16};
        p->tables[i].name = s->model.tables[i].name;
        p->tables[i].place = (struct tp_table_placement){i % hosts, TP_SHARD_TABLE, shard, 1};
    }
}

/* Rank r: memory 3 MB * (r + 1), lookup 7 MB * (r + 1), output 1000 + r, ids 2000 + r. */
static inline void sample_ranks(struct sample *s)
{
    struct tp_plan *p = &s->plan;
    p->rank_count = s->topology.rank_count;
    p->ranks = sample_new(s, (size_t)p->rank_count, sizeof *p->ranks);
    for (int r = 0; r < p->rank_count; r++) {
        p->ranks[r].rank = r;
        p->ranks[r].load = (struct tp_rank_load){
            3000000 * (int64_t)(r + 1), 7000000 * (int64_t)(r + 1), 1000 + r, 2000 + r};
    }
}

static inline bool sample_has_phase(int mode, int phase)
{
    bool tower = phase == TP_PHASE_TOWER_EXCHANGE || phase == TP_PHASE_TOWER_EXCHANGE_BACKWARD ||
                 phase == TP_PHASE_PEER_PERMUTE || phase == TP_PHASE_PEER_PERMUTE_BACKWARD;
    bool module = phase == TP_PHASE_TOWER_MODULE || phase == TP_PHASE_TOWER_MODULE_BACKWARD;
    return mode == TP_MODE_DMT || (mode == TP_MODE_SPTT && !module) || (!tower && !module);
}

/* Phase p of mode m takes (m + 1) * (p + 1) us; exchanges move 1000 * (p + 1) bytes inside the host and
 * 1000000 * (m + 1) * (p + 1) outside. Totals are given, not summed: 20, 16 and 10 ms. */
static inline void sample_cost(struct sample *s)
{
    static const double seconds[TP_MODE_COUNT] = {0.020, 0.016, 0.010};
    struct tp_plan_cost *cost = &s->plan.cost;
    for (int m = 0; m < TP_MODE_COUNT; m++) {
        cost->modes[m].seconds = seconds[m];
        for (int p = 0; p < TP_PHASE_COUNT; p++) {
            struct tp_phase_cost *phase = &cost->modes[m].phases[p];
            phase->present = sample_has_phase(m, p);
            phase->moves = p == TP_PHASE_IDS_ALLTOALL || p == TP_PHASE_TOWER_EXCHANGE ||
                           p == TP_PHASE_EMBEDDING_ALLTOALL ||
                           p == TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD ||
                           p == TP_PHASE_TOWER_EXCHANGE_BACKWARD || p == TP_PHASE_DENSE_ALLREDUCE;
            phase->seconds = (m + 1) * (p + 1) * 1e-6;
            phase->bytes[0] = 1000 * (p + 1);
            phase->bytes[1] = 1000000 * (int64_t)((m + 1) * (p + 1));
        }
    }
    cost->flat_free_seconds = 0.018;
    cost->recommended = TP_USE_SPTT;
    cost->recommended_if_quality_allows = TP_USE_DMT;
}

static inline void sample_quality(struct sample *s)
{
    static char *const names[] = {"stride", "load"};
    struct tp_plan_quality *quality = &s->plan.quality;
    quality->inside_affinity = 0.625;
    quality->bound = 0.75;
    quality->baseline_count = 2;
    quality->baselines = sample_new(s, 2, sizeof *quality->baselines);
    quality->baselines[0] = (struct tp_plan_baseline){names[0], 0.125, true};
    quality->baselines[1] = (struct tp_plan_baseline){names[1], 0.375, false};
    quality->balance = (struct tp_plan_balance){1.11, 1.22, 1.33, 1.44, 1.55};
}

static inline void sample_name(int i, char *name)
{
    snprintf(name, SAMPLE_NAME_BYTES, "feat%d", i);
}

/* To be released with sample_release(). */
static inline struct sample *sample_make(
    int hosts, int ranks_per_host, int features, void (*name)(int, char *))
{
    struct sample *s = calloc(1, sizeof *s);
    ck_assert_ptr_nonnull(s);
    struct tp_plan *p = &s->plan;
    sample_model(s, features, name);
    sample_topology(s, hosts, ranks_per_host);
    p->generator = sample_text(s, "towerpart test");
    p->seed = 7;
    p->strategy = TP_STRATEGY_COHERENT;
    p->model = &s->model;
    p->topology = &s->topology;
    p->model_input.file = sample_text(s, "m.yaml");
    p->topology_input.file = sample_text(s, "t.yaml");
    p->affinity.input.file = sample_text(s, "dump");
    p->affinity.measure = TP_MEASURE_CKA;
    p->affinity.dumps = 1;
    p->affinity.from_dump = true;
    p->affinity.samples = 4321;
    p->affinity.reproducibility = p->affinity.null_rho = p->affinity.learned = NAN;
    p->affinity.noise_floor = 0.0123;
    p->affinity.above_floor = 0.34;
    p->affinity.std_error = 0.0056;
    p->affinity.stability = 0.91;
    p->affinity.verdict = TP_VERDICT_TRUSTED;
    p->balance = 0.25;
    p->ratio = 1.5;
    p->limits_proven = true;
    sample_towers(s);
    sample_ranks(s);
    sample_quality(s);
    sample_cost(s);
    return s;
}

typedef enum tp_status (*sample_writer)(
    const struct tp_plan *, const struct tp_findings *, const char *, struct tp_error *);

/* What a report of a plan with these findings writes to a file of its own. */
static inline char *sample_report_with(
    const struct tp_plan *plan, const struct tp_findings *findings, sample_writer report)
{
    char path[512];
    const char *base = getenv("TMPDIR");
    struct tp_error err = {0};
    snprintf(path, sizeof path, "%s/towerpart-report-XXXXXX", base ? base : "/tmp");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_msg(report(plan, findings, path, &err) == TP_OK, "%s", err.text);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *text = calloc((size_t)length + 1, 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(fread(text, 1, (size_t)length, file), (size_t)length);
    fclose(file);
    remove(path);
    return text;
}

static inline char *sample_report(const struct tp_plan *plan, sample_writer report)
{
    return sample_report_with(plan, NULL, report);
}

#endif
