/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npy format, versions 1.0 and 2.0, little-endian, C order:
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef TP_BASE_NPY_H
#define TP_BASE_NPY_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

#include "base/file.h"
#include "base/text.h"

#define TP_NPY_DIMS_MAX 3

/* What a value is. */
enum tp_npy_type {
    TP_NPY_FLOAT16,
    TP_NPY_FLOAT32,
    TP_NPY_FLOAT64,
    TP_NPY_INT64,
    TP_NPY_UNICODE,
    TP_NPY_BFLOAT16, /* upper half of a float32; from other formats, NumPy has none */
    TP_NPY_INT32
};

struct tp_npy {
    enum tp_npy_type type;
    size_t item_bytes; /* unicode: 4 * longest length */
    int32_t dim_count; /* 0: a scalar */
    int64_t shape[TP_NPY_DIMS_MAX];
    const unsigned char *data; /* borrowed from the bytes that were parsed */
    size_t header_bytes;       /* before the data */
    size_t count;              /* product of the shape */
};

/* Parses the bytes of a whole .npy file; checks that the data is exactly as long as shape says.
 * @param name  for messages; the file's path or the array's name.
 * @return TP_EINPUT for a bad magic, header, dtype, Fortran order, big-endian, a shape whose
 * product overflows,
 *         or missing or surplus bytes. */
enum tp_status tp_npy_parse(const unsigned char *bytes, size_t length, const char *name,
    struct tp_npy *npy, struct tp_error *err);

/* The same where only float16, float32 and float64 will do. */
enum tp_status tp_npy_parse_reals(const unsigned char *bytes, size_t length, const char *name,
    struct tp_npy *npy, struct tp_error *err);

/* The longest header that tp_npy_parse_head() takes: all that version 1.0 can have. */
#define TP_NPY_HEAD_BYTES ((size_t)10 + 65535)

/* tp_npy_parse_reals() of a file of `length` bytes of which only the first are at hand: all, or
 * TP_NPY_HEAD_BYTES. npy->data is NULL. */
enum tp_status tp_npy_parse_head(const unsigned char *head, size_t head_bytes, size_t length,
    const char *name, struct tp_npy *npy, struct tp_error *err);

/* The same where int32 and int64 will do as well. */
enum tp_status tp_npy_parse_head_numbers(const unsigned char *head, size_t head_bytes,
    size_t length, const char *name, struct tp_npy *npy, struct tp_error *err);

/* Bytes of a real: 2, 4 or 8. */
size_t tp_npy_real_bytes(enum tp_npy_type type);

/* Appends header and data of an array to `out`. */
void tp_npy_format(struct tp_text *out, enum tp_npy_type type, size_t item_bytes, int32_t dim_count,
    const int64_t *shape, const void *data);

/* Appends the header alone (data to follow elsewhere). */
void tp_npy_format_header(struct tp_text *out, enum tp_npy_type type, size_t item_bytes,
    int32_t dim_count, const int64_t *shape);

/* Bytes of the data of such an array, which the caller knows to fit. */
size_t tp_npy_data_bytes(
    enum tp_npy_type type, size_t item_bytes, int32_t dim_count, const int64_t *shape);

/* Converts `count` reals (float16/32/64, bfloat16), from unaligned little-endian bytes. */
void tp_npy_to_float(enum tp_npy_type type, const unsigned char *from, size_t count, float *to);
void tp_npy_to_double(enum tp_npy_type type, const unsigned char *from, size_t count, double *to);

/* An int32 or int64 at unaligned little-endian bytes. */
int64_t tp_npy_to_integer(enum tp_npy_type type, const unsigned char *from);

#endif
