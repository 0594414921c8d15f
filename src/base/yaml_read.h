/* SPDX-License-Identifier: Apache-2.0 */
/* Typed reading of a YAML document with libyaml (the only place that reads with it).
 *
 * A document becomes a tree of nodes that remember line and column. The typed readers below take a
 * value out of a mapping, check its type and range, and fail with
 * "file:line:column: tables[3].rows: found '4e7', expected an integer in decimal digits, at least 1".
 * Refused: a second document, duplicate keys, aliases and anchors, tags, nesting deeper than 32,
 * keys that are not plain or quoted strings, files over 256 MiB, invalid UTF-8. */
#ifndef TP_BASE_YAML_READ_H
#define TP_BASE_YAML_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/fail.h"

enum tp_yaml_kind { TP_YAML_SCALAR, TP_YAML_SEQUENCE, TP_YAML_MAPPING };

struct tp_yaml_node {
    enum tp_yaml_kind kind;
    char *value;                 /* scalar: NUL-terminated; an embedded NUL is refused */
    bool quoted;                 /* scalar: 'single', "double" or a block; never a number */
    size_t line, column;         /* from 1 */
    struct tp_yaml_node **items; /* sequence: items; mapping: values */
    char **keys;                 /* mapping */
    size_t *key_lines, *key_columns;
    size_t count;
    /* where it stands, for messages */
    const struct tp_yaml_node *parent;
    const char *key; /* in a mapping: borrowed from the parent's keys */
    size_t index;    /* in a sequence */
};

struct tp_yaml; /* a document; owns its nodes */

/* Reads a file ("-": standard input) as exactly one document. */
enum tp_status tp_yaml_load(const char *path, struct tp_yaml **yaml, struct tp_error *err);
/* The same from memory; `name` stands in messages. */
enum tp_status tp_yaml_parse(
    const char *text, size_t length, const char *name, struct tp_yaml **yaml, struct tp_error *err);
void tp_yaml_free(struct tp_yaml *yaml);
const struct tp_yaml_node *tp_yaml_root(const struct tp_yaml *yaml);
const char *tp_yaml_name(const struct tp_yaml *yaml);

/* Fails at a node: "file:line:column: path.to.node: <message>". */
enum tp_status tp_yaml_fail(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    struct tp_error *err, const char *format, ...) TP_PRINTF(4, 5);
/* The same at the key of a mapping's entry. */
enum tp_status tp_yaml_fail_key(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    size_t entry, struct tp_error *err, const char *format, ...) TP_PRINTF(5, 6);
/* What stands there, for messages: "'4e7'", "'40,000' in quotes", "nothing", "a list", "a mapping".
 * @param out  at least TP_YAML_FOUND_BYTES. */
#define TP_YAML_FOUND_BYTES 96
void tp_yaml_found(const struct tp_yaml_node *node, char *out);

/* The node must be a mapping with no key but these (NULL-terminated). The message for an unknown key lists the known ones. */
enum tp_status tp_yaml_expect_mapping(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char *const *known_keys, struct tp_error *err);
/* The node must be a sequence of at least that many items. */
enum tp_status tp_yaml_expect_sequence(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    size_t count_min, struct tp_error *err);

/* The value of a key, or NULL. */
const struct tp_yaml_node *tp_yaml_get(const struct tp_yaml_node *mapping, const char *key);
/* The value of a key, or an error that says what is missing and what it should be ("expected a list of tables"). */
enum tp_status tp_yaml_need(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, const char *expected, const struct tp_yaml_node **value, struct tp_error *err);

/* A scalar node as ... ; text: a scalar that is neither empty nor null (~, null); returned pointer is borrowed from the document. */
enum tp_status tp_yaml_as_integer(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    int64_t min, int64_t max, int64_t *value, struct tp_error *err);
/* min and max themselves are allowed; pass DBL_MIN as min for "above 0". */
enum tp_status tp_yaml_as_real(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    double min, double max, double *value, struct tp_error *err);
enum tp_status tp_yaml_as_text(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char **value, struct tp_error *err);
enum tp_status tp_yaml_as_boolean(
    const struct tp_yaml *yaml, const struct tp_yaml_node *node, bool *value, struct tp_error *err);
/* One of the words (NULL-terminated); *value is its index; "expected float32, float16 or bfloat16". */
enum tp_status tp_yaml_as_word(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char *const *words, int *value, struct tp_error *err);

/* The same for a key of a mapping. If the key is missing: with `required` an error, else *value is left as it is
 * (set it to the default before). */
enum tp_status tp_yaml_integer(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, int64_t min, int64_t max, int64_t *value, struct tp_error *err);
enum tp_status tp_yaml_int32(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, int32_t min, int32_t max, int32_t *value, struct tp_error *err);
enum tp_status tp_yaml_real(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, double min, double max, double *value, struct tp_error *err);
enum tp_status tp_yaml_text(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, char **copy, struct tp_error *err); /* caller frees *copy */
enum tp_status tp_yaml_boolean(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, bool *value, struct tp_error *err);
enum tp_status tp_yaml_word(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, const char *const *words, int *value, struct tp_error *err);

#endif
