/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as HugeCTR's embedding collection takes it: what EmbeddingCollectionConfig.shard() is called with,
 * shard_matrix (a list of table names for each GPU) and shard_strategy ([["mp", [name or [name, parts]]]]),
 * the tables for their EmbeddingTableConfig, and the towers, of which HugeCTR knows nothing.
 *
 * HugeCTR derives the shards: a table on n GPUs with p parts is cut into p equal pieces by columns, piece
 * i for the i-th n / p of these GPUs in ascending order, and each piece by rows, row k to GPU k % (n / p)
 * (split_column_wise_sharding_config() in embedding_collection.cu, ragged_static_embedding.cu). So every
 * plan's ranks and bytes can be said, but for column shards that are not as many on each rank. Which
 * rows and which columns are where is HugeCTR's; notes say where that differs.
 * Cost: O(tables * ranks + shards). */
#include <towerpart/export.h>

#include "base/fail.h"
#include "base/memory.h"
#include "export/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many tables (ranks) something is true of, and the first of them. */
struct tally {
    int32_t count, first;
};

struct hugectr {
    struct tp_export export;
    json_t *matrix; /* a list of names for each rank */
    int32_t
        *piece; /* (ranks) of the table at hand: its number among the ranks that hold it, from 1 */
    int32_t *parts;            /* (tables) by columns */
    struct tally rows, turned; /* tables */
};

static void count(struct tally *tally, int32_t which)
{
    if (tally->count++ == 0)
        tally->first = which;
}

static enum tp_status begin(struct hugectr *h, const struct tp_plan *plan, struct tp_error *err)
{
    int failed = 0;
    h->export.plan = plan;
    h->matrix = json_array();
    h->piece = TP_NEW(plan->topology->rank_count, int32_t);
    h->parts = TP_NEW(plan->table_count, int32_t);
    for (int32_t g = 0; g < plan->topology->rank_count && !failed; g++)
        failed = json_array_append_new(h->matrix, json_array());
    return h->matrix && h->piece && h->parts && !failed ? TP_OK : tp_fail_memory(err);
}

/* Of the ranks of a tower that hold nothing of the table, the one with the most memory left; -1: none. */
static int32_t emptiest(const struct hugectr *h, int32_t tower)
{
    const struct tp_plan *plan = h->export.plan;
    int32_t ranks = tp_topology_ranks_per_tower(plan->topology), best = -1;
    for (int32_t g = tower * ranks; g < (tower + 1) * ranks; g++)
        if (!h->piece[g] &&
            (best < 0 || plan->ranks[g].load.memory_bytes < plan->ranks[best].load.memory_bytes))
            best = g;
    return best;
}

/* Ranks a and b hold different numbers of column shards. */
static enum tp_status fail_uneven(struct hugectr *h, const struct tp_plan_table *table, int32_t a,
    int32_t b, int32_t shards[2], struct tp_error *err)
{
    char advice[96] = "cut the table otherwise";
    int32_t to = emptiest(h, table->place.tower);
    if (to >= 0)
        snprintf(advice, sizeof advice, "move one from rank %d to rank %d",
            (int)(shards[0] > shards[1] ? a : b), (int)to);
    return tp_fail(err, TP_EINFEASIBLE,
        "table %s: found %d column shard%s on rank %d and %d on rank %d, expected as many on each, "
        "since HugeCTR cuts evenly: %s, then towerpart recost",
        table->name, (int)shards[0], tp_plural(shards[0]), (int)a, (int)shards[1], (int)b, advice);
}

/* Numbers the ranks that hold a table. @return TP_EINFEASIBLE if some hold more shards than others. */
static enum tp_status number_pieces(
    struct hugectr *h, const struct tp_plan_table *table, int32_t *ranks, struct tp_error *err)
{
    int32_t rank_count = h->export.plan->topology->rank_count, first = -1, shards = 0;
    memset(h->piece, 0, (size_t)rank_count * sizeof *h->piece);
    for (int32_t i = 0; i < table->place.shard_count; i++)
        h->piece[table->place.shards[i].rank]++;
    *ranks = 0;
    for (int32_t g = 0; g < rank_count; g++) {
        if (h->piece[g] == 0)
            continue;
        if (first >= 0 && h->piece[g] != shards)
            return fail_uneven(h, table, first, g, (int32_t[]){shards, h->piece[g]}, err);
        first = first < 0 ? g : first;
        shards = h->piece[g];
        h->piece[g] = ++*ranks;
    }
    return TP_OK;
}

/* Whether a rank gets other columns than it has in the plan. */
static bool is_turned(
    const struct hugectr *h, const struct tp_table_placement *place, int32_t parts)
{
    int32_t width = place->shards[0].columns * place->shard_count / parts;
    for (int32_t i = 0; i < place->shard_count; i++)
        if (place->shards[i].column / width + 1 != h->piece[place->shards[i].rank])
            return true;
    return false;
}

static enum tp_status place_table(struct hugectr *h, int32_t t, struct tp_error *err)
{
    const struct tp_plan_table *table = &h->export.plan->tables[t];
    int32_t ranks = 0;
    enum tp_status status = number_pieces(h, table, &ranks, err);
    if (status != TP_OK)
        return status;
    h->parts[t] = table->place.sharding == TP_SHARD_COLUMN ? ranks : 1;
    if (table->place.sharding == TP_SHARD_ROW)
        count(&h->rows, t);
    if (h->parts[t] > 1 && is_turned(h, &table->place, h->parts[t]))
        count(&h->turned, t);
    for (int32_t g = 0; g < h->export.plan->topology->rank_count; g++)
        if (h->piece[g] &&
            json_array_append_new(json_array_get(h->matrix, (size_t)g), json_string(table->name)))
            return tp_fail_memory(err);
    return TP_OK;
}

static void add_matrix(struct hugectr *h)
{
    struct tp_text *text = &h->export.text;
    size_t ranks = json_array_size(h->matrix);
    tp_text_add(text, "{\"shard_matrix\": [\n");
    for (size_t g = 0; g < ranks; g++)
        tp_export_line(
            text, NULL, json_incref(json_array_get(h->matrix, g)), g + 1 < ranks ? "," : "");
    tp_text_add(text, "],\n");
}

static void add_strategy(struct hugectr *h)
{
    struct tp_text *text = &h->export.text;
    const struct tp_plan *plan = h->export.plan;
    tp_text_add(text, "\"shard_strategy\": [[\"mp\", [\n");
    for (int32_t t = 0; t < plan->table_count; t++) {
        const char *name = plan->tables[t].name;
        tp_export_line(text, NULL,
            h->parts[t] > 1 ? json_pack("[s,i]", name, (int)h->parts[t]) : json_string(name),
            t + 1 < plan->table_count ? "," : "");
    }
    tp_text_add(text, "]]],\n");
}

static void add_tables(struct tp_text *text, const struct tp_model *model)
{
    tp_text_add(text, "\"tables\": {\n");
    for (int32_t t = 0; t < model->table_count; t++) {
        const struct tp_table *table = &model->tables[t];
        json_t *features = json_array();
        for (int32_t f = 0; f < table->feature_count; f++)
            if (json_array_append_new(
                    features, json_string(model->features[table->first_feature + f].name)))
                text->failed = true;
        tp_export_line(text, table->name,
            json_pack("{s:I, s:i, s:o}", "max_vocabulary_size", (json_int_t)table->rows, "ev_size",
                (int)table->dim, "features", features),
            t + 1 < model->table_count ? "," : "");
    }
    tp_text_add(text, "},\n");
}

static void add_notes(struct hugectr *h)
{
    const struct tp_plan *plan = h->export.plan;
    struct tp_text *notes = &h->export.notes;
    struct tally idle = {0};
    for (int32_t g = 0; g < plan->topology->rank_count; g++)
        if (json_array_size(json_array_get(h->matrix, (size_t)g)) == 0)
            count(&idle, g);
    if (idle.count > 0)
        tp_text_add(notes,
            "%d rank%s without a table, first %d: HugeCTR may refuse an empty list of tables\n",
            (int)idle.count, tp_plural(idle.count), (int)idle.first);
    if (h->rows.count > 0)
        tp_text_add(notes,
            "%d table%s cut by rows, first %s: HugeCTR deals the rows out one by one, not in "
            "blocks\n",
            (int)h->rows.count, tp_plural(h->rows.count), plan->tables[h->rows.first].name);
    if (h->turned.count > 0)
        tp_text_add(notes,
            "%d table%s with columns on other ranks than in the plan, as many on each, first %s: "
            "HugeCTR has them in the order of the ranks\n",
            (int)h->turned.count, tp_plural(h->turned.count), plan->tables[h->turned.first].name);
}

enum tp_status tp_export_hugectr(
    const struct tp_plan *plan, const char *path, char **notes, struct tp_error *err)
{
    struct hugectr h = {.matrix = NULL};
    enum tp_status status = begin(&h, plan, err);
    for (int32_t t = 0; status == TP_OK && t < plan->table_count; t++)
        status = place_table(&h, t, err);
    if (status == TP_OK) {
        add_matrix(&h);
        add_strategy(&h);
        add_tables(&h.export.text, plan->model);
        tp_text_add(&h.export.text, "\"towers\": ");
        tp_export_towers(&h.export.text, plan);
        tp_text_add(&h.export.text, "}\n");
        add_notes(&h);
        status = tp_export_end(&h.export, path, notes, err);
    }
    free(h.parts);
    free(h.piece);
    json_decref(h.matrix);
    return status;
}
