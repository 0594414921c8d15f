/* SPDX-License-Identifier: Apache-2.0 */
/* Zip archives as no tool would write them: every field is what the test says. Layout by PKWARE's
 * APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (its end) and 4.5.3
 * (zip64 extra field). Members are stored, or deflated into blocks that are stored inside. */
#ifndef TESTS_RAW_ZIP_H
#define TESTS_RAW_ZIP_H

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define RAW_ENCRYPTED 1u /* a flag */
#define RAW_BLOCK 65535u /* longest stored block of deflate */

struct raw_member {
    const char *name;
    const void *data;
    size_t bytes;
    unsigned method;  /* 0 stored, 8 deflated; others are stored too */
    unsigned flags;   /* RAW_ENCRYPTED or 0 */
    uint64_t claimed; /* length in the directory; 0: the true one */
    uint32_t bad_crc; /* 1: the checksum is wrong */
};

static inline void raw_add(struct tp_text *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++, value >>= 8) {
        char byte = (char)(value & 255);
        tp_text_add_bytes(out, &byte, 1);
    }
}

static inline uint32_t raw_crc(const unsigned char *data, size_t bytes)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

/* Appends the data as deflated blocks (RFC 1951, 3.2.4), or as it is. */
static inline void raw_add_packed(struct tp_text *out, const struct raw_member *member)
{
    const char *next = member->data;
    size_t left = member->bytes;
    while (member->method == 8 && left > RAW_BLOCK) {
        raw_add(out, 0, 1);
        raw_add(out, RAW_BLOCK, 2);
        raw_add(out, 0, 2);
        tp_text_add_bytes(out, next, RAW_BLOCK);
        next += RAW_BLOCK;
        left -= RAW_BLOCK;
    }
    if (member->method == 8) {
        raw_add(out, 1, 1);
        raw_add(out, left, 2);
        raw_add(out, ~left & 0xffff, 2);
    }
    tp_text_add_bytes(out, next, left);
}

/* The fields that a local header and the directory share, versions to length of the name. */
static inline void raw_add_fields(
    struct tp_text *out, const struct raw_member *member, size_t packed, uint32_t length)
{
    raw_add(out, 45, 2);
    raw_add(out, member->flags, 2);
    raw_add(out, member->method, 2);
    raw_add(out, 0x00210000, 4); /* midnight, 1980-01-01 */
    raw_add(out, raw_crc(member->data, member->bytes) ^ member->bad_crc, 4);
    raw_add(out, packed, 4);
    raw_add(out, length, 4);
    raw_add(out, strlen(member->name), 2);
}

static inline void raw_add_local(struct tp_text *out, const struct raw_member *member)
{
    struct tp_text packed = {0};
    raw_add_packed(&packed, member);
    raw_add(out, 0x04034b50, 4);
    raw_add_fields(out, member, packed.length, (uint32_t)member->bytes);
    raw_add(out, 0, 2);
    tp_text_add(out, "%s", member->name);
    tp_text_add_bytes(out, packed.data, packed.length);
    tp_text_release(&packed);
}

static inline void raw_add_entry(
    struct tp_text *out, const struct raw_member *member, size_t packed, size_t offset)
{
    uint64_t length = member->claimed ? member->claimed : member->bytes;
    int large = length >= 0xffffffffu;
    raw_add(out, 0x02014b50, 4);
    raw_add(out, 45, 2);
    raw_add_fields(out, member, packed, large ? 0xffffffffu : (uint32_t)length);
    raw_add(out, large ? 12 : 0, 2);
    raw_add(out, 0, 10); /* no comment, first disk, no attributes */
    raw_add(out, offset, 4);
    tp_text_add(out, "%s", member->name);
    if (large) {
        raw_add(out, 1, 2);
        raw_add(out, 8, 2);
        raw_add(out, length, 8);
    }
}

/* At most 16 members. */
static inline void raw_zip(struct tp_text *out, const struct raw_member *members, int count)
{
    size_t offsets[16], packed[16];
    for (int i = 0; i < count; i++) {
        offsets[i] = out->length;
        raw_add_local(out, &members[i]);
        packed[i] = out->length - offsets[i] - 30 - strlen(members[i].name);
    }
    size_t start = out->length;
    for (int i = 0; i < count; i++)
        raw_add_entry(out, &members[i], packed[i], offsets[i]);
    size_t bytes = out->length - start;
    raw_add(out, 0x06054b50, 4);
    raw_add(out, 0, 4);
    raw_add(out, (uint64_t)count, 2);
    raw_add(out, (uint64_t)count, 2);
    raw_add(out, bytes, 4);
    raw_add(out, start, 4);
    raw_add(out, 0, 2);
}

#endif
