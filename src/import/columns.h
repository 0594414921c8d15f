/* SPDX-License-Identifier: Apache-2.0 */
/* Which column of a CSV file means what. */
#ifndef TP_IMPORT_COLUMNS_H
#define TP_IMPORT_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/csv.h"
#include "base/text.h"

enum tp_column {
    TP_COLUMN_TABLE,
    TP_COLUMN_ROWS,
    TP_COLUMN_DIM,
    TP_COLUMN_FEATURES,
    TP_COLUMN_POOLING,
    TP_COLUMN_COUNT
};

struct tp_columns {
    int32_t field[TP_COLUMN_COUNT]; /* -1: there is none */
};

/* Finds the columns, as the map says ("table=name,rows=cardinality,pooling="; "pooling=" means none) and
 * else by the names that are usual, whatever their case.
 * @param map    NULL: all are guessed.
 * @param notes  out: appended "columns: table = name, ..." and "ignored columns: ...".
 * @return TP_EUSAGE for a bad map; TP_EINPUT, with the columns that there are, when one is missing, or
 *         could be several. */
enum tp_status tp_columns_find(const char *path, const struct tp_csv_record *header,
    const char *map, struct tp_columns *columns, struct tp_text *notes, struct tp_error *err);

#endif
