/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read, opened, written beside the target and renamed, digested. */
#ifndef TP_BASE_FILE_H
#define TP_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#define TP_SHA256_TEXT 65 /* 64 lower-case hex digits and a NUL */

/* Reads a file ("-": standard input) of at most bytes_max; *data has a NUL beyond length. */
enum tp_status tp_file_read(
    const char *path, size_t bytes_max, char **data, size_t *length, struct tp_error *err);

/* The same for a member of a folder: what is no regular file (a pipe that nobody writes to, a device)
 * is refused at once. "-" is a file's name. */
enum tp_status tp_file_read_regular(
    const char *path, size_t bytes_max, char **data, size_t *length, struct tp_error *err);

/* Opens a regular file for reading; anything else is refused at once.
 * @param descriptor  out, to be closed. @param length  out, bytes of the file now. */
enum tp_status tp_file_open(
    const char *path, int *descriptor, size_t *length, struct tp_error *err);

/* Writes beside the target and renames, so a killed run leaves the old file or the new one. "-" is
 * standard output. A target that is not a regular file (a pipe, /dev/null) is written in place; a
 * link is followed, and refused if it points nowhere. */
enum tp_status tp_file_write(
    const char *path, const void *data, size_t length, struct tp_error *err);

/* A large file, piece by piece, with the same promise. */
struct tp_file_out;
enum tp_status tp_file_out_open(const char *path, struct tp_file_out **out, struct tp_error *err);
enum tp_status tp_file_out_add(
    struct tp_file_out *out, const void *data, size_t length, struct tp_error *err);
/* Waits until what was added is on the disk, so that a power cut after the commit does not leave an empty
 * file. */
enum tp_status tp_file_out_sync(struct tp_file_out *out, struct tp_error *err);
/* Ends a file, and frees: renames it into place if all went well until here, else removes what was
 * written.
 * @param out  NULL: it was never opened. @return `status`, or what goes wrong at the end. */
enum tp_status tp_file_out_end(
    struct tp_file_out *out, enum tp_status status, struct tp_error *err);

/* Makes one folder; fine if it is there already. */
enum tp_status tp_folder_make(const char *path, struct tp_error *err);

/* Waits until the names in a folder are on the disk. */
enum tp_status tp_folder_sync(const char *path, struct tp_error *err);

bool tp_path_is_folder(const char *path);

/* Names in a folder, without "." and "..", in byte order. */
struct tp_folder {
    char **names;
    size_t count;
};

enum tp_status tp_folder_list(const char *path, struct tp_folder *folder, struct tp_error *err);
void tp_folder_release(struct tp_folder *folder);

/* True if writing `output` would replace `input`, or a file that a folder `input` holds, or add one to
 * it: told by device and inode, so links and spellings do not matter. "-" is the standard stream. Only
 * regular files can be replaced. */
bool tp_path_replaces(const char *output, const char *input);

/* How messages name a path: "standard input" for "-". */
const char *tp_path_shown(const char *path);

/* The part before the last '/': "/" of "/a", "." of "a". Caller frees; NULL: no memory. */
char *tp_path_folder(const char *path);

/* The part after the last '/'; trailing slashes ignored. "-" stays "-". Caller frees; NULL: no
 * memory. */
char *tp_path_base(const char *path);

/* "dir/name". Caller frees; NULL: no memory. */
char *tp_path_join(const char *dir, const char *name);

/* Feature name <-> file name: bytes other than A-Z a-z 0-9 _ - and inner '.' as %XX. Caller frees;
 * NULL: no memory. A text that tp_percent_encode() cannot have made is decoded to itself. */
char *tp_percent_encode(const char *name);
char *tp_percent_decode(const char *encoded);

/* SHA-256 of a file; of a folder: of "name\0digest\n" over its files in byte order of their names.
 * Streams. */
enum tp_status tp_digest_path(const char *path, char sha256[TP_SHA256_TEXT], struct tp_error *err);
void tp_digest_bytes(const void *data, size_t length, char sha256[TP_SHA256_TEXT]);

/* The same of bytes that come piece by piece: add ..., then finish; free in any case. */
struct tp_digest;
enum tp_status tp_digest_new(struct tp_digest **digest, struct tp_error *err);
void tp_digest_add(struct tp_digest *digest, const void *data, size_t length);
void tp_digest_finish(struct tp_digest *digest, char sha256[TP_SHA256_TEXT]);
void tp_digest_free(struct tp_digest *digest);

#endif
