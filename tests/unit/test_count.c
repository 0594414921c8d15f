/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of ids against a slow count of the same ids. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "profile/count.h"

START_TEST(each_id_is_counted_however_often_the_table_grows)
{
    /* Draws below 3000 * u^2, so that some are frequent; the slow count is an array. */
    static int64_t slow[3000];
    struct tp_random random = tp_random_new(5, 0);
    struct tp_id_counts counts = {0};
    size_t distinct = 0;
    for (int i = 0; i < 50000; i++) {
        double u = tp_random_uniform(&random);
        int id = (int)(3000 * u * u);
        char text[32];
        int length = snprintf(text, sizeof text, "id-%d", id);
        distinct += slow[id]++ == 0;
        ck_assert(tp_id_count(&counts, text, (size_t)length));
    }
    ck_assert_uint_eq(counts.used, distinct);
    int64_t *sorted = tp_id_counts_sorted(&counts);
    ck_assert_ptr_nonnull(sorted);
    for (size_t i = 0; i < distinct; i++) {
        int most = 0;
        for (int id = 1; id < 3000; id++)
            most = slow[id] > slow[most] ? id : most;
        ck_assert_int_eq(sorted[i], slow[most]);
        slow[most] = 0;
    }
    free(sorted);
    tp_id_counts_release(&counts);
    ck_assert_ptr_null(counts.slots);
}
END_TEST

START_TEST(an_id_is_its_bytes_and_their_number)
{
    static const char *const ids[] = {"a", "b", "ab", "ba", "0", "00", "00000000", "0000000 ",
        "000000001", "000000010", "0000000000000000", "00000000000000000", "A"};
    enum { IDS = sizeof ids / sizeof *ids };
    struct tp_id_counts counts = {0};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < IDS; i++)
            ck_assert(tp_id_count(&counts, ids[i], strlen(ids[i])));
    ck_assert_uint_eq(counts.used, IDS);
    int64_t *sorted = tp_id_counts_sorted(&counts);
    ck_assert_int_eq(sorted[0], 2);
    ck_assert_int_eq(sorted[IDS - 1], 2);
    free(sorted);
    tp_id_counts_release(&counts);
}
END_TEST

static int rising(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

START_TEST(a_hundred_thousand_ids_share_no_hash)
{
    /* Of 12 bytes, so beyond those that cannot collide: expected are 1e10 / 2^65 collisions. */
    enum { IDS = 100000 };
    uint64_t *hashes = malloc(IDS * sizeof *hashes);
    ck_assert_ptr_nonnull(hashes);
    for (int i = 0; i < IDS; i++) {
        char text[32];
        snprintf(text, sizeof text, "user%08d", i);
        hashes[i] = tp_id_hash(text, 12);
    }
    qsort(hashes, IDS, sizeof *hashes, rising);
    for (int i = 1; i < IDS; i++)
        ck_assert_uint_ne(hashes[i], hashes[i - 1]);
    free(hashes);
}
END_TEST

START_TEST(nothing_counted_is_no_failure)
{
    struct tp_id_counts counts = {0};
    int64_t *sorted = tp_id_counts_sorted(&counts);
    ck_assert_ptr_nonnull(sorted);
    free(sorted);
    tp_id_counts_release(&counts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("count");
    TCase *tcase = tcase_create("count");
    tcase_add_test(tcase, each_id_is_counted_however_often_the_table_grows);
    tcase_add_test(tcase, an_id_is_its_bytes_and_their_number);
    tcase_add_test(tcase, a_hundred_thousand_ids_share_no_hash);
    tcase_add_test(tcase, nothing_counted_is_no_failure);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
