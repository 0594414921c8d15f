/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints are kept in the order of their discovery and never dropped: whoever prints them
 * decides how many to show. */
#include "complaints.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *need(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) {
        fputs("out of memory in a test\n", stderr);
        abort();
    }
    return memory;
}

void complain(struct complaints *complaints, const char *format, ...)
{
    char line[512];
    char **lines = need((size_t)complaints->count + 1, sizeof *lines);
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *c = line; *c; c++)
        if (*c == '\n')
            *c = '|';
    if (complaints->count)
        memcpy(lines, complaints->lines, (size_t)complaints->count * sizeof *lines);
    free(complaints->lines);
    complaints->lines = lines;
    lines[complaints->count] = need(strlen(line) + 1, 1);
    strcpy(lines[complaints->count++], line);
}

int complaints_mention(const struct complaints *complaints, const char *text)
{
    for (int i = 0; i < complaints->count; i++)
        if (strstr(complaints->lines[i], text))
            return 1;
    return 0;
}

void complaints_release(struct complaints *complaints)
{
    for (int i = 0; i < complaints->count; i++)
        free(complaints->lines[i]);
    free(complaints->lines);
    *complaints = (struct complaints){0};
}
