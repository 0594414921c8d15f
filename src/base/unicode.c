/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629) to UTF-32 and back. Strict both ways: what is not a character is refused, never
 * replaced, since these texts are names that must compare equal elsewhere. */
#include "base/unicode.h"

#include <string.h>

static bool is_character(uint32_t c)
{
    return c > 0 && c < 0x110000 && (c < 0xd800 || c > 0xdfff);
}

/* Reads one character; returns its bytes, 0 if there is none. The NUL at the end is no continuation
 * byte, so a text that breaks off is not overrun. */
static size_t read_utf8(const unsigned char *p, uint32_t *character)
{
    static const uint32_t least[] = {
        0, 0, 0x80, 0x800, 0x10000}; /* of that length; less is overlong */
    if (*p < 0x80) {
        *character = *p;
        return *p ? 1 : 0;
    }
    size_t length = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
    if (*p < 0xc0 || *p >= 0xf8)
        return 0;
    uint32_t c = *p & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    *character = c;
    return c >= least[length] && is_character(c) ? length : 0;
}

size_t tp_utf8_count(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t count = 0;
    while (*p) {
        uint32_t character;
        size_t length = read_utf8(p, &character);
        if (!length)
            return SIZE_MAX;
        p += length;
        count++;
    }
    return count;
}

void tp_utf8_to_utf32(const char *text, uint32_t *characters, size_t capacity)
{
    const unsigned char *p = (const unsigned char *)text;
    memset(characters, 0, capacity * sizeof *characters);
    for (size_t i = 0; i < capacity; i++) {
        size_t length = read_utf8(p, &characters[i]);
        if (!length)
            return;
        p += length;
    }
}

static void write_utf8(uint32_t c, struct tp_text *text)
{
    char bytes[4];
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(first[length] | c);
    tp_text_add_bytes(text, bytes, length);
}

bool tp_utf32_to_utf8(const unsigned char *bytes, size_t count, struct tp_text *text)
{
    static const unsigned char zero[4];
    while (count && !memcmp(bytes + 4 * (count - 1), zero, 4))
        count--;
    for (size_t i = 0; i < count; i++) {
        uint32_t character;
        memcpy(&character, bytes + 4 * i, sizeof character);
        if (!is_character(character))
            return false;
        write_utf8(character, text);
    }
    return true;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

bool tp_utf8_has_control(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        uint32_t c;
        size_t length = read_utf8(p, &c);
        if (length && is_control(c))
            return true;
        p += length ? length : 1;
    }
    return false;
}

void tp_utf8_clean(char *text, const char *kept)
{
    size_t length;
    for (unsigned char *p = (unsigned char *)text; *p; p += length) {
        uint32_t c = 0;
        length = read_utf8(p, &c);
        if (length && (!is_control(c) || (c < 0x20 && strchr(kept, (int)c))))
            continue;
        length = length ? length : 1;
        memset(p, '?', length);
    }
}
