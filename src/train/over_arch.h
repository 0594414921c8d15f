/* SPDX-License-Identifier: Apache-2.0 */
/* The dense part that every rank has a copy of: bottom MLP, projections, interaction, top MLP,
 * logit, loss.
 *
 * Letters: n samples, V embedding vectors per sample, N their common width. The layers, with ReLU
 * behind each but the last of the top:
 *   bottom MLP    dense values -> ... -> N; not there without dense features
 *   projections   vector of another width -> N, with bias
 *   dlrm          the dots of all pairs of different vectors (the bottom's is vector 0), row by row
 *                 of the strictly lower triangle, behind the bottom's vector if there is one
 *                 (Naumov et al. 2019, arXiv 1906.00091)
 *   dcn           x_0 = all vectors, the bottom's first;
 *                 x_(l+1) = x_0 * (W_l (V_l x_l) + b_l) + x_l
 *                 (Wang et al. 2021, doi:10.1145/3442381.3450078, eq. 2)
 *   top MLP       -> ... -> 1 logit
 * Linear weights are (outputs, inputs), initially uniform within 1 / sqrt(inputs), biases too.
 * Tensors, in this order: bottom_mlp.<i>.weight, .bias; projection.<feature>.weight, .bias;
 * cross.<l>.v (rank, width), .w (width, rank), .bias; top_mlp.<i>.weight, .bias. */
#ifndef TP_TRAIN_OVER_ARCH_H
#define TP_TRAIN_OVER_ARCH_H

#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

#include "train/parameters.h"
#include "train/real.h"

/* What it gets of the embeddings of one sample. */
struct tp_over_input {
    int32_t vector_count;  /* V */
    const int32_t *widths; /* (V) */
    /* (V) of features, for the projections; may be NULL where no width differs from `common` */
    const char *const *names;
    int32_t common; /* N */
};

struct tp_over_arch;

/* @param samples  n at most. @param seed  of the initial values. @param input, model  borrowed
 * during
 *                 the call.
 * @return TP_EINPUT when a sample would have more than 2^30 values; TP_ENOMEM. */
enum tp_status tp_over_arch_new(const struct tp_model *model, const struct tp_over_input *input,
    int32_t samples, uint64_t seed, struct tp_over_arch **over_arch, struct tp_error *err);
void tp_over_arch_free(struct tp_over_arch *over_arch);

struct tp_parameters *tp_over_arch_parameters(struct tp_over_arch *over_arch);

/* Sum of the widths: values of the embeddings of one sample. */
int32_t tp_over_arch_width(const struct tp_over_arch *over_arch);

/* One step, in this order; each may be timed by itself. What is passed in is borrowed until the
 * backward pass is over.
 * @param dense       (n, dense_features); not called without dense features.
 * @param embeddings  (n, width).
 * @return of forward: (n) logits, valid until the next forward. */
void tp_over_arch_bottom(struct tp_over_arch *over_arch, const float *dense, int32_t n);
const tp_real *tp_over_arch_forward(
    struct tp_over_arch *over_arch, const tp_real *embeddings, int32_t n);

/* Binary cross entropy of the last forward.
 * @param scale  1/B: what the gradient is multiplied with.
 * @return the sum of the samples' losses, not scaled; sets the gradient of the logits. */
double tp_over_arch_loss(struct tp_over_arch *over_arch, const float *labels, double scale);

/* @param d_embeddings  out, (n, width). Gradients of parameters are overwritten. */
void tp_over_arch_backward(struct tp_over_arch *over_arch, tp_real *d_embeddings);
void tp_over_arch_bottom_backward(struct tp_over_arch *over_arch);

#endif
