/* SPDX-License-Identifier: Apache-2.0 */
/* Latencies and rates from times that were made up, so that what lies behind them is known. */
#include "calibrate/fit.h"

#include "scratch.h"

#include <math.h>

#define KIB 1024.0
#define MIB (1024 * KIB)
#define ROUNDS 9

#define ck_near(found, expected)                                                                   \
    ck_assert_msg(fabs((found) - (expected)) <= 1e-9 * fabs(expected),                             \
        "found %.17g, expected %.17g", (double)(found), (double)(expected))

/* Sizes first, 2 first, ... */
static void double_sizes(struct tp_timings *t, double first, int32_t count)
{
    t->size_count = count;
    t->round_count = ROUNDS;
    for (int32_t i = 0; i < count; i++)
        t->bytes[i] = ldexp(first, i);
}

/* Times on a line: start + bytes / rate. */
static struct tp_timings line_times(double start, double rate)
{
    static struct tp_timings t;
    double_sizes(&t, 64, 19); /* to 16 MiB */
    for (int32_t r = 0; r < ROUNDS; r++)
        for (int32_t i = 0; i < t.size_count; i++)
            t.seconds[r][i] = start + t.bytes[i] / rate;
    return t;
}

/* 4 2 3 1: a quarter of the way from 1 to 4 in three steps is 1.75, half 2.5; 5 9 7: 6, 7, 8. */
START_TEST(quartiles_lie_between_values)
{
    double even[] = {4, 2, 3, 1}, odd[] = {5, 9, 7}, one[] = {6};
    struct tp_quartiles q = tp_quartiles_of(even, 4);
    ck_near(q.low, 1.75);
    ck_near(q.median, 2.5);
    ck_near(q.high, 3.25);
    q = tp_quartiles_of(odd, 3);
    ck_near(q.low, 6.0);
    ck_near(q.median, 7.0);
    ck_near(q.high, 8.0);
    q = tp_quartiles_of(one, 1);
    ck_near(q.low, 6.0);
    ck_near(q.high, 6.0);
}
END_TEST

START_TEST(a_line_gives_its_rate)
{
    struct tp_timings t = line_times(1e-5, 1e9);
    struct tp_fit fit = tp_fit_rate(&t);
    ck_near(fit.value.median, 1e9);
    ck_near(fit.value.low, 1e9);
    ck_near(fit.value.high, 1e9);
    ck_near(fit.from_bytes, 2 * KIB); /* above what counts as small */
    ck_near(fit.to_bytes, 8 * MIB);   /* the longest is held back */
    ck_near(fit.check, 1.0);
}
END_TEST

/* 64 to 1024 bytes at 1e9 bytes/s on top of 1e-5 s; the middle one of the five has 256. */
START_TEST(small_messages_give_the_latency)
{
    struct tp_timings t = line_times(1e-5, 1e9);
    struct tp_fit fit = tp_fit_latency(&t);
    ck_near(fit.value.median, 1e-5 + 256e-9);
    ck_near(fit.from_bytes, 64.0);
    ck_near(fit.to_bytes, KIB);
    double_sizes(&t, 4 * KIB, 2);
    t.seconds[0][0] = 7;
    t.round_count = 1;
    ck_near(tp_fit_latency(&t).value.median, 7.0);
}
END_TEST

/* Every round has one transfer that took a hundred times as long, each time another; two rounds were
 * disturbed as a whole. */
START_TEST(outliers_change_nothing)
{
    struct tp_timings t = line_times(1e-5, 1e9);
    for (int32_t r = 0; r < ROUNDS; r++)
        t.seconds[r][(5 * r + 2) % t.size_count] *= 100;
    for (int32_t i = 0; i < t.size_count; i++) {
        t.seconds[3][i] *= 1 + 7 * i;
        t.seconds[6][i] = 0.5;
    }
    ck_near(tp_fit_rate(&t).value.median, 1e9);
    ck_near(tp_fit_rate(&t).check, 1.0);
    ck_near(tp_fit_latency(&t).value.median, 1e-5 + 256e-9);
    ck_near(tp_fit_share(&t, 1e-5).value.median, 1e9);
}
END_TEST

/* 2 KiB always takes 4 % longer: near enough to count, but most pairs of points know nothing of it. */
START_TEST(a_point_beside_the_line_does_not_turn_it)
{
    struct tp_timings t = line_times(1e-5, 1e9);
    for (int32_t r = 0; r < ROUNDS; r++)
        t.seconds[r][5] *= 1.04;
    struct tp_fit fit = tp_fit_rate(&t);
    ck_near(fit.from_bytes, 2 * KIB);
    ck_near(fit.value.median, 1e9);
    ck_near(fit.check, 1.0);
}
END_TEST

/* One round in two is 10 % faster, the others 10 % slower, five of nine: quartiles are the two. */
START_TEST(quartiles_are_over_rounds)
{
    struct tp_timings t = line_times(0, 1e9);
    for (int32_t r = 0; r < ROUNDS; r++)
        for (int32_t i = 0; i < t.size_count; i++)
            t.seconds[r][i] /= r % 2 ? 1.1 : 0.9;
    struct tp_fit fit = tp_fit_rate(&t);
    ck_near(fit.value.low, 0.9e9);
    ck_near(fit.value.median, 0.9e9);
    ck_near(fit.value.high, 1.1e9);
}
END_TEST

/* A token bucket of 256 KiB: that much passes at 1e10 bytes/s, the rest at 1e8. From 256 KiB on
 * the times lie on a line of 1e8 bytes/s, below far above it. */
START_TEST(a_burst_is_not_taken_for_the_rate)
{
    struct tp_timings t;
    double_sizes(&t, KIB, 15); /* to 16 MiB */
    for (int32_t r = 0; r < ROUNDS; r++)
        for (int32_t i = 0; i < t.size_count; i++) {
            double fast = fmin(t.bytes[i], 256 * KIB);
            t.seconds[r][i] = 1e-4 + fast / 1e10 + (t.bytes[i] - fast) / 1e8;
        }
    struct tp_fit fit = tp_fit_rate(&t);
    ck_near(fit.value.median, 1e8);
    ck_near(fit.from_bytes, 256 * KIB);
    ck_near(fit.check, 1.0);
}
END_TEST

/* Beyond 8 MiB it takes twice as long as the line says. */
START_TEST(a_longer_transfer_is_held_against_the_line)
{
    struct tp_timings t = line_times(1e-5, 1e9);
    for (int32_t r = 0; r < ROUNDS; r++)
        t.seconds[r][18] *= 2;
    struct tp_fit fit = tp_fit_rate(&t);
    ck_near(fit.value.median, 1e9);
    ck_near(fit.check, 2.0);
}
END_TEST

/* Nothing that has a slope: the longest of those that count, 8 MiB, in 2 ms. */
START_TEST(constant_times_give_the_longest_transfers_rate)
{
    struct tp_timings t = line_times(2e-3, INFINITY);
    ck_near(tp_fit_rate(&t).value.median, 8 * MIB / 2e-3);
    ck_near(tp_fit_rate(&t).check, 1.0);
    ck_near(tp_fit_latency(&t).value.median, 2e-3);
}
END_TEST

/* 1 and 2 MiB in 3 and 5 ms have the slope of 1 MiB in 2 ms; one size has its own rate. */
START_TEST(few_sizes_are_enough)
{
    struct tp_timings t = {.bytes = {MIB, 2 * MIB}, .size_count = 2, .round_count = 1};
    t.seconds[0][0] = 3e-3;
    t.seconds[0][1] = 5e-3;
    struct tp_fit fit = tp_fit_rate(&t);
    ck_near(fit.value.median, MIB / 2e-3);
    ck_near(fit.check, 0.0);
    t.size_count = 1;
    ck_near(tp_fit_rate(&t).value.median, MIB / 3e-3);
    ck_near(tp_fit_share(&t, 1e-3).value.median, MIB / 2e-3);
}
END_TEST

START_TEST(a_known_part_is_taken_off_as_far_as_it_goes)
{
    struct tp_fit fit = tp_fit_less((struct tp_fit){.value = {1, 3, 7}, .from_bytes = 64}, 2);
    ck_near(fit.value.low, 0.0);
    ck_near(fit.value.median, 1.0);
    ck_near(fit.value.high, 5.0);
    ck_near(fit.from_bytes, 64.0);
}
END_TEST

/* 1 ms of latency in all: what is left is bytes at 1e9 bytes/s. Sizes whose time is mostly latency,
 * below 1e6 bytes, count it as half their time and so differ: the smallest that agrees is 1 MiB. */
START_TEST(a_known_latency_is_taken_off)
{
    struct tp_timings t = line_times(1e-3, 1e9);
    struct tp_fit fit = tp_fit_share(&t, 1e-3);
    ck_near(fit.value.median, 1e9);
    ck_near(fit.from_bytes, MIB);
    ck_near(fit.to_bytes, 16 * MIB);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("fit");
    tcase_add_test(tcase, quartiles_lie_between_values);
    tcase_add_test(tcase, a_line_gives_its_rate);
    tcase_add_test(tcase, small_messages_give_the_latency);
    tcase_add_test(tcase, outliers_change_nothing);
    tcase_add_test(tcase, a_point_beside_the_line_does_not_turn_it);
    tcase_add_test(tcase, quartiles_are_over_rounds);
    tcase_add_test(tcase, a_burst_is_not_taken_for_the_rate);
    tcase_add_test(tcase, a_longer_transfer_is_held_against_the_line);
    tcase_add_test(tcase, constant_times_give_the_longest_transfers_rate);
    tcase_add_test(tcase, few_sizes_are_enough);
    tcase_add_test(tcase, a_known_part_is_taken_off_as_far_as_it_goes);
    tcase_add_test(tcase, a_known_latency_is_taken_off);
    return run_suite("fit", tcase);
}
