/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of another tool's file, on their way into a model spec. */
#ifndef TP_IMPORT_TABLE_LIST_H
#define TP_IMPORT_TABLE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/import.h>
#include <towerpart/model.h>
#include <towerpart/status.h>

#include "base/fail.h"

/* What a spec can hold. */
#define TP_IMPORT_ROWS_MAX ((int64_t)1 << 40)
#define TP_IMPORT_DIM_MAX 65536
#define TP_IMPORT_POOLING_MAX 1e6

struct tp_import_feature {
    char *name;
    double pooling;
};

struct tp_import_table {
    size_t place; /* line of a CSV file, index in a JSON list */
    char *name;
    int64_t rows;
    int32_t dim;
    struct tp_import_feature *features; /* (feature_count) */
    int32_t feature_count;
};

struct tp_table_list {
    const char *path; /* borrowed, for messages */
    bool by_line;     /* places are lines */
    enum tp_dtype dtype;
    struct tp_import_table *tables;
    int32_t count;
    size_t capacity;
    struct tp_error *err;
};

void tp_table_list_release(struct tp_table_list *list);

/* "file:7: message" or "file: tables[7]: message". */
enum tp_status tp_table_list_fail(
    const struct tp_table_list *list, size_t place, const char *format, ...) TP_PRINTF(3, 4);

/* Adds an empty table. @return NULL: no memory. */
struct tp_import_table *tp_table_list_add(struct tp_table_list *list, size_t place);

/* Adds a feature with pooling 1 to a table. @return NULL: no memory. */
struct tp_import_feature *tp_import_table_feature(
    struct tp_import_table *table, const char *name, size_t length);

/* Refuses options that are wrong, before anything is read. */
enum tp_status tp_import_check_options(
    const char *path, const struct tp_import_options *options, struct tp_error *err);

/* Makes the spec. @return TP_EINPUT for no tables at all and for names that come twice. */
enum tp_status tp_table_list_model(const struct tp_table_list *list,
    const struct tp_import_options *options, struct tp_model **model);

#endif
