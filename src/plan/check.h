/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a plan, in groups, each a function that adds findings.
 *
 * Order matters: layout first. Its rules look at names and numbers as they stand in the file; it finds
 * out what can be relied on. What follows (limits, figures) is asked only about that, so that one
 * mistake gives one finding and not all its consequences. */
#ifndef TP_PLAN_CHECK_H
#define TP_PLAN_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/placement.h>
#include <towerpart/plan.h>

#include "plan/findings.h"

/* Instead of the tower of a feature. */
enum {
    TP_TOWER_NONE = -1,   /* no tower lists it */
    TP_TOWER_UNSURE = -2, /* several do, or one whose id is wrong */
};

struct tp_check {
    const struct tp_plan *plan; /* borrowed */
    struct tp_finding_list found;
    int32_t tower_count;     /* T; 0: unknown, hosts_per_tower is wrong */
    int32_t ranks_per_tower; /* R */
    int32_t *tower_entry;    /* (T) index in plan->towers; -1: missing or twice */
    int32_t *table_entry;    /* (model tables) index in plan->tables; -1: missing or twice */
    int32_t *table_tower;    /* (model tables) where its entry puts it; TP_TOWER_UNSURE: nowhere */
    int32_t *feature_tower;  /* (model features) the tower that lists it, or one of the above */
    bool batch_divides;      /* B is a multiple of G: loads are defined */
    bool assignment_sound;   /* each table and feature is in one tower, a table with its features */
    struct tp_placement *placement; /* in the model's order; NULL: shards or assignment are wrong */
};

/* Starts a check and finds everything wrong with the layout. @return TP_ENOMEM, or TP_OK; then
 * release. */
enum tp_status tp_check_layout(
    struct tp_check *check, const struct tp_plan *plan, struct tp_error *err);
void tp_check_release(struct tp_check *check);

/* The groups of the layout, in that order. */
void tp_check_frame(struct tp_check *check);
void tp_check_towers(struct tp_check *check);
enum tp_status tp_check_tables(struct tp_check *check, struct tp_error *err);
void tp_check_shards(struct tp_check *check, int32_t table);

/* Constraints, balance and ratio, memory. */
enum tp_status tp_check_limits(struct tp_check *check, struct tp_error *err);

/* The smallest hundredths for `balance` and `ratio` that the towers keep to; 0 and 1 when the assignment is
 * not sound. Of the plan's own limits nothing is read. */
enum tp_status tp_check_needed_limits(
    const struct tp_check *check, double *balance, double *ratio, struct tp_error *err);

/* What is stored of the affinity: figures in range, names that the model knows, a verdict that follows.
 * Part of the figures below. */
enum tp_status tp_check_trust(struct tp_check *check, struct tp_error *err);

/* What is stored against what follows from the placement. */
enum tp_status tp_check_figures(struct tp_check *check, struct tp_error *err);

/* Ids that should be 0 .. count - 1, each once and in order: findings about `what` ("tower").
 * @param entry_of_id  out, (expected) position of each id; -1: missing or twice. */
void tp_check_ids(struct tp_check *check, const char *what, const int32_t *ids, int32_t count,
    int32_t expected, int32_t *entry_of_id);

/* A name of the model. */
struct tp_name_at {
    const char *name; /* borrowed */
    int32_t index;
};

/* The features of the model by name, for tp_check_find_name(); caller frees. NULL: no memory. */
struct tp_name_at *tp_check_feature_names(const struct tp_model *model);
/* Index of a name in the model, or -1. */
int32_t tp_check_find_name(const struct tp_name_at *names, int32_t count, const char *name);

/* The tower of that id exists. True also when the number of towers is not known. */
bool tp_check_tower_exists(const struct tp_check *check, int32_t tower);

#endif
