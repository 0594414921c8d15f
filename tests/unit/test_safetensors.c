/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of .safetensors files. Offsets and lengths in the expected values are counted by hand. */
#include "base/safetensors.h"

#include "scratch.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static enum tp_status parse(
    const char *header, size_t data_bytes, struct tp_safetensors *out, struct tp_error *err)
{
    size_t length = strlen(header);
    return tp_safetensors_parse(header, length, 8 + length + data_bytes, "d", out, err);
}

START_TEST(tensors_are_found_with_type_shape_and_place)
{
    struct tp_error err;
    struct tp_safetensors t;
    const char *header = "{\"__metadata__\": {\"format\": \"pt\"},"
                         "\"b\": {\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[8,20]},"
                         "\"a\": {\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                         "\"c\": {\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[20,28]},"
                         "\"d\": {\"dtype\":\"F16\",\"shape\":[7,0],\"data_offsets\":[28,28]}}  ";
    size_t start = 8 + strlen(header);
    ck_ok(parse(header, 28, &t, &err), err);
    ck_assert_int_eq(t.count, 4);
    ck_assert_str_eq(t.tensors[0].name, "b");
    ck_assert_int_eq(t.tensors[0].form.type, TP_NPY_BFLOAT16);
    ck_assert_uint_eq(t.tensors[0].form.item_bytes, 2);
    ck_assert_int_eq(t.tensors[0].form.dim_count, 2);
    ck_assert_int_eq(t.tensors[0].form.shape[1], 3);
    ck_assert_uint_eq(t.tensors[0].offset, start + 8);
    ck_assert_int_eq(t.tensors[1].form.type, TP_NPY_FLOAT32);
    ck_assert_uint_eq(t.tensors[1].offset, start);
    ck_assert_int_eq(t.tensors[2].form.dim_count, 0);
    ck_assert_uint_eq(t.tensors[2].form.count, 1);
    ck_assert_int_eq(t.tensors[3].form.type, TP_NPY_FLOAT16);
    ck_assert_uint_eq(t.tensors[3].form.count, 0);
    tp_safetensors_release(&t);
    ck_assert_ptr_null(t.tensors);
}
END_TEST

START_TEST(a_header_without_tensors_has_none)
{
    struct tp_error err;
    struct tp_safetensors t;
    ck_ok(parse("{}", 0, &t, &err), err);
    ck_assert_int_eq(t.count, 0);
    tp_safetensors_release(&t);
}
END_TEST

/* Tensors of a file with 16 bytes of data; a bad one with A alone, or A and B. */
#define A(dtype, shape, offsets)                                                                   \
    "{\"a\": {\"dtype\": " dtype ", \"shape\": " shape ", \"data_offsets\": " offsets "}}"
#define AB(first, second)                                                                          \
    "{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": " first "},"                   \
    " \"b\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": " second "}}"

static const struct {
    const char *header, *message;
} bad[] = {
    {"", "header: byte 0"},
    {"[]", "is not an object"},
    {"3", "'[' or '{' expected"},
    {"{\"a\": 3}", "tensor 'a' is not an object"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [4]}}", "'data_offsets' is missing"},
    {"{\"a\": {\"dtype\": \"F32\", \"data_offsets\": [0, 16]}}", "'shape' is missing"},
    {"{\"a\": {\"shape\": [4], \"data_offsets\": [0, 16]}}", "'dtype' is missing"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16], \"x\": 1}}",
        "key 'x' is not known"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}, \"a\": 1}",
        "duplicate"},
    {"{\"a\": {\"dtype\": \"F32\", \"dtype\": \"F32\"}}", "duplicate"},
    {A("\"F32\"", "[4]", "[0, 16]") " x", "end of file expected"},
    {"{\"a\\u0000b\": 1}", "header: byte"},
    {"{\"\xff\": 1}", "header: byte"},
    {A("\"I64\"", "[2]", "[0, 16]"),
        "dtype 'I64' is not supported, expected F16, BF16, F32 or F64"},
    {A("\"F8_E4M3\"", "[16]", "[0, 16]"), "dtype 'F8_E4M3' is not supported"},
    {A("32", "[4]", "[0, 16]"), "dtype is not a string"},
    {A("\"F32\"", "4", "[0, 16]"), "shape is not a list"},
    {A("\"F32\"", "[4.0]", "[0, 16]"), "item 1 of shape is not an integer"},
    {A("\"F32\"", "[2, -2]", "[0, 16]"), "item 2 of shape is not an integer of 0 or more"},
    {A("\"F32\"", "[99999999999999999999]", "[0, 16]"), "too big integer"},
    {A("\"F32\"", "[4294967296, 4294967296]", "[0, 0]"), "more values than can be counted"},
    {A("\"F32\"", "[4611686018427387904, 2]", "[0, 0]"), "more values than can be counted"},
    {A("\"F32\"", "[4611686018427387904]", "[0, 0]"), "hold 0 bytes, its shape asks for"},
    {A("\"F32\"", "[4]", "16"), "data_offsets is not a list of two integers"},
    {A("\"F32\"", "[4]", "[0, 16, 16]"), "data_offsets is not a list of two integers"},
    {A("\"F32\"", "[4]", "[-16, 0]"), "data_offsets is not a list of two integers"},
    {A("\"F32\"", "[4]", "[16, 0]"), "expected a rising pair"},
    {A("\"F32\"", "[5]", "[0, 20]"), "within the 16 bytes of data"},
    {A("\"F32\"", "[3]", "[0, 16]"), "hold 16 bytes, its shape asks for 3 values of 4 bytes"},
    {A("\"BF16\"", "[4]", "[0, 16]"), "hold 16 bytes, its shape asks for 4 values of 2 bytes"},
    {A("\"F32\"", "[2]", "[0, 8]"), "8 bytes after its last tensor"},
    {A("\"F32\"", "[2]", "[8, 16]"), "'a' begins at byte 8 of the data, behind byte 0"},
    {AB("[0, 8]", "[0, 8]"), "begins at byte 0 of the data, before byte 8"},
    {AB("[4, 12]", "[0, 8]"), "'a' begins at byte 4 of the data, before byte 8"},
    {"{}", "16 bytes after its last tensor"},
};

START_TEST(a_bad_header_is_refused)
{
    struct tp_error err;
    struct tp_safetensors t;
    ck_assert_int_eq(parse(bad[_i].header, 16, &t, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"d: ", bad[_i].message, NULL});
}
END_TEST

START_TEST(a_header_cut_off_anywhere_is_refused)
{
    const char *header = A("\"F32\"", "[4]", "[0, 16]");
    for (size_t length = 0; length < strlen(header); length++) {
        struct tp_error err;
        struct tp_safetensors t;
        char cut[128];
        memcpy(cut, header, length);
        cut[length] = '\0';
        ck_assert_int_eq(parse(cut, 16, &t, &err), TP_EINPUT);
    }
}
END_TEST

START_TEST(nesting_without_end_is_refused)
{
    struct tp_error err;
    struct tp_safetensors t;
    char *header = malloc(100001);
    memset(header, '[', 100000);
    header[100000] = '\0';
    ck_assert_int_eq(parse(header, 0, &t, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"maximum parsing depth", NULL});
    free(header);
}
END_TEST

static const struct {
    const char *first; /* 8 bytes */
    size_t file_bytes;
    const char *message; /* NULL: fine */
    size_t header_bytes;
} lengths[] = {
    {"\x02\0\0\0\0\0\0", 10, NULL, 2},
    {"\x01\x02\0\0\0\0\0", 1000, NULL, 513},
    {"\0\0\0\0\0\0\0", 8, NULL, 0},
    {"\x03\0\0\0\0\0\0", 10, "header has 3 bytes, the file has 2", 0},
    {"\x01\xe1\xf5\x05\0\0\0", (size_t)1 << 30, "has 100000001 bytes, expected at most", 0},
    {"\xff\xff\xff\xff\xff\xff\xff\xff", 1000, "expected at most 100000000", 0},
};

START_TEST(the_length_of_the_header_is_held_against_the_file)
{
    struct tp_error err;
    size_t bytes = 99;
    enum tp_status status = tp_safetensors_header_bytes(
        (const unsigned char *)lengths[_i].first, lengths[_i].file_bytes, "d", &bytes, &err);
    if (lengths[_i].message) {
        ck_assert_int_eq(status, TP_EINPUT);
        ck_message_has(&err, (const char *[]){"d: ", lengths[_i].message, NULL});
    } else {
        ck_ok(status, err);
        ck_assert_uint_eq(bytes, lengths[_i].header_bytes);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("safetensors");
    tcase_add_test(tcase, tensors_are_found_with_type_shape_and_place);
    tcase_add_test(tcase, a_header_without_tensors_has_none);
    tcase_add_loop_test(tcase, a_bad_header_is_refused, 0, COUNT(bad));
    tcase_add_test(tcase, a_header_cut_off_anywhere_is_refused);
    tcase_add_test(tcase, nesting_without_end_is_refused);
    tcase_add_loop_test(
        tcase, the_length_of_the_header_is_held_against_the_file, 0, COUNT(lengths));
    return run_suite("safetensors", tcase);
}
