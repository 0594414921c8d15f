/* SPDX-License-Identifier: Apache-2.0 */
/* Every figure of a plan that follows from its specs and its placement, computed slowly: exchanges
 * go through a matrix of what each rank sends to each other rank, O(G^2), so no closed form of the
 * cost model is repeated here. The dense allreduce is left out. */
#ifndef PROPERTY_FIGURES_H
#define PROPERTY_FIGURES_H

#include "claims.h"

struct figures {
    int ranks, towers;
    struct weight *rank;        /* (G) sums over the shards of each rank */
    double *memory;             /* (G) bytes */
    struct tower_weight *tower; /* (T) */
    double *tower_memory;       /* (T) sum over its ranks */
};

/* @param claims  a placement whose towers, ranks and tables exist. */
void figures_init(struct figures *figures, const struct claims *claims);
void figures_release(struct figures *figures);

/* Max over mean of a resource over the towers; 1 when nobody has any of it. */
double figures_spread(const struct figures *figures, enum balance resource);

/* What one phase of a mode costs. */
struct phase_figure {
    bool known;   /* computed here */
    bool present; /* the mode has it */
    bool moves;   /* it exchanges bytes */
    double seconds;
    double bytes[LEVELS_MAX]; /* max over ranks of max(sent, received) at each level */
};
struct phase_figure figures_phase(
    const struct figures *figures, const struct workload *w, enum mode mode, enum phase phase);

#endif
