/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for a changed model or topology that keeps an older one as far as it can: first what has to move,
 * then, for as many bytes as may travel, what is worth it. */
#ifndef TOWERPART_REPLAN_H
#define TOWERPART_REPLAN_H

#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

struct tp_replan_options {
    double max_move_bytes; /* weights and optimizer state that may go from rank to rank, what has to
                              move included; NAN (default): only what has to moves */
    const char *const *locked; /* (locked_count) features whose tables stay on their ranks */
    int32_t locked_count;
    const int32_t
        *lost_hosts; /* (lost_count) hosts of the old plan that are gone, ascending. With fewer
                                  hosts than before the others close up in their order, and those
                                  beyond the new topology are gone too; else new ones take their
                                  places */
    int32_t lost_count;
};

/* A table that a step puts elsewhere. */
struct tp_replan_move {
    const char *table; /* borrowed from the plan's model */
    int32_t from,
        to; /* towers, numbered as in the new plan; from -1: its tower is gone. The same: on other
                          ranks of it */
    double bytes;      /* more of it that travel than without the step */
    double lost_bytes; /* of it, to be restored from a checkpoint; in `needed` only */
};

/* Moves that are taken together, since one without the other breaks a limit or gains nothing. */
struct tp_replan_step {
    struct tp_replan_move *moves;
    int32_t move_count;
    double bytes;                /* more than without the step, all tables together */
    double inside;               /* more of the share of affinity inside towers; NAN: no affinity */
    double seconds, dmt_seconds; /* more per step: in the faster of the ways that compute the same
                                    function; in the fastest of all */
};

/* Where one stands: before anything is bought, after, or planned from nothing. */
struct tp_replan_stand {
    double inside; /* share of affinity inside towers; NAN: no affinity */
    double seconds, dmt_seconds;
    double bytes, between_hosts_bytes; /* that travel */
};

struct tp_replan {
    struct tp_plan *plan;          /* owned; the caller takes it by setting this NULL */
    int32_t staying;               /* tables whose every value stays on its rank */
    int32_t added, dropped, lost;  /* tables; lost: some of it was on a rank that is gone */
    double lost_bytes;             /* to be restored from a checkpoint */
    int32_t reset;                 /* tables of another dim, whose weights are of no use */
    char *reasons;                 /* why tables have to move, a line each; NULL: none has to */
    struct tp_replan_step needed;  /* what has to move; its gains are not set */
    struct tp_replan_step *bought; /* in the order in which they are worth it */
    int32_t bought_count;
    double asked; /* max_move_bytes as asked for; NAN: only what is needed */
    struct tp_replan_stand still, final, anew; /* nothing bought; the plan; planned from nothing */
    double was_balance, was_ratio;             /* limits of the older plan */
    double
        was_inside; /* share of affinity inside the older plan's towers, by its file; NAN: not told */
};

struct tp_replan_options tp_replan_options_default(void);

/* Plans anew from an older plan, which is left alone.
 *
 * Limits: those of `options`, else the old plan's, or the smallest that the tables allow where those are
 * larger. What has to move is what breaks memory, limits or constraints where it is, or was on ranks that are
 * gone. What is bought raises what the strategy is after (load: how even the towers are) and makes no step
 * slower than keeping still. Anything that is not bought is worth less, or could not be found.
 *
 * @param old        any plan whose towers, tables and shards keep the rules.
 * @param options    as tp_plan_make(); strategy coherent, diverse or load. NULL: defaults.
 * @param how        NULL: defaults.
 * @param replan     out, to be freed with tp_replan_free(); its plan is as tp_plan_make() leaves one.
 * @return as tp_plan_make(), and TP_EINFEASIBLE when a locked table cannot stay or when more bytes have to
 *         move than may, with what would do; TP_EUSAGE for a locked feature or a lost host that is not
 *         there; TP_EINPUT when the old plan breaks a rule.
 * Cost: a plan from nothing, eight short searches, and a placement for each step. */
enum tp_status tp_replan_make(const struct tp_plan *old, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_affinity *affinity,
    const struct tp_plan_options *options, const struct tp_replan_options *how,
    struct tp_replan **replan, struct tp_error *err);
void tp_replan_free(struct tp_replan *replan);

#endif
