/* SPDX-License-Identifier: Apache-2.0 */
/* All ways that matter to place one tower's tables on its ranks, by exhaustive search.
 *
 * Memory of a rank is a sum: what its own shards need, plus an overhead that depends on other ranks
 * only through three totals: id bytes and widths of the world, width of the tower. So a tower's
 * placements are compared by three numbers. */
#ifndef PROPERTY_PACKING_H
#define PROPERTY_PACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "workload.h"

struct packing_option {
    double ids, width; /* the tower's part of the world's totals */
    double room;       /* least memory left on a rank beside its own shards, before the overhead */
};

/* Options of which none is at least as good as another in all three numbers. */
struct packing_list {
    struct packing_option *options;
    int count;
    struct tower_weight weight;
};

/* What all searches in one workload share. */
struct packing_world {
    const struct workload *w;
    double ids_least, ids_most, width_least, width_most; /* over all shardings of all tables */
    double out, sent;                                    /* sums over the towers */
    int64_t steps; /* left; when they run out, lists may be incomplete */
};

void packing_world_init(struct packing_world *world, const struct workload *w, int64_t steps);

/* @param table_in  (tables) those of the tower.
 * @param list      out, to be released with packing_list_release(); count 0: they do not fit. */
void packing_search(
    struct packing_world *world, int tower, const bool *table_in, struct packing_list *list);
void packing_list_release(struct packing_list *list);

/* Whether an option leaves enough for the overhead, given the totals of the world. */
bool packing_holds(const struct packing_world *world, const struct packing_list *list,
    const struct packing_option *option, double ids, double width);

#endif
