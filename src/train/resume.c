/* SPDX-License-Identifier: Apache-2.0 */
/* A trainer's state in a checkpoint.
 *
 * In: a trainer. Out: its parameters and the state of its optimizers in files, or back from them,
 * bit for bit. Each rank keeps its shards; the over-arch, of which all ranks have the same copy, is
 * kept by each too, as is a tower's module: that costs little beside the tables and needs no rank
 * to be there for another. A run goes on only as what it was: facts that differ are named. Model
 * and placement are known by their digests, so a plan whose figures were recomputed is still the
 * same. */
#include "train/resume.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "spec/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum tp_status digest_model(
    const struct tp_model *model, char sha256[65], struct tp_error *err)
{
    struct tp_text text = {0};
    enum tp_status status = tp_model_format(model, &text, err);
    if (status == TP_OK)
        tp_digest_bytes(text.data, text.length, sha256);
    tp_text_release(&text);
    return status;
}

/* Ranks, towers, and where every shard lies. */
static enum tp_status digest_placement(
    const struct tp_plan *plan, char sha256[65], struct tp_error *err)
{
    struct tp_text text = {0};
    const struct tp_topology *topology = plan->topology;
    tp_text_add(&text, "%d %d %d\n", (int)topology->rank_count, (int)topology->ranks_per_host,
        (int)tp_topology_ranks_per_tower(topology));
    for (int32_t t = 0; t < plan->table_count; t++) {
        const struct tp_plan_table *table = &plan->tables[t];
        tp_text_add(&text, "%s %d\n", table->name, (int)table->place.tower);
        for (int32_t s = 0; s < table->place.shard_count; s++) {
            const struct tp_shard *shard = &table->place.shards[s];
            tp_text_add(&text, "%d %lld %lld %d %d\n", (int)shard->rank, (long long)shard->row,
                (long long)shard->rows, (int)shard->column, (int)shard->columns);
        }
    }
    if (!text.failed)
        tp_digest_bytes(text.data, text.length, sha256);
    enum tp_status status = text.failed ? tp_fail_memory(err) : TP_OK;
    tp_text_release(&text);
    return status;
}

static void describe(struct tp_learning learning, char *out, size_t bytes)
{
    char rate[32];
    tp_format_real(rate, learning.rate);
    snprintf(out, bytes, "%s at rate %s", tp_optimizer_name(learning.kind), rate);
}

enum tp_status tp_identity_init(struct tp_identity *identity, const struct tp_plan *plan,
    const struct tp_trainer_options *options, const char data[65], struct tp_error *err)
{
    enum tp_status status = digest_model(plan->model, identity->model, err);
    if (status == TP_OK)
        status = digest_placement(plan, identity->placement, err);
    if (status)
        return status;
    memcpy(identity->data, data, sizeof identity->data);
    snprintf(identity->seed, sizeof identity->seed, "%llu", (unsigned long long)options->seed);
    describe(options->dense, identity->dense, sizeof identity->dense);
    describe((struct tp_learning){plan->model->optimizer, options->sparse_rate}, identity->sparse,
        sizeof identity->sparse);
    const struct tp_fact facts[TP_RUN_FACTS] = {
        {"model", identity->model},
        {"placement", identity->placement},
        {"data", identity->data},
        {"mode", tp_mode_name(options->mode)},
        {"seed", identity->seed},
        {"dense optimizer", identity->dense},
        {"sparse optimizer", identity->sparse},
    };
    memcpy(identity->facts, facts, sizeof facts);
    return TP_OK;
}

/* The sections of a rank. */
struct sections {
    struct tp_section *list;
    int32_t count;
};

static void add(
    struct sections *sections, const char *owner, const char *what, void *data, size_t count)
{
    if (count == 0)
        return;
    struct tp_section *section = &sections->list[sections->count++];
    snprintf(section->name, sizeof section->name, "%.300s %s", owner, what);
    section->data = data;
    section->bytes = count * sizeof(tp_real);
}

static void add_dense(struct sections *sections, const char *owner,
    const struct tp_parameters *parameters, const struct tp_dense_optimizer *optimizer)
{
    add(sections, owner, "values", parameters->values, parameters->count);
    add(sections, owner, "state", optimizer->state, optimizer->state_count);
}

static enum tp_status sections_of(
    struct tp_trainer *t, struct sections *sections, struct tp_error *err)
{
    const struct tp_model *model = t->layout.model;
    sections->count = 0;
    sections->list = TP_NEW(2 * (size_t)t->embeddings.shard_count + 4, struct tp_section);
    if (!sections->list)
        return tp_fail_memory(err);
    for (int32_t s = 0; s < t->embeddings.shard_count; s++) {
        const struct tp_embedding_shard *shard = &t->embeddings.shards[s];
        const char *name = model->tables[shard->table].name;
        add(sections, name, "values", shard->weights, (size_t)shard->rows * (size_t)shard->columns);
        add(sections, name, "state", shard->state, (size_t)shard->state_count);
    }
    add_dense(sections, "over-arch", tp_over_arch_parameters(t->over_arch), &t->over_optimizer);
    if (t->module)
        add_dense(
            sections, "tower module", tp_tower_layer_parameters(t->module), &t->module_optimizer);
    return TP_OK;
}

enum tp_status tp_resume_save(struct tp_trainer *t, const char *dir, int64_t step,
    const struct tp_identity *identity, struct tp_error *err)
{
    struct sections sections;
    int32_t rank = tp_comm_rank(t->comm);
    enum tp_status status = sections_of(t, &sections, err);
    if (status == TP_OK)
        status = tp_checkpoint_write(dir, step, rank, sections.list, sections.count, err);
    free(sections.list);
    status = tp_comm_agree(t->comm, status, err);
    if (status)
        return status;
    if (rank == 0)
        status = tp_checkpoint_publish(
            dir, step, t->layout.rank_count, identity->facts, TP_RUN_FACTS, err);
    status = tp_comm_agree(t->comm, status, err);
    if (status == TP_OK)
        tp_checkpoint_clean(dir, rank, step);
    return status;
}

enum tp_status tp_resume_load(struct tp_trainer *t, const char *dir,
    const struct tp_identity *identity, int64_t *step, struct tp_error *err)
{
    struct sections sections;
    enum tp_status status = TP_OK;
    if (tp_comm_rank(t->comm) == 0)
        status =
            tp_checkpoint_find(dir, t->layout.rank_count, identity->facts, TP_RUN_FACTS, step, err);
    status = tp_comm_agree(t->comm, status, err);
    if (status)
        return status;
    tp_comm_broadcast(t->comm, step, sizeof *step);
    status = sections_of(t, &sections, err);
    if (status == TP_OK)
        status = tp_checkpoint_read(
            dir, *step, tp_comm_rank(t->comm), sections.list, sections.count, err);
    free(sections.list);
    return tp_comm_agree(t->comm, status, err);
}
