/* SPDX-License-Identifier: Apache-2.0 */
/* Formats errors. A message is cut, never overrun, and no control character of a file's content gets
 * through to the terminal that shows it. */
#include "base/fail.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Leaves UTF-8 alone (bytes >= 0x80) and newlines, which our own messages use; C1 controls come as
 * 0xC2 0x80..0x9F and are blanked too. */
static void clean(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        if ((*p < 0x20 && *p != '\n') || *p == 0x7f)
            *p = '?';
        else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
            p[0] = p[1] = '?';
    }
}

static void set_text(struct tp_error *err, const char *format, va_list args)
{
    int length = tp_format(err->text, sizeof err->text, format, args);
    if (length < 0)
        err->text[0] = '\0';
    else if ((size_t)length >= sizeof err->text)
        memcpy(err->text + sizeof err->text - 4, "...", 4);
    clean(err->text);
}

enum tp_status tp_fail(struct tp_error *err, enum tp_status status, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        set_text(err, format, args);
        va_end(args);
        err->status = status;
    }
    return status;
}

enum tp_status tp_fail_prefix(struct tp_error *err, enum tp_status status, const char *format, ...)
{
    if (!err)
        return status;
    struct tp_error before = *err;
    va_list args;
    va_start(args, format);
    set_text(err, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "%s", before.text);
    return err->status;
}

enum tp_status tp_fail_memory(struct tp_error *err)
{
    return tp_fail(err, TP_ENOMEM, "out of memory");
}
