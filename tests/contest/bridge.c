/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the fields of struct tp_problem as its header describes them. Balance and ratio go in as
 * settings: that the partitioner makes the same limits of them is part of what the contest tests. */
#include "bridge.h"

#include "../property/complaints.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_weights(const struct instance *in, struct tp_problem *p)
{
    static const int resource[WEIGHT_COUNT] = {
        TP_LOOKUP, TP_OUTPUT, TP_FLOPS, TP_MEMORY, TP_FEATURES};
    for (int u = 0; u < in->n; u++) {
        p->feature_count += (int32_t)in->weight[u][FEATURES];
        for (int r = 0; r < WEIGHT_COUNT; r++)
            p->weight[u * TP_RESOURCES + resource[r]] = in->weight[u][r];
    }
    for (int r = 0; r < WEIGHT_COUNT; r++)
        p->mean[resource[r]] = in->mean[r];
}

static void copy_aparts(const struct instance *in, struct tp_problem *p)
{
    p->apart = need((size_t)in->aparts * 2, sizeof *p->apart);
    int count = 0;
    for (int u = 0; u < in->n; u++) {
        for (int i = 0; i < in->aparts; i++) {
            if (in->apart[i][0] == u)
                p->apart[count++] = in->apart[i][1];
            if (in->apart[i][1] == u)
                p->apart[count++] = in->apart[i][0];
        }
        p->apart_first[u + 1] = count;
    }
}

/* A pinned tower is alone in its class; the others are told apart by their memory. */
static void copy_towers(const struct instance *in, struct tp_problem *p)
{
    bool *pinned = need((size_t)in->k, sizeof *pinned);
    for (int u = 0; u < in->n; u++)
        if (in->pin[u] >= 0)
            pinned[in->pin[u]] = true;
    for (int t = 0; t < in->k; t++) {
        int same = 0;
        while (same < t && (pinned[t] || pinned[same] || in->memory[same] != in->memory[t]))
            same++;
        p->tower_class[t] = same < t ? p->tower_class[same] : p->class_count++;
        p->most[t * TP_RESOURCES + TP_MEMORY] = fmin(in->memory[t], DBL_MAX);
    }
    free(pinned);
}

struct tp_problem *problem_of(const struct instance *in)
{
    size_t n = (size_t)in->n, k = (size_t)in->k;
    struct tp_problem *p = need(1, sizeof *p);
    p->unit_count = in->n;
    p->tower_count = in->k;
    p->weight = need(n * TP_RESOURCES, sizeof *p->weight);
    p->affinity = need(n * n, sizeof *p->affinity);
    p->pin = need(n, sizeof *p->pin);
    p->apart_first = need(n + 1, sizeof *p->apart_first);
    p->most = need(k * TP_RESOURCES, sizeof *p->most);
    p->tower_class = need(k, sizeof *p->tower_class);
    memcpy(p->affinity, in->affinity, n * n * sizeof *p->affinity);
    for (size_t u = 0; u < n; u++)
        p->pin[u] = in->pin[u];
    copy_weights(in, p);
    copy_aparts(in, p);
    copy_towers(in, p);
    tp_problem_set_limits(p, (struct tp_limits){in->balance, in->ratio});
    return p;
}

static int fits_always(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    (void)context;
    (void)tower_of_unit;
    (void)tower;
    return 1;
}

void play(const struct instance *in, int effort, struct tp_partition *partition)
{
    struct tp_problem *p = problem_of(in);
    struct tp_judge judge = {fits_always, NULL};
    struct tp_partition_options options = {.goal = TP_GOAL_COHERENT,
        .balance = in->balance,
        .ratio = in->ratio,
        .seed = 1,
        .effort = effort,
        .deadline = (double)INFINITY};
    struct tp_error error = {0};
    enum tp_status status = tp_partition(p, &judge, &options, partition, &error);
    tp_problem_free(p);
    if (status) {
        fprintf(stderr, "tp_partition: %s\n", error.text);
        exit(4);
    }
}
