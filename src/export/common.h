/* SPDX-License-Identifier: Apache-2.0 */
/* What all forms share: values on lines of their own, the towers, the end. */
#ifndef TP_EXPORT_COMMON_H
#define TP_EXPORT_COMMON_H

#include <towerpart/plan.h>

#include "base/text.h"

#include <jansson.h>

/* A document and what is to be said of it, both growing. */
struct tp_export {
    const struct tp_plan *plan;
    struct tp_text text, notes;
};

/* Appends `"key": value` and what follows; frees the value.
 * @param key    NULL: the value alone. @param value  NULL: out of memory; text->failed says so.
 * @param after  "," or "". A newline ends the line. */
void tp_export_line(struct tp_text *text, const char *key, json_t *value, const char *after);

/* Appends the towers, one per line: {"0": {"tables": [...], "ranks": [...]}, ...}. A flat plan has none. */
void tp_export_towers(struct tp_text *text, const struct tp_plan *plan);

/* Writes the document, gives the notes away, and releases both. */
enum tp_status tp_export_end(
    struct tp_export *export, const char *path, char **notes, struct tp_error *err);

#endif
