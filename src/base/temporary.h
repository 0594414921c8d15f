/* SPDX-License-Identifier: Apache-2.0 */
/* A large file without a name, gone when it is closed. */
#ifndef TP_BASE_TEMPORARY_H
#define TP_BASE_TEMPORARY_H

#include <stddef.h>

#include <towerpart/status.h>

struct tp_temporary {
    const char *folder; /* $TMPDIR, or /var/tmp where that is not set; borrowed */
    int descriptor;
};

/* Opens one where that many bytes are free.
 * @param what  it is made for, for messages: "dump.npz".
 * @return TP_EINPUT when they are not free; TP_EINTERNAL when no file can be made there. */
enum tp_status tp_temporary_open(
    size_t bytes, const char *what, struct tp_temporary *temporary, struct tp_error *err);

/* Writes at a place. @return TP_EINTERNAL when the disk is full after all, or fails. */
enum tp_status tp_temporary_write(const struct tp_temporary *temporary, size_t offset,
    const void *data, size_t length, struct tp_error *err);

#endif
