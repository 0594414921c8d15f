/* SPDX-License-Identifier: Apache-2.0 */
/* What updates keep from step to step: room, no values. tp_embeddings_update() itself is in
 * train/embedding.h. */
#ifndef TP_TRAIN_EMBEDDING_UPDATE_H
#define TP_TRAIN_EMBEDDING_UPDATE_H

struct tp_update_scratch;

/* @return NULL: no memory. */
struct tp_update_scratch *tp_update_scratch_new(void);
void tp_update_scratch_free(struct tp_update_scratch *scratch);

#endif
