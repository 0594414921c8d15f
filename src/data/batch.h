/* SPDX-License-Identifier: Apache-2.0 */
/* How a source fills a batch. */
#ifndef TP_DATA_BATCH_H
#define TP_DATA_BATCH_H

#include "data/samples.h"

/* Makes it a batch of `count` samples that do not exist yet: all is 0, without ids. @return
 * TP_ENOMEM. */
enum tp_status tp_batch_begin(
    struct tp_batch *batch, const struct tp_model *model, int32_t count, struct tp_error *err);

/* Room behind the ids for `more`; who fills it adds them to id_count.
 * @return borrowed until the next call; NULL: out of memory. Cost: O(1), amortised. */
int64_t *tp_batch_room(struct tp_batch *batch, int64_t more);

#endif
