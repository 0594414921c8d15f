/* SPDX-License-Identifier: Apache-2.0 */
/* Each call has a process of its own: METIS ends the one it is called in on some inputs (signal 8) and
 * prints to standard output. The graph is complete; for more than COMPLETE_MOST units it is without the
 * edges below WEAK, which METIS would take minutes over. Edge weights are scaled so that the 32-bit
 * sums of METIS hold them. */
#include "metis_answers.h"

#include "referee.h"

#include "../property/complaints.h"

#include <metis.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMPLETE_MOST = 1000, SECONDS_MOST = 60 };

#define WEAK 0.05f

struct graph {
    idx_t n, parts;
    idx_t *first, *neighbour, *weight; /* CSR */
    idx_t constraints, *load;          /* (n, constraints) */
    real_t *share, *slack;             /* (parts, constraints); (constraints) */
};

struct call {
    bool recursive, limits;
    int seed;
};

static void graph_edges(struct graph *g, const struct instance *in, float threshold)
{
    size_t n = (size_t)in->n;
    double sum = 0;
    g->first = need(n + 1, sizeof *g->first);
    g->neighbour = need(n * n, sizeof *g->neighbour);
    g->weight = need(n * n, sizeof *g->weight);
    for (size_t i = 0; i < n * n; i++)
        sum += (double)in->affinity[i] + 1e-4;
    idx_t edge = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            float a = in->affinity[i * n + j];
            if (i == j || a < threshold)
                continue;
            g->neighbour[edge] = (idx_t)j;
            g->weight[edge++] = 1 + (idx_t)(fmin(0x1p30 / sum, 1e4) * (double)a);
        }
        g->first[i + 1] = edge;
    }
}

/* The balanced weights and features may exceed a k-th by their imbalance; memory has its shares. */
static void graph_limits(struct graph *g, const struct instance *in)
{
    size_t n = (size_t)in->n, k = (size_t)in->k;
    double memory = 0;
    g->constraints = WEIGHT_COUNT;
    g->load = need(n * WEIGHT_COUNT, sizeof *g->load);
    g->share = need(k * WEIGHT_COUNT, sizeof *g->share);
    g->slack = need(WEIGHT_COUNT, sizeof *g->slack);
    for (size_t u = 0; u < n; u++)
        for (int r = 0; r < WEIGHT_COUNT; r++)
            g->load[u * WEIGHT_COUNT + (size_t)r] =
                1 + (idx_t)(1e4 * in->weight[u][r] / in->mean[r]);
    bool capped = !isinf(in->memory[0]);
    for (size_t t = 0; t < k; t++)
        memory += in->memory[t];
    for (int r = 0; r < WEIGHT_COUNT; r++)
        g->slack[r] = (real_t)fmax(1 + in->balance, 1.001);
    g->slack[FEATURES] = (real_t)fmax(features_most(in) / in->mean[FEATURES], 1.001);
    g->slack[MEMORY] = (real_t)(capped ? fmax(memory / in->mean[MEMORY] / in->k, 1.001) : in->k);
    for (size_t t = 0; t < k; t++)
        for (int r = 0; r < WEIGHT_COUNT; r++)
            g->share[t * WEIGHT_COUNT + (size_t)r] =
                (real_t)(r == MEMORY && capped ? in->memory[t] / memory : 1.0 / in->k);
}

static void graph_release(struct graph *g)
{
    free(g->first);
    free(g->neighbour);
    free(g->weight);
    free(g->load);
    free(g->share);
    free(g->slack);
}

/* In the child: the parts go down the pipe. */
static void answer(struct graph *g, struct call call, int pipe)
{
    idx_t options[METIS_NOPTIONS], cut, one = 1, *part = need((size_t)g->n, sizeof *part);
    idx_t *constraints = call.limits ? &g->constraints : &one;
    alarm(SECONDS_MOST);
    if (!freopen("/dev/null", "w", stdout))
        _exit(1);
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_SEED] = call.seed;
    int (*partition)(idx_t *, idx_t *, idx_t *, idx_t *, idx_t *, idx_t *, idx_t *, idx_t *,
        real_t *, real_t *, idx_t *, idx_t *, idx_t *) =
        call.recursive ? METIS_PartGraphRecursive : METIS_PartGraphKway;
    int status = partition(&g->n, constraints, g->first, g->neighbour, call.limits ? g->load : NULL,
        NULL, g->weight, &g->parts, call.limits ? g->share : NULL, call.limits ? g->slack : NULL,
        options, &cut, part);
    size_t bytes = (size_t)g->n * sizeof *part;
    _exit(status == METIS_OK && write(pipe, part, bytes) == (ssize_t)bytes ? 0 : 1);
}

static bool receive(int pipe, idx_t *part, size_t bytes)
{
    size_t got = 0;
    ssize_t more;
    while (got < bytes && (more = read(pipe, (char *)part + got, bytes - got)) > 0)
        got += (size_t)more;
    return got == bytes;
}

/* @return whether METIS gave an answer. */
static bool ask(struct graph *g, struct call call, int32_t *tower)
{
    int ends[2];
    idx_t *part = need((size_t)g->n, sizeof *part);
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0)
        answer(g, call, ends[1]);
    close(ends[1]);
    bool done = child > 0 && receive(ends[0], part, (size_t)g->n * sizeof *part);
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    for (idx_t u = 0; u < g->n; u++)
        tower[u] = (int32_t)part[u];
    free(part);
    return done;
}

double best_of_metis(const struct instance *in, int32_t *tower, int *legal)
{
    struct graph g = {.n = in->n, .parts = in->k};
    int32_t *trial = need((size_t)in->n, sizeof *trial);
    double best = 0;
    int seeds = in->n > COMPLETE_MOST ? 1 : 3;
    graph_edges(&g, in, in->n > COMPLETE_MOST ? WEAK : 0);
    graph_limits(&g, in);
    *legal = 0;
    for (int i = 0; i < 4 * seeds; i++) {
        struct call call = {i % 2, i / 2 % 2, 1 + i / 4};
        if (!ask(&g, call, trial) || breaks_limit(in, trial, NULL))
            continue;
        ++*legal;
        double value = inside_affinity(in, trial);
        if (value > best) {
            best = value;
            memcpy(tower, trial, (size_t)in->n * sizeof *tower);
        }
    }
    graph_release(&g);
    free(trial);
    return best;
}
