/* SPDX-License-Identifier: Apache-2.0 */
/* Why tables cannot stay: each reason by itself, with its numbers worked out by hand. */
#include "replan/reasons.h"

#include "workload.h"

#define GIB (INT64_C(1) << 30)

enum { TABLES = 6 };

/* Two towers; tables alike, but for what a test changes. */
struct world {
    struct workload w;
    struct tp_home home[TABLES];
    struct tp_homes homes;
    struct tp_problem *problem;
    int32_t tower[TABLES];
};

static void begin(struct world *world, const int32_t *tower)
{
    workload_begin(&world->w, 2, 1, GIB);
    workload_tables(&world->w, TABLES, 1000, 16);
    world->homes =
        (struct tp_homes){.tables = world->home, .table_count = TABLES, .tower_count = 2};
    for (int i = 0; i < TABLES; i++) {
        world->home[i] = (struct tp_home){.before = i, .tower = tower[i]};
        world->tower[i] = tower[i];
    }
}

static void says(struct world *world, const int32_t *home, const char *expected)
{
    struct tp_text text = {0};
    struct tp_error err = {0};
    ck_assert_msg(tp_problem_new(
                      &world->w.model, &world->w.topology, 1, NULL, &world->problem, &err) == TP_OK,
        "%s", err.text);
    tp_problem_set_limits(world->problem, (struct tp_limits){0.2, 1.2});
    tp_say_reasons(&text, &world->w.model, &world->homes, world->problem, home);
    ck_assert_str_eq(text.data, expected);
    tp_text_release(&text);
    tp_problem_free(world->problem);
}

/* Ratio 1.2 over a mean of 3 features: 2 to 4. Balance 0.2: lookups of 5 where 3.6 may be, dims 80 of 57.6. */
START_TEST(a_full_tower)
{
    struct world world;
    begin(&world, (const int32_t[]){0, 0, 0, 0, 0, 1});
    says(&world, world.tower,
        "tower 0 would hold 80 output dims, at most 58; beyond the limit of lookup, features, too\n"
        "tower 1 would hold 1 of the older plan's features, by the ratio at least 2\n");
}
END_TEST

START_TEST(constraints_that_are_new)
{
    struct world world;
    begin(&world, (const int32_t[]){0, 0, 0, 1, 1, 1});
    workload_pin(&world.w, 0, 1);
    workload_bind(&world.w, TP_APART, 1, 2, -1);
    workload_bind(&world.w, TP_TOGETHER, 3, 5, -1);
    world.home[5].tower = 0;
    /* Units are t0, t1, t2, t3 with t5, and t4. */
    says(&world, world.tower,
        "table t0 is pinned to tower 1 and is in tower 0\n"
        "tables t1 and t2 are to be apart and are both in tower 0\n"
        "table t5 is bound together with t3 and is in tower 0, not in 1\n");
}
END_TEST

START_TEST(ranks_that_are_gone)
{
    struct world world;
    begin(&world, (const int32_t[]){0, 0, 0, 1, 1, 1});
    world.home[2].tower = -1;
    says(&world, NULL, "the ranks of 1 table are gone\n");
    world.home[2] = (struct tp_home){.before = -1, .tower = -1}; /* a new one */
    says(&world, NULL, "tables make room for others on the ranks of their towers\n");
    says(&world, world.tower,
        "no towers were found for what is new in which all else stays and the limits hold: wider "
        "ones "
        "(--balance, --ratio) may let it\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reasons");
    TCase *tcase = tcase_create("reasons");
    tcase_add_test(tcase, a_full_tower);
    tcase_add_test(tcase, constraints_that_are_new);
    tcase_add_test(tcase, ranks_that_are_gone);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
