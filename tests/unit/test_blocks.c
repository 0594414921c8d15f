/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: what all assignments agree on and nothing else, worth and weighing as much as its units. */
#include "partition/blocks.h"

#include "problems.h"

#define UNITS 20
#define TOWERS 3
#define PARENTS 3
#define CLOSE 1e-5

struct fixture {
    struct tp_problem *problem, *blocks;
    int32_t parent[PARENTS][UNITS], block[UNITS];
};

static struct fixture begin(int i, int parents)
{
    struct fixture f = {0};
    struct recipe recipe = {.units = UNITS,
        .towers = TOWERS,
        .affinity = 1,
        .features_most = 2,
        .pinned = i % 2 ? 20 : 0,
        .apart = 10};
    struct tp_random random = tp_random_new((uint64_t)i, 61);
    struct tp_error err;
    const int32_t *towers[PARENTS];
    f.problem = problem_random(&recipe, &random);
    tp_problem_set_limits(f.problem, (struct tp_limits){0.2, 1.2});
    for (int k = 0; k < PARENTS; k++) {
        random_towers(f.problem, &random, f.parent[k]);
        towers[k] = f.parent[k];
    }
    ck_assert_int_eq(tp_blocks_new(f.problem, towers, parents, f.block, &f.blocks, &err), TP_OK);
    return f;
}

static void end(struct fixture *f)
{
    tp_problem_free(f->blocks);
    tp_problem_free(f->problem);
}

START_TEST(test_units_share_a_block_where_all_assignments_agree)
{
    int parents = 1 + _i % PARENTS;
    struct fixture f = begin(_i, parents);
    for (int u = 0; u < UNITS; u++)
        for (int v = 0; v < UNITS; v++) {
            bool agree = true;
            for (int k = 0; k < parents; k++)
                agree &= f.parent[k][u] == f.parent[k][v];
            ck_assert_int_eq(f.block[u] == f.block[v], agree);
        }
    for (int u = 0, next = 0; u < UNITS; u++) { /* numbered by their first units */
        ck_assert_int_le(f.block[u], next);
        next += f.block[u] == next;
        ck_assert_int_lt(f.block[u], f.blocks->unit_count);
    }
    end(&f);
}
END_TEST

/* Towers of blocks against the same towers of their units, for many deals of blocks. */
START_TEST(test_blocks_are_worth_and_weigh_what_their_units_do)
{
    struct fixture f = begin(_i, 2);
    struct tp_random random = tp_random_new((uint64_t)_i, 62);
    double inside = 0;
    for (int deal = 0; deal < 20; deal++) {
        int32_t of_block[UNITS], tower[UNITS];
        random_towers(f.blocks, &random, of_block);
        for (int u = 0; u < UNITS; u++) {
            tower[u] = of_block[f.block[u]];
            ck_assert(f.problem->pin[u] < 0 || f.problem->pin[u] == tower[u]);
        }
        double more = slow_value(f.problem, TP_GOAL_COHERENT, tower) -
                      slow_value(f.blocks, TP_GOAL_COHERENT, of_block);
        inside = deal ? inside : more;
        ck_assert_double_eq_tol(more, inside, CLOSE);
        for (int t = 0; t < TOWERS; t++) {
            double units[TP_RESOURCES], blocks[TP_RESOURCES];
            slow_load(f.problem, tower, t, units);
            slow_load(f.blocks, of_block, t, blocks);
            for (int r = 0; r < TP_RESOURCES; r++)
                ck_assert_double_eq_tol(units[r], blocks[r], CLOSE * (1 + units[r]));
        }
    }
    end(&f);
}
END_TEST

START_TEST(test_blocks_are_apart_where_any_of_their_units_are)
{
    struct fixture f = begin(_i, 2);
    for (int a = 0; a < f.blocks->unit_count; a++)
        for (int b = 0; b < f.blocks->unit_count; b++) {
            int pairs = 0, listed = 0;
            for (int u = 0; u < UNITS; u++)
                for (int32_t i = f.problem->apart_first[u]; i < f.problem->apart_first[u + 1]; i++)
                    pairs += f.block[u] == a && f.block[f.problem->apart[i]] == b;
            for (int32_t i = f.blocks->apart_first[a]; i < f.blocks->apart_first[a + 1]; i++)
                listed += f.blocks->apart[i] == b;
            ck_assert_int_eq(listed, pairs);
        }
    end(&f);
}
END_TEST

START_TEST(test_groups_in_one_tower_come_apart_as_halves)
{
    /* Tower t holds groups t and t + 3; affinity 0.9 inside a group, else 0.1. */
    struct fixture f = begin(0, 2);
    struct tp_random random = tp_random_new((uint64_t)_i, 67);
    struct tp_error err;
    int32_t tower[UNITS], half[UNITS];
    for (int u = 0; u < UNITS; u++) {
        tower[u] = u % 6 % TOWERS;
        for (int v = 0; v < UNITS; v++)
            f.problem->affinity[u * UNITS + v] = u == v ? 0 : u % 6 == v % 6 ? 0.9f : 0.1f;
    }
    ck_assert_int_eq(tp_halve_towers(f.problem, tower, &random, half, &err), TP_OK);
    for (int u = 0; u < UNITS; u++) {
        ck_assert(half[u] == 0 || half[u] == 1);
        ck_assert_int_eq(half[u], half[u % 6]);
        ck_assert_int_ne(half[u], half[(u % 6 + 3) % 6]);
    }
    end(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blocks");
    TCase *tcase = tcase_create("blocks");
    tcase_add_loop_test(tcase, test_units_share_a_block_where_all_assignments_agree, 0, 12);
    tcase_add_loop_test(tcase, test_blocks_are_worth_and_weigh_what_their_units_do, 0, 12);
    tcase_add_loop_test(tcase, test_blocks_are_apart_where_any_of_their_units_are, 0, 12);
    tcase_add_loop_test(tcase, test_groups_in_one_tower_come_apart_as_halves, 0, 6);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
