/* SPDX-License-Identifier: Apache-2.0 */
/* Everything in a plan that follows from model, topology and placement. Making, checking and recosting
 * a plan all ask here, so they cannot disagree. */
#ifndef TP_PLAN_FIGURES_H
#define TP_PLAN_FIGURES_H

#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/placement.h>
#include <towerpart/plan.h>

struct tp_figures {
    struct tp_rank_load *loads; /* (G) */
    int32_t rank_count;
    int64_t *output_dim; /* (T) */
    int32_t tower_count;
    struct tp_plan_balance balance;
    struct tp_plan_cost cost;
};

/* Computes all figures of a placement that obeys the rules of the plan.
 * @param flat_free_seconds  from tp_flat_free_seconds(); NAN: nothing fits.
 * @param figures            out, to be released with tp_figures_release().
 * Cost: O(shards + G * levels). */
enum tp_status tp_figures_init(struct tp_figures *figures, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement,
    double flat_free_seconds, struct tp_error *err);

void tp_figures_release(struct tp_figures *figures);

/* Computes them for the plan's own model and topology and stores them in it: plan->ranks (made anew),
 * the towers' output_dim (by id; 0 for a tower that does not exist), quality.balance, cost. Tables and
 * the rest of quality are left alone.
 * @param placement  what the plan's tables say, in the order of the model's tables. */
enum tp_status tp_plan_figures(struct tp_plan *plan, const struct tp_placement *placement,
    double flat_free_seconds, struct tp_error *err);

/* Sets both recommendations from the seconds in `cost`: the fewest, and of equal ones the first of
 * flat, flat_free, sptt, dmt. */
void tp_cost_recommend(struct tp_plan_cost *cost);

/* The plan's tables as a placement, in the order of the model's tables.
 * @return TP_EINPUT, with the findings as the message, when its towers, ranks, tables or shards
 *         break a rule, so that no such placement exists; TP_ENOMEM. */
enum tp_status tp_plan_placement(
    const struct tp_plan *plan, struct tp_placement **placement, struct tp_error *err);

/* Step time of flat mode when the tables are placed freely over all ranks; NAN when nothing fits.
 * Always the same for the same model and topology, whatever its hosts_per_tower. */
enum tp_status tp_flat_free_seconds(const struct tp_model *model,
    const struct tp_topology *topology, double *seconds, struct tp_error *err);

/* Sum of the affinity over all pairs of features. O(F^2). */
double tp_all_affinity(const struct tp_affinity *affinity);

/* Share of all pairwise affinity (a pair counted once, the diagonal not) that lies inside towers.
 * @param tower_of_feature  (F), in the order of the model's features.
 * @return in [0, 1]; 0 when no two features have any affinity. Cost: O(F^2). */
double tp_inside_affinity(const struct tp_affinity *affinity, const int32_t *tower_of_feature);

/* SHA-256 over "feature name, tower" lines in the order of the model's features.
 * @return TP_ENOMEM. */
enum tp_status tp_assignment_digest(const struct tp_model *model, const int32_t *tower_of_feature,
    char sha256[65], struct tp_error *err);

#endif
