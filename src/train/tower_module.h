/* SPDX-License-Identifier: Apache-2.0 */
/* The small dense layer of a tower (Luo et al., MLSys 2024, arXiv 2403.00877, section 3): its
 * features interact and shrink before they cross hosts.
 *
 * Letters: n samples, F_t features of the tower, N the common width, D that of an output vector.
 *   projections    feature of another width -> N, with bias
 *   dlrm(c, p, D)  p vectors: Linear(N F_t -> p D) of all features side by side; then c vectors of
 *                  each feature in turn: Linear(N -> c D), one matrix for all
 *   dcn(D, rank)   one low-rank cross layer on N F_t, then Linear(-> D)
 * No activation, so the weights of p, c and out begin larger than elsewhere, uniform within sqrt(3
 * / inputs): as the layers of an MLP begin they would shrink a vector's square to a third, and that
 * of a dot in the over-arch to a ninth. The rest begins as in over_arch.h. Tensors of tower t:
 * tower.<t>.projection.<feature>.weight, .bias; dlrm: tower.<t>.p.weight, .bias (if p > 0),
 * tower.<t>.c.weight, .bias (if c > 0); dcn: tower.<t>.cross.v, .w, .bias, tower.<t>.out.weight,
 * .bias. */
#ifndef TP_TRAIN_TOWER_MODULE_H
#define TP_TRAIN_TOWER_MODULE_H

#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

#include "train/parameters.h"
#include "train/real.h"

struct tp_tower_layer;

/* @param model     its tower_module is not of kind none; borrowed.
 * @param features  (feature_count) of the tower, in the order of their columns; borrowed during the
 * call.
 * @param tower     t. @param samples  n at most.
 * @return TP_EINPUT when a sample would have more than 2^30 values; TP_ENOMEM. */
enum tp_status tp_tower_layer_new(const struct tp_model *model, const int32_t *features,
    int32_t feature_count, int32_t tower, int32_t samples, uint64_t seed,
    struct tp_tower_layer **layer, struct tp_error *err);
void tp_tower_layer_free(struct tp_tower_layer *layer);

struct tp_parameters *tp_tower_layer_parameters(struct tp_tower_layer *layer);

/* Values per sample: of the features, and of what comes out: D (c F_t + p) or D. */
int32_t tp_tower_layer_inputs(const struct tp_tower_layer *layer);
int32_t tp_tower_layer_outputs(const struct tp_tower_layer *layer);

/* The width that a tower of so many features puts out: vectors of the module's dim. */
int32_t tp_tower_layer_vectors(const struct tp_model *model, int32_t feature_count);

/* @param embeddings  (n, inputs), borrowed until the backward pass is over. @param out  (n, outputs). */
void tp_tower_layer_forward(
    struct tp_tower_layer *layer, const tp_real *embeddings, int32_t n, tp_real *out);

/* @param d_out  (n, outputs). @param d_embeddings  out, (n, inputs). Gradients of parameters are overwritten. */
void tp_tower_layer_backward(
    struct tp_tower_layer *layer, const tp_real *d_out, tp_real *d_embeddings);

#endif
