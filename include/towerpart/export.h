/* SPDX-License-Identifier: Apache-2.0 */
/* Plans handed over to the programs that train by them. docs/export.md shows how they are loaded there. */
#ifndef TOWERPART_EXPORT_H
#define TOWERPART_EXPORT_H

#include <towerpart/plan.h>
#include <towerpart/status.h>

/* Writes the plan as the JSON form of TorchRec's EmbeddingShardingPlan, with a section for its towers.
 * tp_import_torchrec_plan() gives the same placement back.
 * @param plan   sound: tp_plan_check() finds nothing.
 * @param path   "-" for standard output.
 * @param notes  out: what TorchRec cannot do with it, a line each, for people; "" if nothing. Caller frees.
 * @return TP_OK; TP_EINTERNAL when the file cannot be written; TP_ENOMEM. */
enum tp_status tp_export_torchrec(
    const struct tp_plan *plan, const char *path, char **notes, struct tp_error *err);

/* Writes what HugeCTR's embedding collection is told of a plan, as JSON: shard_matrix, shard_strategy, the
 * tables with their features, and the towers.
 * @param plan, path, notes  as above.
 * @return TP_EINFEASIBLE, naming the table, when column shards are not as many on each of their ranks;
 *         TP_OK; TP_EINTERNAL when the file cannot be written; TP_ENOMEM. */
enum tp_status tp_export_hugectr(
    const struct tp_plan *plan, const char *path, char **notes, struct tp_error *err);

#endif
