/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs as files: the readers take paths. A file in memory costs microseconds, so that an engine
 * still makes thousands of runs a second. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    abort();
}

static void write_all(int fd, const uint8_t *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written < 0)
            fail("write");
        data += written;
        length -= (size_t)written;
    }
}

const char *fuzz_file(const uint8_t *data, size_t length)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("input", MFD_CLOEXEC);
        if (fd < 0)
            fail("memfd_create");
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
        fail("ftruncate");
    write_all(fd, data, length);
    return path;
}

static char folder[] = "/tmp/towerpart-fuzz.XXXXXX", inside[FUZZ_NAMES_MAX][128];

static void remove_folder(void)
{
    for (int i = 0; i < FUZZ_NAMES_MAX; i++)
        unlink(inside[i]);
    rmdir(folder);
}

const char *fuzz_folder(const char *name, const uint8_t *data, size_t length)
{
    char path[sizeof inside[0]];
    int i = 0;
    if (!inside[0][0] && (!mkdtemp(folder) || atexit(remove_folder)))
        fail("mkdtemp");
    snprintf(path, sizeof path, "%s/%s", folder, name);
    while (i < FUZZ_NAMES_MAX - 1 && inside[i][0] && strcmp(inside[i], path) != 0)
        i++;
    strcpy(inside[i], path);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, length, file) != length || fclose(file))
        fail(path);
    return folder;
}

void fuzz_expect(enum tp_status status, const struct tp_error *err)
{
    if (status == TP_OK)
        return;
    if (status != TP_EINPUT && status != TP_EINFEASIBLE) {
        fprintf(stderr, "status %d: %s\n", status, err->text);
        abort();
    }
    if (!err->text[0])
        abort();
    for (const char *c = err->text; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\n') || *c == '\177') {
            fprintf(stderr, "a control character in the message: %s\n", err->text);
            abort();
        }
}

static void check_batch(const struct tp_batch *batch, const struct tp_model *model)
{
    const int64_t *id = batch->ids;
    for (int32_t i = 0; i < batch->count; i++) {
        if (batch->labels[i] != 0 && batch->labels[i] != 1)
            abort();
        for (int32_t d = 0; d < model->dense_features; d++)
            if (!isfinite(batch->dense[i * model->dense_features + d]))
                abort();
        for (int32_t f = 0; f < model->feature_count; f++) {
            int64_t rows = model->tables[model->features[f].table].rows;
            for (int32_t k = batch->lengths[i * model->feature_count + f]; k > 0; k--, id++)
                if (*id < 0 || *id >= rows)
                    abort();
        }
    }
    if (id - batch->ids != batch->id_count)
        abort();
}

void fuzz_samples(
    const char *source, const struct tp_model *model, const struct tp_sample_options *options)
{
    enum { BATCH = 7 };
    const struct tp_share whole = {BATCH, 0, BATCH};
    struct tp_samples *samples = NULL;
    struct tp_batch batch = {0};
    struct tp_error err = {0};
    fuzz_expect(tp_samples_open(source, model, options, whole, &samples, &err), &err);
    for (int part = 0; samples && part < TP_PART_COUNT; part++) {
        int64_t count = tp_samples_count(samples, (enum tp_part)part);
        for (int64_t first = 0; first < count; first += BATCH) {
            enum tp_status status =
                tp_samples_read(samples, (enum tp_part)part, first, BATCH, &batch, &err);
            fuzz_expect(status, &err);
            if (!status)
                check_batch(&batch, model);
        }
    }
    tp_batch_release(&batch);
    tp_samples_free(samples);
}

const struct tp_model *fuzz_model(void)
{
    static const char text[] = "towerpart_model: 1\nname: fuzz\nbatch_size: 64\ntables:\n"
                               "  - {name: t_user, rows: 100, dim: 2, features: [user]}\n"
                               "  - {name: t_item, rows: 50, dim: 2, features: [item, history]}\n";
    static struct tp_model *model;
    struct tp_error err = {0};
    if (!model && tp_model_load(fuzz_file((const uint8_t *)text, sizeof text - 1), &model, &err))
        fail(err.text);
    return model;
}

const struct tp_topology *fuzz_cluster(void)
{
    static const char text[] =
        "towerpart_topology: 1\nname: four\n"
        "device: {memory_bytes: 1000000, memory_bytes_per_s: 1.0e+12, flops_per_s: 1.0e+13}\n"
        "levels:\n"
        "  - {name: host, fanout: 2, bytes_per_s: 1.0e+11, latency_s: 1.0e-6}\n"
        "  - {name: cluster, fanout: 2, bytes_per_s: 1.0e+10, latency_s: 1.0e-5}\n";
    static struct tp_topology *cluster;
    struct tp_error err = {0};
    const uint8_t *bytes = (const uint8_t *)text;
    if (!cluster && tp_topology_load(fuzz_file(bytes, sizeof text - 1), &cluster, &err))
        fail(err.text);
    return cluster;
}
