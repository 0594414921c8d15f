/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of a whole step on several ranks, against finite differences of its loss.
 *
 *   mpirun -n G gradients PLAN MODE FILE
 *
 * In: a plan whose tables have optimizer sgd. Dense gradients are read after a step at learning
 * rate 0; those of tables are what a step takes off. In double, single parameters are then moved by
 * +-h and +-h/2, on every rank that has a copy, and the differences of the loss extrapolated
 * (Richardson). Where the two differences disagree, a ReLU has its kink between them: such
 * parameters are left out and counted. Differences of float losses say little, so there the
 * gradients themselves are kept, as FILE.<rank>, to be compared with those in double: per tensor
 * its size and its values, all as doubles. Out: a line per kind of parameter; exit status 1 if one
 * is wrong, if too many were left out, or none was looked at. */
#include <towerpart/plan.h>

#include "plan/figures.h"
#include "train/step.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP 1e-4
#define TOLERANCE 1e-6 /* of the largest gradient of the tensor */
#define RATE 0x1p20    /* so large that what it takes off tells the gradient to its last digits */
#define IS_DOUBLE (sizeof(tp_real) == sizeof(double))

#define TRIES_PER_TENSOR 6
#define TRIES_PER_RANK 24

struct rig {
    struct tp_comm *comm;
    struct tp_plan *plan;
    struct tp_placement *placement;
    struct tp_samples *samples;
    struct tp_batch batch;
    struct tp_trainer trainer;
    struct tp_random random; /* the same on all ranks */
    FILE *kept;
};

/* A kind of parameters, on the ranks that look at them. */
struct verdict {
    double worst; /* of |gradient - difference| / largest gradient */
    int64_t looked, left_out;
};

static void need(enum tp_status status, const struct tp_error *err)
{
    if (status == TP_OK)
        return;
    fprintf(stderr, "gradients: %s\n", err->text);
    exit(3);
}

/* Mean loss of the batch; a step whose learning rates are what the trainer has. */
static double step(struct rig *rig)
{
    struct tp_error err;
    double own, loss = 0, *all = TP_NEW(tp_comm_size(rig->comm), double);
    need(tp_trainer_begin(&rig->trainer, &rig->batch, &err), &err);
    need(tp_trainer_step(&rig->trainer, 1, &rig->batch, NULL, &own, &err), &err);
    tp_comm_gather(rig->comm, &own, sizeof own, all);
    for (int32_t g = 0; g < tp_comm_size(rig->comm); g++)
        loss += all[g];
    tp_comm_broadcast(rig->comm, &loss, sizeof loss);
    free(all);
    return loss / (double)rig->trainer.layout.batch;
}

/* (loss(+h) - loss(-h)) / 2h. All ranks call it; `value` is NULL on those without a copy. */
static double difference(struct rig *rig, tp_real *value, double h)
{
    tp_real before = value ? *value : 0, up, down;
    if (value)
        *value = (tp_real)((double)before + h);
    up = value ? *value : 0;
    double above = step(rig);
    if (value)
        *value = (tp_real)((double)before - h);
    down = value ? *value : 0;
    double below = step(rig);
    if (value)
        *value = before;
    return value ? (above - below) / ((double)up - (double)down) : 0;
}

/* @param gradient  what is claimed. @param largest  of the tensor's gradients. */
static void look(
    struct rig *rig, tp_real *value, double gradient, double largest, struct verdict *verdict)
{
    double wide = difference(rig, value, STEP), narrow = difference(rig, value, STEP / 2);
    if (!value || largest <= 0)
        return;
    verdict->looked++;
    if (fabs(wide - narrow) > TOLERANCE * largest) {
        verdict->left_out++;
        return;
    }
    verdict->worst = fmax(verdict->worst, fabs((4 * narrow - wide) / 3 - gradient) / largest);
}

static void keep(struct rig *rig, const tp_real *gradients, size_t count)
{
    double size = (double)count;
    fwrite(&size, sizeof size, 1, rig->kept);
    for (size_t i = 0; i < count; i++) {
        double value = (double)gradients[i];
        fwrite(&value, sizeof value, 1, rig->kept);
    }
}

static double largest_of(const tp_real *gradients, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)gradients[i]));
    return largest;
}

/* @param parameters  NULL on ranks without a copy. @param tensors  as many as any rank has. */
static void look_at_dense(
    struct rig *rig, struct tp_parameters *parameters, int32_t tensors, struct verdict *verdict)
{
    step(rig);
    tp_real *claimed = parameters ? TP_NEW(parameters->count, tp_real) : NULL;
    if (parameters)
        memcpy(claimed, parameters->gradients, parameters->count * sizeof *claimed);
    for (int32_t i = 0; parameters && i < parameters->tensor_count; i++) {
        const struct tp_tensor *tensor = &parameters->tensors[i];
        keep(rig, claimed + tensor->first, (size_t)(tensor->rows * tensor->columns));
    }
    for (int32_t i = 0; i < tensors && IS_DOUBLE; i++)
        for (int k = 0; k < TRIES_PER_TENSOR; k++) {
            uint64_t drawn = tp_random_next(&rig->random) >> 1;
            if (!parameters || i >= parameters->tensor_count) {
                look(rig, NULL, 0, 0, verdict);
                continue;
            }
            const struct tp_tensor *tensor = &parameters->tensors[i];
            size_t count = (size_t)(tensor->rows * tensor->columns);
            size_t place = tensor->first + drawn % count;
            look(rig, &parameters->values[place], (double)claimed[place],
                largest_of(claimed + tensor->first, count), verdict);
        }
    free(claimed);
}

/* A parameter of the shard that was looked up, from a drawn place on. @return SIZE_MAX: there is none. */
static size_t touched_from(const tp_real *gradients, size_t count, uint64_t drawn)
{
    for (size_t i = 0; i < count; i++)
        if (gradients[(drawn + i) % count] != 0)
            return (drawn + i) % count;
    return SIZE_MAX;
}

/* Gradients of this rank's shards: what a step takes off. */
static tp_real **shard_gradients(struct rig *rig)
{
    struct tp_embeddings *embeddings = &rig->trainer.embeddings;
    tp_real **gradients = TP_NEW(embeddings->shard_count, tp_real *);
    for (int32_t s = 0; s < embeddings->shard_count; s++) {
        const struct tp_embedding_shard *shard = &embeddings->shards[s];
        size_t count = (size_t)shard->rows * (size_t)shard->columns;
        gradients[s] = TP_NEW(count, tp_real);
        memcpy(gradients[s], shard->weights, count * sizeof(tp_real));
    }
    embeddings->learning.rate = RATE;
    step(rig);
    embeddings->learning.rate = 0;
    for (int32_t s = 0; s < embeddings->shard_count; s++) {
        struct tp_embedding_shard *shard = &embeddings->shards[s];
        size_t count = (size_t)shard->rows * (size_t)shard->columns;
        for (size_t i = 0; i < count; i++) {
            tp_real before = gradients[s][i];
            gradients[s][i] = (before - shard->weights[i]) / (tp_real)RATE;
            shard->weights[i] = before;
        }
    }
    return gradients;
}

static void look_at_tables(struct rig *rig, struct verdict *verdict)
{
    struct tp_embeddings *embeddings = &rig->trainer.embeddings;
    tp_real **gradients = shard_gradients(rig);
    for (int32_t s = 0; s < embeddings->shard_count; s++)
        keep(rig, gradients[s],
            (size_t)embeddings->shards[s].rows * (size_t)embeddings->shards[s].columns);
    for (int32_t g = 0; g < tp_comm_size(rig->comm) && IS_DOUBLE; g++)
        for (int k = 0; k < TRIES_PER_RANK; k++) {
            uint64_t drawn = tp_random_next(&rig->random) >> 1;
            tp_real *value = NULL;
            double gradient = 0, largest = 0;
            if (g == tp_comm_rank(rig->comm) && embeddings->shard_count > 0) {
                int32_t s = (int32_t)(drawn % (uint64_t)embeddings->shard_count);
                struct tp_embedding_shard *shard = &embeddings->shards[s];
                size_t count = (size_t)shard->rows * (size_t)shard->columns;
                size_t place = touched_from(gradients[s], count, drawn / 64);
                if (place != SIZE_MAX) {
                    value = &shard->weights[place];
                    gradient = (double)gradients[s][place];
                    largest = largest_of(gradients[s], count);
                }
            }
            look(rig, value, gradient, largest, verdict);
        }
    for (int32_t s = 0; s < embeddings->shard_count; s++)
        free(gradients[s]);
    free(gradients);
}

/* Over all ranks, on rank 0. @return whether it is right. */
static bool tell(const struct rig *rig, const char *kind, const struct verdict *own)
{
    int32_t ranks = tp_comm_size(rig->comm);
    struct verdict *all = TP_NEW(ranks, struct verdict), sum = {0};
    tp_comm_gather(rig->comm, own, sizeof *own, all);
    for (int32_t g = 0; g < ranks; g++) {
        sum.worst = fmax(sum.worst, all[g].worst);
        sum.looked += all[g].looked;
        sum.left_out += all[g].left_out;
    }
    free(all);
    if (tp_comm_rank(rig->comm) != 0)
        return true;
    printf("%s: %lld parameters, %lld left out, worst %.2g of the largest gradient\n", kind,
        (long long)sum.looked, (long long)sum.left_out, sum.worst);
    return !IS_DOUBLE ||
           (sum.worst <= TOLERANCE && sum.looked > 0 && 5 * sum.left_out <= sum.looked);
}

static void open_rig(struct rig *rig, const char *path, const char *mode, const char *file)
{
    struct tp_error err;
    char own[4096];
    struct tp_trainer_options options = {.dense = {TP_SGD, 0}, .seed = 3};
    for (int i = 0; i < TP_MODE_COUNT; i++)
        if (strcmp(mode, tp_mode_name((enum tp_mode)i)) == 0)
            options.mode = (enum tp_mode)i;
    need(tp_comm_new(&rig->comm, &err), &err);
    need(tp_plan_load(path, &rig->plan, &err), &err);
    need(tp_plan_placement(rig->plan, &rig->placement, &err), &err);
    need(tp_comm_divide(rig->comm, rig->plan->topology, rig->placement->ranks_per_tower, &err),
        &err);
    need(tp_trainer_init(&rig->trainer, rig->plan->model, rig->plan->topology, rig->placement,
             rig->comm, &options, &err),
        &err);
    int64_t local = rig->trainer.layout.local_batch;
    const struct tp_share share = {
        rig->trainer.layout.batch, local * tp_comm_rank(rig->comm), local};
    need(tp_samples_open("synthetic:5", rig->plan->model, NULL, share, &rig->samples, &err), &err);
    need(tp_samples_read(
             rig->samples, TP_PART_TRAIN, share.first, (int32_t)local, &rig->batch, &err),
        &err);
    rig->random = tp_random_new(11, 0);
    snprintf(own, sizeof own, "%s.%d", file, (int)tp_comm_rank(rig->comm));
    rig->kept = fopen(own, "wb");
    if (!rig->kept)
        exit(3);
}

static void close_rig(struct rig *rig)
{
    fclose(rig->kept);
    tp_batch_release(&rig->batch);
    tp_samples_free(rig->samples);
    tp_trainer_release(&rig->trainer);
    tp_placement_free(rig->placement);
    tp_plan_free(rig->plan);
    tp_comm_free(rig->comm);
}

int main(int argc, char **argv)
{
    struct rig rig = {0};
    struct verdict over = {0}, module = {0}, tables = {0};
    if (argc != 4)
        return 2;
    open_rig(&rig, argv[1], argv[2], argv[3]);
    struct tp_parameters *parameters = tp_over_arch_parameters(rig.trainer.over_arch);
    look_at_dense(&rig, parameters, parameters->tensor_count, &over);
    bool right = tell(&rig, "over-arch", &over);
    int32_t own = tp_comm_rank(rig.comm) / rig.trainer.layout.ranks_per_tower;
    for (int32_t t = 0; rig.trainer.module && t < rig.trainer.layout.tower_count; t++)
        look_at_dense(
            &rig, t == own ? tp_tower_layer_parameters(rig.trainer.module) : NULL, 12, &module);
    if (rig.trainer.module)
        right = tell(&rig, "tower modules", &module) && right;
    look_at_tables(&rig, &tables);
    right = tell(&rig, "tables", &tables) && right;
    close_rig(&rig);
    return right ? 0 : 1;
}
