/* SPDX-License-Identifier: Apache-2.0 */
/* A plan by the library: loads a model, a topology and an affinity, and prints the towers and what a
 * training step then takes.
 *
 *   cc example.c $(pkg-config --cflags --libs towerpart) -o example
 *   ./example model.yaml topology.yaml affinity.npz
 *
 * Every function that can fail says why in its last argument; its outputs are then untouched. What was
 * never made is NULL, and freeing that is fine, so one way out serves all. */
#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/plan.h>
#include <towerpart/topology.h>

#include <inttypes.h>
#include <stdio.h>

static void print_plan(const struct tp_plan *plan)
{
    for (int32_t t = 0; t < plan->tower_count; t++) {
        const struct tp_plan_tower *tower = &plan->towers[t];
        printf("tower %" PRId32 ":", tower->id);
        for (int32_t i = 0; i < tower->feature_count; i++)
            printf(" %s", tower->features[i]);
        putchar('\n');
    }
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        printf("%s: %.3g ms per step\n", tp_mode_name((enum tp_mode)mode),
            1e3 * plan->cost.modes[mode].seconds);
    printf("recommended: %s\n", tp_recommendation_name(plan->cost.recommended));
}

int main(int argc, char **argv)
{
    struct tp_model *model = NULL;
    struct tp_topology *topology = NULL;
    struct tp_affinity *affinity = NULL;
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: %s MODEL TOPOLOGY AFFINITY\n", argv[0]);
        return TP_EUSAGE;
    }

    enum tp_status status = tp_model_load(argv[1], &model, &err);
    if (status == TP_OK)
        status = tp_topology_load(argv[2], &topology, &err);
    if (status == TP_OK)
        status = tp_affinity_load(argv[3], model, NULL, &affinity, &err);
    if (status == TP_OK) {
        struct tp_plan_options options = tp_plan_options_default();
        options.effort = 20; /* twice the default */
        status = tp_plan_make(model, topology, affinity, &options, &plan, &err);
    }
    if (status == TP_OK)
        print_plan(plan);
    else
        fprintf(stderr, "%s: %s\n", argv[0], err.text);

    tp_plan_free(plan);
    tp_affinity_free(affinity);
    tp_topology_free(topology);
    tp_model_free(model);
    return (int)status;
}
