/* SPDX-License-Identifier: Apache-2.0 */
/* Training and held-out samples, told apart by their numbers alone.
 *
 * In: a number and the share that is held out. Out: its part. The number is hashed as the first
 * output of a splitmix64 generator with that state, so neighbours are independent and no period of
 * the source can fall together with the split. A larger share holds out the same samples and more.
 *
 * To find the k-th sample of a part without a list of them, the held-out ones before each block of
 * BLOCK numbers are counted once; the rest is a search over blocks and a walk inside one. Memory: 8
 * bytes per block. */
#include "data/split.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/random.h"

#include <stdlib.h>

#define BLOCK 1024

enum tp_part tp_split_part(int64_t number, double held_out)
{
    double draw = tp_unit(tp_mix((uint64_t)number + TP_GOLDEN));
    return draw < held_out ? TP_PART_HELD_OUT : TP_PART_TRAIN;
}

enum tp_status tp_split_init(
    struct tp_split *split, int64_t count, double held_out, struct tp_error *err)
{
    int64_t held = 0, blocks = (count + BLOCK - 1) / BLOCK;
    split->held_before = TP_NEW(blocks + 1, int64_t);
    if (!split->held_before)
        return tp_fail_memory(err);
    for (int64_t number = 0; number < count; number++) {
        if (number % BLOCK == 0)
            split->held_before[number / BLOCK] = held;
        held += tp_split_part(number, held_out) == TP_PART_HELD_OUT;
    }
    split->held_before[blocks] = held;
    split->held_out = held_out;
    split->count = count;
    return TP_OK;
}

void tp_split_release(struct tp_split *split)
{
    free(split->held_before);
    *split = (struct tp_split){0};
}

/* Samples of the part before a block. */
static int64_t before(const struct tp_split *split, enum tp_part part, int64_t block)
{
    int64_t held = split->held_before[block];
    int64_t numbers = block * BLOCK < split->count ? block * BLOCK : split->count;
    return part == TP_PART_HELD_OUT ? held : numbers - held;
}

int64_t tp_split_count(const struct tp_split *split, enum tp_part part)
{
    return before(split, part, (split->count + BLOCK - 1) / BLOCK);
}

int64_t tp_split_find(const struct tp_split *split, enum tp_part part, int64_t index)
{
    /* Invariant: before(low) <= index < before(high). */
    int64_t low = 0, high = (split->count + BLOCK - 1) / BLOCK;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (before(split, part, middle) <= index)
            low = middle;
        else
            high = middle;
    }
    int64_t number = low * BLOCK - 1;
    for (int64_t left = index - before(split, part, low); left >= 0; left--)
        number = tp_split_next(split, part, number);
    return number;
}

int64_t tp_split_next(const struct tp_split *split, enum tp_part part, int64_t number)
{
    do
        number++;
    while (number < split->count && tp_split_part(number, split->held_out) != part);
    return number;
}
