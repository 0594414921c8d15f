/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of both specs share: names, the version line, and refusals that explain
 * themselves. */
#ifndef TP_SPEC_COMMON_H
#define TP_SPEC_COMMON_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/yaml_read.h"

#define TP_NAME_BYTES_MAX 255

/* A key that other tools' files have and that means something this program does not do. A key ending
 * in '*' stands for all that begin so. */
struct tp_refusal {
    const char *key;
    const char *what; /* "mean and weighted pooling are not supported: ..." */
};

/* tp_yaml_expect_mapping(), but a key of the refused ones (ended by a NULL key) gets its own message. */
enum tp_status tp_spec_mapping(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char *const *known_keys, const struct tp_refusal *refused, struct tp_error *err);

/* The root must be a mapping that says `key: 1`. */
enum tp_status tp_spec_version(const struct tp_yaml *yaml, const struct tp_yaml_node *root,
    const char *key, struct tp_error *err);

/* What keeps a text from being a name, as the end of "found ..."; NULL: nothing. */
const char *tp_name_problem(const char *name);

/* A name: text of 1 to TP_NAME_BYTES_MAX bytes without control characters. Caller frees *copy. */
enum tp_status tp_spec_name(
    const struct tp_yaml *yaml, const struct tp_yaml_node *node, char **copy, struct tp_error *err);
/* The same for a required key of a mapping. */
enum tp_status tp_spec_name_key(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, char **copy, struct tp_error *err);

/* The same for the key of a mapping's entry. */
enum tp_status tp_spec_key_name(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    size_t entry, char **copy, struct tp_error *err);

/* A name and where it stands. */
struct tp_name_place {
    const char *name;                /* borrowed */
    const struct tp_yaml_node *node; /* borrowed */
    int32_t index;
};

/* Sorts by name; fails at the second of two equal ones. @param what  "feature". */
enum tp_status tp_spec_sort_names(const struct tp_yaml *yaml, struct tp_name_place *places,
    int32_t count, const char *what, struct tp_error *err);

/* Index of a name among sorted ones, or -1. */
int32_t tp_spec_find_name(const struct tp_name_place *places, int32_t count, const char *name);

#endif
