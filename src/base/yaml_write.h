/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a YAML document with libyaml's emitter (the only place that writes with it). Numbers and
 * names come out so that YAML 1.1 and 1.2 readers agree on them: reals as tp_format_real(), and any
 * text that either would take for something else in double quotes.
 *
 * Calls nest: begin a mapping or a sequence, add to it, end it. Inside a mapping every add takes a key;
 * inside a sequence the key is NULL. The first failure sticks and is reported by tp_yaml_out_finish(). */
#ifndef TP_BASE_YAML_WRITE_H
#define TP_BASE_YAML_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/text.h"

struct tp_yaml_out;

enum tp_yaml_style {
    TP_YAML_BLOCK,
    TP_YAML_FLOW
}; /* one entry per line; {on: one, line: 1} wrapped at 100 columns */

/* Begins a document whose root is a block mapping. NULL: no memory. */
struct tp_yaml_out *tp_yaml_out_new(void);
void tp_yaml_out_mapping(struct tp_yaml_out *out, const char *key, enum tp_yaml_style style);
void tp_yaml_out_sequence(struct tp_yaml_out *out, const char *key, enum tp_yaml_style style);
void tp_yaml_out_end(struct tp_yaml_out *out); /* of the innermost mapping or sequence */
void tp_yaml_out_text(struct tp_yaml_out *out, const char *key, const char *value);
void tp_yaml_out_integer(struct tp_yaml_out *out, const char *key, int64_t value);
void tp_yaml_out_real(struct tp_yaml_out *out, const char *key, double value);
void tp_yaml_out_boolean(struct tp_yaml_out *out, const char *key, bool value);
/* Ends the document, appends it to `text`, frees `out` (also on failure). */
enum tp_status tp_yaml_out_finish(
    struct tp_yaml_out *out, struct tp_text *text, struct tp_error *err);
/* Frees without finishing; NULL is fine. */
void tp_yaml_out_free(struct tp_yaml_out *out);

#endif
