/* SPDX-License-Identifier: Apache-2.0 */
/* A large file's bytes, mapped where the address space allows, else read by pread().
 *
 * A mapping costs nothing until it is touched and the system drops its pages when memory is short, so a
 * file larger than memory is no matter. A limited address space (ulimit -v) is: there a file is mapped
 * only if room is left beside it for what works on it, since an allocation that fails later could not
 * be mended. Which of the two ways it is never shows in the bytes.
 * A file that is not mapped keeps its descriptor. Reading it may fail late, deep inside a
 * computation that has no status to return: the reader gets zeros, the source remembers the reason, and
 * who started the computation asks tp_source_check() at its end.
 * Cost of a piece: a copy, or a system call. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "base/source.h"

#include "base/fail.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Address space that must be left beside a mapping: 1 GiB of working memory, as much as half of that
 * again for threads and libraries. */
#define ROOM_BYTES ((size_t)3 << 29)

/* Whether that much more could be mapped, found by doing it; no memory is touched. */
static bool has_room(size_t bytes)
{
    if (bytes > SIZE_MAX - ROOM_BYTES)
        return false;
    bytes += ROOM_BYTES;
    void *probe = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED)
        return false;
    munmap(probe, bytes);
    return true;
}

enum tp_status tp_source_take(
    int descriptor, size_t length, const char *path, struct tp_source *source, struct tp_error *err)
{
    source->data = NULL;
    source->length = length;
    source->descriptor = -1;
    atomic_init(&source->failed, 0);
    void *data = MAP_FAILED;
    if (length && has_room(length)) {
        data = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (data == MAP_FAILED && errno != ENOMEM) {
            int reason = errno;
            close(descriptor);
            return tp_fail(err, TP_EINPUT, "%s: cannot be read: %s", path, strerror(reason));
        }
    }
    if (data != MAP_FAILED)
        source->data = data;
    if (source->data || !length)
        close(descriptor);
    else
        source->descriptor = descriptor;
    return TP_OK;
}

enum tp_status tp_source_open(const char *path, struct tp_source *source, struct tp_error *err)
{
    int descriptor;
    size_t length;
    enum tp_status status = tp_file_open(path, &descriptor, &length, err);
    if (!status)
        status = tp_source_take(descriptor, length, path, source, err);
    return status;
}

static bool read_fully(struct tp_source *source, size_t offset, size_t length, unsigned char *out)
{
    size_t used = 0;
    while (used < length) {
        ssize_t got = pread(source->descriptor, out + used, length - used, (off_t)(offset + used));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int none = 0;
            atomic_compare_exchange_strong(
                &source->failed, &none, got < 0 ? errno : TP_SOURCE_SHORT);
            memset(out, 0, length);
            return false;
        }
        used += (size_t)got;
    }
    return true;
}

bool tp_source_read(struct tp_source *source, size_t offset, size_t length, void *out)
{
    if (!source->data)
        return read_fully(source, offset, length, out);
    memcpy(out, source->data + offset, length);
    return true;
}

enum tp_status tp_source_check(
    const struct tp_source *source, const char *path, struct tp_error *err)
{
    int failed = atomic_load(&source->failed);
    if (failed == TP_SOURCE_SHORT)
        return tp_fail(err, TP_EINPUT, "%s: became shorter than %zu bytes while it was read", path,
            source->length);
    return failed ? tp_fail(err, TP_EINPUT, "%s: cannot be read: %s", path, strerror(failed))
                  : TP_OK;
}

void tp_source_want(const struct tp_source *source, size_t offset, size_t length)
{
    if (!source->data) {
        (void)posix_fadvise(source->descriptor, (off_t)offset, (off_t)length, POSIX_FADV_WILLNEED);
        return;
    }
    size_t before = offset % (size_t)sysconf(_SC_PAGESIZE); /* posix_madvise() wants whole pages */
    (void)posix_madvise(
        (void *)(source->data + offset - before), length + before, POSIX_MADV_WILLNEED);
}

void tp_source_close(struct tp_source *source)
{
    if (source->data)
        munmap((void *)source->data, source->length);
    else if (source->length)
        close(source->descriptor);
    source->data = NULL;
    source->length = 0;
    source->descriptor = -1;
}
