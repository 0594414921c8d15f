/* SPDX-License-Identifier: Apache-2.0 */
/* The plan in memory: its lifetime and its words. It is made by make.c, read by plan_read.c, written by
 * plan_write.c, judged by check.c, brought up to date by recost.c.
 *
 * Ownership: a plan owns all that it points to. A plan half built is freed like a whole one, so every
 * array is counted only as far as its entries are zero or valid. */
#include <towerpart/plan.h>

#include "plan/plan_affinity.h"

#include <stdlib.h>

static void release_tower(struct tp_plan_tower *tower)
{
    for (int32_t i = 0; i < tower->feature_count; i++)
        free(tower->features[i]);
    free(tower->features);
    free(tower->ranks);
    free(tower->hosts);
}

static void release_table(struct tp_plan_table *table)
{
    free(table->place.shards);
    free(table->name);
}

void tp_plan_free(struct tp_plan *plan)
{
    if (!plan)
        return;
    for (int32_t i = 0; i < plan->quality.baseline_count; i++)
        free(plan->quality.baselines[i].name);
    free(plan->quality.baselines);
    free(plan->ranks);
    for (int32_t i = 0; i < plan->table_count; i++)
        release_table(&plan->tables[i]);
    free(plan->tables);
    for (int32_t i = 0; i < plan->tower_count; i++)
        release_tower(&plan->towers[i]);
    free(plan->towers);
    tp_topology_free(plan->topology);
    tp_model_free(plan->model);
    tp_plan_affinity_release(&plan->affinity);
    free(plan->topology_input.file);
    free(plan->older.file);
    free(plan->model_input.file);
    free(plan->generator);
    free(plan);
}

const char *tp_strategy_name(enum tp_strategy strategy)
{
    static const char *const names[TP_STRATEGY_COUNT] = {[TP_STRATEGY_COHERENT] = "coherent",
        [TP_STRATEGY_DIVERSE] = "diverse",
        [TP_STRATEGY_LOAD] = "load",
        [TP_STRATEGY_STRIDE] = "stride",
        [TP_STRATEGY_PAPER] = "paper",
        [TP_STRATEGY_FLAT] = "flat",
        [TP_STRATEGY_IMPORTED] = "imported"};
    return names[strategy];
}

const char *tp_verdict_name(enum tp_verdict verdict)
{
    static const char *const names[] = {[TP_VERDICT_NONE] = "not assessed",
        [TP_VERDICT_TRUSTED] = "trusted",
        [TP_VERDICT_WEAK] = "weak",
        [TP_VERDICT_NOISE] = "noise"};
    return names[verdict];
}

const char *tp_recommendation_name(enum tp_recommendation which)
{
    static const char *const names[] = {[TP_USE_FLAT] = "flat",
        [TP_USE_FLAT_FREE] = "flat_free",
        [TP_USE_SPTT] = "sptt",
        [TP_USE_DMT] = "dmt"};
    return names[which];
}
