/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of ids that are strings.
 *
 * In: the ids of a table's features in the training part, one after the other. Out: a row for any
 * id. Those seen min_count times or more are rows 1, 2, ..., the most frequent first, ties by their
 * hash; all others are row 0. If they do not fit into rows - 1, the table is hashed instead: hash %
 * rows, for all ids. An id is known by its 64-bit hash alone (src/profile/count.c): two ids that
 * share one share a row.
 *
 * Memory: 24 to 48 bytes per distinct id. It is bounded: as soon as more ids than fit are frequent
 * the table is hashed, which no later id can change, and so it is when there are more distinct ids
 * than DISTINCT_PER_ROW * rows + DISTINCT_FREE, whatever their counts. Both depend on the set of
 * training lines alone, not on their order. */
#include "data/dictionary.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>

#define DISTINCT_PER_ROW 8
#define DISTINCT_FREE ((int64_t)1 << 22)

static void give_up(struct tp_dictionary *dictionary)
{
    tp_id_counts_release(&dictionary->ids);
    dictionary->hashed = true;
}

bool tp_dictionary_see(struct tp_dictionary *dictionary, const char *text, size_t length)
{
    if (dictionary->hashed)
        return true;
    int64_t *count = tp_id_counts_at(&dictionary->ids, tp_id_hash(text, length));
    if (!count)
        return false;
    ++*count;
    dictionary->frequent += *count == dictionary->min_count;
    int64_t distinct = (int64_t)dictionary->ids.used - DISTINCT_FREE;
    if (dictionary->frequent > dictionary->rows - 1 ||
        distinct > DISTINCT_PER_ROW * dictionary->rows)
        give_up(dictionary);
    return true;
}

/* Most frequent first, ties by hash. */
static int by_count(const void *a, const void *b)
{
    const struct tp_id_slot *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

enum tp_status tp_dictionary_close(struct tp_dictionary *dictionary, struct tp_error *err)
{
    const struct tp_id_counts *counts = &dictionary->ids;
    struct tp_id_counts rows = {0};
    struct tp_id_slot *frequent = TP_NEW(dictionary->frequent, struct tp_id_slot);
    enum tp_status status = frequent ? TP_OK : tp_fail_memory(err);
    size_t n = 0;
    for (size_t i = 0; !status && i < counts->capacity; i++)
        if (counts->slots[i].count >= dictionary->min_count)
            frequent[n++] = counts->slots[i];
    if (!status)
        qsort(frequent, n, sizeof *frequent, by_count);
    for (size_t i = 0; !status && i < n; i++) {
        int64_t *row = tp_id_counts_at(&rows, frequent[i].hash);
        if (row)
            *row = (int64_t)i + 1;
        else
            status = tp_fail_memory(err);
    }
    free(frequent);
    tp_id_counts_release(&dictionary->ids);
    dictionary->ids = rows;
    return status;
}

int64_t tp_dictionary_row(const struct tp_dictionary *dictionary, const char *text, size_t length)
{
    uint64_t hash = tp_id_hash(text, length);
    if (dictionary->hashed)
        return (int64_t)(hash % (uint64_t)dictionary->rows);
    return tp_id_counts_get(&dictionary->ids, hash);
}

void tp_dictionary_release(struct tp_dictionary *dictionary)
{
    tp_id_counts_release(&dictionary->ids);
}
