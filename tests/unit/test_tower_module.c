/* SPDX-License-Identifier: Apache-2.0 */
/* Tower modules against slow double arithmetic of one sample at a time, gradients against central
 * differences of that, shapes against those that the cost model counts. */
#include "dense_reference.h"

#include "cost/load.h"
#include "layout.h"
#include "spec/spec.h"
#include "train/tower_module.h"

#include <math.h>

#define FEATURES_MAX 8
#define TOWER 7

static const struct shape {
    const char *name;
    int32_t features, widths[FEATURES_MAX], common;
    struct tp_tower_module module; /* kind, c, p, dim, rank */
    int32_t n, allocated;
} shapes[] = {
    {"dlrm c and p", 3, {4, 4, 4}, 4, {TP_MODULE_DLRM, 2, 3, 2, 0}, 6, 6},
    {"dlrm c", 3, {4, 4, 4}, 4, {TP_MODULE_DLRM, 2, 0, 3, 0}, 6, 30},
    {"dlrm p", 3, {4, 4, 4}, 4, {TP_MODULE_DLRM, 0, 2, 3, 0}, 6, 6},
    {"dlrm projected", 4, {4, 3, 7, 4}, 4, {TP_MODULE_DLRM, 1, 1, 3, 0}, 6, 30},
    {"dlrm c projected", 2, {3, 7}, 4, {TP_MODULE_DLRM, 1, 0, 5, 0}, 6, 30},
    {"dlrm one feature", 1, {4}, 4, {TP_MODULE_DLRM, 1, 1, 1, 0}, 6, 6},
    {"dlrm blocks", 2, {2, 3}, 2, {TP_MODULE_DLRM, 1, 1, 2, 0}, 300, 300},
    {"dcn", 3, {4, 4, 4}, 4, {TP_MODULE_DCN, 0, 0, 5, 3}, 6, 6},
    {"dcn projected", 3, {2, 4, 5}, 4, {TP_MODULE_DCN, 0, 0, 2, 2}, 6, 30},
    {"dcn one feature", 1, {4}, 4, {TP_MODULE_DCN, 0, 0, 1, 1}, 6, 6},
    {"dcn blocks", 2, {2, 3}, 2, {TP_MODULE_DCN, 0, 0, 2, 2}, 300, 300},
};
#define SHAPE_COUNT ((int)(sizeof shapes / sizeof *shapes))

static const char *const names[FEATURES_MAX] = {"a", "b", "c", "d", "e", "f", "g", "h"};
static char letters[FEATURES_MAX][2] = {"a", "b", "c", "d", "e", "f", "g", "h"};

struct fixture {
    const struct shape *shape;
    struct layout layout;
    struct tp_tower_layer *layer;
    struct reference reference;
    int32_t inputs, outputs;
    double *embeddings, *weights; /* the objective is the sum of weights * outputs */
    tp_real *reals, *d_out, *out, *gradients;
    int32_t first, last; /* samples that the objective is summed over */
};

/* One sample of dlrm: the p vectors, then the c vectors of each feature. */
static void dlrm_row(struct reference *r, const struct shape *a, const double *x, double *out)
{
    char name[32];
    snprintf(name, sizeof name, "tower.%d.p", TOWER);
    if (a->module.p)
        reference_linear(r, name, a->features * a->common, x, a->module.p * a->module.dim, out);
    out += a->module.p * a->module.dim;
    snprintf(name, sizeof name, "tower.%d.c", TOWER);
    for (int32_t i = 0; a->module.c && i < a->features; i++, out += a->module.c * a->module.dim)
        reference_linear(r, name, a->common, x + i * a->common, a->module.c * a->module.dim, out);
}

static void out_row(struct reference *r, const struct fixture *f, int32_t s, double *out)
{
    const struct shape *a = f->shape;
    double x_0[WIDTH_MAX], x[WIDTH_MAX];
    char name[32];
    int32_t width = a->features * a->common;
    snprintf(name, sizeof name, "tower.%d.", TOWER);
    reference_join(
        r, name, a->features, a->widths, names, a->common, f->embeddings + s * f->inputs, x_0);
    if (a->module.kind == TP_MODULE_DLRM) {
        dlrm_row(r, a, x_0, out);
        return;
    }
    memcpy(x, x_0, sizeof x);
    snprintf(name, sizeof name, "tower.%d.cross", TOWER);
    reference_cross(r, name, width, a->module.rank, x_0, x);
    snprintf(name, sizeof name, "tower.%d.out", TOWER);
    reference_linear(r, name, width, x, a->module.dim, out);
}

static double objective(struct reference *r, void *context)
{
    const struct fixture *f = context;
    double out[WIDTH_MAX], sum = 0;
    for (int32_t s = f->first; s <= f->last; s++) {
        out_row(r, f, s, out);
        for (int32_t i = 0; i < f->outputs; i++)
            sum += f->weights[s * f->outputs + i] * out[i];
    }
    return sum;
}

static void make_model(struct layout *l, const struct shape *a)
{
    layout_begin(l, a->n);
    layout_level(l, 1, 1, 1, 0);
    layout_towers(l, 1);
    l->model.bottom_mlp = (struct tp_mlp){1, {a->common}};
    l->model.tower_module = a->module;
    for (int32_t i = 0; i < a->features; i++) {
        layout_whole(l, 10, a->widths[i], 1, 0);
        l->features[i].name = letters[i];
    }
}

static void *new_values(int32_t n, int32_t width, size_t bytes)
{
    void *values = calloc((size_t)n * (size_t)width, bytes);
    ck_assert_ptr_nonnull(values);
    return values;
}

static void begin(struct fixture *f, const struct shape *a)
{
    static const int32_t features[FEATURES_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct tp_error err;
    struct tp_random random = tp_random_new(1, 5);
    *f = (struct fixture){.shape = a, .last = a->n - 1};
    make_model(&f->layout, a);
    ck_assert_int_eq(tp_tower_layer_new(&f->layout.model, features, a->features, TOWER,
                         a->allocated, 1, &f->layer, &err),
        TP_OK);
    f->reference = reference_new(tp_tower_layer_parameters(f->layer));
    f->inputs = tp_tower_layer_inputs(f->layer);
    f->outputs = tp_tower_layer_outputs(f->layer);
    f->embeddings = new_values(a->n, f->inputs, sizeof(double));
    f->reals = new_values(a->n, f->inputs, sizeof(tp_real));
    f->gradients = new_values(a->n, f->inputs, sizeof(tp_real));
    f->weights = new_values(a->n, f->outputs, sizeof(double));
    f->d_out = new_values(a->n, f->outputs, sizeof(tp_real));
    f->out = new_values(a->n, f->outputs, sizeof(tp_real));
    draw(&random, (size_t)(a->n * f->inputs), f->embeddings, f->reals);
    draw(&random, (size_t)(a->n * f->outputs), f->weights, f->d_out);
    tp_tower_layer_forward(f->layer, f->reals, a->n, f->out);
}

static void release(struct fixture *f)
{
    tp_tower_layer_free(f->layer);
    free(f->reference.values);
    free(f->embeddings);
    free(f->reals);
    free(f->gradients);
    free(f->weights);
    free(f->d_out);
    free(f->out);
}

START_TEST(outputs_are_those_of_one_sample_at_a_time)
{
    struct fixture f;
    double want[WIDTH_MAX];
    begin(&f, &shapes[_i]);
    for (int32_t s = 0; s < f.shape->n; s++) {
        out_row(&f.reference, &f, s, want);
        for (int32_t i = 0; i < f.outputs; i++)
            ck_assert_double_eq_tol((double)f.out[s * f.outputs + i], want[i], 10 * VALUE_CLOSE);
    }
    release(&f);
}
END_TEST

START_TEST(gradients_are_the_slopes)
{
    struct fixture f;
    begin(&f, &shapes[_i]);
    struct tp_parameters *p = tp_tower_layer_parameters(f.layer);
    for (size_t i = 0; i < p->count; i++)
        p->gradients[i] = 1000; /* what stood there before must not matter */
    tp_tower_layer_backward(f.layer, f.d_out, f.gradients);
    assert_parameter_slopes(&f.reference, objective, &f);
    for (int32_t s = 0; s < f.shape->n; s++) {
        f.first = f.last = s;
        assert_slopes(&f.reference, objective, &f, "embeddings", f.embeddings + s * f.inputs,
            (size_t)f.inputs, f.gradients + s * f.inputs);
    }
    release(&f);
}
END_TEST

START_TEST(shapes_are_those_that_the_cost_model_counts)
{
    struct fixture f;
    struct tp_tower_shape tower = {0};
    begin(&f, &shapes[_i]);
    const struct tp_model *model = &f.layout.model;
    for (int32_t i = 0; i < model->table_count; i++)
        tp_tower_shape_add(&tower, model, &model->tables[i]);
    ck_assert_double_eq(f.inputs, tower.dim);
    ck_assert_double_eq(f.outputs, tp_tower_output_dmt(model, &tower));
    ck_assert_int_eq(
        f.outputs, tp_tower_layer_vectors(model, f.shape->features) * model->tower_module.dim);
    ck_assert_double_eq(
        (double)tp_tower_layer_parameters(f.layer)->count, tp_tower_parameters(model, &tower));
    release(&f);
}
END_TEST

START_TEST(features_may_be_any_of_the_model)
{
    /* Features c, a of widths 7, 4 in that order, common 4: c alone is projected. */
    static const int32_t features[] = {2, 0};
    struct layout l;
    struct tp_tower_layer *layer;
    struct tp_error err;
    make_model(&l, &shapes[3]);
    ck_assert_int_eq(tp_tower_layer_new(&l.model, features, 2, 0, 1, 1, &layer, &err), TP_OK);
    ck_assert_int_eq(tp_tower_layer_inputs(layer), 11);
    ck_assert_str_eq(
        tp_tower_layer_parameters(layer)->tensors[0].name, "tower.0.projection.c.weight");
    ck_assert_str_eq(tp_tower_layer_parameters(layer)->tensors[2].name, "tower.0.p.weight");
    tp_tower_layer_free(layer);
}
END_TEST

START_TEST(weights_begin_so_that_vectors_keep_their_size)
{
    /* p: 2 features of 4 values; c: 4 values. Biases and projections (7 values) as anywhere. */
    static const int32_t features[] = {2, 0};
    static const double bounds[] = {1 / 7.0, 1 / 7.0, 3 / 8.0, 1 / 8.0, 3 / 4.0, 1 / 4.0};
    struct layout l;
    struct tp_tower_layer *layer;
    struct tp_error err;
    make_model(&l, &shapes[3]);
    ck_assert_int_eq(tp_tower_layer_new(&l.model, features, 2, 0, 1, 1, &layer, &err), TP_OK);
    const struct tp_parameters *parameters = tp_tower_layer_parameters(layer);
    ck_assert_int_eq(parameters->tensor_count, 6);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq_tol(parameters->tensors[i].bound, sqrt(bounds[i]), 1e-15);
    tp_tower_layer_free(layer);
}
END_TEST

START_TEST(rows_that_cannot_be_counted_are_refused)
{
    /* 3 features, c = 2^16, D = 2^14: 3 * 2^30 values come out. */
    static const int32_t features[] = {0, 1, 2};
    struct layout l;
    struct tp_tower_layer *layer;
    struct tp_error err;
    make_model(&l, &shapes[0]);
    l.model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1 << 16, 0, 1 << 14, 0};
    ck_assert_int_eq(
        tp_tower_layer_new(&l.model, features, 3, TOWER, 1, 1, &layer, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "tower 7"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tower_module");
    TCase *tcase = tcase_create("tower_module");
    tcase_add_loop_test(tcase, outputs_are_those_of_one_sample_at_a_time, 0, SHAPE_COUNT);
    tcase_add_loop_test(tcase, gradients_are_the_slopes, 0, SHAPE_COUNT);
    tcase_add_loop_test(tcase, shapes_are_those_that_the_cost_model_counts, 0, SHAPE_COUNT);
    tcase_add_test(tcase, weights_begin_so_that_vectors_keep_their_size);
    tcase_add_test(tcase, rows_that_cannot_be_counted_are_refused);
    tcase_add_test(tcase, features_may_be_any_of_the_model);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
