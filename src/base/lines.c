/* SPDX-License-Identifier: Apache-2.0 */
/* Lines through a buffer that holds the longest line allowed.
 *
 * In: a file or a pipe, of any size. Out: its lines, in place in the buffer. Invariant: what is not
 * given yet lies in data[begin .. end - 1]; when it holds no whole line, it is moved to the front
 * and the rest of the buffer is filled. The rest of a line that is too long to be given is passed
 * over. Cost: O(bytes), as each byte moves at most once per READ_BYTES read. */
#include "base/lines.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READ_BYTES ((size_t)1 << 18)

struct tp_lines {
    FILE *file;
    const char *name; /* for messages; borrowed */
    size_t line_bytes_max;
    size_t capacity; /* of a line, its "\r\n", and room to read */
    char *data;      /* (capacity + 1) */
    size_t begin, end;
    bool at_end;    /* nothing is left to read */
    bool bad_line;  /* the last call failed for what stands in the line */
    bool long_line; /* it was too long, and its rest is still to be passed over */
    int64_t number;
    double bytes, bytes_all; /* read so far, and in all; 0: not known */
};

static enum tp_status fail_read(const struct tp_lines *lines, struct tp_error *err)
{
    return tp_fail(err, TP_EINPUT, "%s: cannot be read: %s", lines->name, strerror(errno));
}

enum tp_status tp_lines_open(const char *path, struct tp_lines **lines, struct tp_error *err)
{
    return tp_lines_open_long(path, TP_LINE_BYTES_MAX, lines, err);
}

enum tp_status tp_lines_open_long(
    const char *path, size_t line_bytes_max, struct tp_lines **lines, struct tp_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat info;
    struct tp_lines *l = TP_NEW(1, struct tp_lines);
    enum tp_status status = l ? TP_OK : tp_fail_memory(err);
    if (status != TP_OK)
        return status;
    l->name = tp_path_shown(path);
    l->line_bytes_max = line_bytes_max;
    l->capacity = line_bytes_max + 2 + READ_BYTES;
    l->data = TP_NEW(l->capacity + 1, char);
    l->file = standard ? stdin : fopen(path, "re");
    if (!l->data)
        status = tp_fail_memory(err);
    else if (!l->file || fstat(fileno(l->file), &info))
        status = fail_read(l, err);
    else if (S_ISDIR(info.st_mode))
        status = tp_fail(err, TP_EINPUT, "%s: is a folder, expected a file", path);
    else if (S_ISREG(info.st_mode))
        l->bytes_all = (double)info.st_size;
    if (status == TP_OK)
        *lines = l;
    else
        tp_lines_free(l);
    return status;
}

void tp_lines_free(struct tp_lines *lines)
{
    if (!lines)
        return;
    if (lines->file && lines->file != stdin)
        fclose(lines->file);
    free(lines->data);
    free(lines);
}

/* Moves what is left to the front and reads more behind it. */
static enum tp_status fill(struct tp_lines *l, struct tp_error *err)
{
    memmove(l->data, l->data + l->begin, l->end - l->begin);
    l->end -= l->begin;
    l->begin = 0;
    size_t room = l->capacity - l->end;
    size_t got = fread(l->data + l->end, 1, room, l->file);
    l->end += got;
    l->bytes += (double)got;
    if (got < room && ferror(l->file))
        return fail_read(l, err);
    l->at_end = got < room;
    return TP_OK;
}

/* Takes `length` bytes as a line, and skips them with their end. */
static enum tp_status give(struct tp_lines *l, size_t length, bool ended, const char **line,
    size_t *line_length, struct tp_error *err)
{
    char *text = l->data + l->begin;
    l->begin += length + ended;
    l->number++;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    l->bad_line = true;
    if (length > l->line_bytes_max)
        return tp_lines_fail(l, l->number, err,
            "found a line of over %zu bytes, expected at most that", l->line_bytes_max);
    if (memchr(text, '\0', length))
        return tp_lines_fail(l, l->number, err, "found a NUL byte, expected text in UTF-8");
    l->bad_line = false;
    text[length] = '\0';
    *line = text;
    *line_length = length;
    return TP_OK;
}

/* Drops what is left of a line that was too long. */
static enum tp_status pass_rest(struct tp_lines *l, struct tp_error *err)
{
    while (l->long_line) {
        size_t have = l->end - l->begin;
        const char *stop = have ? memchr(l->data + l->begin, '\n', have) : NULL;
        l->begin = stop ? (size_t)(stop - l->data) + 1 : l->end;
        l->long_line = !stop && !l->at_end;
        enum tp_status status = l->long_line ? fill(l, err) : TP_OK;
        if (status != TP_OK)
            return status;
    }
    return TP_OK;
}

enum tp_status tp_lines_next(
    struct tp_lines *lines, const char **line, size_t *length, struct tp_error *err)
{
    struct tp_lines *l = lines;
    l->bad_line = false;
    enum tp_status status = pass_rest(l, err);
    while (status == TP_OK) {
        size_t have = l->end - l->begin;
        const char *stop = have ? memchr(l->data + l->begin, '\n', have) : NULL;
        if (stop)
            return give(l, (size_t)(stop - l->data) - l->begin, true, line, length, err);
        if (l->at_end || have > l->line_bytes_max + 1) {
            *line = NULL;
            l->long_line = !l->at_end;
            return have ? give(l, have, false, line, length, err) : TP_OK;
        }
        status = fill(l, err);
    }
    return status;
}

bool tp_lines_resumes(const struct tp_lines *lines)
{
    return lines->bad_line;
}

int64_t tp_lines_number(const struct tp_lines *lines)
{
    return lines->number;
}

double tp_lines_done(const struct tp_lines *lines)
{
    double done = lines->bytes - (double)(lines->end - lines->begin);
    return lines->bytes_all > 0 && done < lines->bytes_all ? done / lines->bytes_all : 0;
}

enum tp_status tp_lines_fail(
    const struct tp_lines *lines, int64_t number, struct tp_error *err, const char *format, ...)
{
    char message[TP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    tp_format(message, sizeof message, format, args);
    va_end(args);
    return tp_fail(err, TP_EINPUT, "%s:%lld: %s", lines->name, (long long)number, message);
}
