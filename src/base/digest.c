/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4, by libgcrypt) of bytes, of a file, and of a folder.
 *
 * A folder's digest is that of one line per regular file in it, "name\0digest\n", in byte order of
 * the names; folders inside it are left out. Files are streamed, so any length will do. */
#include "base/file.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"

#include <gcrypt.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHA256_BYTES 32
#define PIECE_BYTES ((size_t)1 << 16)

/* libgcrypt wants to be started once per process; a program that links us may have done it. Secure
 * memory is for keys, and locking it fails where memory limits are low. */
static void start_libgcrypt(void)
{
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
        return;
    gcry_check_version(NULL);
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

static void to_hex(const unsigned char *digest, char sha256[TP_SHA256_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_BYTES; i++) {
        sha256[2 * i] = digits[digest[i] >> 4];
        sha256[2 * i + 1] = digits[digest[i] & 15];
    }
    sha256[TP_SHA256_TEXT - 1] = '\0';
}

void tp_digest_bytes(const void *data, size_t length, char sha256[TP_SHA256_TEXT])
{
    unsigned char digest[SHA256_BYTES];
    start_libgcrypt();
    gcry_md_hash_buffer(GCRY_MD_SHA256, digest, data, length);
    to_hex(digest, sha256);
}

static enum tp_status fail_read(struct tp_error *err, const char *path)
{
    return tp_fail(err, TP_EINPUT, "%s: cannot be read: %s", path, strerror(errno));
}

struct tp_digest {
    gcry_md_hd_t hash;
};

enum tp_status tp_digest_new(struct tp_digest **digest, struct tp_error *err)
{
    struct tp_digest *made = TP_NEW(1, struct tp_digest);
    if (!made)
        return tp_fail_memory(err);
    start_libgcrypt();
    gcry_error_t refused = gcry_md_open(&made->hash, GCRY_MD_SHA256, 0);
    if (refused) {
        free(made);
        return tp_fail(err, TP_EINTERNAL, "SHA-256 is not available: %s", gcry_strerror(refused));
    }
    *digest = made;
    return TP_OK;
}

void tp_digest_add(struct tp_digest *digest, const void *data, size_t length)
{
    gcry_md_write(digest->hash, data, length);
}

void tp_digest_finish(struct tp_digest *digest, char sha256[TP_SHA256_TEXT])
{
    to_hex(gcry_md_read(digest->hash, GCRY_MD_SHA256), sha256);
}

void tp_digest_free(struct tp_digest *digest)
{
    if (!digest)
        return;
    gcry_md_close(digest->hash);
    free(digest);
}

static enum tp_status digest_stream(
    int fd, const char *path, struct tp_digest *digest, struct tp_error *err)
{
    char *piece = tp_new(PIECE_BYTES, 1);
    if (!piece)
        return tp_fail_memory(err);
    enum tp_status status = TP_OK;
    ssize_t got;
    while ((got = read(fd, piece, PIECE_BYTES)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = fail_read(err, path);
            break;
        }
        tp_digest_add(digest, piece, (size_t)got);
    }
    free(piece);
    return status;
}

static enum tp_status digest_file(
    const char *path, char sha256[TP_SHA256_TEXT], struct tp_error *err)
{
    struct tp_digest *digest = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_read(err, path);
    enum tp_status status = tp_digest_new(&digest, err);
    if (!status)
        status = digest_stream(fd, path, digest, err);
    if (!status)
        tp_digest_finish(digest, sha256);
    tp_digest_free(digest);
    close(fd);
    return status;
}

/* Adds the line of one entry; entries that are no regular files add nothing. */
static enum tp_status add_entry(
    const char *folder, const char *name, struct tp_text *lines, struct tp_error *err)
{
    char *path = tp_path_join(folder, name);
    if (!path)
        return tp_fail_memory(err);
    enum tp_status status = TP_OK;
    struct stat info;
    if (stat(path, &info)) {
        status = fail_read(err, path);
    } else if (S_ISREG(info.st_mode)) {
        char sha256[TP_SHA256_TEXT];
        status = digest_file(path, sha256, err);
        if (!status) {
            tp_text_add_bytes(lines, name, strlen(name) + 1);
            tp_text_add(lines, "%s\n", sha256);
        }
    }
    free(path);
    return status;
}

static enum tp_status digest_folder(
    const char *path, char sha256[TP_SHA256_TEXT], struct tp_error *err)
{
    struct tp_folder folder;
    enum tp_status status = tp_folder_list(path, &folder, err);
    if (status)
        return status;
    struct tp_text lines = {0};
    for (size_t i = 0; !status && i < folder.count; i++)
        status = add_entry(path, folder.names[i], &lines, err);
    if (!status && lines.failed)
        status = tp_fail_memory(err);
    if (!status)
        tp_digest_bytes(lines.length ? lines.data : "", lines.length, sha256);
    tp_text_release(&lines);
    tp_folder_release(&folder);
    return status;
}

enum tp_status tp_digest_path(const char *path, char sha256[TP_SHA256_TEXT], struct tp_error *err)
{
    return tp_path_is_folder(path) ? digest_folder(path, sha256, err)
                                   : digest_file(path, sha256, err);
}
