/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity matrix as a thing to keep: made empty, written to .npz, read back.
 *
 * A file is not trusted: every array must be there with its dtype and shape, no other may be; the
 * matrix must be what the measure can yield (symmetric, in [0, 1], diagonal 1, up to 1e-6 for tools
 * that computed in another order), and its features must be the model's. What was within 1e-6 is
 * made exact. After loading, the order of features is the model's, whatever the file's was.
 * Cost: O(F^2). F features. */
#include <towerpart/affinity.h>

#include "affinity/matrix.h"
#include "affinity/names.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npz.h"
#include "base/unicode.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-6f
#define NAME_CHARACTERS_MAX 4096
#define HEADER_BYTES_MAX 65536

/* What the file holds, in the order in which it is written. */
enum { AFFINITY, STD_ERROR, FEATURES, SAMPLES, MEASURE, NOISE_FLOOR, NOISE_MEDIAN, ARRAY_COUNT };

static const struct array_form {
    const char *name;
    enum tp_npy_type type;
    int32_t dim_count;
    const char *expected; /* in words */
} forms[ARRAY_COUNT] = {
    {"affinity", TP_NPY_FLOAT32, 2, "float32 of shape (features, features)"},
    {"stderr", TP_NPY_FLOAT32, 2, "float32 of shape (features, features)"},
    {"features", TP_NPY_UNICODE, 1, "unicode of shape (features)"},
    {"samples", TP_NPY_INT64, 0, "one int64"},
    {"measure", TP_NPY_UNICODE, 0, "one unicode text"},
    {"noise_floor", TP_NPY_FLOAT64, 0, "one float64"},
    {"noise_median", TP_NPY_FLOAT64, 0, "one float64"},
};

void tp_affinity_free(struct tp_affinity *affinity)
{
    if (!affinity)
        return;
    for (int32_t i = 0; affinity->features && i < affinity->feature_count; i++)
        free(affinity->features[i]);
    free(affinity->features);
    free(affinity->affinity);
    free(affinity->std_error);
    free(affinity->state);
    free(affinity);
}

enum tp_status tp_affinity_new(
    const struct tp_model *model, struct tp_affinity **affinity, struct tp_error *err)
{
    size_t count = (size_t)model->feature_count, cells;
    struct tp_affinity *made = TP_NEW(1, struct tp_affinity);
    if (!made || !tp_multiply(count, count, &cells))
        goto no_memory;
    made->feature_count = model->feature_count;
    made->features = TP_NEW(count, char *);
    made->affinity = TP_NEW(cells, float);
    made->std_error = TP_NEW(cells, float);
    made->state = TP_NEW(count, enum tp_feature_state);
    made->dumps = 1;
    made->reproducibility = made->null_rho = made->learned = (double)NAN;
    if (!made->features || !made->affinity || !made->std_error || !made->state)
        goto no_memory;
    for (size_t i = 0; i < count; i++) {
        const char *name = model->features[i].name;
        made->features[i] = tp_copy_text(name, strlen(name));
        if (!made->features[i])
            goto no_memory;
        made->affinity[i * count + i] = 1.0f;
    }
    *affinity = made;
    return TP_OK;
no_memory:
    tp_affinity_free(made);
    return tp_fail_memory(err);
}

const char *tp_measure_name(enum tp_measure measure)
{
    return measure == TP_MEASURE_COSINE ? "cosine" : "cka";
}

double tp_affinity_above_floor(const struct tp_affinity *affinity)
{
    size_t count = (size_t)affinity->feature_count, above = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            above += (double)affinity->affinity[i * count + j] > affinity->noise_floor;
    }
    return count < 2 ? 0.0 : (double)above / ((double)count * (double)(count - 1) / 2);
}

/* Names as rows of UTF-32, each as wide as the longest. */
static enum tp_status spell_features(
    const struct tp_affinity *affinity, uint32_t **characters, size_t *width, struct tp_error *err)
{
    size_t count = (size_t)affinity->feature_count, cells;
    *width = 1; /* NumPy has no unicode of width 0 */
    for (size_t i = 0; i < count; i++) {
        size_t length = tp_utf8_count(affinity->features[i]);
        if (length > NAME_CHARACTERS_MAX)
            return tp_fail(err, TP_EINPUT,
                "feature '%s': the name is not UTF-8, or longer than %d characters",
                affinity->features[i], NAME_CHARACTERS_MAX);
        if (length > *width)
            *width = length;
    }
    *characters = tp_multiply(count, *width, &cells) ? TP_NEW(cells, uint32_t) : NULL;
    if (!*characters)
        return tp_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        tp_utf8_to_utf32(affinity->features[i], *characters + i * *width, *width);
    return TP_OK;
}

enum tp_status tp_affinity_save(
    const struct tp_affinity *affinity, const char *path, struct tp_error *err)
{
    int64_t square[2] = {affinity->feature_count, affinity->feature_count};
    const char *measure_name = tp_measure_name(affinity->measure);
    uint32_t *names = NULL, measure[8];
    size_t name_width, measure_width = tp_utf8_count(measure_name);
    enum tp_status status = spell_features(affinity, &names, &name_width, err);
    if (status)
        return status;
    tp_utf8_to_utf32(measure_name, measure, measure_width);
    const void *const data[ARRAY_COUNT] = {affinity->affinity, affinity->std_error, names,
        &affinity->samples, measure, &affinity->noise_floor, &affinity->noise_median};
    struct tp_npz_member members[ARRAY_COUNT];
    for (int i = 0; i < ARRAY_COUNT; i++)
        members[i] = (struct tp_npz_member){
            forms[i].name, forms[i].type, 0, forms[i].dim_count, square, data[i]};
    members[FEATURES].item_bytes = 4 * name_width;
    members[MEASURE].item_bytes = 4 * measure_width;
    status = tp_npz_save(path, members, ARRAY_COUNT, err);
    free(names);
    return status;
}

/* The arrays of a file, by our numbering; borrowed from the npz. */
struct arrays {
    const char *path;
    const struct tp_npy *at[ARRAY_COUNT];
    int32_t feature_count;
};

static bool has_form(const struct tp_npy *array, const struct array_form *form, int64_t features)
{
    bool right = array->type == form->type && array->dim_count == form->dim_count;
    for (int32_t i = 0; right && i < form->dim_count; i++)
        right = array->shape[i] == features;
    return right;
}

static enum tp_status find_arrays(
    const char *path, const struct tp_npz *npz, struct arrays *arrays, struct tp_error *err)
{
    *arrays = (struct arrays){.path = path};
    for (int i = 0; i < ARRAY_COUNT; i++) {
        arrays->at[i] = tp_npz_get(npz, forms[i].name);
        if (!arrays->at[i])
            return tp_fail(err, TP_EINPUT, "%s: array '%s' is missing, expected %s", path,
                forms[i].name, forms[i].expected);
    }
    for (int32_t i = 0; i < tp_npz_count(npz); i++) {
        int known = 0;
        while (known < ARRAY_COUNT && strcmp(tp_npz_name(npz, i), forms[known].name) != 0)
            known++;
        if (known == ARRAY_COUNT)
            return tp_fail(
                err, TP_EINPUT, "%s: array '%s' is not known", path, tp_npz_name(npz, i));
    }
    int64_t features = arrays->at[FEATURES]->dim_count ? arrays->at[FEATURES]->shape[0] : 0;
    for (int i = 0; i < ARRAY_COUNT; i++) {
        if (!has_form(arrays->at[i], &forms[i], features))
            return tp_fail(err, TP_EINPUT, "%s: array '%s' has another dtype or shape, expected %s",
                path, forms[i].name, forms[i].expected);
    }
    if (features < 1 || features > INT32_MAX)
        return tp_fail(err, TP_EINPUT, "%s: has no features", path);
    arrays->feature_count = (int32_t)features;
    return TP_OK;
}

static float float_at(const struct tp_npy *array, size_t i)
{
    float value;
    memcpy(&value, array->data + sizeof value * i, sizeof value);
    return value;
}

static double double_at(const struct tp_npy *array)
{
    double value;
    memcpy(&value, array->data, sizeof value);
    return value;
}

/* Reads names into one text with a NUL after each; *names point into it. */
static enum tp_status read_names(
    const struct arrays *arrays, struct tp_text *text, const char **names, struct tp_error *err)
{
    const struct tp_npy *array = arrays->at[FEATURES];
    for (int32_t i = 0; i < arrays->feature_count; i++) {
        const unsigned char *item = array->data + (size_t)i * array->item_bytes;
        if (!tp_utf32_to_utf8(item, array->item_bytes / 4, text))
            return tp_fail(
                err, TP_EINPUT, "%s: array 'features': item %d is not text", arrays->path, i);
        tp_text_add_bytes(text, "", 1);
    }
    if (text->failed)
        return tp_fail_memory(err);
    const char *next = text->data;
    for (int32_t i = 0; i < arrays->feature_count; i++) {
        names[i] = next;
        next += strlen(next) + 1;
    }
    return TP_OK;
}

static enum tp_status read_scalars(
    const struct arrays *arrays, struct tp_affinity *affinity, struct tp_error *err)
{
    const char *path = arrays->path;
    struct tp_text measure = {0};
    const struct tp_npy *array = arrays->at[MEASURE];
    bool text = tp_utf32_to_utf8(array->data, array->item_bytes / 4, &measure);
    tp_text_add_bytes(&measure, "", 0);
    enum tp_status status = TP_OK;
    if (measure.failed)
        status = tp_fail_memory(err);
    else if (text && !strcmp(measure.data, "cosine"))
        status = tp_fail(err, TP_EINPUT, "%s: measure 'cosine' is not part of this version", path);
    else if (!text || strcmp(measure.data, "cka") != 0)
        status = tp_fail(err, TP_EINPUT, "%s: measure '%s' is not known, expected 'cka'", path,
            text ? measure.data : "?");
    tp_text_release(&measure);
    if (status)
        return status;
    affinity->measure = TP_MEASURE_CKA;
    memcpy(&affinity->samples, arrays->at[SAMPLES]->data, sizeof affinity->samples);
    if (affinity->samples < 1)
        return tp_fail(err, TP_EINPUT, "%s: samples is %lld, expected 1 or more", path,
            (long long)affinity->samples);
    affinity->noise_floor = double_at(arrays->at[NOISE_FLOOR]);
    affinity->noise_median = double_at(arrays->at[NOISE_MEDIAN]);
    for (int i = NOISE_FLOOR; i <= NOISE_MEDIAN; i++) {
        double value = double_at(arrays->at[i]);
        if (!(value >= 0 && value <= 1))
            return tp_fail(
                err, TP_EINPUT, "%s: %s is %g, expected 0 to 1", path, forms[i].name, value);
    }
    return TP_OK;
}

/* One pair of features a, b (numbers in the file) and its mirror image. */
static enum tp_status read_pair(const struct arrays *arrays, const char *const *names, int32_t a,
    int32_t b, float *value, float *std_error, struct tp_error *err)
{
    size_t count = (size_t)arrays->feature_count;
    size_t cell = (size_t)a * count + (size_t)b, mirror = (size_t)b * count + (size_t)a;
    float v = float_at(arrays->at[AFFINITY], cell), m = float_at(arrays->at[AFFINITY], mirror);
    float s = float_at(arrays->at[STD_ERROR], cell), t = float_at(arrays->at[STD_ERROR], mirror);
    const char *path = arrays->path;
    if (!(v >= -TOLERANCE && v <= 1 + TOLERANCE))
        return tp_fail(err, TP_EINPUT, "%s: affinity of '%s' and '%s' is %g, expected 0 to 1", path,
            names[a], names[b], (double)v);
    if (!(s >= 0 && s <= FLT_MAX))
        return tp_fail(err, TP_EINPUT,
            "%s: stderr of '%s' and '%s' is %g, expected 0 or more, finite", path, names[a],
            names[b], (double)s);
    if (!(fabsf(v - m) <= TOLERANCE) || !(fabsf(s - t) <= TOLERANCE))
        return tp_fail(err, TP_EINPUT,
            "%s: is not symmetric: '%s' and '%s' have affinity %g and standard error %g, the other "
            "way round %g and %g",
            path, names[a], names[b], (double)v, (double)s, (double)m, (double)t);
    if (a == b && !(fabsf(v - 1) <= TOLERANCE))
        return tp_fail(err, TP_EINPUT, "%s: affinity of '%s' with itself is %g, expected 1", path,
            names[a], (double)v);
    *value = a == b ? 1.0f : fminf(fmaxf(v, 0.0f), 1.0f);
    *std_error = s;
    return TP_OK;
}

/* Fills the upper triangle in the model's order and mirrors it. */
static enum tp_status read_matrix(const struct arrays *arrays, const char *const *names,
    const int32_t *column, struct tp_affinity *affinity, struct tp_error *err)
{
    size_t count = (size_t)affinity->feature_count;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++) {
            float value = 0, std_error = 0;
            int32_t a = column[i] < column[j] ? column[i] : column[j],
                    b = column[i] + column[j] - a;
            enum tp_status status = read_pair(arrays, names, a, b, &value, &std_error, err);
            if (status)
                return status;
            affinity->affinity[i * count + j] = affinity->affinity[j * count + i] = value;
            affinity->std_error[i * count + j] = affinity->std_error[j * count + i] = std_error;
        }
    }
    return TP_OK;
}

static enum tp_status read_arrays(const struct arrays *arrays, const struct tp_model *model,
    struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_text text = {0};
    const char **names = TP_NEW(arrays->feature_count, const char *);
    int32_t *column = TP_NEW(model->feature_count, int32_t);
    enum tp_status status = names && column ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = read_scalars(arrays, affinity, err);
    if (!status)
        status = read_names(arrays, &text, names, err);
    if (!status)
        status = tp_names_match(arrays->path, names, arrays->feature_count, model, column, err);
    if (!status)
        status = read_matrix(arrays, names, column, affinity, err);
    free(column);
    free(names);
    tp_text_release(&text);
    return status;
}

/* No array of a file for this model is larger; so a small file cannot unpack to a huge one. */
static size_t array_bytes_max(const struct tp_model *model)
{
    size_t count = (size_t)model->feature_count, matrix, names;
    if (!tp_multiply(count * 4, count, &matrix) ||
        !tp_multiply(count, 4 * NAME_CHARACTERS_MAX, &names))
        return SIZE_MAX / 16;
    return (matrix > names ? matrix : names) + HEADER_BYTES_MAX;
}

enum tp_status tp_affinity_load(const char *path, const struct tp_model *model,
    struct tp_affinity **affinity, struct tp_error *err)
{
    const char *shown = strcmp(path, "-") ? path : "standard input";
    size_t length, bytes_max = array_bytes_max(model);
    char *bytes = NULL;
    struct tp_npz *npz = NULL;
    struct tp_affinity *made = NULL;
    struct arrays arrays;
    enum tp_status status = tp_file_read(path, bytes_max * ARRAY_COUNT, &bytes, &length, err);
    if (!status)
        status = tp_npz_parse(bytes, length, shown, ARRAY_COUNT + 1, bytes_max, &npz, err);
    if (!status)
        status = find_arrays(shown, npz, &arrays, err);
    if (!status)
        status = tp_affinity_new(model, &made, err);
    if (!status)
        status = read_arrays(&arrays, model, made, err);
    if (!status) {
        tp_digest_bytes(bytes, length, made->sha256);
        *affinity = made;
        made = NULL;
    }
    tp_affinity_free(made);
    tp_npz_free(npz);
    free(bytes);
    return status;
}
