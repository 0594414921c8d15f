/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own, and reading synthetic files back by simple means. */
#ifndef SYNTH_FILES_H
#define SYNTH_FILES_H

#include <towerpart/synth.h>

#include <jansson.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

#define PATH_BYTES 1024

struct folder {
    char path[PATH_BYTES];
};

static inline struct folder folder_make(void)
{
    struct folder folder;
    const char *base = getenv("TMPDIR");
    scratch_make(folder.path, sizeof folder.path, base ? base : "/tmp");
    return folder;
}

/* A file as bytes, NUL-terminated beyond its length; NULL if there is none. */
static inline char *read_bytes(const char *dir, const char *name, size_t *length)
{
    char path[PATH_BYTES + 300];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    ck_assert_int_eq(stat(path, &status), 0);
    *length = (size_t)status.st_size;
    char *bytes = calloc(*length + 1, 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

static inline bool has_file(const char *dir, const char *name)
{
    char path[PATH_BYTES + 300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

static inline bool same_file(const char *a_dir, const char *b_dir, const char *name)
{
    size_t a_length = 0, b_length = 0;
    char *a = read_bytes(a_dir, name, &a_length), *b = read_bytes(b_dir, name, &b_length);
    bool same = a && b && a_length == b_length && !memcmp(a, b, a_length);
    free(a);
    free(b);
    return same;
}

/* Values of a .npy file, and the text of its header. Caller frees. */
static inline float *read_floats(const char *dir, const char *name, char header[256], size_t *count)
{
    size_t length = 0;
    char *bytes = read_bytes(dir, name, &length);
    ck_assert_msg(bytes != NULL, "no %s", name);
    ck_assert_int_eq(memcmp(bytes, "\x93NUMPY\x01\x00", 8), 0);
    size_t start = 10 + (size_t)(unsigned char)bytes[8] + 256 * (size_t)(unsigned char)bytes[9];
    snprintf(header, 256, "%.*s", (int)(start - 10), bytes + 10);
    *count = (length - start) / sizeof(float);
    float *values = calloc(*count, sizeof(float));
    ck_assert_ptr_nonnull(values);
    memcpy(values, bytes + start, *count * sizeof(float));
    free(bytes);
    return values;
}

/* group[f] of feature f, from truth.json; returns how many features it has. */
static inline int read_truth(const char *dir, int *group, int group_max)
{
    size_t length = 0;
    char *bytes = read_bytes(dir, "truth.json", &length);
    ck_assert_ptr_nonnull(bytes);
    json_t *truth = json_loads(bytes, JSON_REJECT_DUPLICATES, NULL), *value;
    const char *key;
    ck_assert_ptr_nonnull(truth);
    json_object_del(truth, "log");
    json_object_foreach(truth, key, value)
    {
        int f = atoi(key + 1);
        ck_assert(key[0] == 'f' && f >= 0 && f < group_max);
        group[f] = (int)json_integer_value(value);
    }
    int count = (int)json_object_size(truth);
    json_decref(truth);
    free(bytes);
    return count;
}

static inline void synth(const char *dir, const struct tp_synth_options *options)
{
    struct tp_error err = {0};
    ck_assert_msg(tp_synth(dir, options, &err) == TP_OK, "%s", err.text);
}

#endif
