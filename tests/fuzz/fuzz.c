/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs as files: the readers take paths. A file in memory costs microseconds, so that an engine
 * still makes thousands of runs a second. */
#define _GNU_SOURCE
#include "fuzz.h"

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

static char folder[] = "/tmp/towerpart-fuzz.XXXXXX", inside[128];

static void remove_folder(void)
{
    unlink(inside);
    rmdir(folder);
}

const char *fuzz_folder(const char *name, const uint8_t *data, size_t length)
{
    if (!inside[0]) {
        if (!mkdtemp(folder) || atexit(remove_folder))
            fail("mkdtemp");
        snprintf(inside, sizeof inside, "%s/%s", folder, name);
    }
    FILE *file = fopen(inside, "wb");
    if (!file || fwrite(data, 1, length, file) != length || fclose(file))
        fail(inside);
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

const struct tp_model *fuzz_model(void)
{
    static char t_user[] = "t_user", t_item[] = "t_item", user[] = "user", item[] = "item",
                history[] = "history";
    static struct tp_table tables[] = {{.name = t_user, .rows = 100, .dim = 2, .feature_count = 1},
        {.name = t_item, .rows = 50, .dim = 2, .first_feature = 1, .feature_count = 2}};
    static struct tp_feature features[] = {{.name = user, .pooling = 1},
        {.name = item, .table = 1, .pooling = 1}, {.name = history, .table = 1, .pooling = 1}};
    static const struct tp_model model = {
        .tables = tables, .table_count = 2, .features = features, .feature_count = 3};
    return &model;
}
