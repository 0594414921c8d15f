/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the model reader share: model_read.c, model_feature.c and model_arch.c. */
#ifndef TP_SPEC_MODEL_READER_H
#define TP_SPEC_MODEL_READER_H

#include <towerpart/model.h>

#include "base/yaml_read.h"
#include "spec/common.h"

#define TP_WIDTH_MAX 65536 /* of tables and layers */

struct tp_model_reader {
    const struct tp_yaml *yaml;
    struct tp_model *model;         /* being filled; owns what it holds */
    struct tp_name_place *features; /* (feature_count), sorted by name once all are read */
    struct tp_error *err;
};

#define TP_WHY_POOLING "mean and weighted pooling are not supported, every feature is summed"

/* Keys of other tools that ask for what towerpart does not do. */
extern const struct tp_refusal tp_model_refused[];

/* A mapping that an optional key of the root may hold; *node is NULL if it is not there. */
enum tp_status tp_model_read_section(const struct tp_model_reader *r,
    const struct tp_yaml_node *root, const char *key, const char *const *known_keys,
    const struct tp_yaml_node **node);

/* An entry of a table's features: a name alone, or a mapping. *name_node is where the name stands. */
enum tp_status tp_model_read_feature(const struct tp_model_reader *r,
    const struct tp_yaml_node *entry, int64_t table_rows, struct tp_feature *feature,
    const struct tp_yaml_node **name_node);

/* After the tables. */
enum tp_status tp_model_read_arch(const struct tp_model_reader *r, const struct tp_yaml_node *root);
/* After arch. */
enum tp_status tp_model_read_tower_module(
    const struct tp_model_reader *r, const struct tp_yaml_node *root);

#endif
