/* SPDX-License-Identifier: Apache-2.0 */
/* Replanning of small workloads: what moves, why, what it buys, by hand and against all assignments. */
#include <towerpart/replan.h>

#include "plan/figures.h"
#include "workload.h"

#define GIB (INT64_C(1) << 30)

/* Four hosts of one rank; eight tables alike of 1,000 rows * 16 * 4 bytes, so 64,000 bytes each (sgd keeps no
 * state). Features 0..3 and 4..7 are groups, of which the older plan knows nothing: it has 0, 4 in tower 0,
 * 1, 5 in tower 1, and so on. */
enum { TABLES = 8, BYTES = 64000 };

static const int32_t group[] = {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1};

static struct tp_plan *old_plan(struct workload *w, int32_t hosts)
{
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    workload_begin(w, hosts, 1, GIB);
    workload_tables(w, TABLES, 1000, 16);
    options.strategy = TP_STRATEGY_STRIDE;
    ck_assert_msg(tp_plan_make(&w->model, &w->topology, NULL, &options, &plan, &err) == TP_OK, "%s",
        err.text);
    return plan;
}

static struct tp_replan *replan(const struct tp_plan *old, const struct workload *w,
    const struct tp_replan_options *how, struct tp_error *err)
{
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_replan *made = NULL;
    options.effort = 1;
    tp_replan_make(old, &w->model, &w->topology, &w->affinity, &options, how, &made, err);
    return made;
}

static struct tp_replan *must_replan(
    const struct tp_plan *old, const struct workload *w, const struct tp_replan_options *how)
{
    struct tp_error err = {0};
    struct tp_replan *made = replan(old, w, how, &err);
    ck_assert_msg(made != NULL, "%s", err.text);
    return made;
}

static int32_t tower_of(const struct tp_plan *plan, int32_t table)
{
    return plan->tables[table].place.tower;
}

START_TEST(nothing_moves_without_leave)
{
    struct workload w;
    struct tp_plan *old = old_plan(&w, 4);
    workload_relate(&w, group, 0.9, 0.1, 0.01, 1);
    struct tp_replan *made = must_replan(old, &w, NULL);
    ck_assert_int_eq(made->staying, TABLES);
    ck_assert_int_eq(made->needed.move_count, 0);
    ck_assert_int_eq(made->bought_count, 0);
    ck_assert_ptr_null(made->reasons);
    ck_assert_double_eq(made->final.bytes, 0);
    ck_assert_double_gt(made->anew.inside, made->still.inside);
    for (int i = 0; i < TABLES; i++)
        ck_assert_int_eq(tower_of(made->plan, i), i % 4);
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

/* With tower t = {t, t + 4} every tower is of one group already, so nothing is worth a byte. */
START_TEST(what_gains_nothing_is_not_bought)
{
    static const int32_t as_it_is[] = {0, 1, 2, 3, 0, 1, 2, 3};
    struct workload w;
    struct tp_plan *old = old_plan(&w, 4);
    workload_relate(&w, as_it_is, 0.9, 0.1, 0, 1);
    struct tp_replan *made =
        must_replan(old, &w, &(struct tp_replan_options){.max_move_bytes = INFINITY});
    ck_assert_int_eq(made->bought_count, 0);
    ck_assert_double_eq(made->final.bytes, 0);
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

/* Features 0 and 1 belong together, 4 and 5 do; to exchange 1 and 4 (or 0 and 5) takes two tables. */
START_TEST(an_exchange_is_bought_if_it_may_be_paid_for)
{
    static const int32_t pairs[] = {0, 0, 2, 3, 1, 1, 2, 3};
    struct workload w;
    struct tp_plan *old = old_plan(&w, 4);
    workload_relate(&w, pairs, 0.9, 0.1, 0, 1);
    double budget = 2.0 * BYTES - (_i ? 0 : 1);
    struct tp_replan *made =
        must_replan(old, &w, &(struct tp_replan_options){.max_move_bytes = budget});
    ck_assert_int_eq(made->bought_count, _i);
    ck_assert_double_eq(made->final.bytes, _i ? 2 * BYTES : 0);
    if (_i) {
        const struct tp_replan_step *step = &made->bought[0];
        ck_assert_int_eq(step->move_count, 2);
        ck_assert_double_eq(step->bytes, 2 * BYTES);
        ck_assert_double_eq(step->moves[0].bytes, BYTES);
        ck_assert_int_eq(step->moves[0].from, step->moves[1].to);
        ck_assert_int_eq(step->moves[0].to, step->moves[1].from);
        ck_assert_double_eq_tol(step->inside, made->final.inside - made->still.inside, 1e-12);
        /* Two pairs go from 0.1 to 0.9. */
        double all = 0;
        for (int i = 0; i < TABLES; i++)
            for (int j = 0; j < i; j++)
                all += (double)w.matrix[i * TABLES + j];
        ck_assert_double_eq_tol(step->inside, 2 * 0.8 / all, 1e-6);
    }
    ck_assert_int_eq(tower_of(made->plan, 0) == tower_of(made->plan, 1), _i);
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

/* The best share that no more than that many tables have to move for, of two to a tower. */
static double best_within(const struct workload *w, int moves_most)
{
    int32_t tower[TABLES] = {0};
    double best = 0;
    for (;;) {
        int count[4] = {0}, moves = 0, u = 0;
        for (int i = 0; i < TABLES; i++) {
            count[tower[i]]++;
            moves += tower[i] != i % 4;
        }
        bool legal = moves <= moves_most;
        for (int t = 0; t < 4; t++)
            legal &= count[t] == TABLES / 4;
        if (legal)
            best = fmax(best, tp_inside_affinity(&w->affinity, tower));
        while (u < TABLES && ++tower[u] == 4)
            tower[u++] = 0;
        if (u == TABLES)
            return best;
    }
}

/* Random affinities, budgets of 0 to 8 tables: never more than brute force finds, on the whole nearly as much. */
START_TEST(bytes_buy_nearly_as_much_as_they_can)
{
    double found = 0, possible = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        int moves = (int)(seed * 5 % (TABLES + 1));
        struct workload w;
        struct tp_plan *old = old_plan(&w, 4);
        workload_relate_randomly(&w, seed);
        struct tp_replan *made = must_replan(
            old, &w, &(struct tp_replan_options){.max_move_bytes = (double)moves * BYTES});
        double best = best_within(&w, moves);
        ck_assert_double_le(made->final.bytes, (double)moves * BYTES);
        ck_assert_double_le(made->final.inside, best + 1e-9);
        ck_assert_double_ge(made->final.inside, made->still.inside);
        found += made->final.inside - made->still.inside;
        possible += best - made->still.inside;
        tp_replan_free(made);
        tp_plan_free(old);
    }
    ck_assert_double_gt(possible, 0.1);
    ck_assert_double_ge(found, 0.9 * possible);
}
END_TEST

START_TEST(what_is_locked_is_not_bought)
{
    static const int32_t pairs[] = {0, 0, 2, 3, 1, 1, 2, 3};
    static const char *const locked[] = {"f0", "f4"};
    struct workload w;
    struct tp_plan *old = old_plan(&w, 4);
    workload_relate(&w, pairs, 0.9, 0.1, 0, 1);
    struct tp_replan *made = must_replan(old, &w,
        &(struct tp_replan_options){
            .max_move_bytes = INFINITY, .locked = locked, .locked_count = 2});
    ck_assert_int_eq(tower_of(made->plan, 0), 0);
    ck_assert_int_eq(tower_of(made->plan, 4), 0);
    ck_assert_int_eq(made->plan->model->constraint_count, 0); /* locking is not of the model */
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

/* Constraints that the older plan did not know: both have to be kept, with as little as possible. */
START_TEST(new_constraints_move_what_they_have_to)
{
    struct workload w;
    struct tp_plan *old = old_plan(&w, 4);
    workload_relate(&w, group, 0.9, 0.1, 0.01, 1);
    workload_pin(&w, 0, 1);
    workload_bind(&w, TP_APART, 2, 6, -1);
    struct tp_replan *made = must_replan(old, &w, NULL);
    ck_assert_int_eq(tower_of(made->plan, 0), 1);
    ck_assert_int_ne(tower_of(made->plan, 2), tower_of(made->plan, 6));
    ck_assert_ptr_nonnull(
        strstr(made->reasons, "table t0 is pinned to tower 1 and is in tower 0\n"));
    ck_assert_ptr_nonnull(
        strstr(made->reasons, "tables t2 and t6 are to be apart and are both in tower 2\n"));
    /* 0 -> 1, one of 1 or 5 -> 2, one of 2 or 6 -> 0, say: three of two to a tower. */
    ck_assert_double_eq(made->needed.bytes, 3 * BYTES);
    ck_assert_int_eq(made->needed.move_count, 3);
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

START_TEST(what_has_to_move_counts_against_the_budget)
{
    struct workload w;
    struct tp_error err = {0};
    struct tp_plan *old = old_plan(&w, 4);
    workload_relate(&w, group, 0.9, 0.1, 0.01, 1);
    workload_pin(&w, 0, 1);
    struct tp_replan_options how = {.max_move_bytes = 2.0 * BYTES - 1};
    ck_assert_ptr_null(replan(old, &w, &how, &err));
    ck_assert_int_eq(err.status, TP_EINFEASIBLE);
    ck_assert_ptr_nonnull(strstr(err.text, "128 kB (128000 bytes) have to move"));
    ck_assert_ptr_nonnull(strstr(err.text, "table t0 is pinned to tower 1 and is in tower 0"));
    how.max_move_bytes = 2 * BYTES;
    struct tp_replan *made = must_replan(old, &w, &how);
    ck_assert_double_eq(made->final.bytes, 2 * BYTES);
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

/* Host 1 of four is gone: t1 and t5 are restored, nothing else moves. */
START_TEST(a_lost_host_is_survived)
{
    static const int32_t lost[] = {1};
    struct workload w, three;
    struct tp_plan *old = old_plan(&w, 4);
    tp_plan_free(old_plan(&three, 3));
    workload_relate(&three, group, 0.9, 0.1, 0.01, 1);
    struct tp_replan *made = must_replan(old, &three,
        &(struct tp_replan_options){
            .max_move_bytes = (double)NAN, .lost_hosts = lost, .lost_count = 1});
    ck_assert_int_eq(made->lost, 2);
    ck_assert_double_eq(made->lost_bytes, 2 * BYTES);
    ck_assert_double_eq(made->final.bytes, 0);
    ck_assert_int_eq(made->staying, TABLES - 2);
    ck_assert_str_eq(made->reasons, "the ranks of 2 tables are gone\n");
    for (int i = 0; i < TABLES; i++)
        if (i % 4 != 1)
            ck_assert_int_eq(tower_of(made->plan, i), i % 4 - (i % 4 > 1));
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

/* t8 and t9 are new; there is room for one more in each tower, so nothing else moves. */
START_TEST(new_tables_take_what_is_left)
{
    struct workload w;
    struct tp_plan *old = old_plan(&w, 4);
    workload_tables(&w, 2, 1000, 16);
    workload_relate(&w, group, 0.9, 0.1, 0.01, 1);
    struct tp_replan *made = must_replan(old, &w, NULL);
    ck_assert_int_eq(made->added, 2);
    ck_assert_int_eq(made->staying, TABLES);
    ck_assert_int_eq(made->needed.move_count, 0);
    /* Both are of the group of towers 0 and 1, and one finds room in each. */
    ck_assert_int_eq(tower_of(made->plan, 8) + tower_of(made->plan, 9), 1);
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

START_TEST(weights_of_another_dim_are_of_no_use)
{
    struct workload w;
    struct tp_plan *old = old_plan(&w, 4);
    w.tables[3].dim = 32;
    workload_relate(&w, group, 0.9, 0.1, 0.01, 1);
    struct tp_replan *made = must_replan(old, &w, NULL);
    ck_assert_int_eq(made->reset, 1);
    ck_assert_int_le(made->staying, TABLES - 1);
    tp_replan_free(made);
    tp_plan_free(old);
}
END_TEST

static void refuses(const struct tp_replan_options *how, enum tp_status status, const char *text)
{
    struct workload w;
    struct tp_error err = {0};
    struct tp_plan *old = old_plan(&w, 4);
    w.tables[3].dim = 32;
    snprintf(w.table_name[2], WORKLOAD_NAME_BYTES, "new");
    snprintf(w.feature_name[5], WORKLOAD_NAME_BYTES, "other");
    workload_relate(&w, group, 0.9, 0.1, 0.01, 1);
    ck_assert_ptr_null(replan(old, &w, how, &err));
    ck_assert_int_eq(err.status, status);
    ck_assert_msg(strstr(err.text, text) != NULL, "'%s' lacks '%s'", err.text, text);
    tp_plan_free(old);
}

START_TEST(what_cannot_be_locked_or_lost)
{
    static const char *const names[] = {"nobody", "f2", "f3", "f1", "t1", "f5"};
    static const int32_t hosts[] = {1, 4}, falling[] = {2, 1};
    struct tp_replan_options how = {.max_move_bytes = (double)NAN, .locked_count = 1};
    how.locked = &names[0];
    refuses(
        &how, TP_EUSAGE, "feature 'nobody' is to be locked, but the model has none of that name");
    how.locked = &names[1];
    refuses(&how, TP_EINFEASIBLE, "its table new is new: the older plan has none of that name");
    how.locked = &names[2];
    refuses(&how, TP_EINFEASIBLE, "its table t3 cannot stay as it is");
    how.locked = &names[4];
    refuses(&how, TP_EUSAGE,
        "'t1' is to be locked, but the model has none of that name; did you mean f1?");
    how.locked = &names[5];
    refuses(&how, TP_EUSAGE, "'f5' is to be locked, but the model has none of that name any more");
    how.locked = &names[3];
    how.lost_hosts = hosts;
    how.lost_count = 1;
    refuses(&how, TP_EINFEASIBLE, "its table t1 was on a rank that is gone");
    how.lost_count = 2;
    refuses(&how, TP_EUSAGE, "lost host 4: the older plan has hosts 0 to 3");
    how.lost_hosts = falling;
    refuses(&how, TP_EUSAGE, "lost hosts are to be ascending, found 1 after 2");
    how = (struct tp_replan_options){.max_move_bytes = -1};
    refuses(&how, TP_EUSAGE, "max_move_bytes -1 is out of range");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replan");
    TCase *tcase = tcase_create("replan");
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, nothing_moves_without_leave);
    tcase_add_test(tcase, what_gains_nothing_is_not_bought);
    tcase_add_loop_test(tcase, an_exchange_is_bought_if_it_may_be_paid_for, 0, 2);
    tcase_add_test(tcase, bytes_buy_nearly_as_much_as_they_can);
    tcase_add_test(tcase, what_is_locked_is_not_bought);
    tcase_add_test(tcase, new_constraints_move_what_they_have_to);
    tcase_add_test(tcase, what_has_to_move_counts_against_the_budget);
    tcase_add_test(tcase, a_lost_host_is_survived);
    tcase_add_test(tcase, new_tables_take_what_is_left);
    tcase_add_test(tcase, weights_of_another_dim_are_of_no_use);
    tcase_add_test(tcase, what_cannot_be_locked_or_lost);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
