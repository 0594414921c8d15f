/* SPDX-License-Identifier: Apache-2.0 */
/* A file's bytes at any place, for files that may be larger than memory or than the address space. */
#ifndef TP_BASE_SOURCE_H
#define TP_BASE_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <towerpart/status.h>

struct tp_source {
    const unsigned char *data; /* the whole file, read-only; NULL when empty or not mapped */
    size_t length;
    int descriptor;    /* to read with when not mapped; -1: none */
    atomic_int failed; /* errno of the first reading that failed, or TP_SOURCE_SHORT; 0: none did */
};

#define TP_SOURCE_SHORT (-1) /* the file ended before its length: it was cut meanwhile */

/* Opens a regular file; anything else is refused at once. It is mapped if the address space has room
 * for it and for the work that follows, else bytes are read when they are asked for. */
enum tp_status tp_source_open(const char *path, struct tp_source *source, struct tp_error *err);

/* The same of a file that is open; takes over the descriptor, also on failure.
 * @param path  for messages. */
enum tp_status tp_source_take(int descriptor, size_t length, const char *path,
    struct tp_source *source, struct tp_error *err);

/* Copies bytes offset .. offset + length - 1, which the caller knows to lie in the file. Any number
 * of threads. A reading that fails gives zeros and is remembered in source->failed.
 * @return false then. */
bool tp_source_read(struct tp_source *source, size_t offset, size_t length, void *out);

/* TP_EINPUT with the path if a reading failed. */
enum tp_status tp_source_check(
    const struct tp_source *source, const char *path, struct tp_error *err);

/* Asks the system to have these bytes in memory soon. */
void tp_source_want(const struct tp_source *source, size_t offset, size_t length);

void tp_source_close(struct tp_source *source);

#endif
