/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about choice: together, apart and pin; features, lookup, output and flops of a tower within the
 * plan's limits; memory within every rank.
 *
 * With mean m over the towers: load <= (1 + balance) * m, and floor(F/T/ratio) <= features <=
 * ceil(F/T * ratio). A flat plan has no towers to speak of, so constraints do not bind it.
 *
 * What a tower weighs depends on its tables alone, so balance is judged also when shards are wrong.
 * Cost: O(tables + shards), and O(n^2) for a constraint over n features. */
#include "plan/check.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "cost/load.h"
#include "partition/problem.h"

#include <math.h>
#include <stdlib.h>

#define SLACK 1e-9 /* far above the rounding of the sums, far below any load */

/* The tower of a feature if its own list and its table agree about it. */
static int32_t settled_tower(const struct tp_check *check, int32_t feature)
{
    int32_t tower = check->feature_tower[feature];
    int32_t table = check->plan->model->features[feature].table;
    return tower == check->table_tower[table] ? tower : TP_TOWER_UNSURE;
}

static const char *feature_name(const struct tp_check *check, int32_t feature)
{
    return check->plan->model->features[feature].name;
}

static void check_together(struct tp_check *check, const struct tp_constraint *constraint)
{
    int32_t first = -1;
    for (int32_t i = 0; i < constraint->feature_count; i++) {
        int32_t feature = constraint->features[i], tower = settled_tower(check, feature);
        if (tower < 0)
            continue;
        if (first < 0)
            first = feature;
        else if (tower != settled_tower(check, first))
            tp_finding(&check->found,
                "constraint together: feature %s is in tower %d, but feature %s in tower %d",
                feature_name(check, feature), tower, feature_name(check, first),
                settled_tower(check, first));
    }
}

static void check_apart(struct tp_check *check, const struct tp_constraint *constraint)
{
    for (int32_t i = 1; i < constraint->feature_count; i++) {
        int32_t feature = constraint->features[i], tower = settled_tower(check, feature);
        int32_t other = 0;
        while (other < i && settled_tower(check, constraint->features[other]) != tower)
            other++;
        if (tower >= 0 && other < i)
            tp_finding(&check->found, "constraint apart: features %s and %s are both in tower %d",
                feature_name(check, constraint->features[other]), feature_name(check, feature),
                tower);
    }
}

static void check_pin(struct tp_check *check, const struct tp_constraint *constraint)
{
    int32_t feature = constraint->features[0], tower = settled_tower(check, feature);
    if (!tp_check_tower_exists(check, constraint->tower))
        tp_finding(&check->found,
            "constraint pin: feature %s is pinned to tower %d, which does not exist, expected 0 to "
            "%d",
            feature_name(check, feature), constraint->tower, check->tower_count - 1);
    else if (tower >= 0 && tower != constraint->tower)
        tp_finding(&check->found, "constraint pin: feature %s is in tower %d, expected in tower %d",
            feature_name(check, feature), tower, constraint->tower);
}

static void check_constraints(struct tp_check *check)
{
    const struct tp_model *model = check->plan->model;
    if (check->plan->strategy == TP_STRATEGY_FLAT)
        return;
    for (int32_t i = 0; i < model->constraint_count; i++) {
        const struct tp_constraint *constraint = &model->constraints[i];
        switch (constraint->kind) {
        case TP_TOGETHER:
            check_together(check, constraint);
            break;
        case TP_APART:
            check_apart(check, constraint);
            break;
        case TP_PIN:
            check_pin(check, constraint);
            break;
        }
    }
}

/* Tower loads that depend on tables alone. */
struct tower_weights {
    double lookup_bytes;
    struct tp_tower_shape shape;
};

static void weigh_towers(
    const struct tp_check *check, const struct tp_sizes *sizes, struct tower_weights *towers)
{
    const struct tp_model *model = check->plan->model;
    for (int32_t i = 0; i < model->table_count; i++) {
        const struct tp_table *table = &model->tables[i];
        struct tower_weights *tower = &towers[check->table_tower[i]];
        tower->lookup_bytes +=
            tp_shard_load(sizes, model, table, TP_SHARD_TABLE, 0, table->rows, table->dim)
                .lookup_bytes;
        tp_tower_shape_add(&tower->shape, model, table);
    }
}

static void check_balance(struct tp_check *check, const char *what, const double *loads)
{
    double mean = 0;
    if (!(check->plan->balance >= 0)) /* told elsewhere */
        return;
    for (int32_t t = 0; t < check->tower_count; t++)
        mean += loads[t] / check->tower_count;
    double most = (1 + check->plan->balance) * mean;
    for (int32_t t = 0; t < check->tower_count; t++)
        if (loads[t] > most * (1 + SLACK))
            tp_finding(&check->found,
                "tower %d: %s: found %.15g, expected at most %.15g: (1 + %.15g) times the "
                "mean of the towers",
                t, what, loads[t], most, check->plan->balance);
}

static void check_ratio(struct tp_check *check, const struct tower_weights *towers)
{
    int32_t least, most;
    double ratio = check->plan->ratio;
    tp_ratio_bounds(check->plan->model->feature_count, check->tower_count, ratio, &least, &most);
    for (int32_t t = 0; t < check->tower_count; t++) {
        int32_t count = (int32_t)towers[t].shape.features;
        if (count > 0 && (count < least || count > most)) /* none at all is told elsewhere */
            tp_finding(&check->found,
                "tower %d: features: found %d, expected %d to %d at ratio %.15g", t, count, least,
                most, ratio);
    }
}

/* Of the resources that one balance limits, the loads of all towers. */
enum { LOOKUP, OUTPUT, FLOPS, LIMITED };
static const char *const limited_names[LIMITED] = {
    [LOOKUP] = "lookup bytes", [OUTPUT] = "output dims", [FLOPS] = "flops of its module"};

static double load_of(const struct tp_check *check, const struct tower_weights *tower, int resource)
{
    switch (resource) {
    case LOOKUP:
        return tower->lookup_bytes;
    case OUTPUT:
        return tower->shape.dim;
    default:
        return tp_tower_flops(check->plan->model, &tower->shape);
    }
}

static enum tp_status check_towers(
    struct tp_check *check, const struct tp_sizes *sizes, struct tp_error *err)
{
    struct tower_weights *towers = TP_NEW(check->tower_count, struct tower_weights);
    double *loads = TP_NEW(check->tower_count, double);
    enum tp_status status = towers && loads ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK) {
        weigh_towers(check, sizes, towers);
        if (check->plan->ratio >= 1)
            check_ratio(check, towers);
        for (int resource = 0; resource < LIMITED; resource++) {
            for (int32_t t = 0; t < check->tower_count; t++)
                loads[t] = load_of(check, &towers[t], resource);
            check_balance(check, limited_names[resource], loads);
        }
    }
    free(loads);
    free(towers);
    return status;
}

/* The smallest hundredth X with most <= (1 + X) * mean, as check_balance() sees it. */
static double needed_balance(
    const struct tp_check *check, const struct tower_weights *towers, int resource)
{
    double mean = 0, most = 0;
    for (int32_t t = 0; t < check->tower_count; t++) {
        double load = load_of(check, &towers[t], resource);
        mean += load / check->tower_count;
        most = fmax(most, load);
    }
    double hundredths = mean > 0 ? ceil((most / mean - 1 - SLACK) * 100) : 0;
    return fmax(0, hundredths) / 100;
}

static bool ratio_holds(
    const struct tp_check *check, const struct tower_weights *towers, double ratio)
{
    int32_t least, most;
    tp_ratio_bounds(check->plan->model->feature_count, check->tower_count, ratio, &least, &most);
    for (int32_t t = 0; t < check->tower_count; t++) {
        int32_t count = (int32_t)towers[t].shape.features;
        if (count > 0 && (count < least || count > most))
            return false;
    }
    return true;
}

/* The smallest hundredth that allows the counts of features; larger ones allow more. */
static double needed_ratio(const struct tp_check *check, const struct tower_weights *towers)
{
    int64_t features = check->plan->model->feature_count;
    int64_t low = 100, high = 100 * (features + check->tower_count);
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (ratio_holds(check, towers, (double)middle / 100))
            high = middle;
        else
            low = middle + 1;
    }
    return (double)low / 100;
}

enum tp_status tp_check_needed_limits(
    const struct tp_check *check, double *balance, double *ratio, struct tp_error *err)
{
    struct tp_sizes sizes;
    *balance = 0;
    *ratio = 1;
    if (!check->batch_divides || !check->assignment_sound)
        return TP_OK;
    enum tp_status status = tp_sizes_init(
        &sizes, check->plan->model, check->plan->topology, check->ranks_per_tower, err);
    if (status != TP_OK)
        return status;
    struct tower_weights *towers = TP_NEW(check->tower_count, struct tower_weights);
    if (!towers)
        return tp_fail_memory(err);
    weigh_towers(check, &sizes, towers);
    for (int resource = 0; resource < LIMITED; resource++)
        *balance = fmax(*balance, needed_balance(check, towers, resource));
    *ratio = needed_ratio(check, towers);
    free(towers);
    return TP_OK;
}

/* A table and what it keeps on one rank. */
struct resident {
    const char *name;
    double bytes;
};

#define RESIDENTS_SHOWN 3

static void keep_largest(struct resident largest[RESIDENTS_SHOWN], struct resident next)
{
    for (int i = 0; i < RESIDENTS_SHOWN; i++) {
        if (next.bytes > largest[i].bytes) {
            struct resident smaller = largest[i];
            largest[i] = next;
            next = smaller;
        }
    }
}

static double bytes_on_rank(
    const struct tp_check *check, const struct tp_sizes *sizes, int32_t table, int32_t rank)
{
    const struct tp_model *model = check->plan->model;
    const struct tp_table_placement *place = &check->placement->tables[table];
    double bytes = 0;
    for (int32_t i = 0; i < place->shard_count; i++) {
        const struct tp_shard *s = &place->shards[i];
        if (s->rank == rank)
            bytes += tp_shard_load(
                sizes, model, &model->tables[table], place->sharding, s->row, s->rows, s->columns)
                         .parameter_bytes;
    }
    return bytes;
}

static void fail_memory(
    struct tp_check *check, const struct tp_sizes *sizes, int32_t rank, int64_t memory_bytes)
{
    const struct tp_model *model = check->plan->model;
    struct resident largest[RESIDENTS_SHOWN] = {{0}};
    struct tp_text names = {0};
    double tables_bytes = 0;
    for (int32_t i = 0; i < model->table_count; i++) {
        double bytes = bytes_on_rank(check, sizes, i, rank);
        tables_bytes += bytes;
        keep_largest(largest, (struct resident){model->tables[i].name, bytes});
    }
    for (int i = 0; i < RESIDENTS_SHOWN && largest[i].bytes > 0; i++)
        tp_text_add(
            &names, "%s%s (%.0f)", i ? ", " : ", the largest ", largest[i].name, largest[i].bytes);
    if (names.failed)
        check->found.failed = true;
    tp_finding(&check->found,
        "rank %d: memory: found %lld bytes, expected at most %lld, which the device has without "
        "its reserve: %.0f in tables%s, the rest in buffers",
        rank, (long long)memory_bytes,
        (long long)tp_topology_rank_capacity(check->plan->topology, rank), tables_bytes,
        names.data ? names.data : "");
    tp_text_release(&names);
}

static enum tp_status check_memory(
    struct tp_check *check, const struct tp_sizes *sizes, struct tp_error *err)
{
    const struct tp_plan *plan = check->plan;
    struct tp_rank_load *loads = TP_NEW(plan->topology->rank_count, struct tp_rank_load);
    if (!loads)
        return tp_fail_memory(err);
    enum tp_status status =
        tp_cost_rank_loads(plan->model, plan->topology, check->placement, loads, err);
    for (int32_t g = 0; status == TP_OK && g < plan->topology->rank_count; g++)
        if (loads[g].memory_bytes > tp_topology_rank_capacity(plan->topology, g))
            fail_memory(check, sizes, g, loads[g].memory_bytes);
    free(loads);
    return status;
}

enum tp_status tp_check_limits(struct tp_check *check, struct tp_error *err)
{
    struct tp_sizes sizes;
    check_constraints(check);
    if (!check->batch_divides || !check->assignment_sound)
        return TP_OK;
    enum tp_status status = tp_sizes_init(
        &sizes, check->plan->model, check->plan->topology, check->ranks_per_tower, err);
    if (status == TP_OK)
        status = check_towers(check, &sizes, err);
    if (status == TP_OK && check->placement)
        status = check_memory(check, &sizes, err);
    return status;
}
