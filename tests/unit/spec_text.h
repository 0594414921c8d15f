/* SPDX-License-Identifier: Apache-2.0 */
/* Small edits of a good document, for tables of bad ones. */
#ifndef TESTS_UNIT_SPEC_TEXT_H
#define TESTS_UNIT_SPEC_TEXT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* `text` with the first `from` replaced by `to`; both must make a difference. Caller frees. */
static inline char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    ck_assert_msg(at != NULL, "'%s' is not in the document", from);
    ck_assert_str_ne(from, to);
    size_t before = (size_t)(at - text);
    char *made = malloc(strlen(text) + strlen(to) + 1);
    ck_assert_ptr_nonnull(made);
    memcpy(made, text, before);
    strcpy(made + before, to);
    strcat(made, at + strlen(from));
    return made;
}

/* Whether `length` bytes of a text end right behind one of the marks (NULL-terminated), or behind it
 * and its newline. */
static inline int ends_behind(const char *text, size_t length, const char *const *marks)
{
    for (; *marks; marks++) {
        const char *at = strstr(text, *marks);
        ck_assert_msg(at != NULL, "'%s' is not in the document", *marks);
        size_t end = (size_t)(at - text) + strlen(*marks);
        if (length == end || (length == end + 1 && text[end] == '\n'))
            return 1;
    }
    return 0;
}

#endif
