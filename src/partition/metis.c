/* SPDX-License-Identifier: Apache-2.0 */
/* The only caller of METIS (5.1.0 as Debian ships it), fenced in:
 * - one part, or at least as many parts as units, is answered here: METIS kills the process on the
 *   first (SIGFPE) and returns part 1 for recursive bisection;
 * - edge weights are scaled so that twice their sum stays below 2^31: its sums are 32-bit and wrap in
 *   silence;
 * - all vertices weigh the same: with unequal ones a bisection can leave a side empty, and then METIS
 *   prints "Cannot bisect a graph with 0 vertices" to standard output, where our results go;
 * - the graph is symmetric, without self-loops, weights at least 1, indices in range: METIS
 *   reads past the arrays otherwise;
 * - METIS_OK promises nothing: part numbers out of range are an error here, empty or heavy parts are
 *   left to the refinement.
 * Minimum cut is maximum inside affinity only for equal parts; that too is the refinement's job. For
 * diverse towers the weights are turned round (largest - weight), since METIS can only minimise. */
#include "partition/metis.h"

#include "base/fail.h"
#include "base/memory.h"

#include <metis.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUM_MAX 1.0e+9 /* of scaled weights, both directions: below 2^31 / 2 */

struct graph {
    idx_t *first, *neighbour, *edge_weight; /* CSR */
};

static void graph_release(struct graph *g)
{
    free(g->first);
    free(g->neighbour);
    free(g->edge_weight);
}

static double strongest(const struct tp_problem *p)
{
    int64_t cells = (int64_t)p->unit_count * p->unit_count;
    double most = 0;
    for (int64_t i = 0; i < cells; i++)
        most = fmax(most, (double)p->affinity[i]);
    return most;
}

static void fill_edges(const struct tp_problem *p, bool turned, struct graph *g)
{
    int32_t units = p->unit_count;
    double most = strongest(p), sum = 0;
    idx_t count = 0;
    for (int pass = 0; pass < 2; pass++) { /* the sum first, then the scaled weights */
        double scale = sum > 0 ? SUM_MAX / sum : 0;
        count = 0;
        for (int32_t u = 0; u < units; u++) {
            g->first[u] = count;
            for (int32_t v = 0; v < units; v++) {
                int64_t cell = (int64_t)u * units + v;
                if (u == v)
                    continue;
                double weight = (double)p->affinity[cell];
                weight = turned ? most - weight : weight;
                sum += pass ? 0 : weight;
                g->neighbour[count] = v;
                /* At least 1; capped so that one strong edge cannot use up the range alone. */
                g->edge_weight[count++] = 1 + (idx_t)fmin(weight * scale, 1.0e+8);
            }
        }
    }
    g->first[units] = count;
}

static enum tp_status graph_init(
    const struct tp_problem *p, bool turned, struct graph *g, struct tp_error *err)
{
    size_t units = (size_t)p->unit_count, cells;
    if (!tp_multiply(units, units, &cells))
        return tp_fail_memory(err);
    g->first = TP_NEW(units + 1, idx_t);
    g->neighbour = TP_NEW(cells, idx_t);
    g->edge_weight = TP_NEW(cells, idx_t);
    if (!g->first || !g->neighbour || !g->edge_weight)
        return tp_fail_memory(err);
    fill_edges(p, turned, g);
    return TP_OK;
}

/* One part, or no more units than parts. */
static bool trivial(const struct tp_problem *p, int32_t *tower)
{
    if (p->tower_count > 1 && p->unit_count > p->tower_count)
        return false;
    for (int32_t u = 0; u < p->unit_count; u++)
        tower[u] = u % p->tower_count;
    return true;
}

enum tp_status tp_metis(const struct tp_problem *p, enum tp_goal goal, bool recursive,
    uint64_t seed, int32_t *tower, struct tp_error *err)
{
    if (trivial(p, tower))
        return TP_OK;
    struct graph g = {0};
    idx_t vertices = p->unit_count, constraints = 1, parts = p->tower_count, cut = 0;
    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_SEED] = (idx_t)(seed & 0x7fffffff);
    options[METIS_OPTION_NUMBERING] = 0;
    idx_t *part = TP_NEW(vertices, idx_t);
    enum tp_status status =
        part ? graph_init(p, goal == TP_GOAL_DIVERSE, &g, err) : tp_fail_memory(err);
    if (status)
        goto out;
    int result = (recursive ? METIS_PartGraphRecursive : METIS_PartGraphKway)(&vertices,
        &constraints, g.first, g.neighbour, NULL, NULL, g.edge_weight, &parts, NULL, NULL, options,
        &cut, part);
    if (result != METIS_OK) {
        status = tp_fail(err, TP_EINTERNAL, "METIS gave up with code %d", result);
        goto out;
    }
    for (int32_t u = 0; u < p->unit_count; u++) {
        if (part[u] < 0 || part[u] >= parts) {
            status = tp_fail(
                err, TP_EINTERNAL, "METIS returned part %d of %d", (int)part[u], (int)parts);
            goto out;
        }
    }
    for (int32_t u = 0; u < p->unit_count; u++)
        tower[u] = (int32_t)part[u];
out:
    free(part);
    graph_release(&g);
    return status;
}
