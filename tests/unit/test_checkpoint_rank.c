/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a rank keeps of a step: read back, and every kind of damage told. */
#include "train/checkpoint.h"

#include "base/memory.h"
#include "scratch.h"

#define FILE_NAME "c/step-300/rank-2.bin"
#define HEAD                                                                                       \
    "towerpart checkpoint 1\nrank 2 of step 300\nsection 12 table a weights\nsection 0 table b "   \
    "weights\nsection 5 table b state\ndata\n"

static struct tp_error err;

/* What is saved, or room for what is read. */
struct kept {
    char weights[12], nothing[1], state[5];
    struct tp_section sections[3];
};

static void kept_init(struct kept *kept, const char *weights, const char *state)
{
    memcpy(kept->weights, weights, 12);
    memcpy(kept->state, state, 5);
    kept->sections[0] = (struct tp_section){"table a weights", kept->weights, 12};
    kept->sections[1] = (struct tp_section){"table b weights", kept->nothing, 0};
    kept->sections[2] = (struct tp_section){"table b state", kept->state, 5};
}

static void save(void)
{
    struct kept kept;
    kept_init(&kept, "twelve\0bytes", "state");
    ck_ok(tp_checkpoint_write(in_scratch("c"), 300, 2, kept.sections, 3, &err), err);
}

static enum tp_status load(struct kept *kept)
{
    kept_init(kept, "............", ".....");
    return tp_checkpoint_read(in_scratch("c"), 300, 2, kept->sections, 3, &err);
}

START_TEST(what_is_written_is_read_back)
{
    struct kept kept;
    save();
    ck_ok(load(&kept), err);
    ck_assert_mem_eq(kept.weights, "twelve\0bytes", 12);
    ck_assert_mem_eq(kept.state, "state", 5);
}
END_TEST

/* From the description alone, so that files of this version stay readable. */
START_TEST(a_file_is_as_described)
{
    static const char before[] = HEAD "twelve\0bytesstate";
    char sha256[TP_SHA256_TEXT];
    size_t length, expected = sizeof before - 1;
    save();
    char *data = get_file(FILE_NAME, &length);
    tp_digest_bytes(before, expected, sha256);
    ck_assert_uint_eq(length, expected + 65);
    ck_assert_mem_eq(data, before, expected);
    ck_assert_mem_eq(data + expected, sha256, 64);
    ck_assert_int_eq(data[length - 1], '\n');
    free(data);
}
END_TEST

START_TEST(writing_again_replaces)
{
    struct kept kept;
    kept_init(&kept, "other bytes.", "STATE");
    ck_ok(tp_checkpoint_write(in_scratch("c"), 300, 2, kept.sections, 3, &err), err);
    save();
    ck_ok(load(&kept), err);
    ck_assert_mem_eq(kept.state, "state", 5);
}
END_TEST

/* Over several pieces of a MiB, and not a whole number of them. */
START_TEST(large_sections_are_read_back)
{
    enum { bytes = (3 << 20) + 12345 };
    unsigned char *saved = tp_new(bytes, 1), *read = tp_new(bytes, 1);
    for (size_t i = 0; i < bytes; i++)
        saved[i] = (unsigned char)(i * 2654435761u >> 13);
    struct tp_section section = {"large", saved, bytes};
    ck_ok(tp_checkpoint_write(scratch, 1, 0, &section, 1, &err), err);
    section.data = read;
    ck_ok(tp_checkpoint_read(scratch, 1, 0, &section, 1, &err), err);
    ck_assert_mem_eq(read, saved, bytes);
    free(saved);
    free(read);
}
END_TEST

START_TEST(a_file_that_is_cut_anywhere_is_refused)
{
    struct kept kept;
    size_t length;
    save();
    char *data = get_file(FILE_NAME, &length);
    for (size_t cut = 0; cut < length; cut++) {
        put_file(FILE_NAME, data, cut);
        ck_assert_int_eq(load(&kept), TP_EINPUT);
        ck_message_has(&err, (const char *[]){FILE_NAME, NULL});
    }
    put_file(FILE_NAME, data, length);
    ck_ok(load(&kept), err);
    free(data);
}
END_TEST

START_TEST(a_bit_that_is_flipped_anywhere_is_told)
{
    struct kept kept;
    size_t length;
    save();
    char *data = get_file(FILE_NAME, &length);
    for (size_t at = 0; at < length; at++) {
        data[at] ^= 4;
        put_file(FILE_NAME, data, length);
        ck_assert_int_eq(load(&kept), TP_EINPUT);
        ck_message_has(&err, (const char *[]){FILE_NAME, NULL});
        data[at] ^= 4;
    }
    free(data);
}
END_TEST

/* What stands in the file, and the words that the message must have. */
#define PARTS(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
static const struct {
    const char *text;
    const char *parts[6];
} bad_files[] = {
    {"", PARTS("found ''", "'towerpart checkpoint 1'")},
    {"PK\003\004", PARTS("found 'PK?", "'towerpart checkpoint 1'", "no checkpoint")},
    {"towerpart checkpoint 2\nrank", PARTS("'towerpart checkpoint 2'", "of this version")},
    {"towerpart checkpoint 1\nrank 1 of step 300\n",
        PARTS("'rank 1 of step 300'", "'rank 2 of step 300'")},
    {"towerpart checkpoint 1\nrank 2 of step 300\nsection 16 table a weights\n",
        PARTS("found 'section 16 table a weights'", "expected 'section 12 table a weights'")},
    {"towerpart checkpoint 1\nrank 2 of step 300\nsection 12 table a weights\ndata\n............",
        PARTS("found 'data'", "expected 'section 0 table b weights'")},
    {HEAD, PARTS("cut", "found 0 bytes of section 'table a weights'", "expected 12")},
    {HEAD "............", PARTS("cut", "found 0 bytes of section 'table b state'")},
    {HEAD ".................", PARTS("cut", "found 0 bytes behind", "expected 65")},
};

START_TEST(what_is_wrong_with_a_file_is_said)
{
    struct kept kept;
    save();
    put_text(FILE_NAME, bad_files[_i].text);
    ck_assert_int_eq(load(&kept), TP_EINPUT);
    ck_message_has(&err, bad_files[_i].parts);
}
END_TEST

START_TEST(bytes_behind_the_end_are_told)
{
    struct kept kept;
    size_t length;
    save();
    char *data = get_file(FILE_NAME, &length);
    put_file(FILE_NAME, data, length + 1); /* with the NUL behind it */
    ck_assert_int_eq(load(&kept), TP_EINPUT);
    ck_message_has(&err, (const char *[]){FILE_NAME, "more bytes", NULL});
    free(data);
}
END_TEST

START_TEST(damage_is_told_with_both_digests)
{
    struct kept kept;
    size_t length;
    save();
    char *data = get_file(FILE_NAME, &length), digest[65] = {0};
    data[sizeof HEAD + 3] ^= 1;
    memcpy(digest, data + length - 65, 64);
    put_file(FILE_NAME, data, length);
    ck_assert_int_eq(load(&kept), TP_EINPUT);
    ck_message_has(&err, (const char *[]){FILE_NAME, "damaged", "SHA-256", digest, NULL});
    free(data);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    struct kept kept;
    ck_assert_int_eq(load(&kept), TP_EINPUT);
    ck_message_has(&err, (const char *[]){FILE_NAME, "No such file", NULL});
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_named)
{
    struct kept kept;
    put_text("c", "a file");
    kept_init(&kept, "twelve\0bytes", "state");
    ck_assert_int_eq(
        tp_checkpoint_write(in_scratch("c"), 300, 2, kept.sections, 3, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/c", NULL});
    ck_assert_int_eq(
        tp_checkpoint_write(in_scratch("no/such"), 300, 2, kept.sections, 3, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/no/such", NULL});
    ck_file_holds("c", "a file");
}
END_TEST

/* A folder that stands where the file has to be; as good as one without permission, also for root. */
START_TEST(a_file_that_cannot_be_written_is_named_and_nothing_is_left)
{
    struct kept kept;
    ck_ok(tp_folder_make(in_scratch("c"), &err), err);
    ck_ok(tp_folder_make(in_scratch("c/step-300"), &err), err);
    ck_ok(tp_folder_make(in_scratch(FILE_NAME), &err), err);
    kept_init(&kept, "twelve\0bytes", "state");
    ck_assert_int_eq(
        tp_checkpoint_write(in_scratch("c"), 300, 2, kept.sections, 3, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){FILE_NAME, NULL});
    ck_assert_int_eq(rmdir(in_scratch(FILE_NAME)), 0);
    ck_assert_int_eq(rmdir(in_scratch("c/step-300")), 0);
}
END_TEST

START_TEST(cleaning_removes_the_ranks_files_of_other_steps)
{
    struct kept kept;
    kept_init(&kept, "twelve\0bytes", "state");
    for (int64_t step = 1; step <= 3; step++)
        for (int32_t rank = 0; rank < 2; rank++)
            ck_ok(tp_checkpoint_write(scratch, step, rank, kept.sections, 3, &err), err);
    put_text("step-1x", "no step of ours");
    put_text("step-1/mine", "a file of the user's");
    tp_checkpoint_clean(scratch, 1, 2);
    for (int64_t step = 1; step <= 3; step++) {
        enum tp_status found = step == 2 ? TP_OK : TP_EINPUT;
        ck_ok(tp_checkpoint_read(scratch, step, 0, kept.sections, 3, &err), err);
        ck_assert_int_eq(tp_checkpoint_read(scratch, step, 1, kept.sections, 3, &err), found);
    }
    tp_checkpoint_clean(scratch, 0, 2);
    ck_assert(tp_path_is_folder(in_scratch("step-1"))); /* holds something else */
    ck_assert(tp_path_is_folder(in_scratch("step-2")));
    ck_assert(!tp_path_is_folder(in_scratch("step-3")));
    ck_file_holds("step-1x", "no step of ours");
    ck_file_holds("step-1/mine", "a file of the user's");
    tp_checkpoint_clean(in_scratch("not there"), 0, 2);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("checkpoint_rank");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, what_is_written_is_read_back);
    tcase_add_test(tcase, a_file_is_as_described);
    tcase_add_test(tcase, writing_again_replaces);
    tcase_add_test(tcase, large_sections_are_read_back);
    tcase_add_test(tcase, a_file_that_is_cut_anywhere_is_refused);
    tcase_add_test(tcase, a_bit_that_is_flipped_anywhere_is_told);
    tcase_add_loop_test(
        tcase, what_is_wrong_with_a_file_is_said, 0, sizeof bad_files / sizeof *bad_files);
    tcase_add_test(tcase, bytes_behind_the_end_are_told);
    tcase_add_test(tcase, damage_is_told_with_both_digests);
    tcase_add_test(tcase, a_missing_file_is_named);
    tcase_add_test(tcase, a_folder_that_cannot_be_made_is_named);
    tcase_add_test(tcase, a_file_that_cannot_be_written_is_named_and_nothing_is_left);
    tcase_add_test(tcase, cleaning_removes_the_ranks_files_of_other_steps);
    return run_suite("checkpoint_rank", tcase);
}
