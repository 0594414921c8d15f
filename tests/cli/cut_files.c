/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a file off at every byte, and loads what is left each time:
 *   cut_files model|topology|plan|dump|affinity PATH FILE MODEL
 *
 * In: PATH is what is loaded; FILE, PATH itself or a file in that folder, is overwritten by ever longer
 * beginnings of itself; MODEL is the model that a dump or an affinity belongs to. Exit status 0: every
 * beginning was refused as bad input with a message, except those that lack only white space, and the
 * whole file was taken. */
#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/plan.h>
#include <towerpart/topology.h>

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum tp_status load_model(
    const char *path, const struct tp_model *owner, struct tp_error *err)
{
    (void)owner;
    struct tp_model *model = NULL;
    enum tp_status status = tp_model_load(path, &model, err);
    tp_model_free(model);
    return status;
}

static enum tp_status load_topology(
    const char *path, const struct tp_model *owner, struct tp_error *err)
{
    (void)owner;
    struct tp_topology *topology = NULL;
    enum tp_status status = tp_topology_load(path, &topology, err);
    tp_topology_free(topology);
    return status;
}

static enum tp_status load_plan(
    const char *path, const struct tp_model *owner, struct tp_error *err)
{
    (void)owner;
    struct tp_plan *plan = NULL;
    enum tp_status status = tp_plan_load(path, &plan, err);
    tp_plan_free(plan);
    return status;
}

static enum tp_status load_dump(
    const char *path, const struct tp_model *owner, struct tp_error *err)
{
    struct tp_dump *dump = NULL;
    enum tp_status status = tp_dump_open(path, owner, false, &dump, err);
    tp_dump_free(dump);
    return status;
}

static enum tp_status load_affinity(
    const char *path, const struct tp_model *owner, struct tp_error *err)
{
    struct tp_affinity *affinity = NULL;
    enum tp_status status = tp_affinity_load(path, owner, NULL, &affinity, err);
    tp_affinity_free(affinity);
    return status;
}

typedef enum tp_status load_function(
    const char *path, const struct tp_model *owner, struct tp_error *err);

static load_function *find_kind(const char *name)
{
    static const struct {
        const char *name;
        load_function *load;
    } kinds[] = {{"model", load_model}, {"topology", load_topology}, {"plan", load_plan},
        {"dump", load_dump}, {"affinity", load_affinity}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].load;
    return NULL;
}

static bool write_file(const char *path, const char *data, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool fine = fwrite(data, 1, length, file) == length;
    return fclose(file) == 0 && fine;
}

/* @return the number of beginnings that were not answered as they should be. */
static int cut_everywhere(load_function *load, const struct tp_model *owner, const char *path,
    const char *file, const char *data, size_t length)
{
    int wrong = 0;
    for (size_t left = 0; left <= length; left++) {
        if (!write_file(file, data, left))
            return 1;
        struct tp_error err = {0};
        enum tp_status status = load(path, owner, &err);
        bool complete = left + strspn(data + left, " \n") == length;
        bool right = complete ? status == TP_OK || left < length
                              : status == TP_EINPUT && err.text[0] != '\0';
        if (right)
            continue;
        wrong++;
        fprintf(stderr, "%zu of %zu bytes: status %d: %s\n", left, length, (int)status, err.text);
    }
    return wrong;
}

int main(int argc, char **argv)
{
    load_function *load = argc == 5 ? find_kind(argv[1]) : NULL;
    if (!load)
        return 2;
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    char *data = NULL;
    size_t length = 0;
    int wrong = 1;
    if (tp_model_load(argv[4], &model, &err) != TP_OK ||
        tp_file_read(argv[3], (size_t)1 << 20, &data, &length, &err) != TP_OK) {
        fprintf(stderr, "%s\n", err.text);
        goto out;
    }
    wrong = cut_everywhere(load, model, argv[2], argv[3], data, length);

out:
    free(data);
    tp_model_free(model);
    return wrong ? 1 : 0;
}
