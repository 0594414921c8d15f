/* SPDX-License-Identifier: Apache-2.0 */
/* Values as they are sent. bfloat16 has 8 bits of precision: between 1 and 2 its steps are 2^-7. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/wire.h"

static const struct {
    double value, sent;
} cases[] = {
    {0, 0}, {1, 1}, {-2.5, -2.5}, {1 + 0x1p-8, 1}, /* half way: to the even one, 1 */
    {1 + 3 * 0x1p-8, 1 + 0x1p-6},                  /* half way: to the even one above */
    {1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-7},            /* more than half way */
    {1 + 0x1p-8 - 0x1p-20, 1},                     /* less */
    {-(1 + 3 * 0x1p-8), -(1 + 0x1p-6)},
    {0x1.ffp127, INFINITY},                     /* half way above the largest, 0x1.fep127 */
    {INFINITY, INFINITY}, {0x1p-133, 0x1p-133}, /* the smallest there is */
};

START_TEST(bfloat16_rounds_to_the_nearest_and_ties_to_even)
{
    tp_real value = (tp_real)cases[_i].value, back;
    uint16_t wired;
    tp_wire_encode(TP_WIRE_BFLOAT16, &value, 1, &wired);
    tp_wire_decode(TP_WIRE_BFLOAT16, &wired, 1, &back);
    ck_assert(back == (tp_real)cases[_i].sent);
}
END_TEST

START_TEST(a_nan_stays_one)
{
    uint32_t bits = 0x7f800001; /* whose payload is in the lower half */
    float nan;
    memcpy(&nan, &bits, sizeof nan);
    tp_real value = (tp_real)nan, back;
    uint16_t wired;
    tp_wire_encode(TP_WIRE_BFLOAT16, &value, 1, &wired);
    tp_wire_decode(TP_WIRE_BFLOAT16, &wired, 1, &back);
    ck_assert(back != back);
}
END_TEST

START_TEST(other_dtypes_are_sent_as_they_are)
{
    ck_assert_int_eq(tp_wire_of(TP_BFLOAT16), TP_WIRE_BFLOAT16);
    ck_assert_int_eq(tp_wire_of(TP_FLOAT32), TP_WIRE_REAL);
    ck_assert_uint_eq(tp_wire_bytes(TP_WIRE_REAL), sizeof(tp_real));
    ck_assert_uint_eq(tp_wire_bytes(TP_WIRE_BFLOAT16), 2);
}
END_TEST

/* Two parts of two rows: 3 columns (x y y) and 3 columns (z y y), y being partial sums; whole rows are z x y y. */
static struct tp_segment segments[] = {
    {0, 0, 1, 1, false}, {0, 1, 2, 2, false}, {1, 0, 0, 1, false}, {1, 1, 2, 2, true}};
static int32_t first[] = {0, 3, 6};
static const struct tp_weave weave = {first, 2, 4, segments, 4};
static const tp_real parts[] = {1, 2, 3, 4, 5, 6, /* the other: */ 10, 20, 30, 40, 50, 60};

static void wired_parts(enum tp_wire wire, void *wired)
{
    tp_wire_encode(wire, parts, 12, wired);
}

START_TEST(gathering_weaves_parts_into_rows)
{
    const tp_real expected[] = {10, 1, 22, 33, 40, 4, 55, 66};
    tp_real wired[12], whole[8];
    enum tp_wire wire = (enum tp_wire)_i;
    wired_parts(wire, wired);
    tp_wire_gather(wire, &weave, 2, wired, whole);
    for (int i = 0; i < 8; i++)
        ck_assert(whole[i] == expected[i]);
}
END_TEST

START_TEST(scattering_gives_each_part_what_belongs_to_it)
{
    const tp_real whole[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const tp_real expected[] = {2, 3, 4, 6, 7, 8, /* the other: */ 1, 3, 4, 5, 7, 8};
    tp_real wired[12], found[12];
    enum tp_wire wire = (enum tp_wire)_i;
    tp_wire_scatter(wire, &weave, 2, whole, wired);
    tp_wire_decode(wire, wired, 12, found);
    for (int i = 0; i < 12; i++)
        ck_assert(found[i] == expected[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire");
    TCase *tcase = tcase_create("wire");
    tcase_add_loop_test(
        tcase, bfloat16_rounds_to_the_nearest_and_ties_to_even, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, a_nan_stays_one);
    tcase_add_test(tcase, other_dtypes_are_sent_as_they_are);
    tcase_add_loop_test(tcase, gathering_weaves_parts_into_rows, 0, 2);
    tcase_add_loop_test(tcase, scattering_gives_each_part_what_belongs_to_it, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
