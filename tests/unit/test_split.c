/* SPDX-License-Identifier: Apache-2.0 */
/* Which samples are held out. */
#include <check.h>
#include <stdlib.h>

#include "data/split.h"

#include "scratch.h"

/* The first outputs of splitmix64 as published: 0xe220a8397b1dcdaf from the state 0,
 * 6457827717110365317 from 1234567; over 2^64 that is 0.88331 and 0.350079. */
START_TEST(a_number_is_held_out_by_its_splitmix_hash)
{
    ck_assert_int_eq(tp_split_part(0, 0.8833), TP_PART_TRAIN);
    ck_assert_int_eq(tp_split_part(0, 0.8834), TP_PART_HELD_OUT);
    ck_assert_int_eq(tp_split_part(1234567, 0.3500), TP_PART_TRAIN);
    ck_assert_int_eq(tp_split_part(1234567, 0.3501), TP_PART_HELD_OUT);
}
END_TEST

START_TEST(the_share_is_kept_over_all_and_over_periods)
{
    /* 100,000 draws with probability 0.1: the deviation is sqrt(0.09 / 1e5) = 0.00095; of the 10,000
     * in a residue class 0.003. */
    int held = 0, class_held[10] = {0};
    for (int i = 0; i < 100000; i++) {
        bool is = tp_split_part(i, 0.1) == TP_PART_HELD_OUT;
        held += is;
        class_held[i % 10] += is;
    }
    ck_assert_double_eq_tol(held / 1e5, 0.1, 0.004);
    for (int i = 0; i < 10; i++)
        ck_assert_double_eq_tol(class_held[i] / 1e4, 0.1, 0.012);
}
END_TEST

/* Every sample of both parts, in order, against a walk over all numbers. */
START_TEST(the_samples_of_a_part_are_found_by_their_index)
{
    static const int64_t counts[] = {1, 2, 1023, 1024, 1025, 5000};
    static const double shares[] = {0, 0.001, 0.1, 0.5, 0.97};
    struct tp_error err;
    struct tp_split split = {0};
    int64_t count = counts[_i / 5], index[TP_PART_COUNT] = {0}, last[TP_PART_COUNT] = {-1, -1},
            wrong = 0;
    double share = shares[_i % 5];
    ck_ok(tp_split_init(&split, count, share, &err), err);
    for (int64_t number = 0; number < count; number++) {
        enum tp_part part = tp_split_part(number, share);
        wrong += tp_split_find(&split, part, index[part]) != number;
        wrong += tp_split_next(&split, part, last[part]) != number;
        last[part] = number;
        index[part]++;
    }
    ck_assert_int_eq(wrong, 0);
    for (int part = 0; part < TP_PART_COUNT; part++)
        ck_assert_int_eq(tp_split_count(&split, (enum tp_part)part), index[part]);
    tp_split_release(&split);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("split");
    tcase_add_test(tcase, a_number_is_held_out_by_its_splitmix_hash);
    tcase_add_test(tcase, the_share_is_kept_over_all_and_over_periods);
    tcase_add_loop_test(tcase, the_samples_of_a_part_are_found_by_their_index, 0, 30);
    return run_suite("split", tcase);
}
