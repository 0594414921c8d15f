/* SPDX-License-Identifier: Apache-2.0 */
/* Trials: the glue between instances and the library's public functions. */
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRUTE_STEPS 300000000

int setting(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

static void borrow_affinity(struct trial *trial)
{
    int count = trial->instance.workload.feature_count;
    size_t cells = (size_t)count * (size_t)count;
    trial->affinity.feature_count = count;
    trial->affinity.affinity = trial->instance.affinity;
    trial->affinity.std_error = need(cells, sizeof(float));
    trial->affinity.features = need((size_t)count, sizeof(char *));
    for (int i = 0; i < count; i++)
        trial->affinity.features[i] = trial->instance.workload.features[i].name;
    trial->affinity.samples = 1000;
    trial->affinity.measure = TP_MEASURE_CKA;
    trial->affinity.dumps = 1;
}

void trial_init(struct trial *trial, uint64_t seed, enum instance_size size)
{
    *trial = (struct trial){.seed = seed};
    instance_init(&trial->instance, seed, size);
    trial->options = tp_plan_options_default();
    scratch_init(&trial->scratch);
    scratch_path(&trial->scratch, "model.yaml", trial->model_path);
    scratch_path(&trial->scratch, "topology.yaml", trial->topology_path);
    scratch_path(&trial->scratch, "plan.yaml", trial->plan_path);
    scratch_path(&trial->scratch, "again.yaml", trial->again_path);
    borrow_affinity(trial);
}

static void unload(struct trial *trial)
{
    tp_plan_free(trial->plan);
    tp_model_free(trial->model);
    tp_topology_free(trial->topology);
    trial->plan = NULL;
    trial->model = NULL;
    trial->topology = NULL;
}

void trial_release(struct trial *trial)
{
    unload(trial);
    free(trial->affinity.std_error);
    free(trial->affinity.features);
    instance_release(&trial->instance);
    complaints_release(&trial->complaints);
    scratch_remove(&trial->scratch);
}

static bool write_file(
    const char *path, const struct workload *w, void (*write)(const struct workload *, FILE *))
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    write(w, file);
    return fclose(file) == 0;
}

bool trial_load(struct trial *trial)
{
    const struct workload *w = &trial->instance.workload;
    struct tp_error error = {0};
    unload(trial);
    if (!write_file(trial->model_path, w, workload_write_model) ||
        !write_file(trial->topology_path, w, workload_write_topology))
        complain(&trial->complaints, "cannot write the specs");
    else if (tp_model_load(trial->model_path, &trial->model, &error))
        complain(&trial->complaints, "model refused: %s", error.text);
    else if (tp_topology_load(trial->topology_path, &trial->topology, &error))
        complain(&trial->complaints, "topology refused: %s", error.text);
    return trial->topology != NULL;
}

enum tp_status trial_plan(
    struct trial *trial, const struct tp_affinity *affinity, struct tp_error *error)
{
    tp_plan_free(trial->plan);
    trial->plan = NULL;
    enum tp_status status =
        tp_plan_make(trial->model, trial->topology, affinity, &trial->options, &trial->plan, error);
    if (status && status != TP_EINFEASIBLE)
        complain(&trial->complaints, "status %d: %s", (int)status, error->text);
    return status;
}

struct brute_query trial_query(const struct trial *trial, bool tightest)
{
    return (struct brute_query){.balance = trial->options.balance,
        .ratio = trial->options.ratio,
        .stride = trial->options.strategy == TP_STRATEGY_STRIDE,
        .tightest = tightest,
        .steps = BRUTE_STEPS};
}

struct workload trial_searched(const struct trial *trial)
{
    struct workload w = trial->instance.workload;
    if (trial->options.strategy == TP_STRATEGY_FLAT) {
        w.hosts_per_tower = host_count(&w);
        w.rule_count = 0;
    }
    return w;
}

int trial_show(const struct trial *trial)
{
    if (!trial->complaints.count)
        return 0;
    printf("# instance %llu, %d features, %d towers, strategy %s: %d complaints\n",
        (unsigned long long)trial->seed, trial->instance.workload.feature_count,
        tower_count(&trial->instance.workload), tp_strategy_name(trial->options.strategy),
        trial->complaints.count);
    for (int i = 0; i < trial->complaints.count && i < 8; i++)
        printf("#   %s\n", trial->complaints.lines[i]);
    return 1;
}
