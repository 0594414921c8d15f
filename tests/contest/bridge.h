/* SPDX-License-Identifier: Apache-2.0 */
/* The only place of the contest that knows the partitioner: hands it an instance, takes its answer. */
#ifndef CONTEST_BRIDGE_H
#define CONTEST_BRIDGE_H

#include "instance.h"

#include "partition/partition.h"

/* The instance as the partitioner reads it, with its limits set; to be freed with
 * tp_problem_free(). */
struct tp_problem *problem_of(const struct instance *instance);

/* tp_partition() on the instance, coherent, within its limits, and a judge that every assignment
 * pleases. @param partition  out; to be released with tp_partition_release(). */
void play(const struct instance *instance, int effort, struct tp_partition *partition);

#endif
