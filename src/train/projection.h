/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the embeddings of a sample to vectors of one width: those of another pass a linear
 * layer of their own, the others stay as they are. */
#ifndef TP_TRAIN_PROJECTION_H
#define TP_TRAIN_PROJECTION_H

#include "train/linear.h"

struct tp_projection {
    int32_t start, width;    /* columns of the embeddings */
    bool linear_used;        /* width differs from the common one */
    struct tp_linear linear; /* if so */
};

struct tp_projections {
    struct tp_projection *items; /* (count) */
    int32_t count;
    int32_t width;  /* sum of the widths: values of the embeddings of one sample */
    int32_t common; /* N */
};

/* Adds the tensors <prefix>projection.<name>.weight, .bias of the vectors that need them.
 * @param projections  all zero; to be released also on failure. @param names  may be NULL where
 * no width differs from `common`; both arrays (count) are borrowed during the call. */
enum tp_status tp_projections_init(struct tp_projections *projections,
    struct tp_parameters *parameters, const char *prefix, int32_t count, const int32_t *widths,
    const char *const *names, int32_t common, struct tp_error *err);
void tp_projections_release(struct tp_projections *projections);

/* @param x  (n, width). @param y  out, (n, count * N). */
void tp_projections_forward(const struct tp_projections *projections,
    const struct tp_parameters *parameters, int32_t n, struct tp_rows x, struct tp_rows_out y);

/* @param d   of y. @param dx  out, (n, width). Adds to the gradients of the parameters. */
void tp_projections_backward(const struct tp_projections *projections,
    struct tp_parameters *parameters, int32_t n, struct tp_rows x, struct tp_rows d,
    struct tp_rows_out dx);

#endif
