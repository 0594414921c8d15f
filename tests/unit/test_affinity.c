/* SPDX-License-Identifier: Apache-2.0 */
/* affinity.npz: written, read back in another order, and refused when anything is wrong with it.
 * Bad files are written with base/npz, one array changed at a time. */
#include "affinity/matrix.h"

#include "base/npz.h"

#include "sample_dump.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static struct sample_model sample;

/* Features a, b and one whose name is not ASCII: 'x', e with an acute accent, a clef (U+1D11E). */
#define UNUSUAL "x\xc3\xa9\xf0\x9d\x84\x9e"

static void three(void)
{
    scratch_open();
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "a", 1);
    sample_add(&sample, "b", 2);
    sample_add(&sample, UNUSUAL, 3);
}

/* ab 0.25, ax 0.5, bx 0.75; standard errors a tenth of that. */
static struct tp_affinity *make_affinity(void)
{
    static const float values[9] = {1, 0.25f, 0.5f, 0.25f, 1, 0.75f, 0.5f, 0.75f, 1};
    struct tp_affinity *made;
    struct tp_error err;
    ck_ok(tp_affinity_new(&sample.model, &made, &err), err);
    memcpy(made->affinity, values, sizeof values);
    for (int i = 0; i < 9; i++)
        made->std_error[i] = i % 4 ? values[i] / 10 : 0;
    made->samples = 1234;
    made->measure = TP_MEASURE_CKA;
    made->noise_floor = 0.3;
    made->noise_median = 0.125;
    made->dumps = 3;
    made->reproducibility = -0.5;
    made->learned = 0.75;
    made->state[1] = TP_FEATURE_CONSTANT;
    made->state[2] = TP_FEATURE_NEUTRAL;
    return made;
}

static void save(const char *name)
{
    struct tp_error err;
    struct tp_affinity *affinity = make_affinity();
    ck_ok(tp_affinity_save(affinity, in_scratch(name), &err), err);
    tp_affinity_free(affinity);
}

START_TEST(a_new_one_has_ones_on_the_diagonal)
{
    struct tp_affinity *made;
    struct tp_error err;
    ck_ok(tp_affinity_new(&sample.model, &made, &err), err);
    for (int i = 0; i < 9; i++)
        ck_assert(made->affinity[i] == (i % 4 ? 0.0f : 1.0f) && made->std_error[i] == 0.0f);
    ck_assert_str_eq(made->features[2], UNUSUAL);
    tp_affinity_free(made);
    tp_affinity_free(NULL);
}
END_TEST

START_TEST(what_is_saved_is_loaded)
{
    char sha256[TP_SHA256_TEXT];
    struct tp_error err;
    struct tp_affinity *loaded, *saved = make_affinity();
    save("a.npz");
    ck_ok(tp_affinity_load(in_scratch("a.npz"), &sample.model, NULL, &loaded, &err), err);
    ck_assert_int_eq(loaded->feature_count, 3);
    ck_assert_mem_eq(loaded->affinity, saved->affinity, 9 * sizeof(float));
    ck_assert_mem_eq(loaded->std_error, saved->std_error, 9 * sizeof(float));
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(loaded->features[i], saved->features[i]);
    ck_assert_int_eq(loaded->samples, 1234);
    ck_assert_int_eq(loaded->measure, TP_MEASURE_CKA);
    ck_assert(loaded->noise_floor == 0.3 && loaded->noise_median == 0.125);
    ck_assert_int_eq(loaded->zero_vectors, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(loaded->state[i], saved->state[i]);
    ck_assert_int_eq(loaded->dumps, 3);
    ck_assert(loaded->reproducibility == -0.5 && loaded->learned == 0.75);
    ck_assert_double_nan(loaded->null_rho);
    ck_ok(tp_digest_path(in_scratch("a.npz"), sha256, &err), err);
    ck_assert_str_eq(loaded->sha256, sha256);
    tp_affinity_free(loaded);
    tp_affinity_free(saved);
}
END_TEST

START_TEST(the_same_matrix_gives_the_same_bytes)
{
    size_t length, again;
    save("a.npz");
    save("b.npz");
    char *first = get_file("a.npz", &length), *second = get_file("b.npz", &again);
    ck_assert_uint_eq(length, again);
    ck_assert_mem_eq(first, second, length);
    free(first);
    free(second);
}
END_TEST

/* The file's order is a, b, x; the model's becomes x, a, b. */
START_TEST(loading_follows_the_models_order)
{
    struct tp_error err;
    struct tp_affinity *loaded;
    save("a.npz");
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, UNUSUAL, 3);
    sample_add(&sample, "a", 1);
    sample_add(&sample, "b", 2);
    ck_ok(tp_affinity_load(in_scratch("a.npz"), &sample.model, NULL, &loaded, &err), err);
    ck_assert_str_eq(loaded->features[0], UNUSUAL);
    const float *values = loaded->affinity;
    ck_assert(values[1] == 0.5f && values[2] == 0.75f && values[5] == 0.25f && values[7] == 0.25f);
    ck_assert(loaded->std_error[2] == 0.075f && loaded->std_error[6] == 0.075f);
    ck_assert_int_eq(loaded->state[0], TP_FEATURE_NEUTRAL);
    ck_assert_int_eq(loaded->state[1], TP_FEATURE_MEASURED);
    ck_assert_int_eq(loaded->state[2], TP_FEATURE_CONSTANT);
    tp_affinity_free(loaded);
}
END_TEST

/* Of a, b, x the model has b and a still, and one more. One pair is left, so it is the mean, and nothing
 * deviates from it. */
START_TEST(a_file_of_another_model_gives_what_both_have)
{
    bool absent[3];
    struct tp_affinity_gaps gaps = {.absent = absent};
    struct tp_error err;
    struct tp_affinity *loaded, *saved = make_affinity();
    for (int i = 0; i < 3; i++)
        saved->state[i] = TP_FEATURE_MEASURED;
    ck_ok(tp_affinity_save(saved, in_scratch("a.npz"), &err), err);
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "b", 2);
    sample_add(&sample, "new", 3);
    sample_add(&sample, "a", 1);
    ck_assert_int_eq(
        tp_affinity_load(in_scratch("a.npz"), &sample.model, NULL, &loaded, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"missing: 'new'", NULL});
    ck_ok(tp_affinity_load(in_scratch("a.npz"), &sample.model, &gaps, &loaded, &err), err);
    ck_assert_int_eq(gaps.left_out, 1);
    ck_assert(!absent[0] && absent[1] && !absent[2]);
    ck_assert_int_eq(loaded->state[0], TP_FEATURE_MEASURED);
    ck_assert_int_eq(loaded->state[1], TP_FEATURE_NEUTRAL);
    ck_assert_float_eq(loaded->affinity[0 * 3 + 2], saved->affinity[0 * 3 + 1]);
    ck_assert_float_eq(loaded->affinity[2 * 3 + 0], saved->affinity[0 * 3 + 1]);
    ck_assert_float_eq(loaded->std_error[0 * 3 + 2], saved->std_error[0 * 3 + 1]);
    ck_assert_float_eq_tol(loaded->affinity[1 * 3 + 0], saved->affinity[0 * 3 + 1], 1e-7f);
    ck_assert_float_eq_tol(loaded->std_error[1 * 3 + 2], 0, 1e-7f);
    ck_assert_float_eq(loaded->affinity[1 * 3 + 1], 1);
    ck_assert(loaded->samples == saved->samples && loaded->noise_floor == saved->noise_floor);
    tp_affinity_free(loaded);
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "other", 1);
    ck_assert_int_eq(
        tp_affinity_load(in_scratch("a.npz"), &sample.model, &gaps, &loaded, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"missing: 'other'", NULL});
    tp_affinity_free(saved);
}
END_TEST

/* ab 0.25 and ax 0.5 do not exceed 0.5, bx 0.75 does. */
START_TEST(the_share_above_the_floor_counts_pairs)
{
    struct tp_affinity *affinity = make_affinity();
    affinity->state[2] = TP_FEATURE_MEASURED;
    affinity->noise_floor = 0.5;
    ck_assert_double_eq_tol(tp_affinity_above_floor(affinity), 1.0 / 3, 1e-12);
    affinity->noise_floor = 0;
    ck_assert(tp_affinity_above_floor(affinity) == 1);
    affinity->feature_count = 1;
    ck_assert(tp_affinity_above_floor(affinity) == 0);
    affinity->feature_count = 3;
    tp_affinity_free(affinity);
}
END_TEST

/* x is neutral: only ab counts. */
START_TEST(neutral_features_do_not_count_above_the_floor)
{
    struct tp_affinity *affinity = make_affinity();
    affinity->noise_floor = 0.2;
    ck_assert(tp_affinity_above_floor(affinity) == 1);
    affinity->noise_floor = 0.25;
    ck_assert(tp_affinity_above_floor(affinity) == 0);
    tp_affinity_free(affinity);
}
END_TEST

/* Of 0.025, 0.05 and 0.075; then only ax is left, then nothing. */
START_TEST(the_typical_error_is_the_median_of_measured_pairs)
{
    struct tp_affinity *affinity = make_affinity();
    struct tp_error err;
    double error = -1;
    affinity->state[1] = affinity->state[2] = TP_FEATURE_MEASURED;
    ck_ok(tp_affinity_typical_error(affinity, &error, &err), err);
    ck_assert_double_eq_tol(error, 0.05, 1e-8);
    affinity->std_error[2] = affinity->std_error[6] = 0.01f;
    affinity->state[1] = TP_FEATURE_CONSTANT;
    ck_ok(tp_affinity_typical_error(affinity, &error, &err), err);
    ck_assert_double_eq_tol(error, 0.01, 1e-8);
    affinity->state[2] = TP_FEATURE_NEUTRAL;
    ck_ok(tp_affinity_typical_error(affinity, &error, &err), err);
    ck_assert(error == 0);
    tp_affinity_free(affinity);
}
END_TEST

START_TEST(a_file_cut_off_anywhere_is_refused)
{
    size_t length;
    struct tp_error err;
    struct tp_affinity *loaded = NULL;
    save("a.npz");
    char *bytes = get_file("a.npz", &length);
    for (size_t cut = 0; cut < length; cut++) {
        put_file("cut.npz", bytes, cut);
        enum tp_status status =
            tp_affinity_load(in_scratch("cut.npz"), &sample.model, NULL, &loaded, &err);
        ck_assert_msg(status == TP_EINPUT, "%zu of %zu bytes", cut, length);
        ck_message_has(&err, (const char *[]){"/cut.npz: ", NULL});
    }
    ck_assert_ptr_null(loaded);
    free(bytes);
}
END_TEST

/* A changed byte may fall where nothing depends on it (a date), but must never be a crash. */
START_TEST(any_changed_byte_is_refused_or_harmless)
{
    size_t length;
    struct tp_error err;
    struct tp_affinity *saved = make_affinity();
    save("a.npz");
    char *bytes = get_file("a.npz", &length);
    for (size_t i = 0; i < length; i++) {
        struct tp_affinity *loaded;
        bytes[i] ^= 0x15;
        put_file("b.npz", bytes, length);
        bytes[i] ^= 0x15;
        if (tp_affinity_load(in_scratch("b.npz"), &sample.model, NULL, &loaded, &err) == TP_OK) {
            ck_assert_mem_eq(loaded->affinity, saved->affinity, 9 * sizeof(float));
            tp_affinity_free(loaded);
        }
    }
    free(bytes);
    tp_affinity_free(saved);
}
END_TEST

enum { ARRAYS = 12 };

/* The arrays of a good file, for changing one. */
struct arrays {
    float affinity[9], std_error[9];
    uint32_t features[3][3], measure[8];
    int64_t state[3], samples, dumps;
    double noise[2], reproducibility, null_rho, learned;
    int64_t square[2], three[1];
    struct tp_npz_member members[ARRAYS + 1];
};

static void good_arrays(struct arrays *a)
{
    struct tp_affinity *good = make_affinity();
    memset(a, 0, sizeof *a);
    memcpy(a->affinity, good->affinity, sizeof a->affinity);
    memcpy(a->std_error, good->std_error, sizeof a->std_error);
    tp_affinity_free(good);
    a->features[0][0] = 'a';
    a->features[1][0] = 'b';
    a->features[2][0] = 'x';
    a->features[2][1] = 0xe9;
    a->features[2][2] = 0x1d11e;
    a->measure[0] = 'c';
    a->measure[1] = 'k';
    a->measure[2] = 'a';
    a->samples = 9;
    a->dumps = 2;
    a->noise[0] = 0.5;
    a->reproducibility = 0.5;
    a->null_rho = a->learned = NAN;
    a->square[0] = a->square[1] = a->three[0] = 3;
    const struct tp_npz_member members[] = {
        {"affinity", TP_NPY_FLOAT32, 0, 2, a->square, a->affinity},
        {"stderr", TP_NPY_FLOAT32, 0, 2, a->square, a->std_error},
        {"features", TP_NPY_UNICODE, 12, 1, a->three, a->features},
        {"samples", TP_NPY_INT64, 0, 0, NULL, &a->samples},
        {"measure", TP_NPY_UNICODE, 32, 0, NULL, a->measure},
        {"noise_floor", TP_NPY_FLOAT64, 0, 0, NULL, &a->noise[0]},
        {"noise_median", TP_NPY_FLOAT64, 0, 0, NULL, &a->noise[1]},
        {"state", TP_NPY_INT64, 0, 1, a->three, a->state},
        {"dumps", TP_NPY_INT64, 0, 0, NULL, &a->dumps},
        {"reproducibility", TP_NPY_FLOAT64, 0, 0, NULL, &a->reproducibility},
        {"null_rho", TP_NPY_FLOAT64, 0, 0, NULL, &a->null_rho},
        {"learned", TP_NPY_FLOAT64, 0, 0, NULL, &a->learned},
    };
    memcpy(a->members, members, sizeof members);
}

static enum tp_status load_arrays(
    const struct arrays *a, int32_t count, struct tp_affinity **loaded, struct tp_error *err)
{
    ck_ok(tp_npz_save(in_scratch("x.npz"), a->members, count, err), *err);
    return tp_affinity_load(in_scratch("x.npz"), &sample.model, NULL, loaded, err);
}

static void set_pair(float *matrix, int i, int j, double value)
{
    matrix[3 * i + j] = matrix[3 * j + i] = (float)value;
}

static void one_sided(struct arrays *a)
{
    a->affinity[1] = 0.3f;
}
static void one_sided_error(struct arrays *a)
{
    a->std_error[1] = 0.3f;
}
static void negative(struct arrays *a)
{
    set_pair(a->affinity, 1, 2, -0.01);
}
static void above_one(struct arrays *a)
{
    set_pair(a->affinity, 1, 2, 1.01);
}
static void not_a_number(struct arrays *a)
{
    set_pair(a->affinity, 1, 2, NAN);
}
static void one_sided_nan(struct arrays *a)
{
    a->affinity[3] = NAN;
}
static void diagonal(struct arrays *a)
{
    a->affinity[4] = 0.9f;
}
static void negative_error(struct arrays *a)
{
    set_pair(a->std_error, 0, 1, -0.1);
}
static void error_nan(struct arrays *a)
{
    set_pair(a->std_error, 0, 1, NAN);
}
static void error_inf(struct arrays *a)
{
    set_pair(a->std_error, 0, 1, HUGE_VAL);
}
static void unknown_feature(struct arrays *a)
{
    a->features[1][0] = 'q';
}
static void feature_twice(struct arrays *a)
{
    a->features[1][0] = 'a';
}
static void no_text(struct arrays *a)
{
    a->features[1][0] = 0xd800;
}
static void fewer_features(struct arrays *a)
{
    a->square[0] = a->square[1] = a->three[0] = 2;
}
static void no_features(struct arrays *a)
{
    a->square[0] = a->square[1] = a->three[0] = 0;
}
static void not_square(struct arrays *a)
{
    a->square[0] = 2;
}

static void as_half(struct arrays *a)
{
    a->members[1].type = TP_NPY_FLOAT16;
}
static void flat(struct arrays *a)
{
    a->members[0].dim_count = 1;
}
static void no_samples(struct arrays *a)
{
    a->samples = 0;
}
static void real_samples(struct arrays *a)
{
    a->members[3].type = TP_NPY_FLOAT64;
}
static void other_measure(struct arrays *a)
{
    a->measure[2] = 'x';
}
static void unknown_state(struct arrays *a)
{
    a->state[1] = 3;
}
static void negative_state(struct arrays *a)
{
    a->state[1] = -1;
}
static void real_state(struct arrays *a)
{
    a->members[7].type = TP_NPY_FLOAT64;
}
static void no_dumps(struct arrays *a)
{
    a->dumps = 0;
}
static void many_dumps(struct arrays *a)
{
    a->dumps = (int64_t)1 << 31;
}
static void rho_below(struct arrays *a)
{
    a->reproducibility = -1.01;
}
static void rho_above(struct arrays *a)
{
    a->null_rho = 1.01;
}
static void rho_inf(struct arrays *a)
{
    a->null_rho = HUGE_VAL;
}
static void negative_share(struct arrays *a)
{
    a->learned = -0.1;
}
static void alone(struct arrays *a)
{
    a->dumps = 1;
}
static void floor_above_one(struct arrays *a)
{
    a->noise[0] = 1.5;
}
static void median_nan(struct arrays *a)
{
    a->noise[1] = NAN;
}
static void renamed(struct arrays *a)
{
    a->members[1].name = "std_error";
}

static const struct {
    void (*change)(struct arrays *);
    const char *message;
} changes[] = {
    {one_sided, "is not symmetric: 'a' and 'b'"},
    {one_sided_error, "is not symmetric: 'a' and 'b'"},
    {one_sided_nan, "is not symmetric: 'a' and 'b'"},
    {negative, "affinity of 'b' and '" UNUSUAL "' is -0.01, expected 0 to 1"},
    {above_one, "is 1.01, expected 0 to 1"},
    {not_a_number, "is nan, expected 0 to 1"},
    {diagonal, "affinity of 'b' with itself is 0.9, expected 1"},
    {negative_error, "stderr of 'a' and 'b' is -0.1, expected 0 or more"},
    {error_nan, "stderr of 'a' and 'b' is nan"},
    {error_inf, "stderr of 'a' and 'b' is inf"},
    {unknown_feature, "features of the model that are missing: 'b'"},
    {feature_twice, "feature 'a' is there twice"},
    {no_text, "array 'features': item 1 is not text"},
    {fewer_features, "features of the model that are missing: '" UNUSUAL "'"},
    {no_features, "has no features"},
    {not_square, "array 'affinity' has another dtype or shape"},
    {as_half, "array 'stderr' has another dtype or shape, expected float32"},
    {flat, "array 'affinity' has another dtype or shape"},
    {no_samples, "samples is 0, expected 1 or more"},
    {real_samples, "array 'samples' has another dtype or shape, expected one int64"},
    {other_measure, "measure 'ckx' is not known, expected 'cka' or 'cosine'"},
    {unknown_state, "state of 'b' is 3, expected 0 to 2"},
    {negative_state, "state of 'b' is -1, expected 0 to 2"},
    {real_state, "array 'state' has another dtype or shape, expected int64"},
    {no_dumps, "dumps is 0, expected 1 to 2147483647"},
    {many_dumps, "dumps is 2147483648, expected 1 to"},
    {rho_below, "reproducibility is -1.01, expected -1 to 1, or nan"},
    {rho_above, "null_rho is 1.01, expected -1 to 1, or nan"},
    {rho_inf, "null_rho is inf, expected -1 to 1, or nan"},
    {negative_share, "learned is -0.1, expected 0 to 1, or nan"},
    {alone, "reproducibility is 0.5, expected nan for one dump"},
    {floor_above_one, "noise_floor is 1.5, expected 0 to 1"},
    {median_nan, "noise_median is nan, expected 0 to 1"},
    {renamed, "array 'stderr' is missing"},
};

START_TEST(a_wrong_array_is_refused)
{
    struct arrays arrays;
    struct tp_error err;
    struct tp_affinity *loaded = NULL;
    good_arrays(&arrays);
    changes[_i].change(&arrays);
    ck_assert_int_eq(load_arrays(&arrays, ARRAYS, &loaded, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/x.npz: ", changes[_i].message, NULL});
    ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(a_missing_array_is_named)
{
    struct arrays arrays;
    struct tp_error err;
    struct tp_affinity *loaded;
    good_arrays(&arrays);
    memmove(arrays.members + _i, arrays.members + _i + 1,
        (size_t)(ARRAYS - _i) * sizeof *arrays.members);
    ck_assert_int_eq(load_arrays(&arrays, ARRAYS - 1, &loaded, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/x.npz: array '", "' is missing, expected ", NULL});
}
END_TEST

START_TEST(an_unknown_array_is_named)
{
    struct arrays arrays;
    struct tp_error err;
    struct tp_affinity *loaded;
    good_arrays(&arrays);
    arrays.members[ARRAYS] = arrays.members[3];
    arrays.members[ARRAYS].name = "more";
    ck_assert_int_eq(load_arrays(&arrays, ARRAYS + 1, &loaded, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"array 'more' is not known", NULL});
}
END_TEST

START_TEST(what_is_within_a_millionth_is_made_exact)
{
    struct arrays arrays;
    struct tp_error err;
    struct tp_affinity *loaded;
    good_arrays(&arrays);
    arrays.affinity[0] = 1.0000005f;
    arrays.affinity[1] = 0.2500005f;
    set_pair(arrays.affinity, 1, 2, 1.0000005);
    set_pair(arrays.affinity, 0, 2, -5e-7);
    ck_ok(load_arrays(&arrays, ARRAYS, &loaded, &err), err);
    const float *values = loaded->affinity;
    ck_assert(
        values[0] == 1 && values[5] == 1 && values[7] == 1 && values[2] == 0 && values[6] == 0);
    ck_assert(values[1] == values[3]);
    tp_affinity_free(loaded);
}
END_TEST

START_TEST(cosine_is_a_measure)
{
    struct arrays arrays;
    struct tp_error err;
    struct tp_affinity *loaded;
    good_arrays(&arrays);
    for (int i = 0; i < 6; i++)
        arrays.measure[i] = (uint32_t) "cosine"[i];
    ck_ok(load_arrays(&arrays, ARRAYS, &loaded, &err), err);
    ck_assert_int_eq(loaded->measure, TP_MEASURE_COSINE);
    tp_affinity_free(loaded);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
    struct tp_error err;
    struct tp_affinity *loaded;
    ck_assert_int_eq(
        tp_affinity_load(in_scratch("none.npz"), &sample.model, NULL, &loaded, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/none.npz: cannot be read: No such file", NULL});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("affinity");
    tcase_add_checked_fixture(tcase, three, scratch_close);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_new_one_has_ones_on_the_diagonal);
    tcase_add_test(tcase, what_is_saved_is_loaded);
    tcase_add_test(tcase, the_same_matrix_gives_the_same_bytes);
    tcase_add_test(tcase, a_file_of_another_model_gives_what_both_have);
    tcase_add_test(tcase, loading_follows_the_models_order);
    tcase_add_test(tcase, the_share_above_the_floor_counts_pairs);
    tcase_add_test(tcase, neutral_features_do_not_count_above_the_floor);
    tcase_add_test(tcase, the_typical_error_is_the_median_of_measured_pairs);
    tcase_add_test(tcase, cosine_is_a_measure);
    tcase_add_test(tcase, a_file_cut_off_anywhere_is_refused);
    tcase_add_test(tcase, any_changed_byte_is_refused_or_harmless);
    tcase_add_loop_test(tcase, a_wrong_array_is_refused, 0, COUNT(changes));
    tcase_add_loop_test(tcase, a_missing_array_is_named, 0, ARRAYS);
    tcase_add_test(tcase, an_unknown_array_is_named);
    tcase_add_test(tcase, what_is_within_a_millionth_is_made_exact);
    tcase_add_test(tcase, a_file_that_is_not_there_is_named);
    return run_suite("affinity", tcase);
}
