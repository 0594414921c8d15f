/* SPDX-License-Identifier: Apache-2.0 */
/* A few good assignments, all different: what they have in common is worth keeping, what they differ in is
 * worth trying in other combinations (memetic search; Galinier & Hao 1999, doi:10.1023/A:1009823419804). */
#ifndef TP_PARTITION_POOL_H
#define TP_PARTITION_POOL_H

#include <stdint.h>

#include <towerpart/status.h>

#include "base/random.h"

#define TP_POOL_MOST 8

struct tp_pool;

enum tp_status tp_pool_new(int32_t unit_count, struct tp_pool **pool, struct tp_error *err);
void tp_pool_free(struct tp_pool *pool);

int32_t tp_pool_count(const struct tp_pool *pool);

/* Takes an assignment (U) in, for the worst one where the pool is full and that one is worse. Two of
 * the same value are taken for the same. */
void tp_pool_keep(struct tp_pool *pool, const int32_t *tower, double value);

void tp_pool_clear(struct tp_pool *pool);

/* Takes in all of another one. */
void tp_pool_add(struct tp_pool *pool, const struct tp_pool *from);

/* Any of them, (U), borrowed until the pool changes; there must be one. */
const int32_t *tp_pool_any(const struct tp_pool *pool, struct tp_random *random);

#endif
