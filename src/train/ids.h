/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of one batch on their way from the ranks that read the samples to those that look up.
 *
 * Each rank sends to each rank what that one's shards need of its b samples, as bags.h lays it out:
 * first the lengths, whose number is known, then the ids, whose number follows from the lengths.
 * Both exchanges go on while the caller computes. A whole table or a column shard gets all ids of
 * its features, a row shard those of its rows. */
#ifndef TP_TRAIN_IDS_H
#define TP_TRAIN_IDS_H

#include <stdint.h>

#include <towerpart/status.h>

#include "data/samples.h"
#include "train/bags.h"
#include "train/comm.h"
#include "train/layout.h"

/* What this rank's shards look up in a step. */
struct tp_ids_load {
    int64_t ids;
    int64_t lookup_bytes; /* of float32 values */
    int64_t id_bytes;     /* 8 per id, 4 per bag and shard; its own samples' too */
};

struct tp_ids;

/* @param layout, comm  borrowed until tp_ids_free(). */
enum tp_status tp_ids_new(const struct tp_layout *layout, struct tp_comm *comm, struct tp_ids **ids,
    struct tp_error *err);
void tp_ids_free(struct tp_ids *ids);

/* Begins with a batch of b samples, which is not needed any more when it returns. */
enum tp_status tp_ids_start(struct tp_ids *ids, const struct tp_batch *batch, struct tp_error *err);

/* Gets on with it, without waiting. */
enum tp_status tp_ids_poke(struct tp_ids *ids, struct tp_error *err);

/* Waits until all is there.
 * @param bags  out, valid until the next tp_ids_start(). @param load  out. */
enum tp_status tp_ids_finish(
    struct tp_ids *ids, struct tp_bags *bags, struct tp_ids_load *load, struct tp_error *err);

#endif
