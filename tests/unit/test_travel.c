/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that travel, by hand and against a count of every single value. */
#include "diff/travel.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Values of 4 bytes, 4 bytes of state per row of a shard; two ranks to a host. */
static const struct tp_travel_rates rowwise = {4, 0, 4, 2, 2};

static struct tp_table_placement place(struct tp_shard *shards, int32_t count)
{
    return (struct tp_table_placement){.shards = shards, .shard_count = count};
}

static void travels(struct tp_travel found, double weights, double state, double between_hosts)
{
    ck_assert_double_eq(found.weight_bytes, weights);
    ck_assert_double_eq(found.state_bytes, state);
    ck_assert_double_eq(found.between_hosts_bytes, between_hosts);
}

START_TEST(a_table_that_stays_sends_nothing)
{
    struct tp_shard here[] = {{1, 0, 10, 0, 8}};
    struct tp_table_placement a = place(here, 1);
    travels(tp_travel(&rowwise, &a, &a), 0, 0, 0);
}
END_TEST

/* 10 rows * 8 columns * 4 bytes, 10 rows * 4 bytes. */
START_TEST(a_whole_table_sends_all_it_has)
{
    struct tp_shard from[] = {{0, 0, 10, 0, 8}}, near[] = {{1, 0, 10, 0, 8}},
                    far[] = {{2, 0, 10, 0, 8}};
    struct tp_table_placement a = place(from, 1), b = place(near, 1), c = place(far, 1);
    travels(tp_travel(&rowwise, &a, &b), 320, 40, 0);
    travels(tp_travel(&rowwise, &a, &c), 320, 40, 360);
}
END_TEST

/* Columns 4..7 go to rank 1: 10 * 4 values; their rows' state goes with them. */
START_TEST(a_cut_by_columns_sends_the_half_that_leaves)
{
    struct tp_shard whole[] = {{0, 0, 10, 0, 8}}, cut[] = {{0, 0, 10, 0, 4}, {1, 0, 10, 4, 4}};
    struct tp_table_placement a = place(whole, 1), b = place(cut, 2);
    travels(tp_travel(&rowwise, &a, &b), 160, 40, 0);
    travels(tp_travel(&rowwise, &b, &a), 160, 40, 0);
}
END_TEST

/* Blocks of 3 rows on ranks 0..3 become blocks of 5 on ranks 0, 1: rows 3, 4 from rank 1 to 0 and rows
 * 6..9 from ranks 2 and 3 to 1 (another host): 6 rows * 8 * 4, and 6 * 4; 4 of the rows between hosts. */
START_TEST(row_blocks_send_the_rows_that_change_rank)
{
    struct tp_shard four[] = {{0, 0, 3, 0, 8}, {1, 3, 3, 0, 8}, {2, 6, 3, 0, 8}, {3, 9, 1, 0, 8}};
    struct tp_shard two[] = {{0, 0, 5, 0, 8}, {1, 5, 5, 0, 8}};
    struct tp_table_placement a = place(four, 4), b = place(two, 2);
    travels(tp_travel(&rowwise, &a, &b), 192, 24, 144);
}
END_TEST

/* A table that grew keeps its 10 rows; those that are new come from nowhere. */
START_TEST(new_rows_do_not_travel)
{
    struct tp_shard small[] = {{0, 0, 10, 0, 8}}, large[] = {{1, 0, 25, 0, 8}};
    struct tp_table_placement a = place(small, 1), b = place(large, 1);
    travels(tp_travel(&rowwise, &a, &b), 320, 40, 0);
}
END_TEST

/* Rank 1 of two to a host is the second of host 0; of one to a host, the first of host 1. */
START_TEST(ranks_are_matched_by_host_and_place)
{
    struct tp_travel_rates other = {4, 0, 4, 2, 1};
    struct tp_shard rank0[] = {{0, 0, 10, 0, 8}}, rank1[] = {{1, 0, 10, 0, 8}},
                    rank2[] = {{2, 0, 10, 0, 8}};
    struct tp_table_placement a = place(rank0, 1), b = place(rank1, 1), c = place(rank2, 1);
    travels(tp_travel(&other, &a, &a), 0, 0, 0);
    travels(tp_travel(&other, &b, &b), 320, 40, 360);
    travels(tp_travel(&other, &c, &b), 0, 0, 0); /* both are the first of host 1 */
}
END_TEST

enum { ROWS = 13, COLUMNS = 12, RANKS = 6 };

static uint32_t draw(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % below;
}

/* A random cut: whole, two to four strips of columns, or row blocks, on any ranks; strips in no order. */
static int32_t random_cut(uint32_t *state, struct tp_shard *shards)
{
    int32_t kind = (int32_t)draw(state, 2), count = 1 + (int32_t)draw(state, 4);
    for (int32_t i = 0; i < count; i++) {
        int32_t k = count - 1 - i, first = k * ROWS / count, column = k * COLUMNS / count;
        shards[i].rank = (int32_t)draw(state, RANKS);
        shards[i].row = kind ? first : 0;
        shards[i].rows = kind ? (k + 1) * ROWS / count - first : ROWS;
        shards[i].column = kind ? 0 : column;
        shards[i].columns = kind ? COLUMNS : (k + 1) * COLUMNS / count - column;
    }
    return count;
}

static int32_t holder(const struct tp_table_placement *place, int row, int column)
{
    for (int32_t i = 0; i < place->shard_count; i++) {
        const struct tp_shard *s = &place->shards[i];
        if (row >= s->row && row < s->row + s->rows && column >= s->column &&
            column < s->column + s->columns)
            return i;
    }
    ck_abort_msg("no shard holds row %d, column %d", row, column);
}

/* Value by value; a row's state once for each pair of shards that share a part of it. */
static struct tp_travel count_all(
    const struct tp_table_placement *a, const struct tp_table_placement *b)
{
    struct tp_travel sum = {0};
    for (int row = 0; row < ROWS; row++) {
        bool met[4][4] = {{false}};
        for (int column = 0; column < COLUMNS; column++) {
            int32_t i = holder(a, row, column), k = holder(b, row, column);
            int32_t from = a->shards[i].rank, to = b->shards[k].rank;
            if (from == to)
                continue;
            double state = met[i][k] ? 0 : 4;
            met[i][k] = true;
            sum.weight_bytes += 4;
            sum.state_bytes += state;
            sum.between_hosts_bytes += from / 2 != to / 2 ? 4 + state : 0;
        }
    }
    return sum;
}

START_TEST(any_two_cuts_send_what_a_count_of_all_values_finds)
{
    uint32_t state = (uint32_t)_i * 7919u + 1u;
    struct tp_shard from[4], to[4];
    struct tp_table_placement a = place(from, random_cut(&state, from));
    struct tp_table_placement b = place(to, random_cut(&state, to));
    struct tp_travel expected = count_all(&a, &b);
    tp_travel_sort(&a);
    tp_travel_sort(&b);
    travels(tp_travel(&rowwise, &a, &b), expected.weight_bytes, expected.state_bytes,
        expected.between_hosts_bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("travel");
    TCase *tcase = tcase_create("travel");
    tcase_add_test(tcase, a_table_that_stays_sends_nothing);
    tcase_add_test(tcase, a_whole_table_sends_all_it_has);
    tcase_add_test(tcase, a_cut_by_columns_sends_the_half_that_leaves);
    tcase_add_test(tcase, row_blocks_send_the_rows_that_change_rank);
    tcase_add_test(tcase, new_rows_do_not_travel);
    tcase_add_test(tcase, ranks_are_matched_by_host_and_place);
    tcase_add_loop_test(tcase, any_two_cuts_send_what_a_count_of_all_values_finds, 0, 300);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
