/* SPDX-License-Identifier: Apache-2.0 */
/* Speed and value of the partitioner at its default effort, by size.
 *
 * One line per case: name, units, towers, affinity inside towers as a share of all, user seconds, steps
 * of the search per second of them. Affinity: groups of uneven sizes, about as many as towers, with
 * noise; weights: lognormal. Limits: balance 0.2, ratio 1.5, memory 1.3 times the mean.
 * Takes the largest number of units as an argument, to leave large cases out. */
#include "partition/partition.h"

#include "base/memory.h"
#include "base/random.h"
#include "partition/search.h"

#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EFFORT 10

static const struct bench_case {
    const char *name;
    int32_t units, towers;
} cases[] = {
    {"tiny", 26, 8},
    {"small", 100, 8},
    {"some", 300, 16},
    {"model", 856, 64},
    {"many", 1000, 64},
    {"large", 3000, 64},
    {"wide", 5000, 512},
    {"huge", 10000, 64},
};

static double user_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void weigh(struct tp_problem *p, struct tp_random *random)
{
    for (int32_t u = 0; u < p->unit_count; u++) {
        double *w = p->weight + (int64_t)u * TP_RESOURCES;
        for (int r = 0; r < TP_FEATURES; r++)
            w[r] = exp(0.5 * tp_random_normal(random));
        w[TP_FEATURES] = 1;
        for (int r = 0; r < TP_RESOURCES; r++)
            p->mean[r] += w[r] / p->tower_count;
        p->pin[u] = -1;
    }
    for (int32_t t = 0; t < p->tower_count; t++)
        p->most[(int64_t)t * TP_RESOURCES + TP_MEMORY] = 1.3 * p->mean[TP_MEMORY];
    p->feature_count = p->unit_count;
    p->class_count = 1;
}

static void relate(struct tp_problem *p, struct tp_random *random, int32_t *group)
{
    int64_t units = p->unit_count;
    for (int64_t u = 0; u < units; u++)
        group[u] = (int32_t)(p->tower_count * pow(tp_random_uniform(random), 1.5));
    for (int64_t u = 0; u < units; u++)
        for (int64_t v = 0; v < u; v++)
            p->affinity[u * units + v] = p->affinity[v * units + u] =
                (float)(0.3 * tp_random_uniform(random) + (group[u] == group[v] ? 0.4 : 0));
}

static struct tp_problem *make(const struct bench_case *at)
{
    size_t units = (size_t)at->units, towers = (size_t)at->towers;
    struct tp_random random = tp_random_new(1, 0);
    struct tp_problem *p = TP_NEW(1, struct tp_problem);
    int32_t *group = TP_NEW(units, int32_t);
    if (!p || !group)
        exit(1);
    p->unit_count = at->units;
    p->tower_count = at->towers;
    p->weight = tp_new(units * TP_RESOURCES, sizeof(double));
    p->affinity = tp_new(units * units, sizeof(float));
    p->pin = TP_NEW(units, int32_t);
    p->apart_first = TP_NEW(units + 1, int32_t);
    p->most = tp_new(towers * TP_RESOURCES, sizeof(double));
    p->tower_class = TP_NEW(towers, int32_t);
    if (!p->weight || !p->affinity || !p->pin || !p->apart_first || !p->most || !p->tower_class)
        exit(1);
    weigh(p, &random);
    relate(p, &random, group);
    free(group);
    return p;
}

static int fits_always(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    (void)context;
    (void)tower_of_unit;
    (void)tower;
    return 1;
}

static double share_inside(const struct tp_problem *p, const int32_t *tower)
{
    double inside = 0, all = 0;
    for (int64_t u = 0; u < p->unit_count; u++)
        for (int64_t v = 0; v < u; v++) {
            double a = (double)p->affinity[u * p->unit_count + v];
            all += a;
            inside += tower[u] == tower[v] ? a : 0;
        }
    return inside / all;
}

static void run(const struct bench_case *at)
{
    struct tp_problem *p = make(at);
    struct tp_judge judge = {fits_always, NULL};
    struct tp_partition_options options = {.goal = TP_GOAL_COHERENT,
        .balance = 0.2,
        .ratio = 1.5,
        .seed = 1,
        .effort = EFFORT,
        .deadline = (double)INFINITY};
    struct tp_partition partition;
    struct tp_error err;
    double start = user_seconds();
    if (tp_partition(p, &judge, &options, &partition, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    double seconds = user_seconds() - start;
    printf("partition_%-6s %5d units %4d towers  inside %.5f  %8.3f s  %6.1f Msteps/s\n", at->name,
        at->units, at->towers, partition.tower ? share_inside(p, partition.tower) : 0.0, seconds,
        1e-6 * EFFORT * (double)tp_search_steps(p) / seconds);
    fflush(stdout);
    tp_partition_release(&partition);
    tp_problem_free(p);
}

int main(int argc, char **argv)
{
    int32_t most = argc > 1 ? (int32_t)atoi(argv[1]) : 10000;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cases[i].units <= most)
            run(&cases[i]);
    return 0;
}
