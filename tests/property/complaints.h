/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of what is wrong, one line each, and memory that is either there or ends the test.
 * */
#ifndef PROPERTY_COMPLAINTS_H
#define PROPERTY_COMPLAINTS_H

#include <stddef.h>

struct complaints {
    char **lines;
    int count;
};

/* Adds one line, formatted as printf() does; line breaks become bars. */
__attribute__((format(printf, 2, 3))) void complain(
    struct complaints *complaints, const char *format, ...);

/* Whether one of the lines holds that text. */
int complaints_mention(const struct complaints *complaints, const char *text);

void complaints_release(struct complaints *complaints);

/* calloc() that never returns NULL: a test without memory can only stop. */
void *need(size_t count, size_t size);

#endif
