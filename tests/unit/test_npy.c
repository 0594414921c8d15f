/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npy, byte by byte: files here are put together from the format's description
 * (numpy.lib.format), never by the code under test. */
#include "base/npy.h"

#include "scratch.h"

#include <math.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

struct file {
    unsigned char bytes[512];
    size_t length;
};

/* Version 1 has 2 bytes for the header's length, version 2 has 4. */
static struct file make_file(int version, const char *header, size_t data_bytes)
{
    struct file file = {0};
    size_t length = strlen(header), fields = version == 1 ? 2 : 4;
    memcpy(file.bytes, "\x93NUMPY", 6);
    file.bytes[6] = (unsigned char)version;
    for (size_t i = 0; i < fields; i++)
        file.bytes[8 + i] = (unsigned char)(length >> (8 * i));
    memcpy(file.bytes + 8 + fields, header, length);
    file.length = 8 + fields + length;
    for (size_t i = 0; i < data_bytes; i++)
        file.bytes[file.length++] = (unsigned char)(i + 1);
    return file;
}

static enum tp_status parse(const struct file *file, struct tp_npy *npy, struct tp_error *err)
{
    return tp_npy_parse(file->bytes, file->length, "x.npy", npy, err);
}

static const struct {
    int version;
    const char *header;
    enum tp_npy_type type;
    size_t item_bytes;
    int32_t dim_count;
    int64_t shape[3];
    size_t count;
} good[] = {
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", TP_NPY_FLOAT32, 4, 2,
        {2, 3}, 6},
    {2, "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 1, 3), }   \n", TP_NPY_FLOAT16, 2, 3,
        {2, 1, 3}, 6},
    {1, "{'descr':'<f8','fortran_order':False,'shape':(3,)}", TP_NPY_FLOAT64, 8, 1, {3}, 3},
    {1, "{\"shape\": (), \"descr\": \"<i8\", \"fortran_order\": False}\n", TP_NPY_INT64, 8, 0, {0},
        1},
    {1, "{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }\n", TP_NPY_UNICODE, 12, 1, {2},
        2},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 7), }\n", TP_NPY_FLOAT32, 4, 2,
        {0, 7}, 0},
};

START_TEST(a_header_says_what_the_data_is)
{
    struct tp_npy npy;
    struct tp_error err;
    size_t data_bytes = good[_i].count * good[_i].item_bytes;
    struct file file = make_file(good[_i].version, good[_i].header, data_bytes);
    ck_ok(parse(&file, &npy, &err), err);
    ck_assert_int_eq(npy.type, good[_i].type);
    ck_assert_uint_eq(npy.item_bytes, good[_i].item_bytes);
    ck_assert_int_eq(npy.dim_count, good[_i].dim_count);
    ck_assert_mem_eq(npy.shape, good[_i].shape, sizeof npy.shape);
    ck_assert_uint_eq(npy.count, good[_i].count);
    ck_assert_ptr_eq(npy.data, file.bytes + file.length - data_bytes);
}
END_TEST

START_TEST(a_file_cut_off_anywhere_is_refused)
{
    struct tp_npy npy;
    struct tp_error err;
    struct file file =
        make_file(good[_i].version, good[_i].header, good[_i].count * good[_i].item_bytes);
    for (size_t length = 0; length < file.length; length++) {
        unsigned char *cut = malloc(length + 1); /* so that reading beyond it is seen */
        memcpy(cut, file.bytes, length);
        ck_assert_int_eq(tp_npy_parse(cut, length, "x.npy", &npy, &err), TP_EINPUT);
        ck_message_has(&err, (const char *[]){"x.npy: ", NULL});
        free(cut);
    }
}
END_TEST

START_TEST(surplus_bytes_are_refused)
{
    struct tp_npy npy;
    struct tp_error err;
    struct file file =
        make_file(good[_i].version, good[_i].header, good[_i].count * good[_i].item_bytes + 1);
    ck_assert_int_eq(parse(&file, &npy, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"x.npy: has 1 bytes after its data", NULL});
}
END_TEST

#define DICT(descr, order, shape)                                                                  \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"
#define UNDERSTAND "cannot understand"

/* 2^61 * 2^61 wraps to 2^58 in 64 bits, 2^62 * 4 bytes to 0. */
static const struct {
    const char *header, *message;
} bad[] = {
    {DICT("'<f4'", "True", "(2, 3)"), "Fortran order"},
    {DICT("'>f4'", "False", "(2, 3)"), "big-endian"},
    {DICT("'<c8'", "False", "(2, 3)"), "'<c8' is not supported, expected"},
    {DICT("'<i4'", "False", "(2, 3)"), "'<i4' is not supported, expected"},
    {DICT("'|b1'", "False", "(2, 3)"), "'|b1' is not supported, expected"},
    {DICT("'|O'", "False", "(2, 3)"), "'|O' is not supported, expected"},
    {DICT("'<U99999999'", "False", "(2, 3)"), "is not supported"},
    {DICT("'<U'", "False", "(2, 3)"), "is not supported"},
    {DICT("'f4'", "False", "(2, 3)"), "is not supported"},
    {DICT("[('a', '<f4')]", "False", "(2, 3)"), UNDERSTAND},
    {DICT("'<f4'", "False", "(1, 2, 1, 3)"), "more than 3 dims"},
    {DICT("'<f4'", "False", "(2305843009213693952, 2305843009213693952)"), "more bytes than"},
    {DICT("'<f4'", "False", "(4611686018427387904,)"), "more bytes than"},
    {DICT("'<f4'", "False", "(9223372036854775808,)"), UNDERSTAND},
    {DICT("'<f4'", "False", "(-2, -3)"), UNDERSTAND},
    {DICT("'<f4'", "False", "(6)"), UNDERSTAND},
    {DICT("'<f4'", "False", "(2, 3"), UNDERSTAND},
    {DICT("'<f4'", "False", "[2, 3]"), UNDERSTAND},
    {DICT("'<f4'", "False", "(2.0, 3)"), UNDERSTAND},
    {DICT("'<f4'", "false", "(2, 3)"), UNDERSTAND},
    {DICT("'<f4'", "0", "(2, 3)"), UNDERSTAND},
    {DICT("'<f4'", "False", "(2, 3), 'more': 1"), UNDERSTAND},
    {DICT("'<f4'", "False", "(2, 3), 'shape': (2, 3)"), UNDERSTAND},
    {DICT("'<f4", "False", "(2, 3)"), UNDERSTAND},
    {"{'descr': '<f4', 'fortran_order': False}\n", UNDERSTAND},
    {"{'descr': '<f4', 'shape': (2, 3)}\n", UNDERSTAND},
    {"{'fortran_order': False, 'shape': (2, 3)}\n", UNDERSTAND},
    {DICT("'<f4'", "False", "(2, 3)") "x", UNDERSTAND},
    {"", UNDERSTAND},
    {"{", UNDERSTAND},
};

START_TEST(a_bad_header_is_refused_with_its_reason)
{
    struct tp_npy npy = {.count = 77};
    struct tp_error err;
    struct file file = make_file(1, bad[_i].header, 24);
    ck_assert_int_eq(parse(&file, &npy, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"x.npy: ", bad[_i].message, NULL});
    ck_assert_uint_eq(npy.count, 77);
}
END_TEST

START_TEST(another_magic_or_version_is_refused)
{
    struct tp_npy npy;
    struct tp_error err;
    struct file file = make_file(1, good[0].header, 24);
    file.bytes[6] = 3;
    ck_assert_int_eq(parse(&file, &npy, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"version 3.0 is not supported", NULL});
    file.bytes[6] = 1;
    file.bytes[0] = 'P';
    ck_assert_int_eq(parse(&file, &npy, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"is no .npy array", NULL});
}
END_TEST

static const struct {
    const char *header, *message;
} no_reals[] = {
    {DICT("'<i8'", "False", "(3,)"), "'<i8' is not supported, expected '<f2' (float16), '<f4'"},
    {DICT("'<U2'", "False", "(3,)"), "'<U2' is not supported, expected '<f2' (float16), '<f4'"},
    {DICT("'>i8'", "False", "(3,)"), "'>i8' is not supported, expected '<f2' (float16), '<f4'"},
    {DICT("'>f8'", "False", "(3,)"), "big-endian"},
};

START_TEST(where_reals_are_wanted_no_other_type_is_offered)
{
    struct tp_npy npy;
    struct tp_error err;
    struct file file = make_file(1, no_reals[_i].header, 24);
    ck_assert_int_eq(tp_npy_parse_reals(file.bytes, file.length, "x.npy", &npy, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){no_reals[_i].message, NULL});
    ck_assert_ptr_null(strstr(err.text, "'<U...'"));
}
END_TEST

/* 128 = 10 + 0x76. */
START_TEST(a_written_array_is_what_numpy_writes)
{
    static const char dict[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    static const float values[6] = {1, 2, 3, 4, 5, 6};
    struct tp_text out = {0};
    tp_npy_format(&out, TP_NPY_FLOAT32, 0, 2, (int64_t[]){2, 3}, values);
    ck_assert_uint_eq(out.length, 128 + sizeof values);
    ck_assert_mem_eq(out.data, "\x93NUMPY\x01\x00\x76\x00", 10);
    ck_assert_mem_eq(out.data + 10, dict, sizeof dict - 1);
    for (size_t i = 10 + sizeof dict - 1; i < 127; i++)
        ck_assert_int_eq(out.data[i], ' ');
    ck_assert_int_eq(out.data[127], '\n');
    ck_assert_mem_eq(out.data + 128, values, sizeof values);
    tp_text_release(&out);
}
END_TEST

static const struct {
    enum tp_npy_type type;
    size_t item_bytes;
    int32_t dim_count;
    int64_t shape[3];
    const char *dict;
} written[] = {
    {TP_NPY_INT64, 0, 0, {0}, "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"},
    {TP_NPY_FLOAT64, 0, 1, {3}, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"},
    {TP_NPY_UNICODE, 20, 1, {9}, "{'descr': '<U5', 'fortran_order': False, 'shape': (9,), }"},
    {TP_NPY_FLOAT16, 0, 3, {INT64_MAX, INT64_MAX, INT64_MAX},
        "{'descr': '<f2', 'fortran_order': False, 'shape': (9223372036854775807, "
        "9223372036854775807, 9223372036854775807), }"},
};

START_TEST(every_header_is_aligned_to_64_bytes)
{
    struct tp_text out = {0};
    size_t length = strlen(written[_i].dict);
    tp_npy_format_header(
        &out, written[_i].type, written[_i].item_bytes, written[_i].dim_count, written[_i].shape);
    ck_assert_uint_eq(out.length % 64, 0);
    ck_assert_mem_eq(out.data + 10, written[_i].dict, length);
    ck_assert_uint_eq(
        (unsigned char)out.data[8] + 256u * (unsigned char)out.data[9], out.length - 10);
    ck_assert_int_eq(out.data[out.length - 1], '\n');
    tp_text_release(&out);
}
END_TEST

/* IEEE 754 binary16, by definition: sign, 5 bits of exponent (bias 15), 10 of fraction. */
static double half_value(unsigned half)
{
    int exponent = (int)(half >> 10 & 31), fraction = (int)(half & 1023);
    double sign = half >> 15 ? -1.0 : 1.0;
    if (exponent == 31)
        return fraction ? (double)NAN : sign * HUGE_VAL;
    if (!exponent)
        return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

START_TEST(every_half_converts_exactly)
{
    for (unsigned half = 0; half < 65536; half++) {
        unsigned char bytes[3] = {0, (unsigned char)(half & 255), (unsigned char)(half >> 8)};
        float single;
        double real, expected = half_value(half);
        tp_npy_to_float(TP_NPY_FLOAT16, bytes + 1, 1, &single);
        tp_npy_to_double(TP_NPY_FLOAT16, bytes + 1, 1, &real);
        if (isnan(expected)) {
            ck_assert_msg(isnan(single) && isnan(real), "%04x", half);
            continue;
        }
        ck_assert_msg((double)single == expected && real == expected, "%04x", half);
        ck_assert_msg(!signbit(single) == !signbit(expected), "%04x", half);
    }
}
END_TEST

/* bfloat16, by definition: sign, 8 bits of exponent (bias 127), 7 of fraction. */
static double brain_value(unsigned brain)
{
    int exponent = (int)(brain >> 7 & 255), fraction = (int)(brain & 127);
    double sign = brain >> 15 ? -1.0 : 1.0;
    if (exponent == 255)
        return fraction ? (double)NAN : sign * HUGE_VAL;
    if (!exponent)
        return sign * ldexp(fraction, -133);
    return sign * ldexp(128 + fraction, exponent - 134);
}

START_TEST(every_bfloat16_converts_exactly)
{
    for (unsigned brain = 0; brain < 65536; brain++) {
        unsigned char bytes[3] = {0, (unsigned char)(brain & 255), (unsigned char)(brain >> 8)};
        float single;
        double real, expected = brain_value(brain);
        tp_npy_to_float(TP_NPY_BFLOAT16, bytes + 1, 1, &single);
        tp_npy_to_double(TP_NPY_BFLOAT16, bytes + 1, 1, &real);
        if (isnan(expected)) {
            ck_assert_msg(isnan(single) && isnan(real), "%04x", brain);
            continue;
        }
        ck_assert_msg((double)single == expected && real == expected, "%04x", brain);
        ck_assert_msg(!signbit(single) == !signbit(expected), "%04x", brain);
    }
}
END_TEST

START_TEST(a_header_alone_says_what_the_file_holds)
{
    struct tp_error err;
    struct tp_npy npy;
    struct tp_text head = {0};
    int64_t shape[2] = {100000, 8};
    tp_npy_format_header(&head, TP_NPY_FLOAT32, 0, 2, shape);
    const unsigned char *bytes = (const unsigned char *)head.data;
    size_t length = head.length + 3200000;
    ck_ok(tp_npy_parse_head(bytes, head.length, length, "f", &npy, &err), err);
    ck_assert_uint_eq(npy.header_bytes, head.length);
    ck_assert_uint_eq(npy.count, 800000);
    ck_assert_ptr_null(npy.data);
    ck_assert_int_eq(tp_npy_parse_head(bytes, head.length, length - 1, "f", &npy, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"f: is cut off: found 3199999 bytes", NULL});
    ck_assert_int_eq(tp_npy_parse_head(bytes, head.length - 1, length, "f", &npy, &err), TP_EINPUT);
    ck_message_has(
        &err, (const char *[]){"f: its .npy header has 118 bytes, expected at most 117", NULL});
    tp_text_release(&head);
}
END_TEST

/* 1.5 = 3fc00000 as binary32, 3ff8000000000000 as binary64; both unaligned here. */
START_TEST(wider_reals_convert_from_any_address)
{
    static const unsigned char single[] = {0, 0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0};
    static const unsigned char real[] = {0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f};
    float floats[2];
    double doubles[2];
    tp_npy_to_float(TP_NPY_FLOAT32, single + 1, 2, floats);
    ck_assert(floats[0] == 1.5f && floats[1] == -2.0f);
    tp_npy_to_double(TP_NPY_FLOAT32, single + 1, 2, doubles);
    ck_assert(doubles[0] == 1.5 && doubles[1] == -2.0);
    tp_npy_to_float(TP_NPY_FLOAT64, real + 1, 1, floats);
    tp_npy_to_double(TP_NPY_FLOAT64, real + 1, 1, doubles);
    ck_assert(floats[0] == 1.5f && doubles[0] == 1.5);
}
END_TEST

/* Ids and labels; elsewhere int32 stays refused, as before. */
START_TEST(int32_is_read_where_numbers_are_asked_for)
{
    struct tp_npy npy;
    struct tp_error err;
    static const int32_t narrow[] = {7, -1, INT32_MIN};
    static const int64_t wide[] = {7, -1, INT64_MIN}, three = 3;
    struct tp_text text = {0};
    tp_npy_format(&text, TP_NPY_INT32, 0, 1, &three, narrow);
    const unsigned char *bytes = (const unsigned char *)text.data;
    ck_ok(tp_npy_parse_head_numbers(bytes, text.length, text.length, "f", &npy, &err), err);
    ck_assert_int_eq(npy.type, TP_NPY_INT32);
    ck_assert_uint_eq(npy.item_bytes, 4);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(tp_npy_to_integer(npy.type, bytes + npy.header_bytes + 4 * i), narrow[i]);
    ck_assert_int_eq(tp_npy_parse(bytes, text.length, "f", &npy, &err), TP_EINPUT);
    ck_assert_int_eq(tp_npy_parse_reals(bytes, text.length, "f", &npy, &err), TP_EINPUT);
    tp_text_release(&text);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(tp_npy_to_integer(TP_NPY_INT64, (const unsigned char *)&wide[i]), wide[i]);
    tp_npy_format(&text, TP_NPY_UNICODE, 8, 1, &three, "012345678901234567890123");
    bytes = (const unsigned char *)text.data;
    ck_assert_int_eq(
        tp_npy_parse_head_numbers(bytes, text.length, text.length, "f", &npy, &err), TP_EINPUT);
    tp_text_release(&text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("npy");
    tcase_add_loop_test(tcase, a_header_says_what_the_data_is, 0, COUNT(good));
    tcase_add_loop_test(tcase, a_file_cut_off_anywhere_is_refused, 0, COUNT(good));
    tcase_add_loop_test(tcase, surplus_bytes_are_refused, 0, COUNT(good));
    tcase_add_loop_test(tcase, a_bad_header_is_refused_with_its_reason, 0, COUNT(bad));
    tcase_add_loop_test(tcase, where_reals_are_wanted_no_other_type_is_offered, 0, COUNT(no_reals));
    tcase_add_test(tcase, another_magic_or_version_is_refused);
    tcase_add_test(tcase, a_written_array_is_what_numpy_writes);
    tcase_add_loop_test(tcase, every_header_is_aligned_to_64_bytes, 0, COUNT(written));
    tcase_add_test(tcase, every_half_converts_exactly);
    tcase_add_test(tcase, every_bfloat16_converts_exactly);
    tcase_add_test(tcase, a_header_alone_says_what_the_file_holds);
    tcase_add_test(tcase, wider_reals_convert_from_any_address);
    tcase_add_test(tcase, int32_is_read_where_numbers_are_asked_for);
    return run_suite("npy", tcase);
}
