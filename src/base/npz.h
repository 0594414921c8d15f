/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npz: a zip of .npy members (libzip). */
#ifndef TP_BASE_NPZ_H
#define TP_BASE_NPZ_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/npy.h"

struct tp_npz; /* members, read into memory */

/* Reads every member of a zip, at most member_bytes_max each and member_max of them.
 * @return TP_EINPUT for a damaged zip, a member that is not .npy, duplicates, a larger member. */
enum tp_status tp_npz_load(const char *path, int32_t member_max, size_t member_bytes_max,
    struct tp_npz **npz, struct tp_error *err);
/* The same from the bytes of a whole file; `path` is for messages only. */
enum tp_status tp_npz_parse(const void *bytes, size_t length, const char *path, int32_t member_max,
    size_t member_bytes_max, struct tp_npz **npz, struct tp_error *err);
void tp_npz_free(struct tp_npz *npz);

int32_t tp_npz_count(const struct tp_npz *npz);
const char *tp_npz_name(const struct tp_npz *npz, int32_t i); /* without ".npy" */

/* The array of that name, or NULL. Borrowed until tp_npz_free(). */
const struct tp_npy *tp_npz_get(const struct tp_npz *npz, const char *name);

/* One member to write. */
struct tp_npz_member {
    const char *name; /* without ".npy" */
    enum tp_npy_type type;
    size_t item_bytes; /* unicode only; else 0 */
    int32_t dim_count;
    const int64_t *shape;
    const void *data;
};

/* Writes the members in that order, deflated, with a fixed date: same arrays, same bytes. */
enum tp_status tp_npz_save(
    const char *path, const struct tp_npz_member *members, int32_t count, struct tp_error *err);

#endif
