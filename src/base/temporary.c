/* SPDX-License-Identifier: Apache-2.0 */
/* A large temporary file. It never has a name, or loses it at once, so that whatever ends the process
 * frees its room.
 *
 * It lies in $TMPDIR, else in /var/tmp, which is meant for large files: /tmp is often kept in memory.
 * That the room is there is asked before a byte is written: an archive that unpacks to more than
 * the disk holds should fail at once, not after an hour and with everybody's disk full. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "base/temporary.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FOLDER "/var/tmp"
#define PATTERN "towerpart-XXXXXX"

/* For file systems without O_TMPFILE. */
static int open_and_unlink(const char *folder)
{
    char *path = tp_path_join(folder, PATTERN);
    int descriptor = path ? mkostemp(path, O_CLOEXEC) : -1;
    if (descriptor >= 0)
        unlink(path);
    free(path);
    return descriptor;
}

static enum tp_status check_room(
    size_t bytes, const char *what, const char *folder, struct tp_error *err)
{
    struct statvfs disk;
    char needed[16], found[16];
    if (statvfs(folder, &disk))
        return tp_fail(err, TP_EINTERNAL,
            "%s: cannot be used for temporary files: %s; set TMPDIR to a folder with room", folder,
            strerror(errno));
    double room = (double)disk.f_bavail * (double)disk.f_frsize;
    if ((double)bytes <= room)
        return TP_OK;
    tp_format_bytes(needed, (double)bytes);
    tp_format_bytes(found, room);
    return tp_fail(err, TP_EINPUT,
        "%s: takes a temporary file of %s, and %s has %s free: set TMPDIR to a folder with more "
        "room",
        what, needed, folder, found);
}

enum tp_status tp_temporary_open(
    size_t bytes, const char *what, struct tp_temporary *temporary, struct tp_error *err)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = FOLDER;
    enum tp_status status = check_room(bytes, what, folder, err);
    if (status)
        return status;
    int descriptor = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (descriptor < 0)
        descriptor = open_and_unlink(folder);
    if (descriptor < 0)
        return tp_fail(err, TP_EINTERNAL,
            "%s: no temporary file can be made there: %s; set TMPDIR to a folder with room", folder,
            strerror(errno));
    *temporary = (struct tp_temporary){folder, descriptor};
    return TP_OK;
}

enum tp_status tp_temporary_write(const struct tp_temporary *temporary, size_t offset,
    const void *data, size_t length, struct tp_error *err)
{
    const char *next = data;
    while (length) {
        ssize_t written = pwrite(temporary->descriptor, next, length, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return tp_fail(err, TP_EINTERNAL,
                "%s: a temporary file cannot be written: %s; set TMPDIR to a folder with more room",
                temporary->folder, strerror(written < 0 ? errno : ENOSPC));
        next += written;
        offset += (size_t)written;
        length -= (size_t)written;
    }
    return TP_OK;
}
