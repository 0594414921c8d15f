/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of a shard, sorted by row.
 *
 * In: rows and places, added in the order in which the gradients of a row are to be summed up. Out:
 * the same by row, so that what belongs to a row is side by side and the table is walked through
 * from its first row to its last. A radix sort from the lowest digit of the row to the highest,
 * each pass stable (Knuth, The Art of Computer Programming 3, section 5.2.5), so the order within a
 * row is that of adding, whatever the number of passes. Memory: 16 bytes per id of the largest
 * shard; nothing depends on the rows of a table. */
#include "train/occurrences.h"

#include "base/fail.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>

#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)

enum tp_status tp_occurrences_reserve(
    struct tp_occurrences *occurrences, size_t count, struct tp_error *err)
{
    if (count <= occurrences->capacity)
        return TP_OK;
    uint64_t *keys = tp_new(count, sizeof *keys), *spare = tp_new(count, sizeof *spare);
    if (!keys || !spare) {
        free(keys);
        free(spare);
        return tp_fail_memory(err);
    }
    tp_occurrences_release(occurrences);
    occurrences->keys = keys;
    occurrences->spare = spare;
    occurrences->capacity = count;
    return TP_OK;
}

void tp_occurrences_release(struct tp_occurrences *occurrences)
{
    free(occurrences->keys);
    free(occurrences->spare);
    *occurrences = (struct tp_occurrences){0};
}

/* Bits that hold 0 .. count - 1. */
static int bits_below(int64_t count)
{
    int bits = 0;
    while (bits < 63 && (count - 1) >> bits > 0)
        bits++;
    return bits;
}

enum tp_status tp_occurrences_begin(
    struct tp_occurrences *occurrences, int64_t rows, int64_t places, struct tp_error *err)
{
    int row_bits = bits_below(rows), place_bits = bits_below(places);
    if (row_bits + place_bits > 63)
        return tp_fail(err, TP_EINPUT,
            "a shard of %" PRId64 " rows and a batch of %" PRId64 " embedding values: "
            "expected a product below 2^62; split the table or use a smaller batch",
            rows, places);
    occurrences->row_bits = row_bits;
    occurrences->place_bits = place_bits;
    occurrences->count = 0;
    return TP_OK;
}

/* One pass: `to` gets the keys by the digit that begins at bit `shift`. */
static void sort_by_digit(const uint64_t *from, size_t count, int shift, uint64_t *to)
{
    size_t next[DIGITS] = {0}; /* first how many there are, then where the next one goes */
    for (size_t i = 0; i < count; i++)
        next[from[i] >> shift & (DIGITS - 1)]++;
    size_t sum = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
        size_t here = next[digit];
        next[digit] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++)
        to[next[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

void tp_occurrences_sort(struct tp_occurrences *occurrences)
{
    int end = occurrences->place_bits + occurrences->row_bits;
    for (int shift = occurrences->place_bits; shift < end; shift += DIGIT_BITS) {
        sort_by_digit(occurrences->keys, occurrences->count, shift, occurrences->spare);
        uint64_t *sorted = occurrences->spare;
        occurrences->spare = occurrences->keys;
        occurrences->keys = sorted;
    }
}
