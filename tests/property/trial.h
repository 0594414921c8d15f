/* SPDX-License-Identifier: Apache-2.0 */
/* One random instance on its way through the library: written as the files a user would write,
 * loaded, planned. What goes wrong is collected as complaints. */
#ifndef PROPERTY_TRIAL_H
#define PROPERTY_TRIAL_H

#include <towerpart/plan.h>

#include "brute.h"
#include "complaints.h"
#include "instance.h"
#include "scratch.h"

struct trial {
    uint64_t seed;
    struct instance instance;
    struct tp_plan_options options;
    struct scratch scratch;
    char model_path[SCRATCH_PATH_BYTES], topology_path[SCRATCH_PATH_BYTES];
    char plan_path[SCRATCH_PATH_BYTES], again_path[SCRATCH_PATH_BYTES];
    struct tp_model *model;
    struct tp_topology *topology;
    struct tp_affinity affinity; /* borrows from the instance */
    struct tp_plan *plan;
    struct complaints complaints;
    bool unjudged; /* the exhaustive search ran out of steps */
};

/* Random instance, default options. */
void trial_init(struct trial *trial, uint64_t seed, enum instance_size size);
void trial_release(struct trial *trial);

/* Writes the specs and loads them; complains and returns false when the library refuses them. */
bool trial_load(struct trial *trial);

/* Plans; a plan of an earlier call is dropped. */
enum tp_status trial_plan(
    struct trial *trial, const struct tp_affinity *affinity, struct tp_error *error);

/* The question that the exhaustive search must answer to judge the planner's answer. */
struct brute_query trial_query(const struct trial *trial, bool tightest);

/* The workload as the search must see it: a flat plan is one tower on all hosts, and no rule about
 * towers applies. Borrows from the instance; not to be released. */
struct workload trial_searched(const struct trial *trial);

/* Prints the complaints as TAP comments. @return 1 when there are any, else 0. */
int trial_show(const struct trial *trial);

/* A number from the environment. */
int setting(const char *name, int otherwise);

#endif
