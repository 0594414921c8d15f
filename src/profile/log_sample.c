/* SPDX-License-Identifier: Apache-2.0 */
/* Label and dense values of a row.
 *
 * In: fields as they stand in the log. Out: values in the row, or an error with the line. A label is
 * "0" or "1" and nothing else, so that a column that is none is noticed. Dense values are integers
 * in Criteo's layout and decimal numbers in a csv; an empty field is a missing value, NAN. Words for
 * missing values (NA, nan, null) are not guessed at. Cost: O(length). */
#include "base/text.h"
#include "profile/log_source.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define NUMBER_BYTES 64 /* no number that means something is longer */
#define SHOWN 40

enum tp_status tp_log_fail(struct tp_log *log, struct tp_error *err, const char *format, ...)
{
    char message[TP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    tp_format(message, sizeof message, format, args);
    va_end(args);
    log->bad_row = true;
    return log->csv ? tp_log_csv_fail(log->csv, err, message)
                    : tp_lines_fail(log->lines, tp_lines_number(log->lines), err, "%s", message);
}

enum tp_status tp_log_take_label(
    struct tp_log *log, const char *text, size_t length, struct tp_error *err)
{
    if (length != 1 || (*text != '0' && *text != '1'))
        return tp_log_fail(log, err, "found the label '%.*s', expected 0 or 1",
            length > SHOWN ? SHOWN : (int)length, text);
    log->row.label = *text == '1';
    return TP_OK;
}

enum tp_status tp_log_take_dense(
    struct tp_log *log, int32_t column, const char *text, size_t length, struct tp_error *err)
{
    char number[NUMBER_BYTES] = "";
    int64_t integer = 0;
    double *value = &log->dense[column];
    *value = NAN;
    if (length == 0)
        return TP_OK;
    if (length < sizeof number)
        memcpy(number, text, length);
    if (log->csv ? tp_parse_real(number, value) : tp_parse_integer(number, &integer)) {
        *value = log->csv ? *value : (double)integer;
        return TP_OK;
    }
    return tp_log_fail(log, err, "dense feature %d: found '%.*s', expected %s, or nothing",
        (int)column, length > SHOWN ? SHOWN : (int)length, text,
        log->csv ? "a number" : "an integer");
}
