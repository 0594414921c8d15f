/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: keeps the best of what it is given, all different. */
#include "partition/pool.h"

#include "problems.h"

#define UNITS 12

struct fixture {
    struct tp_pool *pool;
    struct tp_random random;
};

static struct fixture begin(void)
{
    struct fixture f = {.random = tp_random_new(1, 51)};
    struct tp_error err;
    ck_assert_int_eq(tp_pool_new(UNITS, &f.pool, &err), TP_OK);
    return f;
}

/* Whether the pool ever hands out an assignment whose unit 0 is in that tower. */
static bool holds(struct fixture *f, int32_t mark)
{
    for (int i = 0; i < 500; i++)
        if (tp_pool_any(f->pool, &f->random)[0] == mark)
            return true;
    return false;
}

START_TEST(test_a_full_pool_lets_the_worst_go)
{
    struct fixture f = begin();
    int32_t tower[UNITS] = {0};
    for (int32_t i = 0; i <= TP_POOL_MOST; i++) {
        tower[0] = i;
        tp_pool_keep(f.pool, tower, i == 2 ? 1 : 10 + i);
    }
    ck_assert_int_eq(tp_pool_count(f.pool), TP_POOL_MOST);
    for (int32_t i = 0; i <= TP_POOL_MOST; i++)
        ck_assert_int_eq(holds(&f, i), i != 2);
    tower[0] = 99;
    tp_pool_keep(f.pool, tower, 9); /* worse than all */
    ck_assert(!holds(&f, 99));
    tp_pool_free(f.pool);
}
END_TEST

START_TEST(test_the_same_value_is_kept_once)
{
    struct fixture f = begin();
    int32_t tower[UNITS] = {0};
    tp_pool_keep(f.pool, tower, -5);
    tp_pool_keep(f.pool, tower, -5);
    ck_assert_int_eq(tp_pool_count(f.pool), 1);
    tp_pool_free(f.pool);
}
END_TEST

START_TEST(test_another_pool_is_taken_in)
{
    struct fixture f = begin(), other = begin();
    int32_t tower[UNITS] = {0};
    for (int32_t i = 0; i < 3; i++) {
        tower[0] = i;
        tp_pool_keep(i < 2 ? f.pool : other.pool, tower, 10 + i % 2);
    }
    tp_pool_add(f.pool, other.pool);
    ck_assert_int_eq(tp_pool_count(f.pool), 2); /* the third has the value of the first */
    ck_assert(holds(&f, 0) && holds(&f, 1) && !holds(&f, 2));
    tp_pool_clear(f.pool);
    ck_assert_int_eq(tp_pool_count(f.pool), 0);
    tp_pool_add(f.pool, other.pool);
    ck_assert(holds(&f, 2));
    ck_assert_int_eq(tp_pool_count(other.pool), 1);
    tp_pool_free(f.pool);
    tp_pool_free(other.pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pool");
    TCase *tcase = tcase_create("pool");
    tcase_add_test(tcase, test_a_full_pool_lets_the_worst_go);
    tcase_add_test(tcase, test_the_same_value_is_kept_once);
    tcase_add_test(tcase, test_another_pool_is_taken_in);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
