/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles, strips, pieces and threads: however the product is cut, the answer is the same. */
#include "slow_cka.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* Among them one wider than a tile is aimed at, in several strips. */
static void mixed_dims(struct column_set *sets, double **values, int samples)
{
    static const int dims[] = {1, 3, 16, 7, 530, 64};
    static const char *const names[] = {"one", "three", "16", "se ven", "wide", "sixty.four"};
    memset(&sample, 0, sizeof sample);
    for (int i = 0; i < COUNT(dims); i++) {
        struct tp_text file = {0};
        char *encoded = tp_percent_encode(names[i]);
        sample_add(&sample, names[i], dims[i]);
        values[i] = normal_values((size_t)(samples * dims[i]), (uint64_t)i);
        for (int s = 0; s < samples; s++)
            values[i][s * dims[i]] += 2 * values[0][s];
        sets[i] = (struct column_set){values[i], (size_t)dims[i], dims[i]};
        tp_text_add(&file, "%s.npy", encoded);
        put_array(file.data, TP_NPY_FLOAT64, 2, (int64_t[]){samples, dims[i]}, values[i]);
        tp_text_release(&file);
        free(encoded);
    }
}

START_TEST(mixed_dims_give_the_slow_answer)
{
    struct column_set sets[6];
    double *values[6];
    mixed_dims(sets, values, 33);
    struct tp_affinity *affinity = measure(NULL);
    ck_matches(affinity, sets, 33);
    tp_affinity_free(affinity);
    for (int i = 0; i < 6; i++)
        free(values[i]);
}
END_TEST

/* 17,000 samples make blocks of 1062 or 1063, more than a piece of 1024. */
START_TEST(long_blocks_give_the_slow_answer)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    struct column_set sets[3];
    sample_equal(&sample, 3, 1);
    double *values = normal_values(17000 * 3, 4);
    for (int s = 0; s < 17000; s++)
        values[3 * s + 1] += values[3 * s] + (double)s / 10000;
    pooled_sets(values, sets);
    put_pooled(TP_NPY_FLOAT64, 17000, &sample, values);
    options.memory_bytes = _i ? 0 : options.memory_bytes;
    struct tp_affinity *affinity = measure(&options);
    ck_matches(affinity, sets, 17000);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* 0 bytes keep nothing: values are read again for every tile, in pieces of 1024 samples. */
START_TEST(little_memory_gives_the_same_answer)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    sample_equal(&sample, 10, 16);
    double *values = related_values(17000, 10, 16, 2);
    put_pooled(TP_NPY_FLOAT32, 17000, &sample, values);
    free(values);
    struct tp_affinity *much = measure(&options);
    options.memory_bytes = 0;
    struct tp_affinity *little = measure(&options);
    ck_same_matrix(much, little, 1e-6);
    tp_affinity_free(much);
    tp_affinity_free(little);
}
END_TEST

START_TEST(the_number_of_threads_changes_nothing)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    sample_equal(&sample, 40, 16);
    double *values = related_values(100, 40, 16, 3);
    put_pooled(TP_NPY_FLOAT32, 100, &sample, values);
    free(values);
    options.threads = 1;
    struct tp_affinity *alone = measure(&options);
    options.threads = 3;
    struct tp_affinity *shared = measure(&options);
    ck_same_matrix(alone, shared, 0);
    tp_affinity_free(alone);
    tp_affinity_free(shared);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("gram");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, mixed_dims_give_the_slow_answer);
    tcase_add_loop_test(tcase, long_blocks_give_the_slow_answer, 0, 2);
    tcase_add_test(tcase, little_memory_gives_the_same_answer);
    tcase_add_test(tcase, the_number_of_threads_changes_nothing);
    return run_suite("gram", tcase);
}
