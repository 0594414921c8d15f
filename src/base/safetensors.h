/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a .safetensors file: https://github.com/huggingface/safetensors#format */
#ifndef TP_BASE_SAFETENSORS_H
#define TP_BASE_SAFETENSORS_H

#include <stdint.h>

#include <towerpart/status.h>

#include "base/npy.h"

#define TP_SAFETENSORS_LENGTH_BYTES 8                 /* the file begins with the header's length */
#define TP_SAFETENSORS_HEADER_MAX ((size_t)100000000) /* the format's own limit */

struct tp_tensor {
    char *name;
    struct tp_npy
        form;      /* type, item_bytes, dim_count, count; shape if dim_count <= TP_NPY_DIMS_MAX */
    size_t offset; /* of its data in the file */
};

struct tp_safetensors {
    struct tp_tensor *tensors; /* in the order of the header */
    int32_t count;
};

/* The length of the header that follows those first bytes of a file.
 * @return TP_EINPUT when it is longer than the file, or than TP_SAFETENSORS_HEADER_MAX. */
enum tp_status tp_safetensors_header_bytes(const unsigned char first[TP_SAFETENSORS_LENGTH_BYTES],
    size_t file_bytes, const char *path, size_t *header_bytes, struct tp_error *err);

/* Parses that header.
 * @param header  header_bytes of it. @param file_bytes  of the whole file.
 * @param out     to be released with tp_safetensors_release().
 * @return TP_EINPUT for what is no such JSON, a dtype other than F16, BF16, F32 and F64, a shape whose
 *         product overflows or does not fit its offsets, and offsets that overlap, leave holes or go
 *         beyond the file; TP_ENOMEM. */
enum tp_status tp_safetensors_parse(const char *header, size_t header_bytes, size_t file_bytes,
    const char *path, struct tp_safetensors *out, struct tp_error *err);

void tp_safetensors_release(struct tp_safetensors *tensors);

#endif
