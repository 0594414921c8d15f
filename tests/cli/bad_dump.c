/* SPDX-License-Identifier: Apache-2.0 */
/* Writes an .npz dump of the features a and b (dim 4, 32 samples), wrong in one way: bad_dump KIND
 * FILE.
 *
 * Every kind changes one thing of b's member; "good" and "deflated" change nothing that matters. */
#include "../raw_zip.h"

#include "base/file.h"
#include "base/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 32
#define DIM 4
#define SPARE 4

/* Changes how the member is kept; false if the kind is none of these. */
static bool change_member(struct raw_member *member, const char *kind)
{
    if (strcmp(kind, "encrypted") == 0)
        member->flags = RAW_ENCRYPTED;
    else if (strcmp(kind, "deflated") == 0)
        member->method = 8;
    else if (strcmp(kind, "lzma") == 0)
        member->method = 14;
    else if (strcmp(kind, "crc") == 0)
        member->bad_crc = 1;
    else if (strcmp(kind, "twice") == 0)
        member->name = "a.npy";
    else if (strcmp(kind, "folder") == 0)
        member->name = "b/";
    else if (strcmp(kind, "pickle") == 0)
        member->name = "archive/data.pkl";
    else if (strcmp(kind, "parent") == 0)
        member->name = "../../b.npy";
    else if (strcmp(kind, "absolute") == 0)
        member->name = "/tmp/b.npy";
    else if (strcmp(kind, "escape") == 0)
        member->name = "\033[2Jb.npy";
    else if (strcmp(kind, "short") == 0)
        member->bytes--;
    else if (strcmp(kind, "long") == 0)
        member->bytes++;
    else if (strcmp(kind, "less_inside") == 0 || strcmp(kind, "more_inside") == 0) {
        member->claimed = member->bytes;
        member->method = 8;
        member->bytes += strcmp(kind, "less_inside") ? 4 : (size_t)-4;
    } else
        return false;
    return true;
}

/* Changes the array's form; false if the kind is none of these. */
static bool change_array(enum tp_npy_type *type, int64_t shape[3], int32_t *dims, const char *kind)
{
    if (strcmp(kind, "integers") == 0)
        *type = TP_NPY_INT64;
    else if (strcmp(kind, "samples") == 0)
        shape[0]++;
    else if (strcmp(kind, "few") == 0)
        shape[0]--;
    else if (strcmp(kind, "dim") == 0)
        shape[1]++;
    else if (strcmp(kind, "axes") == 0)
        *dims = 3;
    else if (strcmp(kind, "bomb") == 0)
        shape[0] = (int64_t)1 << 46;
    else
        return false;
    return true;
}

static void make(struct tp_text *out, const char *kind)
{
    struct tp_text a = {0}, b = {0};
    float values[2 * SAMPLES * DIM * 2];
    enum tp_npy_type type = TP_NPY_FLOAT32;
    int64_t shape[3] = {SAMPLES, DIM, 1};
    int32_t dims = 2;
    for (int i = 0; i < (int)(sizeof values / sizeof *values); i++)
        values[i] = (float)(i * 37 % 101);
    tp_npy_format(&a, TP_NPY_FLOAT32, 0, 2, shape, values);
    change_array(&type, shape, &dims, kind);
    bool bomb = shape[0] > 1000;
    tp_npy_format_header(&b, type, 0, dims, shape);
    size_t header_bytes = b.length, data_bytes = tp_npy_data_bytes(type, 0, dims, shape);
    for (size_t done = 0; done < (bomb ? 70000 : data_bytes); done += sizeof *values)
        tp_text_add_bytes(&b, (const char *)&values[done / 4 % 512], sizeof *values);
    tp_text_add_bytes(&b, "????", SPARE); /* beyond the member, but for those that are too long */
    struct raw_member members[2] = {{.name = "a.npy", .data = a.data, .bytes = a.length},
        {.name = "b.npy", .data = b.data, .bytes = b.length - SPARE}};
    if (bomb) {
        members[1].method = 8;
        members[1].claimed = header_bytes + data_bytes;
        members[0] = members[1];
        members[0].name = "a.npy";
    }
    change_member(&members[1], kind);
    raw_zip(out, members, 2);
    tp_text_release(&b);
    tp_text_release(&a);
}

static bool is_known(const char *kind)
{
    struct raw_member member = {0};
    enum tp_npy_type type = TP_NPY_FLOAT32;
    int64_t shape[3] = {0};
    int32_t dims = 0;
    return strcmp(kind, "good") == 0 || change_member(&member, kind) ||
           change_array(&type, shape, &dims, kind);
}

int main(int argc, char **argv)
{
    struct tp_text out = {0};
    struct tp_error err;
    if (argc != 3 || !is_known(argv[1])) {
        fprintf(stderr, "usage: bad_dump KIND FILE\n");
        return 2;
    }
    make(&out, argv[1]);
    enum tp_status status = tp_file_write(argv[2], out.data, out.length, &err);
    if (status)
        fprintf(stderr, "%s\n", err.text);
    tp_text_release(&out);
    return (int)status;
}
