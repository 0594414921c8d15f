/* SPDX-License-Identifier: Apache-2.0 */
/* An upper bound from whole towers: the best mix of legal towers in which each unit is once. Sharp where
 * towers hold few units, or large ones. */
#ifndef TP_PARTITION_COVER_H
#define TP_PARTITION_COVER_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/assignment.h"
#include "partition/crowds.h"
#include "partition/effort.h"
#include "partition/pairs.h"

struct tp_cover;

/* @param tower   (U) a legal assignment, to begin at.
 * @param crowds  of which so many pairs fit together; more will be found. Copied.
 * @param cover   out, to be freed with tp_cover_free(). @return TP_ENOMEM. */
enum tp_status tp_cover_new(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, const struct tp_crowds *crowds, struct tp_cover **cover,
    struct tp_error *err);
void tp_cover_free(struct tp_cover *cover);

/* Works on the mix for the assignments in which what is decided holds.
 * Cost: some tens of linear programs, and of questions to tp_best_tower_ask() for each class.
 * @param known  ends when the bound has come down to it.
 * @param bound  in and out: the smallest so far; a bound at any time. @return TP_ENOMEM. */
enum tp_status tp_cover_descend(struct tp_cover *cover, const struct tp_pairs *pairs, double known,
    struct tp_effort *effort, double *bound, struct tp_error *err);

/* The undecided pair whose share in the last mix is nearest to one half. @return false: none is
 * divided. */
bool tp_cover_divided(
    const struct tp_cover *cover, const struct tp_pairs *pairs, int32_t *u, int32_t *v);

#endif
