/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of occurrences by row, against insertion. */
#include "train/occurrences.h"

#include "base/random.h"
#include "scratch.h"

static struct tp_error err;

/* Rows of a table, and how many ids there are. Rows on both sides of one, two and three digits of 8 bits. */
static const struct {
    int64_t rows, places;
    size_t count;
} cases[] = {
    {1, 10, 30},
    {3, 1, 50},
    {256, 1000, 500},
    {257, 1000, 500},
    {65536, 7, 700},
    {65537, 1 << 30, 700},
    {INT64_C(1) << 40, 1 << 20, 300},
    {1000, 1000, 0},
};

/* Stable: an occurrence goes behind those of its row. */
static void insert(int64_t (*sorted)[2], size_t count, int64_t row, int64_t place)
{
    size_t at = count;
    for (; at > 0 && sorted[at - 1][0] > row; at--)
        memcpy(sorted[at], sorted[at - 1], sizeof *sorted);
    sorted[at][0] = row;
    sorted[at][1] = place;
}

START_TEST(occurrences_are_sorted_by_row_and_stay_in_order_within_it)
{
    static int64_t sorted[1000][2];
    struct tp_random random = tp_random_new((uint64_t)_i, 0);
    struct tp_occurrences occurrences = {0};
    ck_ok(tp_occurrences_reserve(&occurrences, cases[_i].count, &err), err);
    for (int round = 0; round < 2; round++) { /* the room is used again */
        ck_ok(tp_occurrences_begin(&occurrences, cases[_i].rows, cases[_i].places, &err), err);
        for (size_t i = 0; i < cases[_i].count; i++) {
            int64_t row = tp_random_below(&random, cases[_i].rows);
            int64_t place = tp_random_below(&random, cases[_i].places); /* not ascending */
            tp_occurrences_add(&occurrences, i % 2 ? row : row / 2, place);
            insert(sorted, i, i % 2 ? row : row / 2, place);
        }
        tp_occurrences_sort(&occurrences);
        ck_assert_uint_eq(occurrences.count, cases[_i].count);
        for (size_t i = 0; i < cases[_i].count; i++) {
            ck_assert_int_eq(tp_occurrence_row(&occurrences, i), sorted[i][0]);
            ck_assert_int_eq(tp_occurrence_place(&occurrences, i), sorted[i][1]);
        }
    }
    tp_occurrences_release(&occurrences);
}
END_TEST

START_TEST(the_last_row_and_place_fit)
{
    struct tp_occurrences occurrences = {0};
    int64_t rows = INT64_C(1) << 40, places = INT64_C(1) << 23;
    ck_ok(tp_occurrences_reserve(&occurrences, 1, &err), err);
    ck_ok(tp_occurrences_begin(&occurrences, rows, places, &err), err);
    tp_occurrences_add(&occurrences, rows - 1, places - 1);
    ck_assert_int_eq(tp_occurrence_row(&occurrences, 0), rows - 1);
    ck_assert_int_eq(tp_occurrence_place(&occurrences, 0), places - 1);
    ck_assert_int_eq(tp_occurrences_begin(&occurrences, rows, places + 1, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"1099511627776 rows", "8388609", "split", NULL});
    tp_occurrences_release(&occurrences);
}
END_TEST

START_TEST(room_that_cannot_be_had_leaves_the_old)
{
    struct tp_occurrences occurrences = {0};
    ck_ok(tp_occurrences_reserve(&occurrences, 5, &err), err);
    ck_assert_int_eq(tp_occurrences_reserve(&occurrences, SIZE_MAX / 4, &err), TP_ENOMEM);
    ck_assert_uint_eq(occurrences.capacity, 5);
    ck_ok(tp_occurrences_begin(&occurrences, 10, 10, &err), err);
    for (int i = 0; i < 5; i++)
        tp_occurrences_add(&occurrences, i, i);
    tp_occurrences_release(&occurrences);
    tp_occurrences_release(&occurrences);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("occurrences");
    tcase_add_loop_test(tcase, occurrences_are_sorted_by_row_and_stay_in_order_within_it, 0,
        sizeof cases / sizeof *cases);
    tcase_add_test(tcase, the_last_row_and_place_fit);
    tcase_add_test(tcase, room_that_cannot_be_had_leaves_the_old);
    return run_suite("occurrences", tcase);
}
