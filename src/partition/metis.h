/* SPDX-License-Identifier: Apache-2.0 */
/* METIS as a source of starts. Its answer is checked, never trusted: it may leave towers empty and
 * break any limit. */
#ifndef TP_PARTITION_METIS_H
#define TP_PARTITION_METIS_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/assignment.h"

/* Partitions the complete graph of the units.
 * @param tower    out, (U), in [0, T).
 * @return TP_OK; TP_EINTERNAL when METIS gives up; TP_ENOMEM.
 * Method: multilevel k-way, Karypis & Kumar 1998, doi:10.1006/jpdc.1997.1404, and recursive bisection. */
enum tp_status tp_metis(const struct tp_problem *problem, enum tp_goal goal, bool recursive,
    uint64_t seed, int32_t *tower, struct tp_error *err);

#endif
