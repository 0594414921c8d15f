/* SPDX-License-Identifier: Apache-2.0 */
/* Small models and dumps for the tests of affinity. */
#ifndef TESTS_UNIT_SAMPLE_DUMP_H
#define TESTS_UNIT_SAMPLE_DUMP_H

#include "scratch.h"

#include <towerpart/affinity.h>

#include "base/npy.h"
#include "base/random.h"

#include <math.h>

#define SAMPLE_FEATURES_MAX 400

/* Feature i has table i. Owns no memory: names are borrowed. */
struct sample_model {
    struct tp_model model;
    struct tp_table tables[SAMPLE_FEATURES_MAX];
    struct tp_feature features[SAMPLE_FEATURES_MAX];
    char names[SAMPLE_FEATURES_MAX][16]; /* f0, f1, ..., for who has no others */
};

static inline void sample_add(struct sample_model *m, const char *name, int32_t dim)
{
    int32_t i = m->model.feature_count;
    ck_assert_int_lt(i, SAMPLE_FEATURES_MAX);
    m->model.tables = m->tables;
    m->model.features = m->features;
    m->tables[i] = (struct tp_table){
        .name = (char *)name, .rows = 100, .dim = dim, .first_feature = i, .feature_count = 1};
    m->features[i] = (struct tp_feature){.name = (char *)name, .table = i, .pooling = 1};
    m->model.feature_count = m->model.table_count = i + 1;
}

/* Features f0, f1, ... of one dim. */
static inline void sample_equal(struct sample_model *m, int32_t count, int32_t dim)
{
    memset(m, 0, sizeof *m);
    for (int32_t i = 0; i < count; i++) {
        snprintf(m->names[i], sizeof m->names[i], "f%d", i);
        sample_add(m, m->names[i], dim);
    }
}

/* The binary16 of a value that has one: a multiple of 2^-14 with at most 11 significant bits. */
static inline uint16_t sample_half(double value)
{
    int exponent;
    if (value == 0)
        return 0;
    double fraction = frexp(fabs(value), &exponent); /* [0.5, 1) */
    unsigned bits = (unsigned)((fraction * 2 - 1) * 1024) | (unsigned)(exponent - 1 + 15) << 10;
    return (uint16_t)(bits | (value < 0 ? 0x8000u : 0));
}

/* The bfloat16 of a value that has one: a float32 whose lower half is zero. */
static inline uint16_t sample_brain(double value)
{
    float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return (uint16_t)(bits >> 16);
}

/* Appends doubles as that type. */
static inline void add_values(
    struct tp_text *out, enum tp_npy_type type, size_t count, const double *values)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half = type == TP_NPY_BFLOAT16  ? sample_brain(values[i])
                        : type == TP_NPY_FLOAT16 ? sample_half(values[i])
                                                 : 0;
        float single = (float)values[i];
        if (type == TP_NPY_FLOAT32)
            tp_text_add_bytes(out, (const char *)&single, sizeof single);
        else if (type == TP_NPY_FLOAT64)
            tp_text_add_bytes(out, (const char *)&values[i], sizeof values[i]);
        else
            tp_text_add_bytes(out, (const char *)&half, sizeof half);
    }
}

/* Appends a .npy file with doubles as that type. */
static inline void add_array(struct tp_text *out, enum tp_npy_type type, int32_t dim_count,
    const int64_t *shape, const double *values)
{
    size_t count = 1;
    for (int32_t i = 0; i < dim_count; i++)
        count *= (size_t)shape[i];
    tp_npy_format_header(out, type, 0, dim_count, shape);
    add_values(out, type, count, values);
}

/* Writes an array of doubles as that type. */
static inline void put_array(const char *name, enum tp_npy_type type, int32_t dim_count,
    const int64_t *shape, const double *values)
{
    struct tp_text out = {0};
    add_array(&out, type, dim_count, shape, values);
    put_file(name, out.data, out.length);
    tp_text_release(&out);
}

/* features.json of f0, f1, ... and pooled.npy in the scratch folder. */
static inline void put_pooled(
    enum tp_npy_type type, int64_t samples, const struct sample_model *m, const double *values)
{
    struct tp_text list = {0};
    tp_text_add(&list, "{\"features\": [");
    for (int32_t i = 0; i < m->model.feature_count; i++)
        tp_text_add(&list, "%s\"%s\"", i ? ", " : "", m->features[i].name);
    tp_text_add(&list, "]}\n");
    put_file("features.json", list.data, list.length);
    tp_text_release(&list);
    put_array("pooled.npy", type, 3, (int64_t[]){samples, m->model.feature_count, m->tables[0].dim},
        values);
}

/* Normal values; the same seed gives the same. Caller frees. */
static inline double *normal_values(size_t count, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 77);
    double *values = malloc((count ? count : 1) * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < count; i++)
        values[i] = tp_random_normal(&random);
    return values;
}

#endif
