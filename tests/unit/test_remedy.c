/* SPDX-License-Identifier: Apache-2.0 */
/* The settings that a refusal names are the nearest of their kind: the next nearer value is tried here
 * too, and must not work. That those named do work is the business of assert_refused(). */
#include "refusals.h"

/* The number after a text in the message. */
static double named(const struct refused *r, const char *before)
{
    const char *at = strstr(r->err.text, REMEDIES);
    at = at ? strstr(at, before) : NULL;
    ck_assert_msg(at != NULL, "no '%s' in: %s", before, r->err.text);
    return strtod(at + strlen(before), NULL);
}

static bool plans(const struct workload *w, const struct tp_plan_options *options)
{
    struct tp_error err = {0};
    return plan(w, options, &err) == TP_OK;
}

/* Loads 10 3 3 2; output dims alike. */
START_TEST(test_balance_to_the_hundredth)
{
    static const double pooling[] = {10, 3, 3, 2};
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    for (int i = 0; i < 4; i++)
        workload_table(&w, 1000, 16, 1, pooling[i]);
    r.options.balance = 0.2;
    assert_refused(&r, 1, (const char *const[]){NULL});
    r.options.balance = named(&r, "--balance ") - 0.01;
    ck_assert(!plans(&w, &r.options));
}
END_TEST

/* One table of dim 32 and pooling 2, three of dim 16 and pooling 1. Two and two features: lookups 5 : 2, so
 * 0.43; one and three: lookups 4 : 3, output dims 32 : 48, so 0.2. */
START_TEST(test_balance_over_all_ratios_where_none_was_given)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_table(&w, 1000, 32, 1, 2);
    workload_tables(&w, 3, 1000, 16);
    r.options.balance = 0.05;
    assert_refused(&r, 1, (const char *const[]){"  --balance 0.2\n", NULL});
    r.options.balance = 0.19;
    ck_assert(!plans(&w, &r.options));
}
END_TEST

START_TEST(test_ratio_to_the_hundredth)
{
    /* 11 features, 6 of them bound, in 4 towers: mean 2.75, so 2.75 * Q > 5. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, GIB);
    workload_tables(&w, 11, 1000, 16);
    workload_bind(&w, TP_TOGETHER, 0, 1, 2, 3, 4, 5, -1);
    r.options.ratio = 1.5;
    assert_refused(&r, 2, (const char *const[]){"  --ratio 1.82\n", NULL});
    r.options.ratio = 1.81;
    ck_assert(!plans(&w, &r.options));
}
END_TEST

START_TEST(test_hosts_per_tower_is_the_next_divisor)
{
    /* 10.9 MB in 12 hosts of 2 * 2 MB: with buffers four hosts are needed, three will not do. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 12, 2, 2000000);
    workload_tables(&w, 11, 1000, 16);
    workload_table(&w, 170000, 16, 1, 1);
    assert_refused(&r, 1,
        (const char *const[]){
            "at least 4 hosts per tower", "--hosts-per-tower 4 (3 towers)", NULL});
    r.options.hosts_per_tower = 3;
    ck_assert(!plans(&w, &r.options));
}
END_TEST

START_TEST(test_fewer_hosts_per_tower_where_more_towers_are_needed)
{
    /* Three apart in 8 hosts, four of them per tower. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 8, 1, GIB);
    workload_tables(&w, 16, 1000, 16);
    workload_bind(&w, TP_APART, 0, 5, 9, -1);
    r.options.hosts_per_tower = 4;
    assert_refused(&r, 3,
        (const char *const[]){
            "2 towers (8 hosts, 4 per tower)", "--hosts-per-tower 2 (4 towers)", "12 hosts", NULL});
}
END_TEST

/* One table that is too large for a rank that it has alone: 3.2 MB, 2 MB. */
static void begin_too_large(struct refused *r, struct workload *w)
{
    begin(r, w);
    workload_begin(w, 4, 1, 2000000);
    workload_tables(w, 7, 1000, 16);
    workload_table(w, 50000, 16, 1, 1);
}

START_TEST(test_rows_to_three_digits)
{
    struct workload w;
    struct refused r;
    begin_too_large(&r, &w);
    assert_refused(&r, 3, (const char *const[]){NULL});
    int64_t rows = (int64_t)named(&r, "  table t7: rows ");
    ck_assert_int_eq(rows % 100, 0);
    w.tables[7].rows = rows + 100;
    ck_assert(!plans(&w, &r.options));
}
END_TEST

START_TEST(test_memory_to_three_digits)
{
    struct workload w;
    struct refused r;
    begin_too_large(&r, &w);
    w.hosts[1].memory_bytes = 2500000; /* keeps what it has more */
    assert_refused(
        &r, 3, (const char *const[]){"instead of 2000000, on every host that has less", NULL});
    int64_t bytes = (int64_t)named(&r, "  memory_bytes ");
    ck_assert_int_eq(bytes % 10000, 0);
    add_memory(&w, bytes - 10000);
    ck_assert(!plans(&w, &r.options));
}
END_TEST

START_TEST(test_batch_is_the_first_half_that_works)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 1000000);
    workload_tables(&w, 8, 1000, 16);
    w.model.local_batch_size = 1000; /* 1000, 500, 250, 125 */
    assert_refused(&r, 1, (const char *const[]){NULL});
    int64_t batch = (int64_t)named(&r, "  local_batch_size ");
    ck_assert(batch == 500 || batch == 250 || batch == 125);
    w.model.local_batch_size = 2 * batch;
    ck_assert(!plans(&w, &r.options));
}
END_TEST

START_TEST(test_hosts_are_the_fewest)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 2000000);
    workload_tables(&w, 8, 20000, 16);
    assert_refused(&r, 1, (const char *const[]){NULL});
    const char *at = strstr(r.err.text, " hosts instead of 2");
    ck_assert_ptr_nonnull(at);
    while (at[-1] != ' ')
        at--;
    for (int32_t hosts = 3; hosts < atoi(at); hosts++) {
        add_hosts(&w, hosts);
        ck_assert(!plans(&w, &r.options));
    }
}
END_TEST

/* 40 tables, so that the search is not exhaustive, under the default effort. */
START_TEST(test_settings_work_under_the_effort_that_was_asked_for)
{
    struct workload w;
    struct refused r;
    struct tp_random random = tp_random_new((uint64_t)_i, 44);
    begin(&r, &w);
    r.options.effort = 3;
    workload_begin(&w, 4, 2, 700000);
    for (int i = 0; i < 40; i++)
        workload_table(&w, 1 + (int64_t)(800 * exp(tp_random_normal(&random))), 16, 1,
            0.5 + 2 * tp_random_uniform(&random));
    if (_i % 2)
        r.options.balance = 0.02;
    if (_i % 3 == 0)
        r.options.ratio = 1;
    workload_bind(&w, TP_TOGETHER, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -1);
    if (plan(&w, &r.options, &r.err) != TP_OK)
        assert_refused(&r, 0, (const char *const[]){NULL});
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("remedy");
    TCase *tcase = tcase_create("remedy");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_balance_to_the_hundredth);
    tcase_add_test(tcase, test_balance_over_all_ratios_where_none_was_given);
    tcase_add_test(tcase, test_ratio_to_the_hundredth);
    tcase_add_test(tcase, test_hosts_per_tower_is_the_next_divisor);
    tcase_add_test(tcase, test_fewer_hosts_per_tower_where_more_towers_are_needed);
    tcase_add_test(tcase, test_rows_to_three_digits);
    tcase_add_test(tcase, test_memory_to_three_digits);
    tcase_add_test(tcase, test_batch_is_the_first_half_that_works);
    tcase_add_test(tcase, test_hosts_are_the_fewest);
    tcase_add_loop_test(tcase, test_settings_work_under_the_effort_that_was_asked_for, 0, 6);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
