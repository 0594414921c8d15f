/* SPDX-License-Identifier: Apache-2.0 */
/* Which samples are for training, and which are held out: the rule of samples.h. */
#ifndef TP_DATA_SPLIT_H
#define TP_DATA_SPLIT_H

#include <stdint.h>

#include "data/samples.h"

/* The part of the sample, or line, with that number. */
enum tp_part tp_split_part(int64_t number, double held_out);

/* Both parts of the numbers 0 .. count - 1. All zero at the start. */
struct tp_split {
    double held_out;
    int64_t count;
    int64_t *held_before; /* (blocks + 1) held out before each block of numbers */
};

/* Cost: O(count), a nanosecond each. @return TP_ENOMEM. */
enum tp_status tp_split_init(
    struct tp_split *split, int64_t count, double held_out, struct tp_error *err);
void tp_split_release(struct tp_split *split);

int64_t tp_split_count(const struct tp_split *split, enum tp_part part);

/* The number of a part's sample `index`, which exists. Cost: O(log count). */
int64_t tp_split_find(const struct tp_split *split, enum tp_part part, int64_t index);

/* The next number of the part behind `number`; beyond the last one, any number that does not exist.
 * Cost: O(1 / share of the part). */
int64_t tp_split_next(const struct tp_split *split, enum tp_part part, int64_t number);

#endif
