/* SPDX-License-Identifier: Apache-2.0 */
/* From where tables are, step by step to something better, while bytes may travel. */
#ifndef TP_REPLAN_WALK_H
#define TP_REPLAN_WALK_H

#include <signal.h>

#include <towerpart/replan.h>

#include "partition/assignment.h"
#include "plan/speed.h"
#include "replan/home.h"

/* What is walked on, and what a step may cost; all borrowed. */
struct tp_walk_rules {
    const struct tp_homes *homes;
    const struct tp_model *model;
    const struct tp_topology *topology;
    const struct tp_affinity *affinity; /* NULL: none */
    const struct tp_problem *problem;   /* with its limits set */
    enum tp_goal goal;
    double least_gain;                 /* of the goal's value; less is not worth a byte */
    const double *bytes;               /* (U, T) of each unit on the ranks of each tower */
    const bool *locked;                /* (tables) stays on its ranks; its unit is pinned, too */
    double bytes_most;                 /* that may travel in all */
    bool may_slow;                     /* steps that make training slower are taken, too */
    const volatile sig_atomic_t *stop; /* not 0: go no further; NULL: never */
};

struct tp_walk {
    struct tp_walk_rules rules;
    struct tp_assignment *now;
    struct tp_placement *placement; /* NULL: nothing fits there */
    bool *freed;                    /* (tables) of tp_refit() */
    struct tp_travel travel;
    struct tp_speed speed, slowest; /* slowest: where it began */
    double inside;                  /* share of affinity inside towers; NAN: no affinity */
    bool *barred;                   /* (U) a step with it was turned down */
    struct tp_replan_step *steps;
    int32_t step_count;
    int32_t *tower, *tower_of_table; /* (U), (tables) scratch */
};

/* Begins at towers, (U), that keep the limits.
 * @param walk  out, to be freed with tp_walk_free(); its placement is NULL where nothing fits. */
enum tp_status tp_walk_new(const struct tp_walk_rules *rules, const int32_t *tower,
    struct tp_walk **walk, struct tp_error *err);
void tp_walk_free(struct tp_walk *walk);

/* Goes towards towers, (U), as far as single moves and exchanges on that way gain something, and what then is
 * left at once, if that does; or, NULL, wherever there is something to gain. The most for a byte first. Cost
 * of a step: O(U^2) and a few placements. */
enum tp_status tp_walk_towards(struct tp_walk *walk, const int32_t *target, struct tp_error *err);

/* Places the tables of one tower after the other anew, twice at most, where training becomes faster by that. */
enum tp_status tp_walk_inside(struct tp_walk *walk, struct tp_error *err);

/* Moves that lead from where tables are to a placement, as one step; its gains are 0. */
enum tp_status tp_needed_step(const struct tp_homes *homes, const struct tp_model *model,
    const struct tp_placement *placement, struct tp_replan_step *step, struct tp_error *err);

#endif
