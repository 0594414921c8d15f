/* SPDX-License-Identifier: Apache-2.0 */
/* From the dense values of a log to what is trained on. */
#ifndef TP_DATA_DENSE_SCALE_H
#define TP_DATA_DENSE_SCALE_H

#include <stdint.h>

/* Of one dense feature; all zero at the start. */
struct tp_dense_scale {
    int64_t count;
    double mean,
        squares; /* of the values seen: their mean, and the sum of squared distances from it */
};

/* A value of the training part. @param value  NAN: missing. */
void tp_dense_scale_see(struct tp_dense_scale *scale, double value);

/* The value as it is trained on; 0 for NAN. */
float tp_dense_scale_value(const struct tp_dense_scale *scale, double value);

#endif
