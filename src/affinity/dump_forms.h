/* SPDX-License-Identifier: Apache-2.0 */
/* The forms that a dump can have, and what their readers share. */
#ifndef TP_AFFINITY_DUMP_FORMS_H
#define TP_AFFINITY_DUMP_FORMS_H

#include <stdbool.h>

#include "affinity/dump.h"

/* Each fills a dump that has its path, its model and no feature yet; what it leaves behind on failure is
 * the caller's to free. */
enum tp_status tp_dump_open_folder(struct tp_dump *dump, bool may_miss, struct tp_error *err);
enum tp_status tp_dump_open_archive(struct tp_dump *dump, bool may_miss, struct tp_error *err);
enum tp_status tp_dump_open_safetensors(struct tp_dump *dump, bool may_miss, struct tp_error *err);

/* tp_names_match(), or tp_names_match_some(), with the model's features. */
enum tp_status tp_dump_match(const struct tp_dump *dump, bool may_miss, const char *file,
    const char *const *names, int32_t count, int32_t *column, struct tp_error *err);

const char *tp_dump_feature_name(const struct tp_dump *dump, int32_t feature);

/* "name.npy" -> 4; 0 for what does not end so, or is nothing else. */
size_t tp_dump_stem(const char *name);

/* Makes room, once, for that many open files and for an array per feature. */
enum tp_status tp_dump_reserve(struct tp_dump *dump, int32_t source_count, struct tp_error *err);

/* Adds the one array of all features, or that of a feature; takes over `path`, also on failure.
 * @param path  for messages; NULL: out of memory.
 * @param form  dims, type; the length of the data is checked already.
 * @return TP_EINPUT for another number of dims, too few samples, or not as many as the arrays before
 * have. */
enum tp_status tp_dump_add_array(struct tp_dump *dump, char *path, const struct tp_npy *form,
    int32_t dim_count, int32_t source, size_t data_offset, struct tp_error *err);

/* Says that the array added last holds a feature in `dim` values from offset_bytes of a row on. */
enum tp_status tp_dump_place(
    struct tp_dump *dump, int32_t feature, int64_t dim, size_t offset_bytes, struct tp_error *err);

/* Both, for an array (samples, dim) of a file that holds several. @param kind  "array", "tensor" */
enum tp_status tp_dump_add_feature(struct tp_dump *dump, int32_t feature, const char *kind,
    const struct tp_npy *form, size_t data_offset, struct tp_error *err);

#endif
