/* SPDX-License-Identifier: Apache-2.0 */
/* Dots of all pairs, against sums over pairs as they are defined, for vectors that fill tiles
 * and lanes and that do not; and that nothing is written beyond a sample's own values. */
#include "dense_reference.h"

#include "train/dots.h"

#define SAMPLES 3
#define GUARD 5 /* columns behind each row, which must stay as they are */
#define MARK 1234

static const int32_t vector_counts[] = {1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 18, 27, 33, 50};
static const int32_t widths[] = {1, 3, 8, 16, 17, 33};
#define WIDTHS ((int)(sizeof widths / sizeof *widths))
#define CASES ((int)(sizeof vector_counts / sizeof *vector_counts) * WIDTHS)

struct fixture {
    struct tp_dots dots;
    int32_t width; /* V N */
    double *x, *d;
    tp_real *x_real, *d_real, *out, *dx; /* rows of out and dx end in GUARD marks */
};

static tp_real *marked(int32_t width)
{
    size_t count = (size_t)(SAMPLES * (width + GUARD));
    tp_real *values = calloc(count, sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < count; i++)
        values[i] = MARK;
    return values;
}

static void begin(struct fixture *f, int test)
{
    struct tp_random random = tp_random_new(1, (uint64_t)test);
    int32_t vectors = vector_counts[test / WIDTHS], width = widths[test % WIDTHS];
    ck_assert(tp_dots_init(&f->dots, vectors, width));
    ck_assert_int_eq(f->dots.count, vectors * (vectors - 1) / 2);
    f->width = vectors * width;
    size_t values = (size_t)(SAMPLES * f->width), dots = (size_t)(SAMPLES * f->dots.count);
    f->x = calloc(values, sizeof *f->x);
    f->d = calloc(dots + 1, sizeof *f->d);
    f->x_real = calloc(values, sizeof *f->x_real);
    f->d_real = calloc(dots + 1, sizeof *f->d_real);
    ck_assert(f->x && f->d && f->x_real && f->d_real);
    draw(&random, values, f->x, f->x_real);
    draw(&random, dots, f->d, f->d_real);
    f->out = marked(f->dots.count);
    f->dx = marked(f->width);
}

static void release(struct fixture *f)
{
    tp_dots_release(&f->dots);
    free(f->x);
    free(f->d);
    free(f->x_real);
    free(f->d_real);
    free(f->out);
    free(f->dx);
}

static void assert_row(const tp_real *row, const double *want, int32_t width)
{
    double largest = 1; /* of what is summed, which may cancel */
    for (int32_t i = 0; i < width; i++)
        largest = fmax(largest, fabs(want[i]));
    for (int32_t i = 0; i < width; i++)
        ck_assert_double_eq_tol((double)row[i], want[i], VALUE_CLOSE * largest);
    for (int32_t i = width; i < width + GUARD; i++)
        ck_assert_double_eq((double)row[i], MARK);
}

START_TEST(forward_is_the_dot_of_each_pair)
{
    struct fixture f;
    double want[50 * 49 / 2 + 1];
    begin(&f, _i);
    tp_dots_forward(&f.dots, SAMPLES, (struct tp_rows){f.x_real, f.width},
        (struct tp_rows_out){f.out, f.dots.count + GUARD});
    for (int32_t s = 0; s < SAMPLES; s++) {
        const double *x = f.x + s * f.width;
        int32_t at = 0, width = f.dots.width;
        for (int32_t i = 0; i < f.dots.vectors; i++)
            for (int32_t j = 0; j < i; j++, at++) {
                want[at] = 0;
                for (int32_t k = 0; k < width; k++)
                    want[at] += x[i * width + k] * x[j * width + k];
            }
        assert_row(f.out + s * (f.dots.count + GUARD), want, f.dots.count);
    }
    release(&f);
}
END_TEST

START_TEST(backward_gives_each_of_a_pair_the_other)
{
    struct fixture f;
    double want[50 * 33];
    begin(&f, _i);
    tp_dots_backward(&f.dots, SAMPLES, (struct tp_rows){f.x_real, f.width},
        (struct tp_rows){f.d_real, f.dots.count}, (struct tp_rows_out){f.dx, f.width + GUARD});
    for (int32_t s = 0; s < SAMPLES; s++) {
        const double *x = f.x + s * f.width, *d = f.d + s * f.dots.count;
        int32_t width = f.dots.width;
        memset(want, 0, sizeof want);
        for (int32_t i = 0; i < f.dots.vectors; i++)
            for (int32_t j = 0; j < i; j++, d++)
                for (int32_t k = 0; k < width; k++) {
                    want[i * width + k] += *d * x[j * width + k];
                    want[j * width + k] += *d * x[i * width + k];
                }
        assert_row(f.dx + s * (f.width + GUARD), want, f.width);
    }
    release(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dots");
    TCase *tcase = tcase_create("dots");
    tcase_add_loop_test(tcase, forward_is_the_dot_of_each_pair, 0, CASES);
    tcase_add_loop_test(tcase, backward_gives_each_of_a_pair_the_other, 0, CASES);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
