/* SPDX-License-Identifier: Apache-2.0 */
/* What plans need of the specs beyond the public headers: the same specs as parts of a larger
 * document, copies, and comparison. */
#ifndef TP_SPEC_SPEC_H
#define TP_SPEC_SPEC_H

#include <stdbool.h>

#include <towerpart/model.h>
#include <towerpart/topology.h>

#include "base/text.h"
#include "base/yaml_read.h"
#include "base/yaml_write.h"

/* Reads a spec that stands at `node` of a document. */
enum tp_status tp_model_read(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    struct tp_model **model, struct tp_error *err);
enum tp_status tp_topology_read(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    struct tp_topology **topology, struct tp_error *err);

/* Adds the entries of a resolved spec to the mapping that is open in `out`; reading them gives the
 * same spec. */
void tp_model_write(const struct tp_model *model, struct tp_yaml_out *out);
void tp_topology_write(const struct tp_topology *topology, struct tp_yaml_out *out);

/* Appends a resolved spec as the document that tp_model_save() writes. */
enum tp_status tp_model_format(
    const struct tp_model *model, struct tp_text *text, struct tp_error *err);

enum tp_status tp_model_copy(
    const struct tp_model *from, struct tp_model **to, struct tp_error *err);

/* Appends one line per difference ("table t3: rows 1000 -> 2000"), none if they are the same once
 * resolved. hosts_per_tower is not compared: a plan may choose its own. */
void tp_model_drift(const struct tp_model *old, const struct tp_model *new, struct tp_text *lines);
void tp_topology_drift(
    const struct tp_topology *old, const struct tp_topology *new, struct tp_text *lines);

/* The feature that was meant by a name that is none: of a table of that name the first; NULL: none is near. */
const char *tp_model_nearest_feature(const struct tp_model *model, const char *name);

/* Whether a table's row_order is worth a word: it is not the default, or some rows are hotter than others. */
bool tp_model_order_matters(const struct tp_model *model, const struct tp_table *table);

/* Common dim of the interaction (D_0): features of another dim pass a learned projection to it first.
 * bottom_mlp's last width, except that a dcn model whose tables all have one dim keeps that dim. */
int32_t tp_model_common_dim(const struct tp_model *model);

#endif
