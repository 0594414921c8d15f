/* SPDX-License-Identifier: Apache-2.0 */
/* What an affinity.npz holds. */
#ifndef TP_AFFINITY_FILE_H
#define TP_AFFINITY_FILE_H

#include "base/npy.h"

#define TP_AFFINITY_NAME_MAX 4096 /* characters of a feature's name */

/* In the order in which they are written. */
enum tp_affinity_array {
    TP_ARRAY_AFFINITY,
    TP_ARRAY_STD_ERROR,
    TP_ARRAY_FEATURES,
    TP_ARRAY_STATE,
    TP_ARRAY_SAMPLES,
    TP_ARRAY_DUMPS,
    TP_ARRAY_MEASURE,
    TP_ARRAY_NOISE_FLOOR,
    TP_ARRAY_NOISE_MEDIAN,
    TP_ARRAY_REPRODUCIBILITY,
    TP_ARRAY_NULL_RHO,
    TP_ARRAY_LEARNED,
    TP_ARRAY_COUNT
};

struct tp_array_form {
    const char *name;
    enum tp_npy_type type;
    int32_t dim_count;
    const char *expected; /* in words */
};

extern const struct tp_array_form tp_affinity_forms[TP_ARRAY_COUNT];

#endif
