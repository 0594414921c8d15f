/* SPDX-License-Identifier: Apache-2.0 */
/* How often each id occurs. */
#ifndef TP_PROFILE_COUNT_H
#define TP_PROFILE_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tp_id_slot {
    uint64_t hash;
    int64_t count; /* 0: free */
};

/* All zero at the start. */
struct tp_id_counts {
    struct tp_id_slot *slots; /* (capacity) a power of two */
    size_t capacity, used;
};

/* Counts an id once more. @return false: out of memory. Cost: O(length), amortised. */
bool tp_id_count(struct tp_id_counts *counts, const char *text, size_t length);

/* The count of a hash, which is free (0) if it is new; who gets it makes it positive. NULL: out of
 * memory. Good until the next call. */
int64_t *tp_id_counts_at(struct tp_id_counts *counts, uint64_t hash);

/* The count of a hash; 0: it is not there. */
int64_t tp_id_counts_get(const struct tp_id_counts *counts, uint64_t hash);

/* The counts alone, largest first. @return (counts->used), caller frees; NULL: out of memory.
 * Cost: O(n log n). */
int64_t *tp_id_counts_sorted(const struct tp_id_counts *counts);

void tp_id_counts_release(struct tp_id_counts *counts);

/* 64 bits of an id. Ids of equal length up to 8 bytes never share a hash. */
uint64_t tp_id_hash(const char *text, size_t length);

#endif
