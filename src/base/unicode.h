/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 in memory and in our files <-> UTF-32, which NumPy's unicode arrays hold. */
#ifndef TP_BASE_UNICODE_H
#define TP_BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Characters of a UTF-8 text, or SIZE_MAX if it is none (nor are overlong forms, surrogates). */
size_t tp_utf8_count(const char *text);

/* Writes the characters of a valid UTF-8 text and fills up with zeros.
 * @param characters  out, (capacity); capacity >= tp_utf8_count(text). */
void tp_utf8_to_utf32(const char *text, uint32_t *characters, size_t capacity);

/* Appends the characters up to the zeros at the end, as UTF-8.
 * @param bytes  count little-endian characters of 4 bytes, not aligned.
 * @return false for a value that is no character, a zero inside included. */
bool tp_utf32_to_utf8(const unsigned char *bytes, size_t count, struct tp_text *text);

/* Whether it holds a control character: C0, DEL or C1. */
bool tp_utf8_has_control(const char *text);

/* Puts '?' for every byte that a terminal should not see raw: control characters (C0 except those in
 * `kept`, DEL, C1) and what is not UTF-8. */
void tp_utf8_clean(char *text, const char *kept);

#endif
