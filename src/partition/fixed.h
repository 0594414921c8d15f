/* SPDX-License-Identifier: Apache-2.0 */
/* Strategies that do not search: one method's answer, or that answer made legal. */
#ifndef TP_PARTITION_FIXED_H
#define TP_PARTITION_FIXED_H

#include "partition/effort.h"
#include "partition/partition.h"

/* The published method always has a ratio: without any, as even as can be. */
double tp_paper_ratio(const struct tp_partition_options *options);

/* The stride assignment, if it holds the limits that were given; automatic ones are what it needs.
 * @param out  its towers, limits and answer are set. @return TP_ENOMEM. */
enum tp_status tp_take_stride(struct tp_problem *problem, const struct tp_judge *judge,
    const struct tp_partition_options *options, struct tp_partition *out, struct tp_error *err);

/* The paper's assignment, repaired until it holds the limits that were given and can be placed, if
 * need be with memory a little scarcer; if that fails, the first legal one, which proves that there is
 * an answer. Likewise. */
enum tp_status tp_take_paper(struct tp_problem *problem, const struct tp_judge *judge,
    const struct tp_partition_options *options, struct tp_effort *effort, struct tp_partition *out,
    struct tp_error *err);

#endif
