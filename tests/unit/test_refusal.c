/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals: each names what binds, the units that force it and settings that work; and every setting
 * that it names is tried here. */
#include <towerpart/plan.h>

#include <ctype.h>

#include "workload.h"

#define GIB (INT64_C(1) << 30)
#define REMEDIES "nearest settings that work, each tried:\n"

struct refused {
    struct workload *w;
    struct tp_plan_options options;
    struct tp_error err;
    int tried; /* settings named and tried */
};

static void begin(struct refused *r, struct workload *w)
{
    *r = (struct refused){.w = w, .options = tp_plan_options_default()};
    r->options.strategy = TP_STRATEGY_LOAD;
    r->options.effort = 1;
}

static enum tp_status plan(
    const struct workload *w, const struct tp_plan_options *options, struct tp_error *err)
{
    struct tp_plan *made = NULL;
    enum tp_status status = tp_plan_make(&w->model, &w->topology, NULL, options, &made, err);
    ck_assert_int_eq(status == TP_OK, made != NULL);
    tp_plan_free(made);
    return status;
}

/* Leaves out the constraint that a line describes, the way it was asked for: by its features. */
static void leave_out(struct workload *w, const char *line)
{
    static const char *const kinds[] = {"together", "apart", "pin"};
    int32_t kept = 0, dropped = 0;
    for (int32_t i = 0; i < w->model.constraint_count; i++) {
        const struct tp_constraint *c = &w->constraints[i];
        bool named = strstr(line, kinds[c->kind]) != NULL;
        for (int32_t f = 0; f < c->feature_count; f++) {
            const char *at = strstr(line, w->feature_name[c->features[f]]);
            size_t length = strlen(w->feature_name[c->features[f]]);
            named = named && at && !isdigit((unsigned char)at[length]);
        }
        if (named)
            dropped++;
        else
            w->constraints[kept++] = *c;
    }
    ck_assert_msg(dropped == 1, "%s", line);
    w->model.constraint_count = kept;
}

static void add_hosts(struct workload *w, int32_t hosts)
{
    struct tp_topology *t = &w->topology;
    for (int32_t h = t->host_count; h < hosts; h++)
        w->hosts[h] = (struct tp_host){t->device.memory_bytes, 0};
    t->host_count = t->levels[1].fanout = hosts;
    t->rank_count = hosts * t->ranks_per_host;
}

/* Does what one line says and plans again. */
static void try_line(struct refused *r, const char *line)
{
    struct workload *w = malloc(sizeof *w);
    struct tp_plan_options options = r->options;
    struct tp_error err = {0};
    int hosts, batch;
    ck_assert_ptr_nonnull(w);
    *w = *r->w;
    w->model.tables = w->tables;
    w->model.features = w->features;
    w->model.constraints = w->constraints;
    w->topology.hosts = w->hosts;
    const char *balance = strstr(line, "--balance "), *ratio = strstr(line, "--ratio ");
    const char *per_tower = strstr(line, "--hosts-per-tower ");
    if (balance)
        options.balance = strtod(balance + strlen("--balance "), NULL);
    if (ratio)
        options.ratio = strtod(ratio + strlen("--ratio "), NULL);
    if (per_tower)
        options.hosts_per_tower = atoi(per_tower + strlen("--hosts-per-tower "));
    if (strstr(line, "--strategy load"))
        options.strategy = TP_STRATEGY_LOAD;
    else if (sscanf(line, " %d hosts instead of", &hosts) == 1)
        add_hosts(w, hosts);
    else if (sscanf(line, " local_batch_size %d instead of", &batch) == 1)
        w->model.local_batch_size = batch;
    else if (sscanf(line, " batch_size %d instead of", &batch) == 1)
        w->model.batch_size = batch;
    else if (strstr(line, "leave out the constraints"))
        w->model.constraint_count = 0;
    else if (strstr(line, "leave out the constraint "))
        leave_out(w, strstr(line, "constraint ") + strlen("constraint "));
    else
        ck_assert_msg(balance || ratio || per_tower, "what to do with '%s'?", line);
    ck_assert_msg(plan(w, &options, &err) == TP_OK, "'%s' does not work: %s", line, err.text);
    r->tried++;
    free(w);
}

/* Refused, with all these words in the message, and all settings in it work.
 * @param remedies  how many of them there must be at least. */
static void assert_refused(struct refused *r, int remedies, const char *const *words)
{
    char text[TP_ERROR_TEXT_BYTES];
    ck_assert_int_eq(plan(r->w, &r->options, &r->err), TP_EINFEASIBLE);
    for (; *words; words++)
        ck_assert_msg(strstr(r->err.text, *words), "no '%s' in: %s", *words, r->err.text);
    size_t length = strlen(r->err.text);
    ck_assert(length > 0 && r->err.text[length - 1] != '\n');
    const char *list = strstr(r->err.text, REMEDIES);
    strcpy(text, list ? list + strlen(REMEDIES) : "");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        try_line(r, line);
    ck_assert_msg(r->tried >= remedies, "%d settings in: %s", r->tried, r->err.text);
}

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
    /* 3.2 MB on ranks of 2 MB, one in each host. */
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 4, 1, 2000000);
    workload_tables(&w, 7, 1000, 16);
    workload_table(&w, 50000, 16, 1, 1);
    assert_refused(&r, 1, (const char *const[]){"memory", "t7", "MB", "--hosts-per-tower 2", NULL});
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
    assert_refused(&r, 1, (const char *const[]){"memory", "t7", "--hosts-per-tower 2", NULL});
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
    assert_refused(
        &r, 1, (const char *const[]){"memory", "need at least", "hosts instead of 2", NULL});
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
    assert_refused(&r, 0, (const char *const[]){"memory", "t3", "64", NULL});
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
        (const char *const[]){"memory",
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
    assert_refused(&r, 1, (const char *const[]){"memory", "t0", "hosts instead of 2", NULL});
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
            "balance 0.2", "lookup bytes", "t0 (1.11", "--balance 0.34", "proven", NULL});
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
        (const char *const[]){"ratio 1:", "4 to 4 features", "t0 (1.25", "--ratio 1.01", NULL});
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
    assert_refused(
        &r, 1, (const char *const[]){"balance 0.1", "ratio 1:", "--balance", "--ratio", NULL});
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
        (const char *const[]){
            "apart: [f0, f3, f5]", "leave out the constraint", "hosts instead of 2", NULL});
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
        &r, 1, (const char *const[]){"2 constraints together", "leave out the constraints", NULL});
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
            "memory", "t0", "t1", "pin: [f0] to tower 1", "pin: [f1] to tower 1", NULL});
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
        (const char *const[]){
            "memory", "t0 + t1", "together: [f1, f0]", "--hosts-per-tower 2", NULL});
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
        (const char *const[]){"contradict", "f0", "f1", "leave out the constraint together",
            "leave out the constraint apart", NULL});
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
    assert_refused(
        &r, 1, (const char *const[]){"f3", "tower 2", "0..1", "leave out the constraint", NULL});
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

START_TEST(test_stride_where_nothing_else_works_either)
{
    struct workload w;
    struct refused r;
    begin(&r, &w);
    workload_begin(&w, 2, 2, GIB);
    workload_tables(&w, 6, 1000, 16);
    workload_bind(&w, TP_APART, 0, 2, 4, -1);
    r.options.strategy = TP_STRATEGY_STRIDE;
    assert_refused(&r, 0, (const char *const[]){"stride", "--strategy load says why", NULL});
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
    tcase_add_loop_test(tcase, test_random_refusals_name_only_settings_that_work, 0, 8);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
