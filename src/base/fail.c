/* SPDX-License-Identifier: Apache-2.0 */
/* Formats errors. A message is cut, never overrun, and no control character of a file's content gets
 * through to the terminal that shows it. */
#include "base/fail.h"

#include "base/text.h"
#include "base/unicode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* @param length  that the whole text has or would have. */
static void tidy(struct tp_error *err, size_t length, const char *kept)
{
    if (length >= sizeof err->text)
        memcpy(err->text + sizeof err->text - 4, "...", 4);
    tp_utf8_clean(err->text, kept);
}

static void set_line(struct tp_error *err, const char *format, va_list args)
{
    int length = tp_format(err->text, sizeof err->text, format, args);
    if (length < 0)
        err->text[0] = '\0';
    tidy(err, length < 0 ? 0 : (size_t)length, "");
}

enum tp_status tp_fail(struct tp_error *err, enum tp_status status, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        set_line(err, format, args);
        va_end(args);
        err->status = status;
    }
    return status;
}

enum tp_status tp_fail_lines(struct tp_error *err, enum tp_status status, const char *lines)
{
    if (err) {
        snprintf(err->text, sizeof err->text, "%s", lines);
        tidy(err, strlen(lines), "\n");
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
    set_line(err, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "%s", before.text);
    return err->status;
}

enum tp_status tp_fail_memory(struct tp_error *err)
{
    return tp_fail(err, TP_ENOMEM, "out of memory");
}
