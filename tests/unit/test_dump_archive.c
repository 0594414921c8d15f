/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps as .npz: what numpy writes is read, all else is named and refused. */
#include "affinity/dump.h"

#include "../raw_zip.h"
#include "dump_files.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define SAMPLES 32
#define SPARE 8 /* bytes behind the member of "b/../c", for members that are too long */

static struct sample_model sample;
static double values[64 * 4];         /* 0, 1, 2, ... */
static struct tp_text good_a, good_b; /* members with the values, b one more each */

/* Features "a" and "b/../c", dims 2. */
static void open_two(void)
{
    int64_t shape[2] = {SAMPLES, 2};
    double next[64];
    scratch_open();
    setenv("TMPDIR", scratch, 1);
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "a", 2);
    sample_add(&sample, "b/../c", 2);
    for (int i = 0; i < COUNT(values); i++)
        values[i] = i;
    for (int i = 0; i < COUNT(next); i++)
        next[i] = i + 1;
    add_array(&good_a, TP_NPY_FLOAT32, 2, shape, values);
    add_array(&good_b, TP_NPY_FLOAT32, 2, shape, next);
    tp_text_add_bytes(&good_b, "12345678", SPARE);
}

static void close_two(void)
{
    tp_text_release(&good_a);
    tp_text_release(&good_b);
    scratch_close();
}

static enum tp_status open_dump(bool may_miss, struct tp_dump **dump, struct tp_error *err)
{
    return tp_dump_open(in_scratch("d.npz"), &sample.model, may_miss, dump, err);
}

static void ck_dump_refused(const char *message)
{
    struct tp_dump *dump = NULL;
    struct tp_error err;
    ck_assert_int_eq(open_dump(false, &dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/d.npz: ", message, NULL});
    ck_assert_ptr_null(dump);
    ck_assert_uint_eq(files_in_scratch(), 1); /* nothing but the dump */
}

static void put_raw(const struct raw_member *members, int count)
{
    struct tp_text out = {0};
    raw_zip(&out, members, count);
    put_file("d.npz", out.data, out.length);
    tp_text_release(&out);
}

/* The good member of "a", for the cases below to change. */
static struct raw_member member_a(void)
{
    return (struct raw_member){.name = "a.npy", .data = good_a.data, .bytes = good_a.length};
}

static struct raw_member member_b(void)
{
    return (struct raw_member){
        .name = "b/../c.npy", .data = good_b.data, .bytes = good_b.length - SPARE};
}

static void put_changed_b(struct raw_member b)
{
    put_raw((struct raw_member[]){member_a(), b}, 2);
}

START_TEST(stored_and_deflated_members_are_read_in_any_order)
{
    struct tp_dump *dump;
    struct tp_error err;
    double found[2];
    zip_t *zip = begin_zip("d.npz");
    add_member(zip, "b/../c.npy", good_b.data, good_b.length - SPARE, ZIP_CM_DEFLATE);
    add_member(zip, "a.npy", good_a.data, good_a.length, ZIP_CM_STORE);
    ck_assert_int_eq(zip_close(zip), 0);
    ck_ok(open_dump(false, &dump, &err), err);
    ck_assert_int_eq(tp_dump_samples(dump), SAMPLES);
    tp_dump_read(dump, 0, 31, found);
    ck_assert(found[0] == 62 && found[1] == 63);
    tp_dump_read(dump, 1, 0, found);
    ck_assert(found[0] == 1 && found[1] == 2);
    tp_dump_prefetch(dump, 0, 2, 0, SAMPLES);
    ck_assert_uint_eq(dump->files[1].data_offset % 64, 0);
    ck_assert_uint_eq(files_in_scratch(), 1);
    tp_dump_free(dump);
}
END_TEST

START_TEST(the_hand_made_archive_is_good_before_it_is_changed)
{
    struct tp_dump *dump;
    struct tp_error err;
    double found[2];
    struct raw_member a = member_a(), b = member_b();
    a.method = _i ? 8 : 0;
    put_raw((struct raw_member[]){a, b}, 2);
    ck_ok(open_dump(false, &dump, &err), err);
    tp_dump_read(dump, 0, 31, found);
    ck_assert(found[0] == 62 && found[1] == 63);
    tp_dump_free(dump);
}
END_TEST

/* 1.28 MB: more than is unpacked at a time. */
START_TEST(a_member_of_many_pieces_is_read)
{
    enum { samples = 80000 };
    struct tp_dump *dump;
    struct tp_error err;
    double *many = calloc(2 * samples, sizeof *many), found[2];
    ck_assert_ptr_nonnull(many);
    zip_t *zip = begin_zip("d.npz");
    add_npy_member(zip, "b/../c.npy", TP_NPY_FLOAT16, samples, 2, many, ZIP_CM_STORE);
    for (int i = 0; i < 2 * samples; i++)
        many[i] = i / 64 + 0.1;
    add_npy_member(zip, "a.npy", TP_NPY_FLOAT64, samples, 2, many, ZIP_CM_DEFLATE);
    ck_assert_int_eq(zip_close(zip), 0);
    ck_ok(open_dump(false, &dump, &err), err);
    for (int64_t s = 0; s < samples; s += samples / 3) {
        tp_dump_read(dump, 0, s, found);
        ck_assert(found[0] == many[2 * s] && found[1] == many[2 * s + 1]);
    }
    tp_dump_free(dump);
    free(many);
}
END_TEST

START_TEST(a_feature_may_be_absent_where_that_is_allowed)
{
    struct tp_dump *dump;
    struct tp_error err;
    double found[2];
    put_raw((struct raw_member[]){member_b()}, 1);
    ck_dump_refused("missing: 'a'");
    ck_ok(open_dump(true, &dump, &err), err);
    ck_assert_int_eq(dump->features[0].file, -1);
    ck_assert_int_eq(dump->features[0].dim, 2);
    tp_dump_read(dump, 1, 0, found);
    ck_assert(found[0] == 1 && found[1] == 2);
    tp_dump_free(dump);
}
END_TEST

static const struct {
    const char *member, *message;
} bad_names[] = {
    {"b/../c.txt", "member 'b/../c.txt' is not expected: its name does not end in .npy"},
    {"data.pkl", "member 'data.pkl' is not expected: its name does not end in .npy"},
    {".npy", "member '.npy' is not expected"},
    {"", "member '' is not expected"},
    {"b/", "member 'b/' is a folder"},
    {"a.npy", "feature 'a' is there twice"},
    {"../b.npy", "missing: 'b/../c'"},
    {"/etc/passwd.npy", "missing: 'b/../c'"},
    {"A.npy", "missing: 'b/../c'"},
    {"b/../c.npy.npy", "missing: 'b/../c'"},
};

START_TEST(a_bad_member_name_is_refused)
{
    struct raw_member b = member_b();
    b.name = bad_names[_i].member;
    put_changed_b(b);
    ck_dump_refused(bad_names[_i].message);
}
END_TEST

static const char *const foreign[] = {"../b.npy", "/etc/passwd.npy", "x\033[31m.npy", "x\n.npy"};

START_TEST(a_member_of_no_feature_is_a_name_and_no_path)
{
    struct raw_member more = member_a();
    more.name = foreign[_i];
    put_raw((struct raw_member[]){member_a(), member_b(), more}, 3);
    ck_dump_refused("features that the model does not have: '");
}
END_TEST

START_TEST(an_encrypted_member_is_refused)
{
    struct raw_member b = member_b();
    b.flags = RAW_ENCRYPTED;
    put_changed_b(b);
    ck_dump_refused("member 'b/../c.npy' is encrypted");
}
END_TEST

START_TEST(another_compression_is_refused)
{
    struct raw_member b = member_b();
    b.method = (unsigned)_i;
    put_changed_b(b);
    ck_dump_refused("member 'b/../c.npy' is compressed by method");
}
END_TEST

START_TEST(a_wrong_checksum_is_found)
{
    struct raw_member b = member_b();
    b.bad_crc = 1;
    b.method = _i ? 8 : 0;
    put_changed_b(b);
    ck_dump_refused("array 'b/../c' is damaged: CRC error");
}
END_TEST

/* The directory gives another length than the array's shape asks for. */
START_TEST(missing_and_surplus_bytes_are_found)
{
    struct raw_member b = member_b();
    b.bytes += (size_t)_i - 1;
    put_changed_b(b);
    if (_i != 1)
        ck_dump_refused(_i ? "array 'b/../c': has 1 bytes after its data"
                           : "array 'b/../c': is cut off: found 255 bytes of data");
}
END_TEST

/* The directory agrees with the shape, the member does not. */
START_TEST(a_member_of_another_length_than_the_directory_says_is_damaged)
{
    struct raw_member b = member_b();
    b.method = 8;
    b.bytes += (size_t)(_i ? 4 : -4);
    b.claimed = member_b().bytes;
    put_changed_b(b);
    ck_dump_refused("array 'b/../c' is damaged: ");
}
END_TEST

/* Both members begin with a header of that many samples and 70 kB of zeros, and have 8 bytes for each
 * sample, says the directory. */
static void put_bomb(int64_t samples)
{
    struct tp_text bytes = {0};
    struct raw_member a = member_a(), b = member_b();
    tp_npy_format_header(&bytes, TP_NPY_FLOAT32, 0, 2, (int64_t[]){samples, 2});
    size_t header_bytes = bytes.length;
    for (int i = 0; i < 70000; i++)
        tp_text_add_bytes(&bytes, "", 1);
    a.data = b.data = bytes.data;
    a.bytes = b.bytes = bytes.length;
    a.method = b.method = 8;
    a.claimed = b.claimed = header_bytes + 8 * (uint64_t)samples;
    put_raw((struct raw_member[]){a, b}, 2);
    tp_text_release(&bytes);
}

/* 1 PiB each. */
START_TEST(a_bomb_is_refused_before_it_unpacks)
{
    put_bomb((int64_t)1 << 47);
    ck_dump_refused("takes a temporary file of 2.25 PB, and ");
}
END_TEST

START_TEST(sums_that_cannot_be_counted_are_refused)
{
    put_bomb((int64_t)1 << 59);
    ck_dump_refused("unpacks to more bytes than can be counted");
}
END_TEST

/* Members that are no arrays, or other arrays. */
static const struct {
    const char *header;
    size_t data_bytes;
    const char *message;
} bad_arrays[] = {
    {"", 0, "cannot understand the .npy header"},
    {"{'descr': '>f4', 'fortran_order': False, 'shape': (32, 2), }", 256, "is big-endian"},
    {"{'descr': '<i8', 'fortran_order': False, 'shape': (32, 2), }", 512, "'<i8' is not supported"},
    {"{'descr': '|O', 'fortran_order': False, 'shape': (32, 2), }", 256, "'|O' is not supported"},
    {"{'descr': '<f4', 'fortran_order': True, 'shape': (32, 2), }", 256, "is in Fortran order"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (64,), }", 256, "has 1 dim, expected 2"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (32, 2, 1), }", 256, "has 3 dims"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (32, 2, 1, 1), }", 256, "more than 3 dims"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (31, 2), }", 248, "has 31 samples"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (33, 2), }", 264, "expected 32 as in"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (32, 3), }", 384, "has dim 3, expected 2"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (32, 0), }", 0, "has dim 0"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 0, "bytes"},
};

START_TEST(a_bad_array_is_refused)
{
    char bytes[1024] = "\x93NUMPY\x01";
    struct raw_member b = member_b();
    size_t length = strlen(bad_arrays[_i].header);
    bytes[8] = (char)length;
    memcpy(bytes + 10, bad_arrays[_i].header, length);
    b.data = bytes;
    b.bytes = 10 + length + bad_arrays[_i].data_bytes;
    put_changed_b(b);
    ck_dump_refused(": array 'b/../c': ");
    ck_dump_refused(bad_arrays[_i].message);
}
END_TEST

START_TEST(a_member_that_is_no_array_is_refused)
{
    struct raw_member b = member_b();
    b.data = "hello";
    b.bytes = _i ? 5 : 0;
    put_changed_b(b);
    ck_dump_refused("array 'b/../c': is no .npy array");
}
END_TEST

START_TEST(an_archive_cut_off_anywhere_is_refused)
{
    size_t length;
    put_raw((struct raw_member[]){member_a(), member_b()}, 2);
    char *whole = get_file("d.npz", &length);
    for (size_t cut = 0; cut < length; cut += cut < length - 200 ? 61 : 1) {
        struct tp_dump *dump;
        struct tp_error err;
        put_file("d.npz", whole, cut);
        ck_assert_msg(open_dump(false, &dump, &err) == TP_EINPUT, "%zu", cut);
    }
    free(whole);
}
END_TEST

START_TEST(an_archive_of_nothing_is_refused)
{
    put_raw(NULL, 0);
    ck_dump_refused("missing: 'a', 'b/../c'");
}
END_TEST

/* Whatever bit is wrong: no crash, and no other values than those that were written. */
START_TEST(any_flipped_byte_is_harmless)
{
    size_t length;
    put_raw((struct raw_member[]){member_a(), member_b()}, 2);
    char *bytes = get_file("d.npz", &length);
    for (size_t i = 0; i < length; i += 3) {
        struct tp_dump *dump;
        struct tp_error err;
        double found[2];
        bytes[i] ^= 0x41;
        put_file("d.npz", bytes, length);
        bytes[i] ^= 0x41;
        if (open_dump(false, &dump, &err))
            continue;
        tp_dump_read(dump, 0, 31, found);
        ck_assert_msg(found[0] == 62 && found[1] == 63, "byte %zu", i);
        tp_dump_free(dump);
    }
    free(bytes);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("dump_archive");
    tcase_add_checked_fixture(tcase, open_two, close_two);
    tcase_add_test(tcase, stored_and_deflated_members_are_read_in_any_order);
    tcase_add_loop_test(tcase, the_hand_made_archive_is_good_before_it_is_changed, 0, 2);
    tcase_add_test(tcase, a_member_of_many_pieces_is_read);
    tcase_add_test(tcase, a_feature_may_be_absent_where_that_is_allowed);
    tcase_add_loop_test(tcase, a_bad_member_name_is_refused, 0, COUNT(bad_names));
    tcase_add_loop_test(tcase, a_member_of_no_feature_is_a_name_and_no_path, 0, COUNT(foreign));
    tcase_add_test(tcase, an_encrypted_member_is_refused);
    tcase_add_loop_test(tcase, another_compression_is_refused, 9, 15); /* 12 bzip2, 14 lzma */
    tcase_add_loop_test(tcase, a_wrong_checksum_is_found, 0, 2);
    tcase_add_loop_test(tcase, missing_and_surplus_bytes_are_found, 0, 3);
    tcase_add_loop_test(tcase, a_member_of_another_length_than_the_directory_says_is_damaged, 0, 2);
    tcase_add_test(tcase, a_bomb_is_refused_before_it_unpacks);
    tcase_add_test(tcase, sums_that_cannot_be_counted_are_refused);
    tcase_add_loop_test(tcase, a_bad_array_is_refused, 0, COUNT(bad_arrays));
    tcase_add_loop_test(tcase, a_member_that_is_no_array_is_refused, 0, 2);
    tcase_add_test(tcase, an_archive_cut_off_anywhere_is_refused);
    tcase_add_test(tcase, an_archive_of_nothing_is_refused);
    tcase_add_test(tcase, any_flipped_byte_is_harmless);
    return run_suite("dump_archive", tcase);
}
