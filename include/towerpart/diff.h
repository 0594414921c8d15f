/* SPDX-License-Identifier: Apache-2.0 */
/* Two plans side by side: which tables move, how many bytes that takes, what a step costs before and
 * after.
 *
 * Ranks are matched by host and place on it. Towers are matched by their hosts: a tower number says
 * nothing, a table moves if its values change rank. */
#ifndef TOWERPART_DIFF_H
#define TOWERPART_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/placement.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>

enum tp_diff_change {
    TP_DIFF_MOVES,   /* values that it keeps change rank */
    TP_DIFF_RESIZED, /* other rows or dim; what it keeps of its values stays on its ranks */
    TP_DIFF_RECUT, /* cut otherwise, or another tower number; all its values stay on their ranks */
    TP_DIFF_ADDED,
    TP_DIFF_DROPPED,
    TP_DIFF_CHANGES
};

/* What must be sent for a table to be trained on: a table of another dim starts anew, and keeps
 * nothing; of another number of rows it keeps those that both have; under another optimizer it keeps
 * no state. Each shard of the new plan needs, of every old one that it shares rows and columns with,
 * these values, their state, and the state of these rows. */
struct tp_travel {
    double weight_bytes, state_bytes; /* from one rank to another */
    double between_hosts_bytes;       /* part of both */
};

struct tp_diff_table {
    const char *name; /* borrowed from a plan's model */
    enum tp_diff_change change;
    int32_t before, after; /* index in the models' tables; -1: not there */
    struct tp_travel travel;
};

/* One of the two plans, its figures computed anew: those in a file may be stale. */
struct tp_diff_side {
    const struct tp_plan *plan;     /* borrowed */
    struct tp_placement *placement; /* in the order of its model; shards by row, then column */
    struct tp_plan_balance balance;
    struct tp_plan_cost cost;
    int64_t memory_bytes, lookup_bytes; /* of the rank that has most */
    double inside_affinity;             /* NAN: not known of these towers */
};

struct tp_diff {
    struct tp_diff_side before, after;
    bool same; /* the same model and topology, every value on the same rank */
    int32_t
        *renumbering; /* (towers) what each tower is called afterwards, if that is all that tells
                             the placements apart; NULL otherwise */
    struct tp_diff_table *tables; /* those that differ, most bytes first */
    int32_t table_count;
    int32_t changes[TP_DIFF_CHANGES]; /* tables of each kind */
    int32_t features_moved;           /* that both have, in a tower on other hosts */
    struct tp_travel travel;          /* of all tables */
    char *model, *topology;           /* what changed in the specs, a line each; NULL: nothing */
    char *settings; /* what differs in how the plans were made; no difference of the plans */
};

/* @param before, after  borrowed; must outlive the diff.
 * @param diff  out, to be freed with tp_diff_free().
 * @return TP_EINPUT when a plan's towers, tables or shards break a rule, with the findings as the
 *         message; TP_ENOMEM.
 * Cost: O(n log n) in tables and shards, and one free placement of all tables of each plan. */
enum tp_status tp_diff_make(const struct tp_plan *before, const struct tp_plan *after,
    struct tp_diff **diff, struct tp_error *err);
void tp_diff_free(struct tp_diff *diff);

const char *tp_diff_change_name(enum tp_diff_change change); /* "moves", "resized", ... */

#endif
