/* SPDX-License-Identifier: Apache-2.0 */
/* Text and numbers in the C locale. The locale is switched for the calling thread around each libc
 * call that formats or reads a real; both switches are cheap next to the formatting itself. */
#define _GNU_SOURCE
#include "base/text.h"

#include "base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made once per process; a race makes it twice and leaks one of them, which harms nobody. */
static locale_t c_locale(void)
{
    static locale_t locale;
    if (!locale)
        locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return locale;
}

int tp_format(char *out, size_t capacity, const char *format, va_list args)
{
    locale_t before = uselocale(c_locale());
    int length = vsnprintf(out, capacity, format, args);
    uselocale(before);
    return length;
}

static void format(char *out, size_t capacity, const char *pattern, ...) TP_PRINTF(3, 4);
static void format(char *out, size_t capacity, const char *pattern, ...)
{
    va_list args;
    va_start(args, pattern);
    tp_format(out, capacity, pattern, args);
    va_end(args);
}

static bool reserve(struct tp_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (more > SIZE_MAX / 2 - text->length - 1) {
        text->failed = true;
        return false;
    }
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return true;
    size_t capacity = needed < 256 ? 256 : needed + needed / 2;
    char *data = tp_resize(text->data, capacity, 1);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void tp_text_add_bytes(struct tp_text *text, const char *data, size_t length)
{
    if (!reserve(text, length))
        return;
    if (length)
        memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void tp_text_add(struct tp_text *text, const char *pattern, ...)
{
    va_list args, again;
    va_start(args, pattern);
    va_copy(again, args);
    int length = tp_format(NULL, 0, pattern, args);
    if (length < 0) {
        text->failed = true;
    } else if (reserve(text, (size_t)length)) {
        tp_format(text->data + text->length, (size_t)length + 1, pattern, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void tp_text_release(struct tp_text *text)
{
    if (text) {
        free(text->data);
        memset(text, 0, sizeof *text);
    }
}

static double read_real(const char *text, char **end)
{
    return strtod_l(text, end, c_locale());
}

void tp_format_real(char *out, double value)
{
    char digits[32];
    for (int precision = 1; precision <= 17; precision++) {
        format(digits, sizeof digits, "%.*g", precision, value);
        if (read_real(digits, NULL) == value)
            break;
    }
    /* The same digits, but 40.0 rather than 4.0e+01. */
    if (strchr(digits, 'e') && fabs(value) >= 1.0 && fabs(value) < 1e6)
        format(digits, sizeof digits, "%.6g", value);
    /* YAML 1.1 wants a '.' in the mantissa. */
    char *exponent = strchr(digits, 'e');
    bool dot = strchr(digits, '.') != NULL;
    int mantissa = exponent ? (int)(exponent - digits) : (int)strlen(digits);
    format(out, 32, "%.*s%s%s", mantissa, digits, dot ? "" : ".0", exponent ? exponent : "");
}

static const char *skip_digits(const char *p)
{
    while (isdigit((unsigned char)*p))
        p++;
    return p;
}

bool tp_parse_real(const char *text, double *value)
{
    const char *p = text + (*text == '-' || *text == '+');
    const char *digits = p;
    p = skip_digits(p);
    if (p == digits)
        return false;
    if (*p == '.') {
        digits = ++p;
        p = skip_digits(p);
        if (p == digits)
            return false;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '-' || *p == '+')
            p++;
        if (!isdigit((unsigned char)*p))
            return false;
        p = skip_digits(p);
    }
    if (*p)
        return false;
    double read = read_real(text, NULL);
    if (!isfinite(read))
        return false;
    *value = read;
    return true;
}

bool tp_parse_integer(const char *text, int64_t *value)
{
    const char *digits = text + (*text == '-');
    const char *end = skip_digits(digits);
    if (end == digits || *end || (digits[0] == '0' && digits[1]))
        return false;
    errno = 0;
    long long read = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return false;
    *value = (int64_t)read;
    return true;
}

/* Three significant digits with the unit that keeps the number in [1, 1000). */
static void format_scaled(
    char *out, double value, const char *const *units, int unit_count, double step)
{
    int unit = 0;
    while (unit + 1 < unit_count && fabs(value) >= 999.5) {
        value /= step;
        unit++;
    }
    int decimals = fabs(value) >= 99.95 ? 0 : fabs(value) >= 9.995 ? 1 : 2;
    if (value == floor(value) && fabs(value) < 1000 && unit == 0)
        decimals = 0;
    format(out, 16, "%.*f %s", decimals, value, units[unit]);
}

void tp_format_bytes(char *out, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    format_scaled(out, bytes, units, 7, 1000.0);
}

void tp_format_seconds(char *out, double seconds)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    format_scaled(out, seconds * 1e9, units, 4, 1000.0);
}

const char *tp_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}
