/* SPDX-License-Identifier: Apache-2.0 */
/* Sparse updates against an implementation that goes through all bags for every row, in double. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "bag_world.h"
#include "train/embedding_update.h"

#define STEPS 5
#define RATE 0.125

static const enum tp_optimizer kinds[] = {TP_SGD, TP_ROWWISE_ADAGRAD, TP_ADAGRAD, TP_ADAM};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Of weights below 0.5 in size, after steps of about RATE. */
static double tolerance(void)
{
    return sizeof(tp_real) == sizeof(float) ? 1e-5 : 1e-13;
}

static void draw_gradients(tp_real *gradients, size_t count, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 1);
    for (size_t i = 0; i < count; i++)
        gradients[i] = (tp_real)tp_random_normal(&random);
}

/* A row of a shard with its state: adagrad's sums, or adam's moments. */
struct slow_row {
    double weights[32], first[32], second[32];
};

/* Adds the gradients of all occurrences of a row. @return their number. */
static int slow_gradient(const struct world *world, const struct tp_embedding_shard *shard,
    int64_t row, const tp_real *gradients, int32_t stride, double *sum)
{
    int found = 0;
    memset(sum, 0, 32 * sizeof *sum);
    for (int s = 0; s < SAMPLES; s++)
        for (int f = 0; f < shard->feature_count; f++) {
            int feature = world_tables[shard->table].first_feature + f;
            const tp_real *gradient = gradients + s * stride + f * shard->columns;
            for (int i = 0; i < world->length[s][feature]; i++) {
                if (world->id[s][feature][i] != row)
                    continue;
                found++;
                for (int32_t c = 0; c < shard->columns; c++)
                    sum[c] += (double)gradient[c];
            }
        }
    return found;
}

static void slow_step(
    struct slow_row *row, enum tp_optimizer kind, const double *g, int32_t columns, int step)
{
    double squares = 0;
    for (int32_t c = 0; c < columns; c++)
        squares += g[c] * g[c];
    row->first[31] += squares / columns; /* rowwise_adagrad's; no shard here has 32 columns */
    for (int32_t c = 0; c < columns; c++) {
        if (kind == TP_SGD) {
            row->weights[c] -= RATE * g[c];
        } else if (kind == TP_ROWWISE_ADAGRAD) {
            row->weights[c] -= RATE * g[c] / (sqrt(row->first[31]) + 1e-8);
        } else if (kind == TP_ADAGRAD) {
            row->first[c] += g[c] * g[c];
            row->weights[c] -= RATE * g[c] / (sqrt(row->first[c]) + 1e-10);
        } else {
            row->first[c] = 0.9 * row->first[c] + 0.1 * g[c];
            row->second[c] = 0.999 * row->second[c] + 0.001 * g[c] * g[c];
            double m = row->first[c] / (1 - pow(0.9, step));
            double root = sqrt(row->second[c]) / sqrt(1 - pow(0.999, step));
            /* epsilon is added to the root before its correction, as SparseAdam does */
            row->weights[c] -= RATE * m / (root + 1e-8 / sqrt(1 - pow(0.999, step)));
        }
    }
}

struct run {
    const struct world_layout *layout;
    struct tp_embeddings embeddings;
    struct tp_learning learning;
    int32_t block_count;
    tp_real *gradients; /* (STEPS, B, O) */
};

/* Other bags in every step, so that rows pause. */
static void run_init(
    struct run *run, const struct world_layout *layout, enum tp_optimizer kind, int32_t block_count)
{
    struct tp_error err;
    *run = (struct run){.layout = layout, .learning = {kind, RATE}, .block_count = block_count};
    ck_assert_int_eq(tp_embeddings_init(&run->embeddings, &world_model, layout->own, layout->count,
                         run->learning, 3, &err),
        TP_OK);
    size_t count = (size_t)STEPS * SAMPLES * (size_t)run->embeddings.width;
    run->gradients = TP_NEW(count, tp_real);
    draw_gradients(run->gradients, count, 11);
}

static const tp_real *gradients_of(const struct run *run, int step)
{
    return run->gradients + (step - 1) * SAMPLES * run->embeddings.width;
}

static void run_steps(struct run *run)
{
    struct tp_error err;
    for (int step = 1; step <= STEPS; step++) {
        struct world world;
        struct sent sent;
        world_draw(&world, (uint64_t)step);
        world_send(&world, run->layout->own, run->layout->count, run->block_count, &sent);
        ck_assert_int_eq(
            tp_embeddings_update(&run->embeddings, &sent.bags, gradients_of(run, step), step, &err),
            TP_OK);
        sent_release(&sent);
    }
}

static void run_release(struct run *run)
{
    free(run->gradients);
    tp_embeddings_release(&run->embeddings);
}

/* What a row becomes. @param place  of the shard's values in those of a sample. */
static void slow_row_steps(const struct run *run, const struct tp_embedding_shard *shard,
    int32_t place, int64_t row, struct slow_row *slow)
{
    for (int step = 1; step <= STEPS; step++) {
        struct world world;
        double sum[32];
        world_draw(&world, (uint64_t)step);
        if (slow_gradient(
                &world, shard, row, gradients_of(run, step) + place, run->embeddings.width, sum))
            slow_step(slow, run->learning.kind, sum, shard->columns, step);
    }
}

START_TEST(every_row_takes_the_steps_of_its_own_gradients)
{
    struct run before, after;
    const struct world_layout *layout = &world_layouts[_i / KINDS];
    run_init(&before, layout, kinds[_i % KINDS], 4);
    run_init(&after, layout, kinds[_i % KINDS], 4);
    run_steps(&after);
    int32_t place = 0;
    for (int32_t s = 0; s < layout->count; s++) {
        const struct tp_embedding_shard *shard = &before.embeddings.shards[s];
        for (int64_t row = 0; row < shard->rows; row++) {
            struct slow_row slow = {0};
            const tp_real *found = after.embeddings.shards[s].weights + row * shard->columns;
            for (int32_t c = 0; c < shard->columns; c++)
                slow.weights[c] = (double)shard->weights[row * shard->columns + c];
            slow_row_steps(&before, shard, place, shard->row + row, &slow);
            for (int32_t c = 0; c < shard->columns; c++)
                ck_assert_double_le(fabs((double)found[c] - slow.weights[c]), tolerance());
        }
        place += shard->columns * shard->feature_count;
    }
    run_release(&before);
    run_release(&after);
}
END_TEST

static void check_same_bits(const struct tp_embeddings *a, const struct tp_embeddings *b)
{
    for (int32_t s = 0; s < a->shard_count; s++) {
        const struct tp_embedding_shard *x = &a->shards[s], *y = &b->shards[s];
        size_t weights = (size_t)x->rows * (size_t)x->columns;
        ck_assert_mem_eq(x->weights, y->weights, weights * sizeof(tp_real));
        if (x->state)
            ck_assert_mem_eq(x->state, y->state, (size_t)x->state_count * sizeof(tp_real));
    }
}

START_TEST(blocks_make_no_difference_to_a_single_bit)
{
    struct run one, many;
    const struct world_layout *layout = &world_layouts[_i / KINDS];
    run_init(&one, layout, kinds[_i % KINDS], 1);
    run_init(&many, layout, kinds[_i % KINDS], 12);
    run_steps(&one);
    run_steps(&many);
    check_same_bits(&one.embeddings, &many.embeddings);
    run_release(&one);
    run_release(&many);
}
END_TEST

/* Row 2 of table b (one feature, 4 columns) is looked up in samples 0, 1 (twice) and 2, which come in two blocks,
 * with gradients x, y, z. In the order of the samples ((x + y) + y) + z. */
static tp_real stepped_by(tp_real x, tp_real y, tp_real z)
{
    static const int32_t lengths[] = {1, 2, 1, 0};
    static const int64_t ids[] = {2, 2, 2, 2};
    const struct tp_bag_block blocks[] = {{lengths, ids, 3}, {lengths + 2, ids + 3, 1}};
    struct tp_bags bags = {blocks, 2, 2};
    struct tp_embeddings embeddings;
    struct tp_error err;
    tp_real gradients[16] = {[0] = x, [4] = y, [8] = z};
    ck_assert_int_eq(tp_embeddings_init(&embeddings, &world_model, world_layouts[3].own, 1,
                         (struct tp_learning){TP_SGD, 1}, 3, &err),
        TP_OK);
    tp_real *weight = embeddings.shards[0].weights + 2 * 4;
    *weight = 0;
    ck_assert_int_eq(tp_embeddings_update(&embeddings, &bags, gradients, 1, &err), TP_OK);
    tp_real stepped = *weight;
    tp_embeddings_release(&embeddings);
    return stepped;
}

START_TEST(gradients_of_a_row_are_added_in_the_order_of_samples)
{
    const tp_real ulp = sizeof(tp_real) == sizeof(float) ? (tp_real)0x1p-23 : (tp_real)0x1p-52;
    /* Half an ulp is lost each time it is added to 1 ... */
    ck_assert(stepped_by(1, ulp / 2, -1) == 0);
    /* ... and kept when it comes first: ulp/2 + 1 + 1 - 2 loses it, -2 + 1 + 1 + ulp/2 does not. */
    ck_assert(stepped_by(ulp / 2, 1, -2) == 0);
    ck_assert(stepped_by(-2, 1, ulp / 2) == -ulp / 2);
}
END_TEST

START_TEST(scratch_that_was_never_made_may_be_freed)
{
    tp_update_scratch_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embedding_update");
    TCase *tcase = tcase_create("embedding_update");
    int cases = KINDS * WORLD_LAYOUTS;
    tcase_add_loop_test(tcase, every_row_takes_the_steps_of_its_own_gradients, 0, cases);
    tcase_add_loop_test(tcase, blocks_make_no_difference_to_a_single_bit, 0, cases);
    tcase_add_test(tcase, gradients_of_a_row_are_added_in_the_order_of_samples);
    tcase_add_test(tcase, scratch_that_was_never_made_may_be_freed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
