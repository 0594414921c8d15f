/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity matrix as a thing to keep: made empty, asked what it says in all, written to .npz.
 *
 * A file has the arrays of src/affinity/affinity_file.h in that order, deflated and without a date, so
 * the same matrix gives the same bytes. Of a neutral feature nothing is known, so what is said of
 * all pairs leaves its pairs out. Cost: O(F^2), sorting aside. F features. */
#include <towerpart/affinity.h>

#include "affinity/affinity_file.h"
#include "affinity/matrix.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/npz.h"
#include "base/unicode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct tp_array_form tp_affinity_forms[TP_ARRAY_COUNT] = {
    {"affinity", TP_NPY_FLOAT32, 2, "float32 of shape (features, features)"},
    {"stderr", TP_NPY_FLOAT32, 2, "float32 of shape (features, features)"},
    {"features", TP_NPY_UNICODE, 1, "unicode of shape (features)"},
    {"state", TP_NPY_INT64, 1, "int64 of shape (features)"},
    {"samples", TP_NPY_INT64, 0, "one int64"},
    {"dumps", TP_NPY_INT64, 0, "one int64"},
    {"measure", TP_NPY_UNICODE, 0, "one unicode text"},
    {"noise_floor", TP_NPY_FLOAT64, 0, "one float64"},
    {"noise_median", TP_NPY_FLOAT64, 0, "one float64"},
    {"reproducibility", TP_NPY_FLOAT64, 0, "one float64"},
    {"null_rho", TP_NPY_FLOAT64, 0, "one float64"},
    {"learned", TP_NPY_FLOAT64, 0, "one float64"},
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

static enum tp_feature_state state_of(const struct tp_affinity *affinity, size_t feature)
{
    return affinity->state ? affinity->state[feature] : TP_FEATURE_MEASURED;
}

double tp_affinity_above_floor(const struct tp_affinity *affinity)
{
    size_t count = (size_t)affinity->feature_count, above = 0, pairs = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; state_of(affinity, i) != TP_FEATURE_NEUTRAL && j < i; j++) {
            bool known = state_of(affinity, j) != TP_FEATURE_NEUTRAL;
            pairs += known;
            above += known && (double)affinity->affinity[i * count + j] > affinity->noise_floor;
        }
    }
    return pairs ? (double)above / (double)pairs : 0.0;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

enum tp_status tp_affinity_typical_error(
    const struct tp_affinity *affinity, double *std_error, struct tp_error *err)
{
    size_t count = (size_t)affinity->feature_count, pairs = 0, cells;
    float *errors = tp_multiply(count, count, &cells) ? TP_NEW(cells / 2 + 1, float) : NULL;
    if (!errors)
        return tp_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; state_of(affinity, i) == TP_FEATURE_MEASURED && j < i; j++) {
            if (state_of(affinity, j) == TP_FEATURE_MEASURED)
                errors[pairs++] = affinity->std_error[i * count + j];
        }
    }
    qsort(errors, pairs, sizeof *errors, ascending);
    *std_error = pairs ? (double)errors[pairs / 2] : 0.0;
    free(errors);
    return TP_OK;
}

/* Names as rows of UTF-32, each as wide as the longest. */
static enum tp_status spell_features(
    const struct tp_affinity *affinity, uint32_t **characters, size_t *width, struct tp_error *err)
{
    size_t count = (size_t)affinity->feature_count, cells;
    *width = 1; /* NumPy has no unicode of width 0 */
    for (size_t i = 0; i < count; i++) {
        size_t length = tp_utf8_count(affinity->features[i]);
        if (length > TP_AFFINITY_NAME_MAX)
            return tp_fail(err, TP_EINPUT,
                "feature '%s': the name is not UTF-8, or longer than %d characters",
                affinity->features[i], TP_AFFINITY_NAME_MAX);
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

/* A copy in the type of the file. */
static int64_t *copy_states(const struct tp_affinity *affinity)
{
    int64_t *states = TP_NEW(affinity->feature_count, int64_t);
    for (int32_t i = 0; states && i < affinity->feature_count; i++)
        states[i] = state_of(affinity, (size_t)i);
    return states;
}

enum tp_status tp_affinity_save(
    const struct tp_affinity *affinity, const char *path, struct tp_error *err)
{
    const int64_t square[2] = {affinity->feature_count, affinity->feature_count};
    const int64_t dumps = affinity->dumps;
    const char *measure_name = tp_measure_name(affinity->measure);
    uint32_t *names = NULL, measure[8];
    size_t name_width, measure_width = tp_utf8_count(measure_name);
    enum tp_status status = spell_features(affinity, &names, &name_width, err);
    if (status)
        return status;
    int64_t *states = copy_states(affinity);
    tp_utf8_to_utf32(measure_name, measure, measure_width);
    const void *const data[TP_ARRAY_COUNT] = {affinity->affinity, affinity->std_error, names,
        states, &affinity->samples, &dumps, measure, &affinity->noise_floor,
        &affinity->noise_median, &affinity->reproducibility, &affinity->null_rho,
        &affinity->learned};
    struct tp_npz_member members[TP_ARRAY_COUNT];
    for (int i = 0; i < TP_ARRAY_COUNT; i++) {
        const struct tp_array_form *form = &tp_affinity_forms[i];
        members[i] =
            (struct tp_npz_member){form->name, form->type, 0, form->dim_count, square, data[i]};
    }
    members[TP_ARRAY_FEATURES].item_bytes = 4 * name_width;
    members[TP_ARRAY_MEASURE].item_bytes = 4 * measure_width;
    status = states ? tp_npz_save(path, members, TP_ARRAY_COUNT, err) : tp_fail_memory(err);
    free(states);
    free(names);
    return status;
}
