/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, and folders: no content is touched here. Every text that is returned belongs to
 * the caller; NULL means out of memory. Listings are in byte order, whatever the locale, so that
 * what is computed from them is the same everywhere. */
#define _XOPEN_SOURCE 700 /* realpath() */
#include "base/file.h"

#include "base/fail.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool tp_path_is_folder(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISDIR(info.st_mode);
}

enum tp_status tp_folder_make(const char *path, struct tp_error *err)
{
    if (!mkdir(path, 0777))
        return TP_OK;
    int reason = errno;
    if (reason == EEXIST && tp_path_is_folder(path))
        return TP_OK;
    return tp_fail(err, TP_EINTERNAL, "%s: the folder cannot be made: %s", path, strerror(reason));
}

enum tp_status tp_folder_sync(const char *path, struct tp_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool failed =
        fd < 0 || (fsync(fd) && errno != EINVAL); /* EINVAL: not a notion of this file system */
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (failed)
        return tp_fail(
            err, TP_EINTERNAL, "%s: cannot be written to disk: %s", path, strerror(reason));
    return TP_OK;
}

static int is_named(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* strcmp() compares as unsigned bytes; alphasort() would ask the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

enum tp_status tp_folder_list(const char *path, struct tp_folder *folder, struct tp_error *err)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_named, by_bytes);
    if (count < 0)
        return tp_fail(err, TP_EINPUT, "%s: cannot be listed: %s", path, strerror(errno));
    struct tp_folder made = {.names = TP_NEW(count, char *)};
    bool complete = made.names != NULL;
    for (int i = 0; i < count; i++) {
        char *name = complete ? tp_copy_text(entries[i]->d_name, strlen(entries[i]->d_name)) : NULL;
        if (name)
            made.names[made.count++] = name;
        else
            complete = false;
        free(entries[i]);
    }
    free(entries);
    if (!complete) {
        tp_folder_release(&made);
        return tp_fail_memory(err);
    }
    *folder = made;
    return TP_OK;
}

void tp_folder_release(struct tp_folder *folder)
{
    if (!folder)
        return;
    for (size_t i = 0; i < folder->count; i++)
        free(folder->names[i]);
    free(folder->names);
    memset(folder, 0, sizeof *folder);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool find(const char *path, int standard, struct stat *info)
{
    return !(strcmp(path, "-") ? stat(path, info) : fstat(standard, info));
}

static bool folder_holds(const char *path, const struct stat *file)
{
    struct tp_folder folder = {0};
    struct stat info;
    bool found = false;
    if (tp_folder_list(path, &folder, NULL))
        return false; /* whoever reads the folder will say so */
    for (size_t i = 0; !found && i < folder.count; i++) {
        char *member = tp_path_join(path, folder.names[i]);
        found = member && !stat(member, &info) && is_same(&info, file);
        free(member);
    }
    tp_folder_release(&folder);
    return found;
}

/* What is there without links, "." and ".."; the folder of what is not there. */
static char *resolve(const char *path)
{
    char *resolved = realpath(path, NULL);
    if (resolved)
        return resolved;
    char *folder = tp_path_folder(path);
    resolved = folder ? realpath(folder, NULL) : NULL;
    free(folder);
    return resolved;
}

/* Climbs from the path to the root and looks for the folder on the way. */
static bool is_inside(const char *path, const struct stat *folder)
{
    char *place = resolve(path);
    struct stat info;
    bool found = false;
    while (place && !found) {
        found = !stat(place, &info) && is_same(&info, folder);
        char *end = strrchr(place, '/');
        if (!end || !end[1])
            break; /* that was the root */
        end[end == place] = '\0';
    }
    free(place);
    return found;
}

bool tp_path_replaces(const char *output, const char *input)
{
    struct stat out, in;
    if (!find(input, STDIN_FILENO, &in))
        return false;
    bool regular = find(output, STDOUT_FILENO, &out) && S_ISREG(out.st_mode);
    if (!S_ISDIR(in.st_mode))
        return regular && is_same(&out, &in);
    if (regular && folder_holds(input, &out))
        return true;
    return strcmp(output, "-") != 0 && is_inside(output, &in);
}

const char *tp_path_shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

char *tp_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return tp_copy_text(".", 1);
    return tp_copy_text(path, slash > path ? (size_t)(slash - path) : 1);
}

char *tp_path_base(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (start == end && end > 0) /* the root folder itself */
        start--;
    return tp_copy_text(path + start, end - start);
}

char *tp_path_join(const char *dir, const char *name)
{
    size_t left = strlen(dir), right = strlen(name);
    bool slash = left > 0 && dir[left - 1] != '/';
    char *joined = tp_new(left + slash + right + 1, 1);
    if (!joined)
        return NULL;
    memcpy(joined, dir, left);
    if (slash)
        joined[left] = '/';
    memcpy(joined + left + slash, name, right);
    return joined;
}

/* A dot at either end is escaped: "." and ".." are no file names, and ".x" is a hidden one. */
static bool stands_for_itself(const char *name, size_t i, size_t length)
{
    char c = name[i];
    if (c == '.')
        return i > 0 && i + 1 < length;
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

char *tp_percent_encode(const char *name)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t length = strlen(name);
    char *encoded = length < SIZE_MAX / 3 ? tp_new(3 * length + 1, 1) : NULL;
    if (!encoded)
        return NULL;
    char *next = encoded;
    for (size_t i = 0; i < length; i++) {
        if (stands_for_itself(name, i, length)) {
            *next++ = name[i];
        } else {
            unsigned char byte = (unsigned char)name[i];
            *next++ = '%';
            *next++ = digits[byte >> 4];
            *next++ = digits[byte & 15];
        }
    }
    return encoded;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *tp_percent_decode(const char *encoded)
{
    size_t length = strlen(encoded);
    char *name = tp_copy_text(encoded, length);
    if (!name)
        return NULL;
    char *end = name;
    for (const char *p = encoded; *p; p++) {
        int high = *p == '%' ? hex_value(p[1]) : -1, low = high >= 0 ? hex_value(p[2]) : -1;
        *end++ = low >= 0 ? (char)(high * 16 + low) : *p;
        if (low >= 0)
            p += 2;
    }
    *end = '\0';
    char *again = tp_percent_encode(name);
    if (!again) {
        free(name);
        return NULL;
    }
    if (strcmp(again, encoded) != 0)
        memcpy(name, encoded, length + 1);
    free(again);
    return name;
}
