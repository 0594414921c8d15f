/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in and out.
 *
 * In: read into memory (a pipe will do) or opened (regular files only). A failure to read is the
 * user's: TP_EINPUT with the path.
 * Out: written to a new file in the target's folder, which takes the target's name only when it is
 * complete. So a run that fails or is killed leaves the old file or the new one, never half of one.
 * Where the file system allows it, the new file has no name while it is written (O_TMPFILE), and
 * whatever ends the process removes it; elsewhere it is called ".towerpart-<pid>-<try>.tmp". The
 * promise is about processes; whoever wants it to hold in power cuts calls tp_file_out_sync() before the
 * commit and tp_folder_sync() behind it. What cannot be renamed over (a pipe, a device) is written in
 * place. A failure to write is TP_EINTERNAL.
 * Calls: open, add ..., then commit or abandon; both free. */
#define _GNU_SOURCE /* O_PATH, O_TMPFILE, realpath() */
#include "base/file.h"

#include "base/fail.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 64
#define DESCRIPTOR_PATH "/proc/self/fd/%d"

static enum tp_status fail_read(struct tp_error *err, const char *path)
{
    return tp_fail(err, TP_EINPUT, "%s: cannot be read: %s", path, strerror(errno));
}

static enum tp_status fail_regular(struct tp_error *err, const char *path)
{
    return tp_fail(
        err, TP_EINPUT, "%s: is a pipe, a device or a socket, expected a regular file", path);
}

/* A descriptor to read from. A folder opens, and fails only at the first read: refused here.
 * O_NONBLOCK: opening a pipe waits for its writer otherwise, and there may be none. */
static enum tp_status open_input(
    const char *path, bool regular, int *descriptor, struct stat *info, struct tp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));
    if (fd < 0) /* ENXIO: a socket cannot be opened, nor a device that is not there */
        return regular && errno == ENXIO ? fail_regular(err, path) : fail_read(err, path);
    enum tp_status status = TP_OK;
    if (fstat(fd, info))
        status = fail_read(err, path);
    else if (S_ISDIR(info->st_mode))
        status = tp_fail(err, TP_EINPUT, "%s: is a folder, expected a file", path);
    else if (regular && !S_ISREG(info->st_mode))
        status = fail_regular(err, path);
    if (status)
        close(fd);
    else
        *descriptor = fd;
    return status;
}

static ssize_t read_some(int fd, void *data, size_t length)
{
    ssize_t got;
    do {
        got = read(fd, data, length);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Reads to the end of the file, growing the buffer; one byte beyond bytes_max is enough to know. */
static enum tp_status read_all(int fd, const char *path, size_t bytes_max, size_t expected,
    char **data, size_t *length, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    size_t used = 0, capacity = expected < bytes_max ? expected + 2 : 4096;
    char *buffer = tp_new(capacity, 1);
    if (!buffer)
        return tp_fail_memory(err);
    for (;;) {
        ssize_t got = read_some(fd, buffer + used, capacity - used - 1);
        if (got < 0) {
            status = fail_read(err, path);
            break;
        }
        if (!got)
            break;
        used += (size_t)got;
        if (used > bytes_max) {
            status = tp_fail(
                err, TP_EINPUT, "%s: is larger than %zu bytes, the most expected", path, bytes_max);
            break;
        }
        if (used + 1 < capacity)
            continue;
        char *grown = capacity < SIZE_MAX / 2 ? tp_resize(buffer, capacity * 2, 1) : NULL;
        if (!grown) {
            status = tp_fail_memory(err);
            break;
        }
        buffer = grown;
        capacity *= 2;
    }
    if (status) {
        free(buffer);
        return status;
    }
    buffer[used] = '\0';
    *data = buffer;
    *length = used;
    return TP_OK;
}

static enum tp_status read_path(const char *path, bool regular, size_t bytes_max, char **data,
    size_t *length, struct tp_error *err)
{
    int fd = -1;
    struct stat info;
    enum tp_status status = open_input(path, regular, &fd, &info, err);
    if (status)
        return status;
    size_t expected = S_ISREG(info.st_mode) && info.st_size > 0 ? (size_t)info.st_size : 0;
    status = read_all(fd, path, bytes_max, expected, data, length, err);
    close(fd);
    return status;
}

enum tp_status tp_file_read(
    const char *path, size_t bytes_max, char **data, size_t *length, struct tp_error *err)
{
    if (!strcmp(path, "-"))
        return read_all(STDIN_FILENO, "standard input", bytes_max, 0, data, length, err);
    return read_path(path, false, bytes_max, data, length, err);
}

enum tp_status tp_file_read_regular(
    const char *path, size_t bytes_max, char **data, size_t *length, struct tp_error *err)
{
    return read_path(path, true, bytes_max, data, length, err);
}

enum tp_status tp_file_open(const char *path, int *descriptor, size_t *length, struct tp_error *err)
{
    struct stat info;
    enum tp_status status = open_input(path, true, descriptor, &info, err);
    if (!status)
        *length = (size_t)info.st_size;
    return status;
}

struct tp_file_out {
    int descriptor;
    char *path;                 /* as the caller named it, for messages */
    char *target;               /* what the new file becomes; NULL: written in place */
    int folder;                 /* of the target, open for names in it; -1: written in place */
    char temporary[NAME_BYTES]; /* name of the new file in the folder; "": it has none yet */
};

static enum tp_status fail_write(struct tp_error *err, const char *path)
{
    return tp_fail(err, TP_EINTERNAL, "%s: cannot be written: %s", path, strerror(errno));
}

/* It is the folder that cannot be written, whatever the target's own mode says. */
static enum tp_status fail_folder(struct tp_error *err, const struct tp_file_out *out)
{
    int reason = errno;
    char *folder = tp_path_folder(out->target);
    if (!folder)
        return tp_fail_memory(err);
    enum tp_status status = tp_fail(err, TP_EINTERNAL,
        "%s: cannot be written: no file can be made in the folder %s: %s", out->path, folder,
        strerror(reason));
    free(folder);
    return status;
}

static void free_out(struct tp_file_out *out)
{
    if (out->descriptor > STDERR_FILENO)
        close(out->descriptor);
    if (out->folder >= 0)
        close(out->folder);
    free(out->target);
    free(out->path);
    free(out);
}

static void drop_temporary(const struct tp_file_out *out)
{
    if (out->temporary[0])
        unlinkat(out->folder, out->temporary, 0);
}

/* Opens a file without a name. It can get one only through /proc, which may not be mounted. */
static int open_unnamed(int folder)
{
    char link[NAME_BYTES];
    int fd = openat(folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    snprintf(link, sizeof link, DESCRIPTOR_PATH, fd);
    if (!access(link, F_OK))
        return fd;
    close(fd);
    return -1;
}

/* Names the unnamed file, or creates one by name. The name is not made from the target's, which may
 * be as long as a name can be. Not mkstemp(): its mode ignores the umask. */
static bool name_temporary(struct tp_file_out *out)
{
    char link[NAME_BYTES];
    bool create = out->descriptor < 0;
    snprintf(link, sizeof link, DESCRIPTOR_PATH, out->descriptor);
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(out->temporary, sizeof out->temporary, ".towerpart-%ld-%d.tmp", (long)getpid(),
            attempt);
        bool done;
        if (create) {
            out->descriptor =
                openat(out->folder, out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            done = out->descriptor >= 0;
        } else {
            done = !linkat(AT_FDCWD, link, out->folder, out->temporary, AT_SYMLINK_FOLLOW);
        }
        if (done)
            return true;
        if (errno != EEXIST)
            break;
    }
    out->temporary[0] = '\0';
    return false;
}

static enum tp_status open_beside(struct tp_file_out *out, struct tp_error *err)
{
    char *folder = tp_path_folder(out->target);
    if (!folder)
        return tp_fail_memory(err);
    out->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (out->folder < 0)
        return fail_folder(err, out);
    out->descriptor = open_unnamed(out->folder);
    if (out->descriptor < 0 && !name_temporary(out))
        return fail_folder(err, out);
    return TP_OK;
}

static bool is_link(const char *path)
{
    struct stat info;
    return !lstat(path, &info) && S_ISLNK(info.st_mode);
}

/* Decides how to write: in place what is there and is no regular file, else beside the target. A
 * link is followed, so that it keeps pointing at what is written. */
static enum tp_status open_output(struct tp_file_out *out, struct tp_error *err)
{
    struct stat info;
    bool exists = !stat(out->path, &info);
    if (exists && S_ISDIR(info.st_mode))
        return tp_fail(err, TP_EINTERNAL, "%s: is a folder, expected a file to write", out->path);
    if (exists && !S_ISREG(info.st_mode)) {
        out->descriptor = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return out->descriptor < 0 ? fail_write(err, out->path) : TP_OK;
    }
    if (!exists && is_link(out->path))
        return tp_fail(err, TP_EINTERNAL,
            "%s: cannot be written: is a link to a file that is not there; remove the link, or "
            "write "
            "to the file itself",
            out->path);
    out->target = exists ? realpath(out->path, NULL) : tp_copy_text(out->path, strlen(out->path));
    if (!out->target)
        return exists ? fail_write(err, out->path) : tp_fail_memory(err);
    enum tp_status status = open_beside(out, err);
    if (!status && exists)
        (void)fchmod(out->descriptor, info.st_mode & 0777); /* a wish: the file may be another's */
    return status;
}

enum tp_status tp_file_out_open(const char *path, struct tp_file_out **out, struct tp_error *err)
{
    struct tp_file_out *made = TP_NEW(1, struct tp_file_out);
    if (!made)
        return tp_fail_memory(err);
    enum tp_status status = TP_OK;
    bool standard = !strcmp(path, "-");
    const char *shown = standard ? "standard output" : path;
    made->descriptor = standard ? STDOUT_FILENO : -1;
    made->folder = -1;
    made->path = tp_copy_text(shown, strlen(shown));
    if (!made->path)
        status = tp_fail_memory(err);
    else if (!standard)
        status = open_output(made, err);
    if (status)
        free_out(made);
    else
        *out = made;
    return status;
}

enum tp_status tp_file_out_add(
    struct tp_file_out *out, const void *data, size_t length, struct tp_error *err)
{
    const char *next = data;
    while (length) {
        ssize_t done = write(out->descriptor, next, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return fail_write(err, out->path);
        next += done;
        length -= (size_t)done;
    }
    return TP_OK;
}

enum tp_status tp_file_out_sync(struct tp_file_out *out, struct tp_error *err)
{
    if (out->target && fsync(out->descriptor))
        return fail_write(err, out->path);
    return TP_OK;
}

/* The name comes last: only what ends the process between the two calls leaves it behind. */
static enum tp_status move_into_place(struct tp_file_out *out, struct tp_error *err)
{
    const char *slash = strrchr(out->target, '/');
    const char *name = slash ? slash + 1 : out->target;
    if (renameat(out->folder, out->temporary, out->folder, name))
        return fail_write(err, out->path);
    return TP_OK;
}

/* Closes the file and gives it its name. */
static enum tp_status commit(struct tp_file_out *out, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    if (out->target && !out->temporary[0] && !name_temporary(out))
        status = fail_folder(err, out);
    if (out->descriptor > STDERR_FILENO && close(out->descriptor) && !status)
        status = fail_write(err, out->path); /* a full disk may show here */
    out->descriptor = -1;
    if (!status && out->target)
        status = move_into_place(out, err);
    return status;
}

enum tp_status tp_file_out_end(struct tp_file_out *out, enum tp_status status, struct tp_error *err)
{
    if (!out)
        return status;
    if (!status)
        status = commit(out, err);
    if (status)
        drop_temporary(out);
    free_out(out);
    return status;
}

enum tp_status tp_file_write(
    const char *path, const void *data, size_t length, struct tp_error *err)
{
    struct tp_file_out *out;
    enum tp_status status = tp_file_out_open(path, &out, err);
    if (status)
        return status;
    return tp_file_out_end(out, tp_file_out_add(out, data, length, err), err);
}
