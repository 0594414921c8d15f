/* SPDX-License-Identifier: Apache-2.0 */
/* From the ids of a log to rows of a table. */
#ifndef TP_DATA_DICTIONARY_H
#define TP_DATA_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "profile/count.h"

/* Of one table; all zero but `rows` and `min_count` at the start. */
struct tp_dictionary {
    int64_t rows;            /* of the table */
    int64_t min_count;       /* ids seen less often are row 0 */
    bool hashed;             /* the ids do not fit: row = hash % rows */
    int64_t frequent;        /* ids seen min_count times or more */
    struct tp_id_counts ids; /* counts while they are seen, rows when that is over */
};

/* An id of the training part, before tp_dictionary_close(). @return false: out of memory. */
bool tp_dictionary_see(struct tp_dictionary *dictionary, const char *text, size_t length);

/* Gives the ids their rows. Cost: O(n log n) of the distinct ids. @return TP_ENOMEM. */
enum tp_status tp_dictionary_close(struct tp_dictionary *dictionary, struct tp_error *err);

/* The row of an id, in [0, rows). Cost: O(length). */
int64_t tp_dictionary_row(const struct tp_dictionary *dictionary, const char *text, size_t length);

void tp_dictionary_release(struct tp_dictionary *dictionary);

#endif
