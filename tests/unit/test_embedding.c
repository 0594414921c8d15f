/* SPDX-License-Identifier: Apache-2.0 */
/* Shards of tables: what they begin with, and what is looked up in them, against the definition. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "bag_world.h"
#include "train/initial.h"

static const struct tp_learning sgd = {TP_SGD, 0.1};

static void init(struct tp_embeddings *embeddings, const struct world_layout *layout,
    struct tp_learning learning)
{
    struct tp_error err;
    ck_assert_int_eq(
        tp_embeddings_init(embeddings, &world_model, layout->own, layout->count, learning, 7, &err),
        TP_OK);
}

static tp_real initial_value(int32_t table, int64_t row, int32_t column)
{
    double bound = 1 / sqrt((double)world_tables[table].rows);
    uint64_t stream = tp_initial_stream(7, world_tables[table].name);
    return (tp_real)tp_initial_value(stream, row, column, bound);
}

START_TEST(initial_values_do_not_depend_on_the_cut)
{
    struct tp_embeddings embeddings;
    init(&embeddings, &world_layouts[_i], sgd);
    ck_assert_int_eq(embeddings.shard_count, world_layouts[_i].count);
    for (int32_t s = 0; s < embeddings.shard_count; s++) {
        const struct tp_embedding_shard *shard = &embeddings.shards[s];
        for (int64_t row = 0; row < shard->rows; row++)
            for (int32_t c = 0; c < shard->columns; c++)
                ck_assert(shard->weights[row * shard->columns + c] ==
                          initial_value(shard->table, shard->row + row, shard->column + c));
    }
    tp_embeddings_release(&embeddings);
}
END_TEST

/* Values of the state of layout 1: 400 x 8, 50 x 4 and 400 x 4. */
static const struct {
    enum tp_optimizer kind;
    int64_t states[3];
} state_cases[] = {
    {TP_SGD, {0, 0, 0}},
    {TP_ROWWISE_ADAGRAD, {400, 50, 400}},
    {TP_ADAGRAD, {3200, 200, 1600}},
    {TP_ADAM, {6400, 400, 3200}},
};

START_TEST(states_begin_with_zeros_and_have_the_size_of_the_optimizer)
{
    struct tp_embeddings embeddings;
    init(&embeddings, &world_layouts[1], (struct tp_learning){state_cases[_i].kind, 0.1});
    for (int32_t s = 0; s < 3; s++) {
        const struct tp_embedding_shard *shard = &embeddings.shards[s];
        ck_assert_int_eq(shard->state_count, state_cases[_i].states[s]);
        ck_assert_int_eq(shard->state != NULL, shard->state_count > 0);
        for (int64_t i = 0; i < shard->state_count; i++)
            ck_assert(shard->state[i] == 0);
    }
    tp_embeddings_release(&embeddings);
}
END_TEST

/* The sum over what the shard has of a bag, in the order of the bag. */
static tp_real slow_sum(const struct world *world, const struct tp_embedding_shard *shard,
    int sample, int feature, int32_t column)
{
    tp_real sum = 0;
    for (int i = 0; i < world->length[sample][feature]; i++) {
        int64_t row = world->id[sample][feature][i];
        if (row >= shard->row && row < shard->row + shard->rows)
            sum += initial_value(shard->table, row, column);
    }
    return sum;
}

static void check_lookup(
    const struct tp_embeddings *embeddings, const struct world *world, const tp_real *value)
{
    for (int sample = 0; sample < SAMPLES; sample++)
        for (int32_t s = 0; s < embeddings->shard_count; s++) {
            const struct tp_embedding_shard *shard = &embeddings->shards[s];
            for (int32_t f = 0; f < shard->feature_count; f++)
                for (int32_t c = shard->column; c < shard->column + shard->columns; c++) {
                    int feature = world_tables[shard->table].first_feature + f;
                    ck_assert(*value++ == slow_sum(world, shard, sample, feature, c));
                }
        }
}

/* Loops over layouts and numbers of blocks. */
static const int32_t block_counts[] = {1, 3, 24};

START_TEST(lookup_sums_the_rows_of_a_bag)
{
    const struct world_layout *layout = &world_layouts[_i / 3];
    struct world world;
    struct sent sent;
    struct tp_embeddings embeddings;
    world_draw(&world, (uint64_t)_i);
    world_send(&world, layout->own, layout->count, block_counts[_i % 3], &sent);
    init(&embeddings, layout, sgd);
    size_t count = (size_t)SAMPLES * (size_t)embeddings.width;
    tp_real *out = TP_NEW(count, tp_real);
    for (size_t i = 0; i < count; i++)
        out[i] = 99; /* is overwritten */
    tp_embeddings_lookup(&embeddings, &sent.bags, out);
    check_lookup(&embeddings, &world, out);
    free(out);
    tp_embeddings_release(&embeddings);
    sent_release(&sent);
}
END_TEST

START_TEST(a_rank_without_shards_looks_up_nothing)
{
    struct tp_embeddings embeddings;
    struct tp_error err;
    struct tp_bag_block block = {0};
    struct tp_bags bags = {&block, 1, 4};
    ck_assert_int_eq(tp_embeddings_init(&embeddings, &world_model, NULL, 0, sgd, 7, &err), TP_OK);
    ck_assert_int_eq(embeddings.width, 0);
    tp_embeddings_lookup(&embeddings, &bags, NULL);
    ck_assert_int_eq(tp_embeddings_update(&embeddings, &bags, NULL, 1, &err), TP_OK);
    tp_embeddings_release(&embeddings);
    tp_embeddings_release(&embeddings);
}
END_TEST

START_TEST(a_shard_that_no_memory_holds_is_refused_with_its_bytes)
{
    struct tp_table table = {
        .name = (char *)"huge", .rows = INT64_C(1) << 60, .dim = 100, .feature_count = 1};
    struct tp_model model = {.tables = &table, .table_count = 1};
    struct tp_own_shard own = {0, {0, 0, table.rows, 0, 100}};
    struct tp_embeddings embeddings;
    struct tp_error err;
    ck_assert_int_eq(tp_embeddings_init(&embeddings, &model, &own, 1, sgd, 7, &err), TP_ENOMEM);
    ck_assert_ptr_nonnull(strstr(err.text, "table huge"));
    ck_assert_ptr_nonnull(strstr(err.text, "B, weights and optimizer state"));
    tp_embeddings_release(&embeddings);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embedding");
    TCase *tcase = tcase_create("embedding");
    tcase_add_loop_test(tcase, initial_values_do_not_depend_on_the_cut, 0, WORLD_LAYOUTS);
    tcase_add_loop_test(tcase, states_begin_with_zeros_and_have_the_size_of_the_optimizer, 0, 4);
    tcase_add_loop_test(tcase, lookup_sums_the_rows_of_a_bag, 0, 3 * WORLD_LAYOUTS);
    tcase_add_test(tcase, a_rank_without_shards_looks_up_nothing);
    tcase_add_test(tcase, a_shard_that_no_memory_holds_is_refused_with_its_bytes);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
