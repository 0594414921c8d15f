/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of a sweep as numbered settings. */
#ifndef TP_SWEEP_GRID_H
#define TP_SWEEP_GRID_H

#include <towerpart/sweep.h>

#define TP_GRID_RANKS_DEFAULT 10 /* from 8 by doubling to 4,096 */

/* Holds pointers into itself, so it is not to be copied. */
struct tp_grid {
    const struct tp_model *model;
    const struct tp_topology *topology;
    struct tp_sweep_options
        lists;            /* ranks, and one of towers and hosts_per_tower, are never empty */
    int32_t series_count; /* settings that differ in more than their ranks */
    int64_t default_ranks[TP_GRID_RANKS_DEFAULT];
    int64_t default_hosts;
    int64_t *ranks; /* sorted copy */
};

/* @param options  NULL: defaults. Its lists are borrowed until tp_grid_release(), which is to be
 * called also after a failure.
 * @return TP_EUSAGE as tp_sweep_make(); TP_ENOMEM. */
enum tp_status tp_grid_init(struct tp_grid *grid, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_sweep_options *options,
    struct tp_error *err);
void tp_grid_release(struct tp_grid *grid);

/* @param number  below series_count * lists.ranks.count; neighbours differ in their ranks. */
struct tp_sweep_setting tp_grid_setting(const struct tp_grid *grid, int32_t number);

#endif
