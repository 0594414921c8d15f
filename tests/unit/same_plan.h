/* SPDX-License-Identifier: Apache-2.0 */
/* Two plans compared field by field. */
#ifndef TESTS_UNIT_SAME_PLAN_H
#define TESTS_UNIT_SAME_PLAN_H

#include <towerpart/plan.h>

#include "base/text.h"
#include "spec/spec.h"

#include <check.h>
#include <math.h>
#include <string.h>

static inline void same_real(double a, double b)
{
    ck_assert_msg((isnan(a) && isnan(b)) || a == b, "%.17g and %.17g", a, b);
}

static inline void same_text(const char *a, const char *b)
{
    ck_assert_int_eq(a != NULL, b != NULL);
    if (a)
        ck_assert_str_eq(a, b);
}

static inline void same_integers(
    const int32_t *a, int32_t a_count, const int32_t *b, int32_t b_count)
{
    ck_assert_int_eq(a_count, b_count);
    for (int32_t i = 0; i < a_count; i++)
        ck_assert_int_eq(a[i], b[i]);
}

static inline void same_input(const struct tp_plan_input *a, const struct tp_plan_input *b)
{
    same_text(a->file, b->file);
    ck_assert_str_eq(a->sha256, b->sha256);
}

static inline void same_names(char *const *a, int32_t a_count, char *const *b, int32_t b_count)
{
    ck_assert_int_eq(a_count, b_count);
    for (int32_t i = 0; i < a_count; i++)
        ck_assert_str_eq(a[i], b[i]);
}

static inline void same_movers(const struct tp_plan_affinity *a, const struct tp_plan_affinity *b)
{
    ck_assert_int_eq(a->mover_count, b->mover_count);
    for (int32_t i = 0; i < a->mover_count; i++) {
        ck_assert_str_eq(a->movers[i].feature, b->movers[i].feature);
        same_real(a->movers[i].share, b->movers[i].share);
    }
}

static inline void same_affinity(const struct tp_plan_affinity *a, const struct tp_plan_affinity *b)
{
    same_input(&a->input, &b->input);
    ck_assert_int_eq(a->measure, b->measure);
    ck_assert_int_eq(a->samples, b->samples);
    ck_assert_int_eq(a->dumps, b->dumps);
    same_real(a->reproducibility, b->reproducibility);
    same_real(a->null_rho, b->null_rho);
    same_real(a->learned, b->learned);
    same_movers(a, b);
    same_names(a->constant, a->constant_count, b->constant, b->constant_count);
    same_names(a->neutral, a->neutral_count, b->neutral, b->neutral_count);
    same_real(a->noise_floor, b->noise_floor);
    same_real(a->above_floor, b->above_floor);
    same_real(a->std_error, b->std_error);
    same_real(a->stability, b->stability);
    ck_assert_int_eq(a->verdict, b->verdict);
}

static inline void same_specs(const struct tp_plan *a, const struct tp_plan *b)
{
    struct tp_text drift = {0};
    tp_model_drift(a->model, b->model, &drift);
    tp_topology_drift(a->topology, b->topology, &drift);
    ck_assert_msg(drift.length == 0, "%s", drift.data);
    tp_text_release(&drift);
    ck_assert_int_eq(a->topology->hosts_per_tower, b->topology->hosts_per_tower);
}

static inline void same_tower(const struct tp_plan_tower *a, const struct tp_plan_tower *b)
{
    ck_assert_int_eq(a->id, b->id);
    same_integers(a->hosts, a->host_count, b->hosts, b->host_count);
    same_integers(a->ranks, a->rank_count, b->ranks, b->rank_count);
    ck_assert_int_eq(a->feature_count, b->feature_count);
    for (int32_t i = 0; i < a->feature_count; i++)
        ck_assert_str_eq(a->features[i], b->features[i]);
    ck_assert_int_eq(a->output_dim, b->output_dim);
}

static inline void same_table(const struct tp_plan_table *a, const struct tp_plan_table *b)
{
    ck_assert_str_eq(a->name, b->name);
    ck_assert_int_eq(a->place.tower, b->place.tower);
    ck_assert_int_eq(a->place.sharding, b->place.sharding);
    ck_assert_int_eq(a->place.shard_count, b->place.shard_count);
    for (int32_t i = 0; i < a->place.shard_count; i++) {
        const struct tp_shard *x = &a->place.shards[i], *y = &b->place.shards[i];
        ck_assert_int_eq(x->rank, y->rank);
        ck_assert_int_eq(x->row, y->row);
        ck_assert_int_eq(x->rows, y->rows);
        ck_assert_int_eq(x->column, y->column);
        ck_assert_int_eq(x->columns, y->columns);
    }
}

static inline void same_rank(const struct tp_plan_rank *a, const struct tp_plan_rank *b)
{
    ck_assert_int_eq(a->rank, b->rank);
    ck_assert_int_eq(a->load.memory_bytes, b->load.memory_bytes);
    ck_assert_int_eq(a->load.lookup_bytes, b->load.lookup_bytes);
    ck_assert_int_eq(a->load.output_bytes, b->load.output_bytes);
    ck_assert_int_eq(a->load.id_bytes, b->load.id_bytes);
}

static inline void same_balance(const struct tp_plan_balance *a, const struct tp_plan_balance *b)
{
    same_real(a->features, b->features);
    same_real(a->memory, b->memory);
    same_real(a->lookup, b->lookup);
    same_real(a->output, b->output);
    same_real(a->flops, b->flops);
}

static inline void same_quality(const struct tp_plan_quality *a, const struct tp_plan_quality *b)
{
    same_real(a->inside_affinity, b->inside_affinity);
    ck_assert_str_eq(a->assignment, b->assignment);
    ck_assert_int_eq(a->baseline_count, b->baseline_count);
    for (int32_t i = 0; i < a->baseline_count; i++) {
        ck_assert_str_eq(a->baselines[i].name, b->baselines[i].name);
        same_real(a->baselines[i].inside_affinity, b->baselines[i].inside_affinity);
        ck_assert_int_eq(a->baselines[i].within_limits, b->baselines[i].within_limits);
    }
    same_balance(&a->balance, &b->balance);
}

static inline void same_step(
    const struct tp_step_cost *a, const struct tp_step_cost *b, int32_t level_count)
{
    same_real(a->seconds, b->seconds);
    for (int i = 0; i < TP_PHASE_COUNT; i++) {
        const struct tp_phase_cost *x = &a->phases[i], *y = &b->phases[i];
        ck_assert_int_eq(x->present, y->present);
        if (!x->present)
            continue;
        same_real(x->seconds, y->seconds);
        ck_assert_int_eq(x->moves, y->moves);
        for (int32_t level = 0; x->moves && level < level_count; level++)
            ck_assert_int_eq(x->bytes[level], y->bytes[level]);
    }
}

static inline void same_cost(
    const struct tp_plan_cost *a, const struct tp_plan_cost *b, int32_t level_count)
{
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        same_step(&a->modes[mode], &b->modes[mode], level_count);
    same_real(a->flat_free_seconds, b->flat_free_seconds);
    ck_assert_int_eq(a->recommended, b->recommended);
    ck_assert_int_eq(a->recommended_if_quality_allows, b->recommended_if_quality_allows);
}

static inline void same_plan(const struct tp_plan *a, const struct tp_plan *b)
{
    ck_assert_str_eq(a->generator, b->generator);
    ck_assert(a->seed == b->seed);
    ck_assert_int_eq(a->strategy, b->strategy);
    same_input(&a->model_input, &b->model_input);
    same_input(&a->topology_input, &b->topology_input);
    same_affinity(&a->affinity, &b->affinity);
    same_specs(a, b);
    same_real(a->balance, b->balance);
    same_real(a->ratio, b->ratio);
    ck_assert_int_eq(a->limits_proven, b->limits_proven);
    ck_assert_int_eq(a->tower_count, b->tower_count);
    for (int32_t i = 0; i < a->tower_count; i++)
        same_tower(&a->towers[i], &b->towers[i]);
    ck_assert_int_eq(a->table_count, b->table_count);
    for (int32_t i = 0; i < a->table_count; i++)
        same_table(&a->tables[i], &b->tables[i]);
    ck_assert_int_eq(a->rank_count, b->rank_count);
    for (int32_t i = 0; i < a->rank_count; i++)
        same_rank(&a->ranks[i], &b->ranks[i]);
    same_quality(&a->quality, &b->quality);
    same_cost(&a->cost, &b->cost, a->topology->level_count);
}

#endif
