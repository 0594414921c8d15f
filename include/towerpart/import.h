/* SPDX-License-Identifier: Apache-2.0 */
/* Other people's files: model specs from a list of tables, plans from TorchRec. */
#ifndef TOWERPART_IMPORT_H
#define TOWERPART_IMPORT_H

#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

/* What the file does not say. */
struct tp_import_options {
    const char *name;         /* of the model; NULL (default): of the file, without its extension */
    int64_t batch_size;       /* global samples per step; exactly one of the two is not 0 */
    int64_t local_batch_size; /* samples per rank and step */
    const char *columns; /* CSV: "table=name,rows=num_embeddings,..."; NULL (default): guessed */
};

/* A model spec from a CSV file (RFC 4180, UTF-8, with a header line) of one table per record. Needed are
 * columns for the table's name, rows and dim; optional are features, several separated by ';' or '|'
 * (else one, named as the table), and pooling, one number for all features of the table or one for
 * each (else 1). All else has the spec's defaults.
 * @param path   "-" for standard input.
 * @param notes  out: what was guessed and ignored, a line each, for people; "" if nothing. Caller frees.
 * @param model  out, resolved, to be freed with tp_model_free().
 * @return TP_OK; TP_EINPUT with file and line; TP_EUSAGE for options that are wrong; TP_ENOMEM. */
enum tp_status tp_import_csv(const char *path, const struct tp_import_options *options,
    char **notes, struct tp_model **model, struct tp_error *err);

/* The same from the JSON form of TorchRec's EmbeddingBagConfigs: a list of objects with num_embeddings,
 * embedding_dim, name, feature_names, pooling, data_type, or an object that holds the list as "tables" or
 * "embedding_bag_configs". What changes the function that is trained and is not part of the spec (mean
 * pooling, weights, other data types) is refused by name. */
enum tp_status tp_import_torchrec_config(const char *path, const struct tp_import_options *options,
    char **notes, struct tp_model **model, struct tp_error *err);

/* A plan from the JSON form of TorchRec's EmbeddingShardingPlan, see docs/import.md. It may be wrong in
 * any way that a plan file may: tp_plan_check() tells. Its limits are the smallest hundredths that its
 * towers keep to. Loads, costs and quality are computed where the placement is sound enough, and
 * are 0 elsewhere.
 * @param model, topology  borrowed; deep-copied into the plan.
 * @param affinity  for the share inside towers; NULL: none. Features in the model's order; borrowed.
 * @param notes     out, as tp_import_csv().
 * @param plan      out, to be freed with tp_plan_free(); the inputs' file names and digests are
 *                  left empty for the caller to set.
 * @return TP_OK; TP_EINPUT with file, table and shard for what no plan can say; TP_ENOMEM. */
enum tp_status tp_import_torchrec_plan(const char *path, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_affinity *affinity, char **notes,
    struct tp_plan **plan, struct tp_error *err);

#endif
