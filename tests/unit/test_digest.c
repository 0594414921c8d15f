/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of bytes, files and folders. The first three digests are published examples: FIPS 180-2,
 * appendix B.1 and B.3 (a million times "a"), and that of the empty message. */
#include "base/file.h"

#include "scratch.h"

#define SHA_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA_MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

START_TEST(bytes_have_the_published_digests)
{
    char sha256[TP_SHA256_TEXT];
    tp_digest_bytes("", 0, sha256);
    ck_assert_str_eq(sha256, SHA_EMPTY);
    tp_digest_bytes("abc", 3, sha256);
    ck_assert_str_eq(sha256, SHA_ABC);
}
END_TEST

START_TEST(a_long_file_is_digested_in_pieces)
{
    char sha256[TP_SHA256_TEXT], *text = malloc(1000000);
    struct tp_error err;
    memset(text, 'a', 1000000);
    put_file("f", text, 1000000);
    free(text);
    ck_ok(tp_digest_path(in_scratch("f"), sha256, &err), err);
    ck_assert_str_eq(sha256, SHA_MILLION_A);
}
END_TEST

START_TEST(bytes_may_come_in_pieces)
{
    char sha256[TP_SHA256_TEXT];
    struct tp_digest *digest;
    struct tp_error err;
    ck_ok(tp_digest_new(&digest, &err), err);
    tp_digest_add(digest, "", 0);
    tp_digest_add(digest, "ab", 2);
    tp_digest_add(digest, "c", 1);
    tp_digest_finish(digest, sha256);
    ck_assert_str_eq(sha256, SHA_ABC);
    tp_digest_free(digest);
    tp_digest_free(NULL);
}
END_TEST

START_TEST(a_folder_is_the_digest_of_its_files_lines)
{
    static const char lines[] = "a\0" SHA_ABC "\nb\0" SHA_EMPTY "\n";
    char expected[TP_SHA256_TEXT], sha256[TP_SHA256_TEXT];
    struct tp_error err;
    put_text("b", "");
    put_text("a", "abc");
    ck_ok(tp_folder_make(in_scratch("inner"), &err), err); /* counts for nothing */
    tp_digest_bytes(lines, sizeof lines - 1, expected);
    ck_ok(tp_digest_path(scratch, sha256, &err), err);
    ck_assert_str_eq(sha256, expected);
}
END_TEST

START_TEST(a_renamed_file_changes_the_folders_digest)
{
    char before[TP_SHA256_TEXT], after[TP_SHA256_TEXT];
    struct tp_error err;
    put_text("a", "abc");
    ck_ok(tp_digest_path(scratch, before, &err), err);
    ck_assert_int_eq(rename(in_scratch("a"), in_scratch("b")), 0);
    ck_ok(tp_digest_path(scratch, after, &err), err);
    ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(a_missing_file_is_named_and_the_digest_untouched)
{
    char sha256[TP_SHA256_TEXT] = "as it was";
    struct tp_error err;
    ck_assert_int_eq(tp_digest_path(in_scratch("none"), sha256, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/none: ", "No such file", NULL});
    ck_assert_str_eq(sha256, "as it was");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("digest");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, bytes_have_the_published_digests);
    tcase_add_test(tcase, a_long_file_is_digested_in_pieces);
    tcase_add_test(tcase, bytes_may_come_in_pieces);
    tcase_add_test(tcase, a_folder_is_the_digest_of_its_files_lines);
    tcase_add_test(tcase, a_renamed_file_changes_the_folders_digest);
    tcase_add_test(tcase, a_missing_file_is_named_and_the_digest_untouched);
    return run_suite("digest", tcase);
}
