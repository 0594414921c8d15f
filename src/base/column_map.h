/* SPDX-License-Identifier: Apache-2.0 */
/* What a user says of the columns of a CSV file: "key=column,key=column". What a key is, and which columns
 * are needed, is the caller's business. */
#ifndef TP_BASE_COLUMN_MAP_H
#define TP_BASE_COLUMN_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/csv.h"
#include "base/text.h"

/* One entry of a map. Its texts are not NUL-terminated. */
struct tp_column_entry {
    const char *text; /* "key=column", or what stands there instead */
    size_t length, key_length;
    const char *column; /* NULL: there is no '=' */
    size_t column_length;
};

/* Takes the next entry off the map; an empty map has one, which is empty.
 * @param rest  the map at first; NULL: none is left, or there is no map.
 * @return false behind the last one. */
bool tp_column_map_next(const char **rest, struct tp_column_entry *entry);

/* Whether the entry names this column. */
bool tp_column_entry_is(const struct tp_column_entry *entry, const char *column);

/* Appends "columns found: a, b, c", at most 20 of them. A name cannot break the line. */
void tp_column_names_add(struct tp_text *text, const struct tp_csv_record *header);

#endif
