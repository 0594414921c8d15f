/* SPDX-License-Identifier: Apache-2.0 */
/* The dense part against slow double arithmetic of one sample at a time, its gradients against
 * central differences of that, its shapes against those that the cost model counts. */
#include "dense_reference.h"

#include "cost/load.h"
#include "layout.h"
#include "spec/spec.h"
#include "train/over_arch.h"

#define VECTORS_MAX 8
#define SAMPLES_MAX 300

/* Shapes; layer and rank counts are small, since each value is moved twice. */
static const struct shape {
    const char *name;
    enum tp_interaction interaction;
    int32_t dense, vectors, widths[VECTORS_MAX], common;
    struct tp_mlp bottom, top;
    int32_t cross_layers, cross_rank;
    int32_t n, allocated;
} shapes[] = {
    {"dlrm", TP_DLRM, 3, 4, {5, 5, 5, 5}, 5, {2, {6, 5}}, {2, {7, 1}}, 0, 0, 9, 9},
    {"dlrm without dense", TP_DLRM, 0, 4, {4, 4, 4, 4}, 4, {1, {4}}, {2, {6, 1}}, 0, 0, 9, 20},
    {"dlrm projected", TP_DLRM, 2, 5, {3, 4, 4, 9, 1}, 4, {1, {4}}, {2, {6, 1}}, 0, 0, 9, 20},
    {"dlrm all projected", TP_DLRM, 0, 2, {3, 5}, 4, {1, {4}}, {1, {1}}, 0, 0, 5, 5},
    {"dlrm one vector", TP_DLRM, 2, 1, {3}, 3, {1, {3}}, {2, {4, 1}}, 0, 0, 5, 5},
    {"dlrm one vector without dense", TP_DLRM, 0, 1, {3}, 3, {1, {3}}, {1, {1}}, 0, 0, 5, 5},
    {"dlrm blocks", TP_DLRM, 2, 3, {2, 2, 3}, 2, {1, {2}}, {2, {3, 1}}, 0, 0, 300, 300},
    {"bottom of another width", TP_DLRM, 2, 2, {3, 3}, 3, {2, {4, 7}}, {1, {1}}, 0, 0, 5, 5},
    {"dcn", TP_DCN, 3, 3, {4, 4, 4}, 4, {2, {6, 4}}, {2, {7, 1}}, 3, 2, 9, 9},
    {"dcn without dense", TP_DCN, 0, 3, {4, 4, 4}, 4, {1, {4}}, {2, {7, 1}}, 2, 3, 9, 20},
    {"dcn projected", TP_DCN, 2, 3, {3, 4, 6}, 4, {1, {4}}, {2, {7, 1}}, 1, 3, 9, 20},
    {"dcn one vector", TP_DCN, 0, 1, {3}, 3, {1, {3}}, {1, {1}}, 2, 1, 5, 5},
    {"dcn blocks", TP_DCN, 1, 2, {2, 2}, 2, {1, {2}}, {2, {3, 1}}, 2, 2, 300, 300},
};
#define SHAPE_COUNT ((int)(sizeof shapes / sizeof *shapes))

static const char *const names[VECTORS_MAX] = {"a", "b", "c", "d", "e", "f", "g", "h"};

struct fixture {
    const struct shape *shape;
    struct layout layout;
    struct tp_over_arch *over_arch;
    struct reference reference;
    int32_t width; /* of the embeddings */
    float dense[SAMPLES_MAX * VECTORS_MAX], labels[SAMPLES_MAX];
    double *embeddings;
    tp_real *reals, *gradients; /* of the embeddings */
    const tp_real *logits;
    int32_t moved; /* the sample whose embeddings are moved */
};

static double logit(struct reference *r, const struct fixture *f, int32_t s)
{
    const struct shape *a = f->shape;
    double x_0[WIDTH_MAX], x[WIDTH_MAX];
    int32_t vectors = a->vectors + (a->dense ? 1 : 0), width = vectors * a->common, count = 0;
    if (a->dense) {
        struct tp_mlp bottom = a->bottom;
        bottom.width[bottom.layer_count - 1] = a->common;
        for (int32_t i = 0; i < a->dense; i++)
            x_0[i] = (double)f->dense[s * a->dense + i];
        reference_mlp(r, "bottom_mlp", a->dense, x_0, bottom.width, bottom.layer_count, true);
    }
    reference_join(r, "", a->vectors, a->widths, names, a->common, f->embeddings + s * f->width,
        x_0 + (a->dense ? a->common : 0));
    memcpy(x, x_0, sizeof x);
    if (a->interaction == TP_DLRM) {
        count = a->dense ? a->common : 0;
        for (int32_t i = 0; i < vectors; i++)
            for (int32_t j = 0; j < i; j++, count++) {
                x[count] = 0;
                for (int32_t k = 0; k < a->common; k++)
                    x[count] += x_0[i * a->common + k] * x_0[j * a->common + k];
            }
    } else {
        for (int32_t l = 0; l < a->cross_layers; l++) {
            char name[16];
            snprintf(name, sizeof name, "cross.%d", (int)l);
            reference_cross(r, name, width, a->cross_rank, x_0, x);
        }
        count = width;
    }
    reference_mlp(r, "top_mlp", count, x, a->top.width, a->top.layer_count, false);
    return x[0];
}

/* By its definition: -log of the probability that the logit gives the label. */
static double sample_loss(struct reference *r, const struct fixture *f, int32_t s)
{
    double z = logit(r, f, s);
    return log(1 + exp(f->labels[s] > 0 ? -z : z));
}

static double mean_loss(struct reference *r, void *context)
{
    const struct fixture *f = context;
    double sum = 0;
    for (int32_t s = 0; s < f->shape->n; s++)
        sum += sample_loss(r, f, s);
    return sum / f->shape->n;
}

/* What the embeddings of sample f->moved can change of it. */
static double moved_loss(struct reference *r, void *context)
{
    const struct fixture *f = context;
    return sample_loss(r, f, f->moved) / f->shape->n;
}

static void make_model(struct layout *l, const struct shape *a)
{
    layout_begin(l, a->n);
    l->model.interaction = a->interaction;
    l->model.dense_features = a->dense;
    l->model.bottom_mlp = a->bottom;
    l->model.top_mlp = a->top;
    l->model.cross_layers = a->cross_layers;
    l->model.cross_rank = a->cross_rank;
}

static void make_inputs(struct fixture *f, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 3);
    int32_t n = f->shape->n;
    size_t count = (size_t)n * (size_t)f->width;
    f->embeddings = calloc(count, sizeof *f->embeddings);
    f->reals = calloc(count, sizeof *f->reals);
    f->gradients = calloc(count, sizeof *f->gradients);
    ck_assert(f->embeddings && f->reals && f->gradients);
    draw(&random, count, f->embeddings, f->reals);
    for (int32_t i = 0; i < n * f->shape->dense; i++)
        f->dense[i] = (float)tp_random_normal(&random);
    for (int32_t s = 0; s < n; s++)
        f->labels[s] = tp_random_uniform(&random) < 0.4 ? 1 : 0;
}

static void release(struct fixture *f)
{
    tp_over_arch_free(f->over_arch);
    free(f->reference.values);
    free(f->embeddings);
    free(f->reals);
    free(f->gradients);
}

/* One step forward. */
static void begin(struct fixture *f, const struct shape *shape, uint64_t seed)
{
    struct tp_error err;
    struct tp_over_input input = {shape->vectors, shape->widths, names, shape->common};
    *f = (struct fixture){.shape = shape};
    make_model(&f->layout, shape);
    ck_assert_int_eq(
        tp_over_arch_new(&f->layout.model, &input, shape->allocated, seed, &f->over_arch, &err),
        TP_OK);
    f->width = tp_over_arch_width(f->over_arch);
    f->reference = reference_new(tp_over_arch_parameters(f->over_arch));
    make_inputs(f, seed);
    if (shape->dense)
        tp_over_arch_bottom(f->over_arch, f->dense, shape->n);
    f->logits = tp_over_arch_forward(f->over_arch, f->reals, shape->n);
}

/* The same with the first seed that leaves all pre-activations far from the kinks of ReLU. */
static void begin_smooth(struct fixture *f, const struct shape *shape)
{
    double far = shape->n > 100 ? KINK_FAR / 10 : KINK_FAR;
    for (uint64_t seed = 1; seed < 100; seed++) {
        begin(f, shape, seed);
        mean_loss(&f->reference, f);
        if (f->reference.nearest > far)
            return;
        release(f);
    }
    ck_abort_msg("%s: every seed is near a kink", shape->name);
}

START_TEST(logits_are_those_of_one_sample_at_a_time)
{
    struct fixture f;
    begin(&f, &shapes[_i], 1);
    int32_t width = 0;
    for (int32_t i = 0; i < f.shape->vectors; i++)
        width += f.shape->widths[i];
    ck_assert_int_eq(f.width, width);
    double largest = 1;
    for (int32_t s = 0; s < f.shape->n; s++)
        largest = fmax(largest, fabs(logit(&f.reference, &f, s)));
    for (int32_t s = 0; s < f.shape->n; s++)
        ck_assert_double_eq_tol(
            (double)f.logits[s], logit(&f.reference, &f, s), VALUE_CLOSE * largest);
    release(&f);
}
END_TEST

START_TEST(gradients_are_the_slopes_of_the_loss)
{
    struct fixture f;
    begin_smooth(&f, &shapes[_i]);
    int32_t n = f.shape->n;
    double loss = tp_over_arch_loss(f.over_arch, f.labels, 1.0 / n);
    ck_assert_double_eq_tol(loss / n, mean_loss(&f.reference, &f), 10 * VALUE_CLOSE);
    /* What stood there before must not matter. */
    struct tp_parameters *p = tp_over_arch_parameters(f.over_arch);
    for (size_t i = 0; i < p->count; i++)
        p->gradients[i] = 1000;
    tp_over_arch_backward(f.over_arch, f.gradients);
    if (f.shape->dense)
        tp_over_arch_bottom_backward(f.over_arch);
    assert_parameter_slopes(&f.reference, mean_loss, &f);
    for (f.moved = 0; f.moved < n; f.moved++)
        assert_slopes(&f.reference, moved_loss, &f, "embeddings", f.embeddings + f.moved * f.width,
            (size_t)f.width, f.gradients + f.moved * f.width);
    release(&f);
}
END_TEST

START_TEST(loss_is_stable_for_huge_logits)
{
    /* One vector of one value through one linear layer with weight 1, bias 0: the logit is the
     * value. Losses: 1000 for a click at -1000, 0 at 1000; 50 for none at 50 (e^-50 is below
     * rounding); log 2 at 0. Gradients: probability - label. */
    static const struct shape shape = {
        "identity", TP_DCN, 0, 1, {1}, 1, {1, {1}}, {1, {1}}, 0, 1, 4, 4};
    static const tp_real logits[] = {-1000, 1000, 50, 0};
    static const float labels[] = {1, 1, 0, 1};
    static const double gradients[] = {-1, 0, 1, -0.5};
    struct fixture f;
    tp_real d[4];
    begin(&f, &shape, 1);
    struct tp_parameters *p = tp_over_arch_parameters(f.over_arch);
    ck_assert_uint_eq(p->count, 2);
    p->values[0] = 1;
    p->values[1] = 0;
    tp_over_arch_forward(f.over_arch, logits, 4);
    ck_assert_double_eq_tol(
        tp_over_arch_loss(f.over_arch, labels, 2), 1000 + 0 + 50 + log(2), 1e-12);
    tp_over_arch_backward(f.over_arch, d);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol((double)d[i], 2 * gradients[i], 1e-12);
    release(&f);
}
END_TEST

START_TEST(tensors_are_in_the_stated_order)
{
    static const char *const want[] = {"bottom_mlp.0.weight", "bottom_mlp.0.bias",
        "projection.a.weight", "projection.a.bias", "projection.c.weight", "projection.c.bias",
        "cross.0.v", "cross.0.w", "cross.0.bias", "top_mlp.0.weight", "top_mlp.0.bias",
        "top_mlp.1.weight", "top_mlp.1.bias"};
    struct fixture f;
    begin(&f, &shapes[10], 1); /* dcn projected */
    const struct tp_parameters *p = tp_over_arch_parameters(f.over_arch);
    ck_assert_int_eq(p->tensor_count, (int)(sizeof want / sizeof *want));
    for (int32_t i = 0; i < p->tensor_count; i++)
        ck_assert_str_eq(p->tensors[i].name, want[i]);
    release(&f);
}
END_TEST

START_TEST(values_do_not_depend_on_what_was_allocated)
{
    struct shape roomy = shapes[_i];
    struct fixture f, g;
    begin(&f, &shapes[_i], 1);
    roomy.allocated = 1000;
    begin(&g, &roomy, 1);
    tp_over_arch_loss(f.over_arch, f.labels, 0.25);
    tp_over_arch_loss(g.over_arch, g.labels, 0.25);
    tp_over_arch_backward(f.over_arch, f.gradients);
    tp_over_arch_backward(g.over_arch, g.gradients);
    const struct tp_parameters *p = tp_over_arch_parameters(f.over_arch);
    const struct tp_parameters *q = tp_over_arch_parameters(g.over_arch);
    ck_assert_mem_eq(f.logits, g.logits, (size_t)f.shape->n * sizeof *f.logits);
    ck_assert_mem_eq(p->gradients, q->gradients, p->count * sizeof *p->gradients);
    release(&f);
    release(&g);
}
END_TEST

/* The widths that tables and towers give the over-arch in a mode, with what the cost model
 * counts. */
static void assert_counts_agree(const struct tp_model *model, enum tp_mode mode,
    const struct tp_tower_shape *towers, int32_t tower_count, const struct tp_over_input *input)
{
    struct tp_over_arch *over_arch;
    struct tp_error err;
    ck_assert_int_eq(tp_over_arch_new(model, input, 1, 1, &over_arch, &err), TP_OK);
    ck_assert_double_eq((double)tp_over_arch_parameters(over_arch)->count,
        tp_dense_cost(model, mode, towers, tower_count).parameters);
    tp_over_arch_free(over_arch);
}

/* Six tables of these widths; a dlrm or a dcn. */
static void make_tables(struct layout *l, enum tp_interaction interaction, int32_t dense,
    const int32_t *dims, int32_t common)
{
    layout_begin(l, 8);
    layout_level(l, 2, 1, 1, 0);
    layout_level(l, 2, 1, 1, 0);
    layout_towers(l, 1);
    l->model.interaction = interaction;
    l->model.dense_features = dense;
    l->model.bottom_mlp = (struct tp_mlp){2, {12, common}};
    l->model.top_mlp = (struct tp_mlp){3, {9, 5, 1}};
    l->model.cross_layers = 2;
    l->model.cross_rank = 3;
    for (int32_t i = 0; i < 6; i++)
        layout_whole(l, 10, dims[i], 1, i % 4);
}

static const int32_t mixed[] = {8, 4, 8, 16, 2, 8}, alike[] = {8, 8, 8, 8, 8, 8};

START_TEST(flat_parameters_are_those_that_the_cost_model_counts)
{
    enum tp_interaction interaction = _i & 1 ? TP_DCN : TP_DLRM;
    int32_t dense = _i & 2 ? 3 : 0;
    const int32_t *dims = _i & 4 ? mixed : alike;
    struct layout l;
    make_tables(&l, interaction, dense, dims, 8);
    struct tp_over_input input = {6, dims, names, tp_model_common_dim(&l.model)};
    assert_counts_agree(&l.model, TP_MODE_FLAT, NULL, 0, &input);
}
END_TEST

START_TEST(dmt_parameters_are_those_that_the_cost_model_counts)
{
    /* Two towers of three tables each. dlrm c = 1, p = 1, D = 6: 2 * 4 vectors; dcn D = 6: 2. */
    enum tp_interaction interaction = _i & 1 ? TP_DCN : TP_DLRM;
    bool dcn = _i & 2;
    struct layout l;
    struct tp_tower_shape towers[2] = {{0}};
    static const int32_t dims[] = {6, 6, 6, 6, 6, 6, 6, 6};
    make_tables(&l, interaction, _i & 4 ? 3 : 0, mixed, 8);
    l.model.tower_module =
        (struct tp_tower_module){dcn ? TP_MODULE_DCN : TP_MODULE_DLRM, 1, 1, 6, 2};
    for (int32_t i = 0; i < 6; i++)
        tp_tower_shape_add(&towers[i % 2], &l.model, &l.tables[i]);
    struct tp_over_input input = {dcn ? 2 : 8, dims, NULL, 6};
    assert_counts_agree(&l.model, TP_MODE_DMT, towers, 2, &input);
}
END_TEST

START_TEST(rows_that_cannot_be_counted_are_refused)
{
    /* 46342 vectors have 46342 * 46341 / 2 = 1073767311 dots, above 2^30 = 1073741824. */
    enum { count = 46342 };
    struct layout l;
    struct tp_over_arch *over_arch;
    struct tp_error err;
    int32_t *widths = calloc(count, sizeof *widths);
    ck_assert_ptr_nonnull(widths);
    for (int32_t i = 0; i < count; i++)
        widths[i] = 1;
    make_model(&l, &shapes[1]);
    struct tp_over_input input = {count, widths, NULL, 1};
    ck_assert_int_eq(tp_over_arch_new(&l.model, &input, 1, 1, &over_arch, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "46342 vectors"));
    free(widths);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("over_arch");
    TCase *tcase = tcase_create("over_arch");
    tcase_add_loop_test(tcase, logits_are_those_of_one_sample_at_a_time, 0, SHAPE_COUNT);
    tcase_add_loop_test(tcase, gradients_are_the_slopes_of_the_loss, 0, SHAPE_COUNT);
    tcase_add_loop_test(tcase, values_do_not_depend_on_what_was_allocated, 0, SHAPE_COUNT);
    tcase_add_test(tcase, loss_is_stable_for_huge_logits);
    tcase_add_test(tcase, rows_that_cannot_be_counted_are_refused);
    tcase_add_test(tcase, tensors_are_in_the_stated_order);
    tcase_add_loop_test(tcase, flat_parameters_are_those_that_the_cost_model_counts, 0, 8);
    tcase_add_loop_test(tcase, dmt_parameters_are_those_that_the_cost_model_counts, 0, 8);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
