/* SPDX-License-Identifier: Apache-2.0 */
/* What moves as one: a table with its features, or tables bound by `together`. */
#ifndef PROPERTY_UNITS_H
#define PROPERTY_UNITS_H

#include "workload.h"

struct units {
    int count;
    int *of_table;               /* (tables) numbered by the first table of each */
    struct tower_weight *weight; /* (count) as a tower of its own */
    int *pin;                    /* (count) the tower it must be in, -1: any */
    bool *apart;                 /* (count, count) may not share a tower */
    bool contradictory;          /* the rules alone rule everything out */
};

void units_init(struct units *units, const struct workload *w);
void units_release(struct units *units);

#endif
