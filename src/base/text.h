/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string, and numbers as text. Always in the C locale, whatever the process has set, so
 * that a decimal comma never reaches a file. */
#ifndef TP_BASE_TEXT_H
#define TP_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

struct tp_text {
    char *data; /* NUL-terminated; NULL while empty */
    size_t length, capacity;
    bool failed;  /* out of memory: later additions are ignored */
    bool endless; /* for what breaks lines by itself: words are not wrapped into columns */
};

void tp_text_add(struct tp_text *text, const char *format, ...) TP_PRINTF(2, 3);
void tp_text_add_bytes(struct tp_text *text, const char *data, size_t length);
void tp_text_release(struct tp_text *text);

/* vsnprintf() in the C locale. */
int tp_format(char *out, size_t capacity, const char *format, va_list args);

/* The shortest decimal digits that read back as the same double, with a '.' and a signed exponent so
 * that YAML 1.1 and 1.2 take it for a number: 0.1, 16384.0, 1.5e+12.
 * @param out  at least 32 bytes. @param value  finite. */
void tp_format_real(char *out, double value);

/* Reads [+-]digits[.digits][e[+-]digits] in the C locale.
 * @return false unless the whole text is such a number and it is finite. */
bool tp_parse_real(const char *text, double *value);

/* Reads [-]digits, without leading zeros. @return false if it is anything else or does not fit. */
bool tp_parse_integer(const char *text, int64_t *value);

/* "1.9 GB", "37 kB", "512 B": three digits, powers of 1000. @param out  at least 16 bytes. */
void tp_format_bytes(char *out, double bytes);

/* "15.8 ms", "3.2 us". @param out  at least 16 bytes. */
void tp_format_seconds(char *out, double seconds);

/* "s" unless there is exactly one: what a counted noun ends with. */
const char *tp_plural(int64_t count);

#endif
