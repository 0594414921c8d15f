/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an affinity.npz.
 *
 * A file is not trusted: every array must be there with its dtype and shape, no other may be; the
 * matrix must be what the measure can yield (symmetric, in [0, 1], diagonal 1, up to 1e-6 for tools
 * that computed in another order), and its features must be the model's. What was within 1e-6 is
 * made exact. After loading, the order of features is the model's, whatever the file's was. Of a file
 * for an earlier or later model, only what both have is read.
 * Cost: O(F^2). F features. */
#include <towerpart/affinity.h>

#include "affinity/affinity_file.h"
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
#define HEADER_BYTES_MAX 65536
#define OTHERS_MAX 2000 /* features in a file of another model, beyond as many as this one has */

/* The arrays of a file, by our numbering; borrowed from the npz. */
struct arrays {
    const char *path;
    const struct tp_npy *at[TP_ARRAY_COUNT];
    int32_t feature_count;
};

static bool has_form(const struct tp_npy *array, const struct tp_array_form *form, int64_t features)
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
    for (int i = 0; i < TP_ARRAY_COUNT; i++) {
        arrays->at[i] = tp_npz_get(npz, tp_affinity_forms[i].name);
        if (!arrays->at[i])
            return tp_fail(err, TP_EINPUT, "%s: array '%s' is missing, expected %s", path,
                tp_affinity_forms[i].name, tp_affinity_forms[i].expected);
    }
    for (int32_t i = 0; i < tp_npz_count(npz); i++) {
        int known = 0;
        while (known < TP_ARRAY_COUNT &&
               strcmp(tp_npz_name(npz, i), tp_affinity_forms[known].name) != 0)
            known++;
        if (known == TP_ARRAY_COUNT)
            return tp_fail(
                err, TP_EINPUT, "%s: array '%s' is not known", path, tp_npz_name(npz, i));
    }
    int64_t features =
        arrays->at[TP_ARRAY_FEATURES]->dim_count ? arrays->at[TP_ARRAY_FEATURES]->shape[0] : 0;
    for (int i = 0; i < TP_ARRAY_COUNT; i++) {
        if (!has_form(arrays->at[i], &tp_affinity_forms[i], features))
            return tp_fail(err, TP_EINPUT, "%s: array '%s' has another dtype or shape, expected %s",
                path, tp_affinity_forms[i].name, tp_affinity_forms[i].expected);
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

static int64_t integer_at(const struct tp_npy *array, size_t i)
{
    int64_t value;
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
    const struct tp_npy *array = arrays->at[TP_ARRAY_FEATURES];
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

static enum tp_status read_measure(
    const struct arrays *arrays, struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_text name = {0};
    const struct tp_npy *array = arrays->at[TP_ARRAY_MEASURE];
    bool text = tp_utf32_to_utf8(array->data, array->item_bytes / 4, &name);
    tp_text_add_bytes(&name, "", 0);
    enum tp_status status = TP_OK;
    if (name.failed)
        status = tp_fail_memory(err);
    else if (text && !strcmp(name.data, tp_measure_name(TP_MEASURE_CKA)))
        affinity->measure = TP_MEASURE_CKA;
    else if (text && !strcmp(name.data, tp_measure_name(TP_MEASURE_COSINE)))
        affinity->measure = TP_MEASURE_COSINE;
    else
        status =
            tp_fail(err, TP_EINPUT, "%s: measure '%s' is not known, expected 'cka' or 'cosine'",
                arrays->path, text ? name.data : "?");
    tp_text_release(&name);
    return status;
}

static enum tp_status read_counts(
    const struct arrays *arrays, struct tp_affinity *affinity, struct tp_error *err)
{
    affinity->samples = integer_at(arrays->at[TP_ARRAY_SAMPLES], 0);
    if (affinity->samples < 1)
        return tp_fail(err, TP_EINPUT, "%s: samples is %lld, expected 1 or more", arrays->path,
            (long long)affinity->samples);
    int64_t dumps = integer_at(arrays->at[TP_ARRAY_DUMPS], 0);
    if (dumps < 1 || dumps > INT32_MAX)
        return tp_fail(err, TP_EINPUT, "%s: dumps is %lld, expected 1 to %d", arrays->path,
            (long long)dumps, INT32_MAX);
    affinity->dumps = (int32_t)dumps;
    return TP_OK;
}

/* NAN is what was not assessed. */
static enum tp_status read_figures(
    const struct arrays *arrays, struct tp_affinity *affinity, struct tp_error *err)
{
    const struct {
        enum tp_affinity_array array;
        double *value;
        int min;
        bool may_lack;
    } figures[] = {
        {TP_ARRAY_NOISE_FLOOR, &affinity->noise_floor, 0, false},
        {TP_ARRAY_NOISE_MEDIAN, &affinity->noise_median, 0, false},
        {TP_ARRAY_REPRODUCIBILITY, &affinity->reproducibility, -1, true},
        {TP_ARRAY_NULL_RHO, &affinity->null_rho, -1, true},
        {TP_ARRAY_LEARNED, &affinity->learned, 0, true},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        double value = double_at(arrays->at[figures[i].array]);
        if (!(value >= figures[i].min && value <= 1) && !(isnan(value) && figures[i].may_lack))
            return tp_fail(err, TP_EINPUT, "%s: %s is %g, expected %d to 1%s", arrays->path,
                tp_affinity_forms[figures[i].array].name, value, figures[i].min,
                figures[i].may_lack ? ", or nan where it was not assessed" : "");
        *figures[i].value = value;
    }
    if (affinity->dumps == 1 && !isnan(affinity->reproducibility))
        return tp_fail(err, TP_EINPUT, "%s: reproducibility is %g, expected nan for one dump",
            arrays->path, affinity->reproducibility);
    return TP_OK;
}

static enum tp_status read_states(const struct arrays *arrays, const char *const *names,
    const int32_t *column, struct tp_affinity *affinity, struct tp_error *err)
{
    for (int32_t i = 0; i < affinity->feature_count; i++) {
        if (column[i] < 0) {
            affinity->state[i] = TP_FEATURE_NEUTRAL;
            continue;
        }
        int64_t state = integer_at(arrays->at[TP_ARRAY_STATE], (size_t)column[i]);
        if (state < TP_FEATURE_MEASURED || state > TP_FEATURE_NEUTRAL)
            return tp_fail(err, TP_EINPUT, "%s: state of '%s' is %lld, expected %d to %d",
                arrays->path, names[column[i]], (long long)state, TP_FEATURE_MEASURED,
                TP_FEATURE_NEUTRAL);
        affinity->state[i] = (enum tp_feature_state)state;
    }
    return TP_OK;
}

/* One pair of features a, b (numbers in the file) and its mirror image. */
static enum tp_status read_pair(const struct arrays *arrays, const char *const *names, int32_t a,
    int32_t b, float *value, float *std_error, struct tp_error *err)
{
    size_t count = (size_t)arrays->feature_count;
    size_t cell = (size_t)a * count + (size_t)b, mirror = (size_t)b * count + (size_t)a;
    float v = float_at(arrays->at[TP_ARRAY_AFFINITY], cell),
          m = float_at(arrays->at[TP_ARRAY_AFFINITY], mirror);
    float s = float_at(arrays->at[TP_ARRAY_STD_ERROR], cell),
          t = float_at(arrays->at[TP_ARRAY_STD_ERROR], mirror);
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

/* Fills the upper triangle in the model's order and mirrors it. Of what is absent nothing is known. */
static enum tp_status read_matrix(const struct arrays *arrays, const char *const *names,
    const int32_t *column, struct tp_affinity *affinity, struct tp_error *err)
{
    size_t count = (size_t)affinity->feature_count;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++) {
            float value = 0, std_error = 0;
            if (column[i] < 0 || column[j] < 0)
                continue;
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

/* @param column  (model's features) of the file; -1: it lacks it. @return whether it lacks any. */
static bool find_gaps(const struct arrays *arrays, const struct tp_model *model,
    const int32_t *column, struct tp_affinity_gaps *gaps)
{
    int32_t lacking = 0;
    for (int32_t i = 0; i < model->feature_count; i++) {
        gaps->absent[i] = column[i] < 0;
        lacking += gaps->absent[i];
    }
    gaps->left_out = arrays->feature_count - (model->feature_count - lacking);
    return lacking > 0;
}

/* @param gaps  NULL: the file must have the model's features. */
static enum tp_status read_arrays(const struct arrays *arrays, const struct tp_model *model,
    struct tp_affinity_gaps *gaps, struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_text text = {0};
    const char **names = TP_NEW(arrays->feature_count, const char *);
    int32_t *column = TP_NEW(model->feature_count, int32_t);
    enum tp_status status = names && column ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = read_measure(arrays, affinity, err);
    if (!status)
        status = read_counts(arrays, affinity, err);
    if (!status)
        status = read_figures(arrays, affinity, err);
    if (!status)
        status = read_names(arrays, &text, names, err);
    if (!status)
        status = (gaps ? tp_names_match_known : tp_names_match)(
            arrays->path, names, arrays->feature_count, model, column, err);
    bool lacks = !status && gaps && find_gaps(arrays, model, column, gaps);
    if (!status)
        status = read_states(arrays, names, column, affinity, err);
    if (!status)
        status = read_matrix(arrays, names, column, affinity, err);
    if (!status && lacks)
        status = tp_affinity_fill_neutral(affinity, err);
    free(column);
    free(names);
    tp_text_release(&text);
    return status;
}

/* No array of a file of so many features is larger; so a small file cannot unpack to a huge one. */
static size_t array_bytes_max(size_t count)
{
    size_t matrix, names;
    if (!tp_multiply(count * 4, count, &matrix) ||
        !tp_multiply(count, 4 * TP_AFFINITY_NAME_MAX, &names))
        return SIZE_MAX / 16;
    return (matrix > names ? matrix : names) + HEADER_BYTES_MAX;
}

enum tp_status tp_affinity_load(const char *path, const struct tp_model *model,
    struct tp_affinity_gaps *gaps, struct tp_affinity **affinity, struct tp_error *err)
{
    const char *shown = tp_path_shown(path);
    size_t features = (size_t)model->feature_count;
    size_t length, bytes_max = array_bytes_max(gaps ? features + OTHERS_MAX : features);
    char *bytes = NULL;
    struct tp_npz *npz = NULL;
    struct tp_affinity *made = NULL;
    struct arrays arrays;
    enum tp_status status = tp_file_read(path, bytes_max * TP_ARRAY_COUNT, &bytes, &length, err);
    if (!status)
        status = tp_npz_parse(bytes, length, shown, TP_ARRAY_COUNT + 1, bytes_max, &npz, err);
    if (!status)
        status = find_arrays(shown, npz, &arrays, err);
    if (!status)
        status = tp_affinity_new(model, &made, err);
    if (!status)
        status = read_arrays(&arrays, model, gaps, made, err);
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
