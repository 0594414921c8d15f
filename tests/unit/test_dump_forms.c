/* SPDX-License-Identifier: Apache-2.0 */
/* The same arrays in every form of a dump have the same affinity. */
#include "affinity/dump_forms.h"
#include "affinity/cosine.h"
#include "affinity/gram.h"

#include "dump_files.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define FEATURES 5
#define SAMPLES 67
#define DIM 6

static struct sample_model sample;
static double values[FEATURES][SAMPLES * DIM];

/* Small multiples of 1/8, which float16 and bfloat16 hold exactly; neighbours share a part. */
static void make_values(void)
{
    struct tp_random random = tp_random_new(3, 0);
    scratch_open();
    sample_equal(&sample, FEATURES, DIM);
    for (int f = 0; f < FEATURES; f++) {
        for (int i = 0; i < SAMPLES * DIM; i++) {
            double own = floor(16 * tp_random_uniform(&random)) / 8;
            values[f][i] = own + (f ? floor(4 * values[f - 1][i]) / 8 : 0.0);
            ck_assert(values[f][i] < 8); /* at most 6 bits */
        }
    }
}

static const char *put_pooled_folder(enum tp_npy_type type)
{
    static double rows[SAMPLES * FEATURES * DIM];
    for (int s = 0; s < SAMPLES; s++) {
        for (int f = 0; f < FEATURES; f++)
            memcpy(rows + (s * FEATURES + f) * DIM, values[f] + s * DIM, DIM * sizeof *rows);
    }
    put_pooled(type, SAMPLES, &sample, rows);
    return scratch;
}

static const char *put_folder(enum tp_npy_type type)
{
    char name[16];
    for (int f = 0; f < FEATURES; f++) {
        snprintf(name, sizeof name, "f%d.npy", f);
        put_array(name, type, 2, (int64_t[]){SAMPLES, DIM}, values[f]);
    }
    return scratch;
}

static const char *put_zip(enum tp_npy_type type, int method)
{
    char name[16];
    zip_t *zip = begin_zip("d.npz");
    for (int f = FEATURES; f-- > 0;) {
        snprintf(name, sizeof name, "f%d.npy", f);
        add_npy_member(zip, name, type, SAMPLES, DIM, values[f], method);
    }
    ck_assert_int_eq(zip_close(zip), 0);
    return in_scratch("d.npz");
}

static const char *put_stored(enum tp_npy_type type)
{
    return put_zip(type, ZIP_CM_STORE);
}

static const char *put_deflated(enum tp_npy_type type)
{
    return put_zip(type, ZIP_CM_DEFLATE);
}

static const char *put_safetensors(enum tp_npy_type type)
{
    struct tensor_file file = {0};
    char name[16];
    for (int f = FEATURES; f-- > 0;) {
        snprintf(name, sizeof name, "f%d", f);
        add_tensor(&file, name, type, SAMPLES, DIM, values[f]);
    }
    put_tensors(&file, "d.safetensors");
    return in_scratch("d.safetensors");
}

/* @param unmapped  read the files as a short address space would. */
static struct tp_affinity *measure(const char *path, bool unmapped, int64_t memory_bytes)
{
    struct tp_error err;
    struct tp_dump *dump;
    struct tp_affinity *affinity;
    struct tp_affinity_options options = tp_affinity_options_default();
    options.memory_bytes = memory_bytes;
    ck_ok(tp_dump_open(path, &sample.model, false, &dump, &err), err);
    if (unmapped)
        unmap_dump(dump);
    ck_ok(tp_affinity_measure(
              (const struct tp_dump *const *)&dump, 1, NULL, &options, &affinity, &err),
        err);
    tp_dump_free(dump);
    return affinity;
}

static const struct {
    const char *(*put)(enum tp_npy_type type);
    enum tp_npy_type type;
} forms[] = {
    {put_folder, TP_NPY_FLOAT32},
    {put_folder, TP_NPY_FLOAT64},
    {put_pooled_folder, TP_NPY_FLOAT16},
    {put_stored, TP_NPY_FLOAT32},
    {put_stored, TP_NPY_FLOAT16},
    {put_deflated, TP_NPY_FLOAT32},
    {put_deflated, TP_NPY_FLOAT64},
    {put_safetensors, TP_NPY_FLOAT32},
    {put_safetensors, TP_NPY_FLOAT16},
    {put_safetensors, TP_NPY_BFLOAT16},
    {put_safetensors, TP_NPY_FLOAT64},
};

static void ck_same(const struct tp_affinity *a, const struct tp_affinity *b)
{
    for (int i = 0; i < FEATURES * FEATURES; i++) {
        ck_assert_float_eq_tol(a->affinity[i], b->affinity[i], 1e-6f);
        ck_assert_float_eq_tol(a->std_error[i], b->std_error[i], 1e-6f);
    }
    ck_assert_double_eq_tol(a->noise_floor, b->noise_floor, 1e-6);
    ck_assert_int_eq(a->samples, b->samples);
}

START_TEST(every_form_has_the_affinity_of_the_pooled_one)
{
    struct tp_affinity *expected = measure(put_pooled_folder(TP_NPY_FLOAT32), false, 1 << 30);
    scratch_close();
    scratch_open();
    struct tp_affinity *found = measure(forms[_i].put(forms[_i].type), false, 1 << 30);
    ck_assert_float_gt(expected->affinity[1], 0.1f); /* there is something to compare */
    ck_same(expected, found);
    tp_affinity_free(found);
    tp_affinity_free(expected);
}
END_TEST

/* Memory for all values, and for none of them. */
START_TEST(files_that_are_not_mapped_give_the_same_matrix_to_the_last_bit)
{
    static const char *(*const puts[])(enum tp_npy_type) = {
        put_pooled_folder, put_folder, put_safetensors};
    for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
        scratch_close();
        scratch_open();
        const char *path = puts[i](TP_NPY_FLOAT32);
        struct tp_affinity *mapped = measure(path, false, _i ? 1 : 1 << 30);
        struct tp_affinity *read = measure(path, true, _i ? 1 : 1 << 30);
        size_t bytes = FEATURES * FEATURES * sizeof(float);
        ck_assert_mem_eq(mapped->affinity, read->affinity, bytes);
        ck_assert_mem_eq(mapped->std_error, read->std_error, bytes);
        ck_assert(mapped->noise_floor == read->noise_floor);
        tp_affinity_free(read);
        tp_affinity_free(mapped);
    }
}
END_TEST

/* Opened whole, cut before it is measured: no matrix of zeros. */
START_TEST(a_file_that_is_cut_meanwhile_has_no_affinity)
{
    struct tp_error err;
    struct tp_dump *dump;
    struct tp_affinity *affinity = NULL;
    const char *path = put_safetensors(TP_NPY_FLOAT32);
    ck_ok(tp_dump_open(path, &sample.model, false, &dump, &err), err);
    unmap_dump(dump);
    ck_assert_int_eq(truncate(path, 2000), 0);
    ck_assert_int_eq(
        tp_affinity_measure((const struct tp_dump *const *)&dump, 1, NULL, NULL, &affinity, &err),
        TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/d.safetensors: ", "became shorter", NULL});
    ck_assert_ptr_null(affinity);
    tp_dump_free(dump);
}
END_TEST

START_TEST(nor_has_one_that_is_cut_after_its_means_were_taken)
{
    struct tp_error err;
    struct tp_dump *dump;
    struct tp_moments moments;
    float value[FEATURES * FEATURES];
    const int32_t features[FEATURES] = {0, 1, 2, 3, 4};
    const char *path = put_safetensors(TP_NPY_FLOAT32);
    ck_ok(tp_dump_open(path, &sample.model, false, &dump, &err), err);
    ck_ok(tp_moments_measure(dump, 1, &moments, &err), err);
    unmap_dump(dump);
    ck_assert_int_eq(truncate(path, 2000), 0);
    struct tp_pairs_input input = {
        .dump = dump, .moments = &moments, .features = features, .count = FEATURES};
    struct tp_pairs_output output = {.value = value, .place = features, .stride = FEATURES};
    const tp_pairs_measure measures[] = {tp_gram_measure, tp_cosine_measure};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            measures[i](&input, 1, 1, (struct tp_progress_part){0}, &output, &err), TP_EINPUT);
        ck_message_has(&err, (const char *[]){"/d.safetensors: ", "became shorter", NULL});
    }
    tp_moments_release(&moments);
    tp_dump_free(dump);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("dump_forms");
    tcase_add_checked_fixture(tcase, make_values, scratch_close);
    tcase_add_loop_test(tcase, every_form_has_the_affinity_of_the_pooled_one, 0, COUNT(forms));
    tcase_add_loop_test(
        tcase, files_that_are_not_mapped_give_the_same_matrix_to_the_last_bit, 0, 2);
    tcase_add_test(tcase, a_file_that_is_cut_meanwhile_has_no_affinity);
    tcase_add_test(tcase, nor_has_one_that_is_cut_after_its_means_were_taken);
    return run_suite("dump_forms", tcase);
}
