/* SPDX-License-Identifier: Apache-2.0 */
/* Random problems taken through the whole partitioner. */
#ifndef TP_TESTS_PARTITIONS_H
#define TP_TESTS_PARTITIONS_H

#include "partition/partition.h"
#include "problems.h"

static inline struct tp_partition_options defaults(enum tp_goal goal)
{
    return (struct tp_partition_options){.goal = goal,
        .balance = (double)NAN,
        .ratio = (double)NAN,
        .seed = 1,
        .effort = 1,
        .deadline = INFINITY};
}

static const struct tp_judge easy = {fits_always, NULL};

static inline struct tp_partition solve(
    struct tp_problem *p, const struct tp_judge *judge, const struct tp_partition_options *options)
{
    struct tp_partition partition;
    struct tp_error err;
    ck_assert_int_eq(tp_partition(p, judge, options, &partition, &err), TP_OK);
    return partition;
}

static inline struct tp_problem *make(const struct recipe *recipe, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 23);
    return problem_random(recipe, &random);
}

#endif
