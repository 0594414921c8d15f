/* SPDX-License-Identifier: Apache-2.0 */
/* Why a feature is where it is: what it is related to, what it would cost elsewhere, what holds it.
 *
 * What moves is a unit: the feature's table with all its features, and the tables that `together`
 * binds to it. */
#ifndef TOWERPART_EXPLAIN_H
#define TOWERPART_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>

/* What a change would break; several may be set. */
enum tp_hold {
    TP_HOLD_LOOKUP = 1 << 0,   /* balance of lookup bytes */
    TP_HOLD_OUTPUT = 1 << 1,   /* balance of output dims */
    TP_HOLD_FLOPS = 1 << 2,    /* balance of the tower modules' flops */
    TP_HOLD_FEATURES = 1 << 3, /* features of a tower: too many there, or too few left here */
    TP_HOLD_MEMORY = 1 << 4,   /* the tables do not fit the ranks */
    TP_HOLD_APART = 1 << 5,
    TP_HOLD_PIN = 1 << 6
};
#define TP_HOLD_COUNT 7

/* A relation to another feature. */
struct tp_explain_partner {
    int32_t feature, tower;
    double affinity, std_error;
};

/* The feature and one tower. */
struct tp_explain_tower {
    int32_t features; /* of the tower, the feature itself not counted */
    double mean, sum; /* affinity to them; NAN: not known */
    unsigned holds;   /* what moving the unit there would break; of its own tower 0 */
    double gain;      /* what a move there gains in inside affinity, as a share; NAN: not known */
};

/* Another place for the unit, with the step predicted for it. */
struct tp_explain_place {
    int32_t tower;
    int32_t swap_table;     /* a table of the unit that takes its place; -1: none does */
    double inside_affinity; /* NAN: not known */
    struct tp_plan_balance balance;
    struct tp_plan_cost cost;
};

#define TP_EXPLAIN_PARTNERS 8
#define TP_EXPLAIN_PLACES 5

struct tp_explain {
    const struct tp_plan *plan; /* borrowed */
    int32_t feature, table, tower;
    int32_t *unit_tables; /* (unit_table_count) that move with it, itself among them */
    int32_t unit_table_count;
    bool has_affinity, other_affinity; /* given; and of another digest than the plan's */
    int32_t pin;                       /* tower that a constraint names; -1: none does */
    struct tp_explain_partner partners[TP_EXPLAIN_PARTNERS]; /* the strongest, falling */
    int32_t partner_count;
    struct tp_explain_tower *towers; /* (T) */
    int32_t tower_count;
    struct tp_explain_place now; /* as the plan is; figures computed anew */
    struct tp_explain_place
        places[TP_EXPLAIN_PLACES]; /* within all limits, best first, one for each
                                                          tower at most */
    int32_t place_count;
};

/* @param affinity  NULL: what it says is left out; features in the model's order.
 * @param explain   out, to be freed with tp_explain_free(); borrows the plan.
 * @return TP_EUSAGE for a feature that the model does not have, with the nearest name; TP_EINPUT when the
 *         plan's layout breaks a rule, with the findings as the message; TP_ENOMEM.
 * Cost: O(U^2) for U units, and a placement of all tables for each of a few places. */
enum tp_status tp_explain_make(const struct tp_plan *plan, const char *feature,
    const struct tp_affinity *affinity, struct tp_explain **explain, struct tp_error *err);
void tp_explain_free(struct tp_explain *explain);

/* @param i  of the bit 1 << i. @return "lookup", "output", ... */
const char *tp_hold_name(int i);

#endif
