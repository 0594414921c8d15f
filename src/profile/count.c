/* SPDX-License-Identifier: Apache-2.0 */
/* An open-addressing table of hashes and counts; the ids themselves are not kept.
 *
 * In: ids, one after the other. Out: how often each occurred. Two ids with the same 64-bit hash count as
 * one: among n ids that is to be expected n^2 / 2^65 times, once in 37 runs over a billion of them.
 *
 * A slot is 16 bytes. The table doubles when it is two thirds full, so a distinct id takes 24 to 48 bytes,
 * and while it doubles half as much again. Linear probing: neighbours share cache lines.
 *
 * The hash folds 8 bytes at a time through the finaliser of MurmurHash3 (Appleby, public domain), which
 * is a bijection of 64 bits. */
#include "profile/count.h"

#include "base/memory.h"

#include <stdlib.h>

#define CAPACITY_MIN 64

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

uint64_t tp_id_hash(const char *text, size_t length)
{
    uint64_t hash = mix(length);
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = 0;
        for (size_t j = i; j < i + 8 && j < length; j++)
            word = word << 8 | (unsigned char)text[j];
        hash = mix(hash ^ word);
    }
    return hash;
}

/* The slot of that hash, or the free one where it belongs. */
static struct tp_id_slot *find_slot(struct tp_id_slot *slots, size_t capacity, uint64_t hash)
{
    size_t i = (size_t)hash & (capacity - 1);
    while (slots[i].count && slots[i].hash != hash)
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

static bool grow(struct tp_id_counts *counts)
{
    size_t capacity = counts->capacity ? 2 * counts->capacity : CAPACITY_MIN;
    struct tp_id_slot *slots = TP_NEW(capacity, struct tp_id_slot);
    if (!slots)
        return false;
    for (size_t i = 0; i < counts->capacity; i++)
        if (counts->slots[i].count)
            *find_slot(slots, capacity, counts->slots[i].hash) = counts->slots[i];
    free(counts->slots);
    counts->slots = slots;
    counts->capacity = capacity;
    return true;
}

int64_t *tp_id_counts_at(struct tp_id_counts *counts, uint64_t hash)
{
    if (counts->used >= counts->capacity / 3 * 2 && !grow(counts))
        return NULL;
    struct tp_id_slot *slot = find_slot(counts->slots, counts->capacity, hash);
    counts->used += slot->count == 0;
    slot->hash = hash;
    return &slot->count;
}

bool tp_id_count(struct tp_id_counts *counts, const char *text, size_t length)
{
    int64_t *count = tp_id_counts_at(counts, tp_id_hash(text, length));
    if (count)
        ++*count;
    return count != NULL;
}

int64_t tp_id_counts_get(const struct tp_id_counts *counts, uint64_t hash)
{
    return counts->capacity ? find_slot(counts->slots, counts->capacity, hash)->count : 0;
}

static int falling(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

int64_t *tp_id_counts_sorted(const struct tp_id_counts *counts)
{
    int64_t *sorted = TP_NEW(counts->used, int64_t);
    size_t n = 0;
    for (size_t i = 0; sorted && i < counts->capacity; i++)
        if (counts->slots[i].count)
            sorted[n++] = counts->slots[i].count;
    if (sorted)
        qsort(sorted, n, sizeof *sorted, falling);
    return sorted;
}

void tp_id_counts_release(struct tp_id_counts *counts)
{
    free(counts->slots);
    *counts = (struct tp_id_counts){0};
}
