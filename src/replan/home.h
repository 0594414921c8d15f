/* SPDX-License-Identifier: Apache-2.0 */
/* Where the tables of a changed model are under an older plan, on the ranks of a changed topology.
 *
 * Where there are fewer hosts than before, those that were not lost close up in their order; else they keep their
 * numbers. Ranks are the same if host and place on it are, as in a diff. */
#ifndef TP_REPLAN_HOME_H
#define TP_REPLAN_HOME_H

#include <stdint.h>

#include <towerpart/placement.h>
#include <towerpart/plan.h>

#include "diff/travel.h"

struct tp_home {
    int32_t before;                 /* index in the old plan's model; -1: the table is new */
    int32_t tower;                  /* the new one that holds most of it; -1: none holds any */
    struct tp_table_placement old;  /* its shards whose ranks are left, as ranks are numbered now */
    struct tp_table_placement kept; /* as it is when it stays; no shards: it cannot stay as it is */
    double bytes;      /* of its values on ranks that are left, as far as they are of use */
    double lost_bytes; /* of those on ranks that are not: to be restored, wherever it goes */
};

struct tp_homes {
    struct tp_home *tables; /* (table_count) of the new model */
    int32_t table_count, tower_count, dropped_count;
    double *bytes; /* (tables, T) of tp_home.bytes, on the ranks of each tower */
    struct tp_travel_rates rates;
};

/* @param old   a plan whose towers, tables and shards keep the rules.
 * @param plan  with the new model and topology, its hosts_per_tower the one to plan with.
 * @param lost  (lost_count) old hosts that are gone, ascending. Hosts beyond the new topology are gone too.
 * @param homes  out, to be freed with tp_homes_free().
 * @return TP_EINPUT when the old plan breaks a rule, with the findings as the message; TP_ENOMEM. */
enum tp_status tp_homes_make(const struct tp_plan *old, const struct tp_plan *plan,
    const int32_t *lost, int32_t lost_count, struct tp_homes **homes, struct tp_error *err);
void tp_homes_free(struct tp_homes *homes);

/* What travels when the tables go from where they are to a placement. */
struct tp_travel tp_homes_travel(
    const struct tp_homes *homes, const struct tp_placement *placement);

/* The same of one table. */
struct tp_travel tp_home_travel(
    const struct tp_homes *homes, int32_t table, const struct tp_table_placement *place);

#endif
