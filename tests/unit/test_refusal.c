/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals: each names what binds, the units that force it and settings that work; and every setting
 * that it names is tried here. */
#include "refusals.h"

START_TEST(test_fewer_units_than_towers)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, GIB);
    workload_tables(&w, 3, 1000, 16);
    assert_refused(
        &r, 1, (const char *const[]){"4 towers", "3 units", "--hosts-per-tower 2", NULL});
}
END_TEST

START_TEST(test_together_leaves_too_few_units)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, GIB);
    workload_tables(&w, 5, 1000, 16);
    workload_bind(&w, TP_TOGETHER, 1, 2, 4, -1);
    assert_refused(&r, 2,
        (const char *const[]){
            "4 towers", "3 units", "together: [f1, f2, f4]", "--hosts-per-tower 2", NULL});
}
END_TEST

START_TEST(test_a_table_larger_than_a_rank_that_has_its_tower_alone)
{
    /* 3.2 MB on ranks of 2 MB, one in each host; B = 256. Buffers of t7: ids 2 * 256 * 12 = 6 kB, sent
     * and received inside the tower 3 * 2 * 256 * 64 = 98 kB. Each rank receives from everywhere, 8
     * tables: 2 * 64 * (8 * 12 + 8 * 64) = 78 kB. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 1, 2000000);
    workload_tables(&w, 7, 1000, 16);
    workload_table(&w, 50000, 16, 1, 1);
    assert_refused(&r, 3,
        (const char *const[]){"proven", "memory: t7 needs at least 3.30 MB",
            "1.92 MB (1 rank, where no table can be cut)", "at least 2 hosts per tower",
            "--hosts-per-tower 2", "table t7: rows", "memory_bytes 3", NULL});
}
END_TEST

/* A table of 4 columns is whole or in rows, and row shards each send all of its columns. B = 8192; ids of
 * 12 bytes or 8 + 4 / 2, values of 16, weights of P: whole it needs P + 2 * B * (12 + 16 + 2 * 16), cut into
 * rows on each of two ranks P / 2 + 2 * B * (8 + 16) + B * (2 * 16 + 16). For P = 2.4 MB that is 3.38 MB, of
 * twice 2 MB less what everybody receives; and in rows 1.2 + 0.39 + 0.39 MB of the same. */
START_TEST(test_a_table_that_fits_the_sum_of_the_ranks_only)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 2000000);
    workload_table(&w, 150000, 4, 1, 1);
    workload_table(&w, 1000, 4, 1, 1);
    w.model.local_batch_size = 2048;
    assert_refused(&r, 2,
        (const char *const[]){"(proven)", "memory: t0 needs at least 3.38 MB",
            "it cannot be put even alone on the ranks of a tower of 2 ranks on 1 host",
            "  table t0: rows", NULL});
}
END_TEST

START_TEST(test_a_table_larger_than_a_tower)
{
    /* 6.4 MB in towers of 2 * 2 MB. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, 2000000);
    workload_tables(&w, 7, 1000, 16);
    workload_table(&w, 100000, 16, 1, 1);
    assert_refused(&r, 1,
        (const char *const[]){"proven", "memory: t7 needs at least 6.61 MB (6.40 MB of weights",
            "2 ranks on 1 host", "at least 2 hosts per tower", "--hosts-per-tower 2",
            "table t7: rows", NULL});
}
END_TEST

START_TEST(test_tables_that_need_more_hosts)
{
    /* 8 * 1.28 MB on 2 hosts of 2 ranks of 2 MB. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 2000000);
    workload_tables(&w, 8, 20000, 16);
    assert_refused(&r, 1,
        (const char *const[]){"proven",
            "the 8 tables together need at least 11.1 MB (10.2 MB of weights",
            "the 4 ranks of 2 hosts have 7.69 MB", "memory_bytes", "hosts instead of 2", NULL});
}
END_TEST

START_TEST(test_a_table_larger_than_all_memory)
{
    /* 64 MB; even eight times the hosts have 2 * 2 MB each in a tower. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 2000000);
    workload_tables(&w, 3, 1000, 16);
    workload_table(&w, 1000000, 16, 1, 1);
    assert_refused(&r, 0,
        (const char *const[]){"proven", "memory: t3 needs at least 64.1 MB",
            "all 4 ranks have at most 7.84 MB", "table t3: rows", "memory_bytes", NULL});
}
END_TEST

START_TEST(test_buffers_that_fill_the_memory)
{
    /* A rank of two tables of 64 kB, four in its tower of two, B = 512: ids 2 * (128 * 8 * 12 + 512 * 2
     * * 12) = 49 kB; sent 2 * 512 * 2 * 64 = 131 kB; received in the tower 2 * 256 * 4 * 64 = 131 kB;
     * kept and received from other towers 2 * (256 * 4 + 128 * 8) * 64 = 262 kB; weights 128 kB: 701 kB
     * in all. Twice the batch needs 1.27 MB. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 1000000);
    workload_tables(&w, 8, 1000, 16);
    w.model.local_batch_size = _i ? 0 : 1024;
    w.model.batch_size = _i ? 4096 : 0;
    assert_refused(&r, 1,
        (const char *const[]){"memory", "of a batch of 4096 samples takes all",
            _i ? "  batch_size 512 instead of 4096" : "local_batch_size 128 instead of 1024",
            NULL});
}
END_TEST

START_TEST(test_a_flat_plan_that_needs_more_hosts)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    r.options.strategy = TP_STRATEGY_FLAT;
    workload_begin(&w, 2, 2, 2000000);
    workload_tables(&w, 1, 150000, 16); /* 9.6 MB */
    assert_refused(&r, 1, (const char *const[]){"memory: t0", "hosts instead of 2", NULL});
}
END_TEST

/* Loads 8 3 3 2 of mean 8 in two towers: at best 8 | 8. Limits below what the units allow, the nearest
 * that work. */
static void make_uneven(struct workload *w)
{
    static const double pooling[] = {10, 3, 3, 2};
    workload_begin(w, 2, 2, GIB);
    for (int i = 0; i < 4; i++)
        workload_table(w, 1000, 16, 1, pooling[i]);
}

START_TEST(test_a_balance_below_what_the_units_allow)
{
    /* Lookup 10 | 8 of mean 9: 0.12 in hundredths. But output dims 1 | 3 of mean 2: 0.5; the two go
     * together best as 10 2 | 3 3, lookup 12 of 9: 0.34; or 10 | 8 with output 0.5. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    make_uneven(&w);
    r.options.balance = 0.2;
    assert_refused(&r, 1,
        (const char *const[]){
            "balance 0.2", "lookup bytes", "t0 (1.11", "--balance 0.34", "(proven)", NULL});
    r.options.balance = 0.33;
    ck_assert_int_eq(plan(&w, &r.options, &r.err), TP_EINFEASIBLE);
}
END_TEST

START_TEST(test_a_ratio_below_what_the_units_allow)
{
    /* Features 5 1 1 1 of mean 4: 3 to 5 (ratio 1.25), not 4 to 4. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_table(&w, 1000, 16, 5, 1);
    workload_tables(&w, 3, 1000, 16);
    r.options.ratio = 1;
    assert_refused(&r, 1,
        (const char *const[]){"ratio 1:", "4 features", "t0 has 5 features", "--ratio 1.01", NULL});
}
END_TEST

START_TEST(test_balance_and_ratio_each_too_tight)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_table(&w, 1000, 16, 5, 1);
    workload_tables(&w, 3, 1000, 16);
    r.options.ratio = 1;
    r.options.balance = 0.1;
    assert_refused(&r, 1, (const char *const[]){"ratio 1:", "--balance 0.25 --ratio 1.01", NULL});
}
END_TEST

START_TEST(test_more_features_apart_than_there_are_towers)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 6 + 10 * _i, 1000, 16);
    workload_bind(&w, TP_APART, 0, 3, 5, -1);
    assert_refused(&r, 2,
        (const char *const[]){"(proven)", "constraint apart: [f0, f3, f5]", "2 towers",
            "at least 3 units that are to be in different ones: t0, t3, t5",
            "leave out the constraint", "3 hosts instead of 2", NULL});
}
END_TEST

START_TEST(test_constraints_that_only_together_leave_nothing)
{
    /* Three pairs apart in two towers. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 6, 1000, 16);
    workload_bind(&w, TP_APART, 0, 1, -1);
    workload_bind(&w, TP_APART, 1, 2, -1);
    workload_bind(&w, TP_APART, 2, 0, -1);
    assert_refused(&r, 4,
        (const char *const[]){"apart: [f0, f1]", "apart: [f1, f2]", "apart: [f2, f0]", NULL});
}
END_TEST

START_TEST(test_two_constraints_of_which_each_alone_is_too_much)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 8, 1000, 16);
    workload_bind(&w, TP_APART, 0, 1, 2, -1);
    workload_bind(&w, TP_APART, 4, 5, 6, -1);
    assert_refused(
        &r, 1, (const char *const[]){"apart: [f0, f1, f2]", "leave out all 2 constraints", NULL});
}
END_TEST

START_TEST(test_pins_that_fill_a_tower_beyond_its_memory)
{
    /* Two of 2.56 MB in a tower of 2 * 2 MB. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, 2000000);
    workload_tables(&w, 2, 40000, 16);
    workload_tables(&w, 6, 1000, 16);
    workload_pin(&w, 0, 1);
    workload_pin(&w, 1, 1);
    assert_refused(&r, 2,
        (const char *const[]){
            "memory: what is pinned to tower 1 (t0, t1) comes to at least 5.54 MB, of 3.84 MB",
            "constraint pin: [f0] to tower 1", "constraint pin: [f1] to tower 1", NULL});
}
END_TEST

START_TEST(test_tables_together_that_no_tower_can_hold)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, 2000000);
    workload_tables(&w, 2, 40000, 16);
    workload_tables(&w, 6, 1000, 16);
    workload_bind(&w, TP_TOGETHER, 1, 0, -1);
    assert_refused(&r, 2,
        (const char *const[]){"memory: t0 + t1 needs at least 5.54 MB",
            "constraint together: [f1, f0]", "--hosts-per-tower 2",
            "leave out the constraint together", NULL});
}
END_TEST

START_TEST(test_contradictions_name_the_constraints_to_leave_out)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 6, 1000, 16);
    workload_bind(&w, TP_TOGETHER, 0, 1, -1);
    workload_bind(&w, TP_APART, 1, 0, -1);
    assert_refused(&r, 2,
        (const char *const[]){"constraint together: [f0, f1]", "constraint apart: [f1, f0]",
            "leave out the constraint together", "leave out the constraint apart", NULL});
}
END_TEST

START_TEST(test_a_pin_beyond_the_towers)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 6, 1000, 16);
    workload_pin(&w, 3, 2);
    assert_refused(&r, 1,
        (const char *const[]){"pin: [f3] to tower 2",
            "2 towers (2 hosts, 1 per tower): tower 0 to tower 1", "leave out the constraint",
            "3 hosts instead of 2", NULL});
}
END_TEST

START_TEST(test_stride_that_breaks_a_limit)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 6, 1000, 16);
    workload_bind(&w, TP_APART, 0, 2, -1);
    r.options.strategy = TP_STRATEGY_STRIDE;
    assert_refused(&r, 1, (const char *const[]){"stride", "--strategy load", NULL});
}
END_TEST

/* It is not stride that is to blame. */
START_TEST(test_stride_where_nothing_else_works_either)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 6, 1000, 16);
    workload_bind(&w, TP_APART, 0, 2, 4, -1);
    r.options.strategy = TP_STRATEGY_STRIDE;
    assert_refused(&r, 0, (const char *const[]){"constraint apart: [f0, f2, f4]", NULL});
    ck_assert_ptr_null(strstr(r.err.text, "strategy"));
}
END_TEST

/* Eight small tables, two or three of which are bound in ways that contradict each other; each case with
 * the facts that do. */
struct bound {
    int kind;        /* enum tp_constraint_kind */
    int a, b, tower; /* features; b -1: a pin of a to the tower */
};

static const struct contradiction {
    struct bound bound[4];
    int facts, settings;
} contradictions[] = {
    /* a with b, b with c, but a not with c; the last one has nothing to do with it */
    {{{TP_TOGETHER, 0, 1, 0}, {TP_TOGETHER, 1, 2, 0}, {TP_APART, 0, 2, 0}, {TP_APART, 3, 4, 0}}, 3,
        3},
    {{{TP_PIN, 0, -1, 1}, {TP_PIN, 3, -1, 0}, {TP_PIN, 0, -1, 0}, {TP_APART, 5, 6, 0}}, 2, 2},
    {{{TP_PIN, 0, -1, 1}, {TP_TOGETHER, 0, 5, 0}, {TP_PIN, 5, -1, 0}, {TP_TOGETHER, 6, 7, 0}}, 3,
        3},
    {{{TP_PIN, 0, -1, 1}, {TP_PIN, 5, -1, 1}, {TP_PIN, 6, -1, 1}, {TP_APART, 0, 5, 0}}, 3, 3},
    /* two towers: both are forbidden to f0 */
    {{{TP_PIN, 1, -1, 0}, {TP_PIN, 2, -1, 1}, {TP_APART, 0, 1, 0}, {TP_APART, 0, 2, 0}}, 5, 4},
};

START_TEST(test_constraints_that_contradict_each_other)
{
    const struct contradiction *c = &contradictions[_i];
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 8, 1000, 16);
    for (int i = 0; i < 4; i++) {
        const struct bound *b = &c->bound[i];
        if (b->kind == TP_PIN)
            workload_pin(&w, b->a, b->tower);
        else
            workload_bind(&w, (enum tp_constraint_kind)b->kind, b->a, b->b, -1);
    }
    assert_refused(
        &r, c->settings, (const char *const[]){"(proven)", "leave out the constraint", NULL});
    ck_assert_msg(fact_count(&r.err) == c->facts, "%s", r.err.text);
}
END_TEST

START_TEST(test_features_of_one_table_cannot_be_apart)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_table(&w, 1000, 16, 3, 1);
    workload_tables(&w, 3, 1000, 16);
    workload_bind(&w, TP_APART, 0, 4, 2, -1);
    assert_refused(&r, 1,
        (const char *const[]){"(proven)", "constraint apart: [f0, f4, f2]",
            "table t0 is shared by f0, f2", "leave out the constraint apart", NULL});
    ck_assert_int_eq(fact_count(&r.err), 2);
}
END_TEST

START_TEST(test_a_pin_to_a_host_with_less_memory)
{
    /* 2.56 MB; three hosts have two ranks of 2 MB, the one of tower 2 half of that. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, 2000000);
    workload_tables(&w, 6, 1000, 16);
    workload_table(&w, 40000, 16, 1, 1);
    w.hosts[2].memory_bytes = 1000000;
    workload_pin(&w, 6, 2);
    assert_refused(&r, 3,
        (const char *const[]){"(proven)",
            "memory: what is pinned to tower 2 (t6) comes to at least",
            "constraint pin: [f6] to tower 2", "leave out the constraint pin",
            "on every host that has less", NULL});
}
END_TEST

START_TEST(test_three_tables_of_which_no_two_share_a_tower)
{
    /* 2.24 MB each, two towers of 2 * 2 MB. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 2000000);
    workload_tables(&w, 3, 35000, 16);
    assert_refused(
        &r, 2, (const char *const[]){"(proven)", "memory: ", "3 hosts instead of 2", NULL});
}
END_TEST

START_TEST(test_an_optimizer_whose_state_is_too_large)
{
    /* 16 * 64 kB of weights are 1.02 MB, with the moments of adam 3.07 MB, of adagrad 2.05 MB; there are
     * 4 * 660 kB. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, 660000);
    workload_tables(&w, 16, 1000, 16);
    w.model.local_batch_size = 8;
    w.model.optimizer = TP_ADAM;
    assert_refused(
        &r, 2, (const char *const[]){"memory: ", "optimizer adagrad instead of adam", NULL});
}
END_TEST

START_TEST(test_a_unit_alone_above_the_balance)
{
    /* Lookup 16 of a mean of 12: 1.33. Output dims are even only where the heavy table has one of the
     * light ones beside it, 17 of 12: 0.42 in hundredths; alone it is 16 | 8, but 1 | 3 tables: 0.5. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_table(&w, 1000, 16, 1, 16);
    workload_table(&w, 1000, 16, 1, 6);
    workload_table(&w, 1000, 16, 1, 1);
    workload_table(&w, 1000, 16, 1, 1);
    r.options.balance = 0.3;
    assert_refused(&r, 1,
        (const char *const[]){"(proven)", "balance 0.3: no tower may hold over 1.3 times the mean",
            "by lookup bytes t0 alone is 1.33 of a tower's mean", "  --balance 0.42\n", NULL});
}
END_TEST

START_TEST(test_a_balance_below_what_is_automatic)
{
    /* Lookup 51 | 49 at best: 0.02. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_table(&w, 1000, 16, 1, 51);
    workload_table(&w, 1000, 16, 1, 49);
    r.options.balance = 0.004;
    assert_refused(&r, 1,
        (const char *const[]){"balance 0.004", "t0 alone is 1.02", "  --balance 0.02\n", NULL});
}
END_TEST

START_TEST(test_a_group_that_the_ratio_does_not_allow)
{
    /* 12 features in 4 towers, 5 of them bound: 3 each, ceil(3 * Q) >= 5 from Q = 1.34 on. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 2, GIB);
    workload_tables(&w, 12, 1000, 16);
    workload_bind(&w, TP_TOGETHER, 0, 1, 2, -1);
    workload_bind(&w, TP_TOGETHER, 10, 11, -1);
    workload_bind(&w, TP_TOGETHER, 2, 3, 4, -1);
    r.options.ratio = 1.2;
    assert_refused(&r, 3,
        (const char *const[]){"(proven)", "ratio 1.2: every tower must hold 2 to 4 features",
            "t0 + t1 + t2 + t3 + 1 more has 5 features", "constraint together: [f0, f1, f2]",
            "constraint together: [f2, f3, f4]", "  --ratio 1.34\n",
            "leave out the constraint together: [f0, f1, f2]", NULL});
    ck_assert_int_eq(fact_count(&r.err), 4);
}
END_TEST

START_TEST(test_two_causes_are_cured_with_the_limits_left_to_the_planner)
{
    /* 3.2 MB on ranks of 2 MB, one in each host; and lookups 10 | 6 at best in two
     * towers, against a balance of 0.1. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 1, 2000000);
    workload_tables(&w, 6, 1000, 16);
    workload_table(&w, 50000, 16, 1, 10);
    workload_bind(&w, TP_APART, 0, 1, -1); /* so that one tower is no way out */
    r.options.balance = 0.1;
    assert_refused(
        &r, 1, (const char *const[]){"(proven)", "no single change works; " WITHOUT, NULL});
}
END_TEST

START_TEST(test_random_refusals_name_only_settings_that_work)
{
    for (int i = 0; i < 10; i++) {
        struct workload w;
        struct refused r;
        struct tp_random random = tp_random_new((uint64_t)(_i * 10 + i), 43);
        int32_t hosts = 2 + (int32_t)tp_random_below(&random, 3);
        begin(&r, &w);
        workload_begin(&w, hosts, 1 + (int32_t)tp_random_below(&random, 3),
            (int64_t)(4e5 * exp(tp_random_uniform(&random))));
        int32_t tables = hosts + (int32_t)tp_random_below(&random, 6);
        for (int32_t t = 0; t < tables; t++)
            workload_table(&w, 1 + (int64_t)(1500 * exp(tp_random_normal(&random))), 16,
                1 + (int32_t)tp_random_below(&random, 2), 0.5 + tp_random_uniform(&random));
        if (i % 2)
            r.options.balance = 0.3 * tp_random_uniform(&random);
        if (i % 3)
            r.options.ratio = 1 + 0.5 * tp_random_uniform(&random);
        if (i % 5 == 0)
            workload_bind(&w, TP_APART, 0, w.model.feature_count - 1, -1);
        if (plan(&w, &r.options, &r.err) != TP_OK)
            assert_refused(&r, 0, (const char *const[]){"", NULL});
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusal");
    TCase *tcase = tcase_create("refusal");
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, test_fewer_units_than_towers);
    tcase_add_test(tcase, test_together_leaves_too_few_units);
    tcase_add_test(tcase, test_a_table_larger_than_a_rank_that_has_its_tower_alone);
    tcase_add_test(tcase, test_a_table_that_fits_the_sum_of_the_ranks_only);
    tcase_add_test(tcase, test_a_table_larger_than_a_tower);
    tcase_add_test(tcase, test_tables_that_need_more_hosts);
    tcase_add_test(tcase, test_a_table_larger_than_all_memory);
    tcase_add_loop_test(tcase, test_buffers_that_fill_the_memory, 0, 2);
    tcase_add_test(tcase, test_a_flat_plan_that_needs_more_hosts);
    tcase_add_test(tcase, test_a_balance_below_what_the_units_allow);
    tcase_add_test(tcase, test_a_ratio_below_what_the_units_allow);
    tcase_add_test(tcase, test_balance_and_ratio_each_too_tight);
    tcase_add_loop_test(tcase, test_more_features_apart_than_there_are_towers, 0, 2);
    tcase_add_test(tcase, test_constraints_that_only_together_leave_nothing);
    tcase_add_test(tcase, test_two_constraints_of_which_each_alone_is_too_much);
    tcase_add_test(tcase, test_pins_that_fill_a_tower_beyond_its_memory);
    tcase_add_test(tcase, test_tables_together_that_no_tower_can_hold);
    tcase_add_test(tcase, test_contradictions_name_the_constraints_to_leave_out);
    tcase_add_test(tcase, test_a_pin_beyond_the_towers);
    tcase_add_test(tcase, test_stride_that_breaks_a_limit);
    tcase_add_test(tcase, test_stride_where_nothing_else_works_either);
    tcase_add_loop_test(tcase, test_constraints_that_contradict_each_other, 0,
        (int)(sizeof contradictions / sizeof *contradictions));
    tcase_add_test(tcase, test_features_of_one_table_cannot_be_apart);
    tcase_add_test(tcase, test_a_pin_to_a_host_with_less_memory);
    tcase_add_test(tcase, test_three_tables_of_which_no_two_share_a_tower);
    tcase_add_test(tcase, test_an_optimizer_whose_state_is_too_large);
    tcase_add_test(tcase, test_a_unit_alone_above_the_balance);
    tcase_add_test(tcase, test_a_balance_below_what_is_automatic);
    tcase_add_test(tcase, test_a_group_that_the_ratio_does_not_allow);
    tcase_add_test(tcase, test_two_causes_are_cured_with_the_limits_left_to_the_planner);
    tcase_add_loop_test(tcase, test_random_refusals_name_only_settings_that_work, 0, 8);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
