/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rows of a shard are looked up in a global batch, grouped by row.
 *
 * An occurrence is a row and a place: where in the gradients (B, O) the gradient of the bag begins.
 * One key holds both, row << place_bits | place, so that eight bytes are moved when they are
 * sorted. */
#ifndef TP_TRAIN_OCCURRENCES_H
#define TP_TRAIN_OCCURRENCES_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

/* All zero at the start. */
struct tp_occurrences {
    uint64_t *keys; /* (count) */
    size_t count;
    size_t capacity;
    int place_bits, row_bits;
    uint64_t *spare; /* (capacity) */
};

/* Makes room for `count` keys. @return TP_ENOMEM, then what was there still is. */
enum tp_status tp_occurrences_reserve(
    struct tp_occurrences *occurrences, size_t count, struct tp_error *err);
void tp_occurrences_release(struct tp_occurrences *occurrences);

/* Empties it. Rows will be below `rows`, places below `places`.
 * @return TP_EINPUT when the two do not fit into 64 bits. */
enum tp_status tp_occurrences_begin(
    struct tp_occurrences *occurrences, int64_t rows, int64_t places, struct tp_error *err);

static inline void tp_occurrences_add(
    struct tp_occurrences *occurrences, int64_t row, int64_t place)
{
    occurrences->keys[occurrences->count++] =
        (uint64_t)row << occurrences->place_bits | (uint64_t)place;
}

static inline int64_t tp_occurrence_row(const struct tp_occurrences *occurrences, size_t i)
{
    return (int64_t)(occurrences->keys[i] >> occurrences->place_bits);
}

static inline int64_t tp_occurrence_place(const struct tp_occurrences *occurrences, size_t i)
{
    return (int64_t)(occurrences->keys[i] & ((UINT64_C(1) << occurrences->place_bits) - 1));
}

/* By row; those of one row stay in the order in which they were added. Cost: O(count * bits of a
 * row). */
void tp_occurrences_sort(struct tp_occurrences *occurrences);

#endif
