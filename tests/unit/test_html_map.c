/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity in the order of towers. The sample has features 0..4; 0, 2, 4 are in tower 0, 1 and 3 in
 * tower 1. */
#include "html/map.h"

#include "sample_plan.h"

#define F 5

/* Feature 4 is closest to the rest of tower 0: 0.5 + 0.4, then 0 (0.5 + 0.1), then 2 (0.4 + 0.1). */
static float values[F * F] = {
    1.0F, 0.3F, 0.1F, 0.0F, 0.5F, /* 0 */
    0.3F, 1.0F, 0.2F, 0.8F, 0.0F, /* 1 */
    0.1F, 0.2F, 1.0F, 0.0F, 0.4F, /* 2 */
    0.0F, 0.8F, 0.0F, 1.0F, 0.6F, /* 3 */
    0.5F, 0.0F, 0.4F, 0.6F, 1.0F, /* 4 */
};
static const struct tp_affinity affinity = {.feature_count = F, .affinity = values};

struct mapped {
    struct sample *sample;
    struct tp_map map;
};

static struct mapped setup(void (*change)(struct tp_plan *))
{
    struct mapped m = {.sample = sample_make(2, 2, F, sample_name)};
    if (change)
        change(&m.sample->plan);
    ck_assert_int_eq(tp_map_init(&m.map, &m.sample->plan, &affinity, NULL), TP_OK);
    return m;
}

static void teardown(struct mapped *m)
{
    tp_map_release(&m->map);
    sample_release(m->sample);
    free(m->sample);
}

static void is_order(const struct tp_map *map, const int32_t *order, const int32_t *tower)
{
    ck_assert_int_eq(map->count, F);
    for (int i = 0; i < F; i++) {
        ck_assert_int_eq(map->order[i], order[i]);
        ck_assert_int_eq(map->tower[i], tower[i]);
    }
}

START_TEST(towers_are_blocks_with_their_closest_features_first)
{
    struct mapped m = setup(NULL);
    is_order(&m.map, (int32_t[]){4, 0, 2, 1, 3}, (int32_t[]){0, 0, 0, 1, 1});
    ck_assert_double_eq_tol(m.map.most, 0.8, 1e-6);
    teardown(&m);
}
END_TEST

/* Tower 1 claims feature 0 as well and names one that nobody knows; nobody claims feature 3. */
static void break_towers(struct tp_plan *plan)
{
    static char unknown[] = "unknown", first[] = "feat0", second[] = "feat1";
    plan->towers[1].features[0] = first;
    plan->towers[1].features[1] = unknown;
    plan->towers[1].features[2] = second;
    plan->towers[1].feature_count = 3;
}

START_TEST(each_feature_is_there_once_whatever_the_plan_says)
{
    struct mapped m = setup(break_towers);
    is_order(&m.map, (int32_t[]){4, 0, 2, 1, 3}, (int32_t[]){0, 0, 0, 1, -1});
    teardown(&m);
}
END_TEST

START_TEST(the_strongest_pairs_between_towers_come_first)
{
    struct tp_map_pair pairs[3];
    struct mapped m = setup(NULL);
    ck_assert_int_eq(tp_map_pairs(&m.map, &affinity, false, pairs, 3), 3);
    ck_assert_int_eq(pairs[0].a, 4);
    ck_assert_int_eq(pairs[0].b, 3);
    ck_assert_double_eq_tol(pairs[0].affinity, 0.6, 1e-6);
    ck_assert_double_eq_tol(pairs[1].affinity, 0.3, 1e-6);
    ck_assert_double_eq_tol(pairs[2].affinity, 0.2, 1e-6);
    teardown(&m);
}
END_TEST

/* 3 + 1 pairs lie inside towers. */
START_TEST(pairs_inside_towers_are_asked_for_apart)
{
    struct tp_map_pair pairs[9];
    struct mapped m = setup(NULL);
    ck_assert_int_eq(tp_map_pairs(&m.map, &affinity, true, pairs, 9), 4);
    ck_assert_double_eq_tol(pairs[0].affinity, 0.8, 1e-6);
    ck_assert_double_eq_tol(pairs[3].affinity, 0.1, 1e-6);
    teardown(&m);
}
END_TEST

/* The opacity is the root of the share: 0.2 of 0.8 is a quarter, whose root is a half, 127.5 of 255. */
START_TEST(pixels_are_pairs_in_that_order)
{
    tp_colour pixels[F * F];
    struct mapped m = setup(NULL);
    ck_assert_int_eq(tp_map_side(&m.map), F);
    tp_map_pixels(&m.map, &affinity, pixels);
    for (int i = 0; i < F; i++)
        for (int j = 0; j < F; j++) {
            double value = values[m.map.order[i] * F + m.map.order[j]] / 0.8;
            double root = i == j ? 1 : sqrt(value);
            ck_assert_double_eq_tol(pixels[i * F + j] >> 24, 255 * root, 0.51);
        }
    ck_assert_uint_eq(pixels[2 * F + 3] >> 24, 128);
    teardown(&m);
}
END_TEST

START_TEST(of_too_many_features_a_pixel_is_a_mean)
{
    struct tp_map map = {.count = TP_MAP_PIXELS_MAX};
    ck_assert_int_eq(tp_map_side(&map), TP_MAP_PIXELS_MAX);
    map.count = TP_MAP_PIXELS_MAX + 1;
    ck_assert_int_eq(tp_map_side(&map), TP_MAP_PIXELS_MAX / 2 + 1);
}
END_TEST

START_TEST(colours_begin_with_nothing_and_end_opaque)
{
    ck_assert_uint_eq(tp_map_colour(0) >> 24, 0);
    ck_assert_uint_eq(tp_map_colour(-1) >> 24, 0);
    ck_assert_uint_eq(tp_map_colour((double)NAN) >> 24, 0);
    ck_assert_uint_eq(tp_map_colour(1), 0xffeb6e14U);
    ck_assert_uint_eq(tp_map_colour(7), 0xffeb6e14U);
    for (int i = 1; i <= 255; i++)
        ck_assert_uint_ge(tp_map_colour(i / 255.0) >> 24, tp_map_colour((i - 1) / 255.0) >> 24);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("html_map");
    TCase *tcase = tcase_create("html_map");
    tcase_add_test(tcase, towers_are_blocks_with_their_closest_features_first);
    tcase_add_test(tcase, each_feature_is_there_once_whatever_the_plan_says);
    tcase_add_test(tcase, the_strongest_pairs_between_towers_come_first);
    tcase_add_test(tcase, pairs_inside_towers_are_asked_for_apart);
    tcase_add_test(tcase, pixels_are_pairs_in_that_order);
    tcase_add_test(tcase, of_too_many_features_a_pixel_is_a_mean);
    tcase_add_test(tcase, colours_begin_with_nothing_and_end_opaque);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
