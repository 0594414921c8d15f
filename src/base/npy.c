/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npy: "\x93NUMPY", version, length of the header, header, data. The header is a Python
 * dict literal, {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, padded with spaces so
 * that the data starts at a multiple of 64 bytes.
 *
 * In: the bytes of a whole file, not trusted. Out: a view of them; nothing is copied. Only what this
 * program uses is accepted: little-endian reals of 2, 4 and 8 bytes, int64 and unicode (int32 where
 * numbers are asked for), in C order, of at most three dims, with exactly as much data as the shape
 * asks for. Cost of parsing: the header's length. */
#include "base/npy.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "values are copied between files and memory as they are: a little-endian machine is needed"
#endif

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6
#define ALIGNMENT 64   /* of the data, as NumPy writes it, for mapping */
#define DESCR_BYTES 16 /* "<U1000000" and its like */
#define REAL_TYPES "'<f2' (float16), '<f4' (float32) or '<f8' (float64)"
#define UNICODE_BYTES_MAX 65536 /* longest text, in bytes of UTF-32 */

/* The header while it is read. */
struct scan {
    const char *next, *end;
};

static void skip_blanks(struct scan *scan)
{
    while (scan->next < scan->end && (*scan->next == ' ' || *scan->next == '\n'))
        scan->next++;
}

/* Takes that text if it comes next, blanks before it aside. */
static bool take(struct scan *scan, const char *text)
{
    size_t length = strlen(text);
    skip_blanks(scan);
    if ((size_t)(scan->end - scan->next) < length || memcmp(scan->next, text, length) != 0)
        return false;
    scan->next += length;
    return true;
}

static bool take_quoted(struct scan *scan, char out[DESCR_BYTES])
{
    char quote[2] = {take(scan, "'") ? '\'' : take(scan, "\"") ? '"' : '\0', '\0'};
    size_t length = 0;
    while (quote[0] && scan->next < scan->end && *scan->next != quote[0]) {
        if (length + 1 == DESCR_BYTES)
            return false;
        out[length++] = *scan->next++;
    }
    out[length] = '\0';
    return quote[0] && take(scan, quote);
}

static bool take_count(struct scan *scan, int64_t *value)
{
    skip_blanks(scan);
    const char *first = scan->next;
    int64_t sum = 0;
    while (scan->next < scan->end && *scan->next >= '0' && *scan->next <= '9') {
        int digit = *scan->next++ - '0';
        if (sum > (INT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return scan->next > first;
}

/* What the header says, before it is judged. */
struct header {
    char descr[DESCR_BYTES];
    bool has_descr, has_order, has_shape;
    bool fortran_order;
    bool too_many_dims;
    int32_t dim_count;
    int64_t shape[TP_NPY_DIMS_MAX];
};

static bool take_shape(struct scan *scan, struct header *header)
{
    if (!take(scan, "("))
        return false;
    while (!take(scan, ")")) {
        int64_t length;
        if (!take_count(scan, &length))
            return false;
        if (header->dim_count < TP_NPY_DIMS_MAX)
            header->shape[header->dim_count++] = length;
        else
            header->too_many_dims = true;
        bool comma = take(scan, ",");
        if (!comma)
            return header->dim_count > 1 && take(scan, ")"); /* (3) is a number, no tuple */
    }
    return true;
}

static bool take_entry(struct scan *scan, struct header *header)
{
    char key[DESCR_BYTES];
    if (!take_quoted(scan, key) || !take(scan, ":"))
        return false;
    if (!strcmp(key, "descr") && !header->has_descr) {
        header->has_descr = true;
        return take_quoted(scan, header->descr);
    }
    if (!strcmp(key, "fortran_order") && !header->has_order) {
        header->has_order = true;
        header->fortran_order = take(scan, "True");
        return header->fortran_order || take(scan, "False");
    }
    if (!strcmp(key, "shape") && !header->has_shape) {
        header->has_shape = true;
        return take_shape(scan, header);
    }
    return false;
}

/* Reads the dict; false when it is not one, or an entry is unknown, twice or missing. */
static bool read_header(const char *text, size_t length, struct header *header)
{
    struct scan scan = {text, text + length};
    if (!take(&scan, "{"))
        return false;
    while (!take(&scan, "}")) {
        if (!take_entry(&scan, header))
            return false;
        if (!take(&scan, ",")) {
            if (!take(&scan, "}"))
                return false;
            break;
        }
    }
    skip_blanks(&scan);
    return scan.next == scan.end && header->has_descr && header->has_order && header->has_shape;
}

static bool read_unicode(const char *descr, size_t *item_bytes)
{
    struct scan scan = {descr, descr + strlen(descr)};
    int64_t characters;
    if (!take(&scan, "<U") || !take_count(&scan, &characters) || scan.next != scan.end ||
        characters > UNICODE_BYTES_MAX / 4)
        return false;
    *item_bytes = 4 * (size_t)characters;
    return true;
}

/* What types will do. */
enum wanted { ANY, REALS, NUMBERS };

static const char *const wanted_types[] = {
    [ANY] = REAL_TYPES ", '<i8' or '<U...' as the array needs",
    [REALS] = REAL_TYPES,
    [NUMBERS] = REAL_TYPES ", '<i4' (int32) or '<i8' (int64) as the array needs"};

static bool will_do(enum tp_npy_type type, enum wanted wanted)
{
    return type <= TP_NPY_FLOAT64 || (wanted == NUMBERS && type == TP_NPY_INT32) ||
           (wanted != REALS && type == TP_NPY_INT64);
}

/* False for a type that is not known or will not do. */
static bool find_type(const char *descr, enum wanted wanted, struct tp_npy *npy)
{
    static const struct {
        const char *descr;
        enum tp_npy_type type;
        size_t bytes;
    } known[] = {{"<f2", TP_NPY_FLOAT16, 2}, {"<f4", TP_NPY_FLOAT32, 4}, {"<f8", TP_NPY_FLOAT64, 8},
        {"<i4", TP_NPY_INT32, 4}, {"<i8", TP_NPY_INT64, 8}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!strcmp(descr, known[i].descr)) {
            npy->type = known[i].type;
            npy->item_bytes = known[i].bytes;
            return will_do(npy->type, wanted);
        }
    }
    npy->type = TP_NPY_UNICODE;
    return wanted == ANY && read_unicode(descr, &npy->item_bytes);
}

static enum tp_status read_type(const char *descr, const char *name, enum wanted wanted,
    struct tp_npy *npy, struct tp_error *err)
{
    if (find_type(descr, wanted, npy))
        return TP_OK;
    char little[DESCR_BYTES];
    snprintf(little, sizeof little, "<%s", descr[0] == '>' ? descr + 1 : "");
    if (find_type(little, wanted, npy))
        return tp_fail(err, TP_EINPUT,
            "%s: dtype '%s' is big-endian, expected little-endian: save it with "
            "array.astype('<%s')",
            name, descr, descr + 1);
    return tp_fail(err, TP_EINPUT, "%s: dtype '%s' is not supported, expected %s", name, descr,
        wanted_types[wanted]);
}

/* Finds the header's place among the first bytes of a file; *offset is where the data starts. */
static enum tp_status find_header(const unsigned char *bytes, size_t at_hand, size_t length,
    const char *name, size_t *start, size_t *offset, struct tp_error *err)
{
    if (length < MAGIC_BYTES + 2 || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return tp_fail(
            err, TP_EINPUT, "%s: is no .npy array: it does not start with \\x93NUMPY", name);
    int major = bytes[MAGIC_BYTES], minor = bytes[MAGIC_BYTES + 1];
    if ((major != 1 && major != 2) || minor != 0)
        return tp_fail(err, TP_EINPUT,
            "%s: .npy version %d.%d is not supported, expected 1.0 or 2.0", name, major, minor);
    size_t from = MAGIC_BYTES + 2 + (major == 1 ? 2 : 4), header_bytes = 0;
    for (size_t i = from; length >= from && i-- > MAGIC_BYTES + 2;)
        header_bytes = header_bytes << 8 | bytes[i];
    if (length < from || header_bytes > length - from)
        return tp_fail(
            err, TP_EINPUT, "%s: is cut off inside its .npy header, after %zu bytes", name, length);
    if (header_bytes > at_hand - from)
        return tp_fail(err, TP_EINPUT, "%s: its .npy header has %zu bytes, expected at most %zu",
            name, header_bytes, at_hand - from);
    *start = from;
    *offset = from + header_bytes;
    return TP_OK;
}

static enum tp_status check_length(
    struct tp_npy *npy, size_t data_bytes, const char *name, struct tp_error *err)
{
    size_t expected;
    npy->count = 1;
    bool empty = false, fits = true;
    for (int32_t i = 0; i < npy->dim_count; i++) {
        empty = empty || npy->shape[i] == 0;
        fits = fits && (uint64_t)npy->shape[i] <= SIZE_MAX &&
               tp_multiply(npy->count, (size_t)npy->shape[i], &npy->count);
    }
    if (empty)
        npy->count = 0;
    if ((!fits && !empty) || !tp_multiply(npy->count, npy->item_bytes, &expected))
        return tp_fail(
            err, TP_EINPUT, "%s: the shape asks for more bytes than can be counted", name);
    if (data_bytes < expected)
        return tp_fail(err, TP_EINPUT,
            "%s: is cut off: found %zu bytes of data, the shape asks for %zu", name, data_bytes,
            expected);
    if (data_bytes > expected)
        return tp_fail(err, TP_EINPUT,
            "%s: has %zu bytes after its data: the shape asks for %zu bytes, found %zu", name,
            data_bytes - expected, expected, data_bytes);
    return TP_OK;
}

/* @param bytes  the first at_hand of `length`. */
static enum tp_status parse(const unsigned char *bytes, size_t at_hand, size_t length,
    const char *name, enum wanted wanted, struct tp_npy *npy, struct tp_error *err)
{
    size_t start = 0, offset = 0;
    enum tp_status status = find_header(bytes, at_hand, length, name, &start, &offset, err);
    if (status)
        return status;
    struct header header = {0};
    if (!read_header((const char *)bytes + start, offset - start, &header))
        return tp_fail(err, TP_EINPUT,
            "%s: cannot understand the .npy header, expected {'descr': '<f4', 'fortran_order': "
            "False, 'shape': (...), }",
            name);
    if (header.too_many_dims)
        return tp_fail(err, TP_EINPUT, "%s: has more than %d dims", name, TP_NPY_DIMS_MAX);
    struct tp_npy made = {.dim_count = header.dim_count, .header_bytes = offset};
    status = read_type(header.descr, name, wanted, &made, err);
    if (status)
        return status;
    if (header.fortran_order)
        return tp_fail(err, TP_EINPUT,
            "%s: is in Fortran order, expected C order: save it with numpy.ascontiguousarray()",
            name);
    memcpy(made.shape, header.shape, sizeof made.shape);
    if (at_hand == length)
        made.data = bytes + offset;
    status = check_length(&made, length - offset, name, err);
    if (!status)
        *npy = made;
    return status;
}

enum tp_status tp_npy_parse(const unsigned char *bytes, size_t length, const char *name,
    struct tp_npy *npy, struct tp_error *err)
{
    return parse(bytes, length, length, name, ANY, npy, err);
}

enum tp_status tp_npy_parse_reals(const unsigned char *bytes, size_t length, const char *name,
    struct tp_npy *npy, struct tp_error *err)
{
    return parse(bytes, length, length, name, REALS, npy, err);
}

enum tp_status tp_npy_parse_head(const unsigned char *head, size_t head_bytes, size_t length,
    const char *name, struct tp_npy *npy, struct tp_error *err)
{
    enum tp_status status = parse(head, head_bytes, length, name, REALS, npy, err);
    if (!status)
        npy->data = NULL;
    return status;
}

enum tp_status tp_npy_parse_head_numbers(const unsigned char *head, size_t head_bytes,
    size_t length, const char *name, struct tp_npy *npy, struct tp_error *err)
{
    enum tp_status status = parse(head, head_bytes, length, name, NUMBERS, npy, err);
    if (!status)
        npy->data = NULL;
    return status;
}

static size_t type_bytes(enum tp_npy_type type, size_t item_bytes)
{
    switch (type) {
    case TP_NPY_FLOAT16:
    case TP_NPY_BFLOAT16:
        return 2;
    case TP_NPY_FLOAT32:
    case TP_NPY_INT32:
        return 4;
    case TP_NPY_FLOAT64:
    case TP_NPY_INT64:
        return 8;
    case TP_NPY_UNICODE:
        break;
    }
    return item_bytes;
}

size_t tp_npy_real_bytes(enum tp_npy_type type)
{
    return type_bytes(type, 0);
}

size_t tp_npy_data_bytes(
    enum tp_npy_type type, size_t item_bytes, int32_t dim_count, const int64_t *shape)
{
    size_t bytes = type_bytes(type, item_bytes);
    for (int32_t i = 0; i < dim_count; i++)
        bytes *= (size_t)shape[i];
    return bytes;
}

/* The dict as NumPy spells it. At most some 150 bytes, so version 1.0 always holds it. */
static size_t spell_dict(char *dict, size_t capacity, enum tp_npy_type type, size_t item_bytes,
    int32_t dim_count, const int64_t *shape)
{
    static const char letters[] = {[TP_NPY_FLOAT16] = 'f',
        [TP_NPY_FLOAT32] = 'f',
        [TP_NPY_FLOAT64] = 'f',
        [TP_NPY_INT64] = 'i',
        [TP_NPY_UNICODE] = 'U',
        [TP_NPY_INT32] = 'i'};
    size_t count = type == TP_NPY_UNICODE ? item_bytes / 4 : type_bytes(type, 0);
    int used = snprintf(dict, capacity, "{'descr': '<%c%zu', 'fortran_order': False, 'shape': (",
        letters[type], count);
    for (int32_t i = 0; i < dim_count; i++)
        used += snprintf(
            dict + used, capacity - (size_t)used, i ? ", %lld" : "%lld", (long long)shape[i]);
    used += snprintf(dict + used, capacity - (size_t)used, "%s), }", dim_count == 1 ? "," : "");
    return (size_t)used;
}

void tp_npy_format_header(struct tp_text *out, enum tp_npy_type type, size_t item_bytes,
    int32_t dim_count, const int64_t *shape)
{
    char dict[256], blanks[ALIGNMENT];
    size_t used = spell_dict(dict, sizeof dict, type, item_bytes, dim_count, shape);
    size_t unpadded = MAGIC_BYTES + 4 + used + 1; /* 1: the newline that ends the header */
    size_t padding = (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT;
    size_t header_bytes = used + padding + 1;
    char preamble[] = {1, 0, (char)(header_bytes & 255), (char)(header_bytes >> 8)};
    memset(blanks, ' ', sizeof blanks);
    tp_text_add_bytes(out, MAGIC, MAGIC_BYTES);
    tp_text_add_bytes(out, preamble, sizeof preamble);
    tp_text_add_bytes(out, dict, used);
    tp_text_add_bytes(out, blanks, padding);
    tp_text_add_bytes(out, "\n", 1);
}

void tp_npy_format(struct tp_text *out, enum tp_npy_type type, size_t item_bytes, int32_t dim_count,
    const int64_t *shape, const void *data)
{
    tp_npy_format_header(out, type, item_bytes, dim_count, shape);
    tp_text_add_bytes(out, data, tp_npy_data_bytes(type, item_bytes, dim_count, shape));
}

/* binary16 to binary32. Moving the exponent and fraction into place gives the value times 2^-112,
 * also for subnormals, so one exact product does it; what lands at 2^16 or above was Inf or NaN. */
static float half_to_float(uint16_t half)
{
    uint32_t bits = (uint32_t)(half & 0x7fffu) << 13, sign = (uint32_t)(half & 0x8000u) << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    if (value >= 0x1p16f)
        bits |= 0x7f800000u;
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float half_at(const unsigned char *from, size_t i)
{
    uint16_t half;
    memcpy(&half, from + 2 * i, sizeof half);
    return half_to_float(half);
}

/* Exact: every bfloat16 is a float32 whose lower half is zero. */
static float brain_at(const unsigned char *from, size_t i)
{
    uint16_t upper;
    float value;
    memcpy(&upper, from + 2 * i, sizeof upper);
    uint32_t bits = (uint32_t)upper << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float single_at(const unsigned char *from, size_t i)
{
    float value;
    memcpy(&value, from + 4 * i, sizeof value);
    return value;
}

static double double_at(const unsigned char *from, size_t i)
{
    double value;
    memcpy(&value, from + 8 * i, sizeof value);
    return value;
}

void tp_npy_to_float(enum tp_npy_type type, const unsigned char *from, size_t count, float *to)
{
    if (type == TP_NPY_FLOAT32) {
        memcpy(to, from, count * sizeof *to);
    } else if (type == TP_NPY_FLOAT16) {
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            to[i] = half_at(from, i);
    } else if (type == TP_NPY_BFLOAT16) {
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            to[i] = brain_at(from, i);
    } else {
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            to[i] = (float)double_at(from, i);
    }
}

void tp_npy_to_double(enum tp_npy_type type, const unsigned char *from, size_t count, double *to)
{
    if (type == TP_NPY_FLOAT64) {
        memcpy(to, from, count * sizeof *to);
    } else if (type == TP_NPY_FLOAT16) {
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            to[i] = (double)half_at(from, i);
    } else if (type == TP_NPY_BFLOAT16) {
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            to[i] = (double)brain_at(from, i);
    } else {
#pragma omp simd
        for (size_t i = 0; i < count; i++)
            to[i] = (double)single_at(from, i);
    }
}

int64_t tp_npy_to_integer(enum tp_npy_type type, const unsigned char *from)
{
    int64_t wide;
    int32_t narrow;
    if (type == TP_NPY_INT32) {
        memcpy(&narrow, from, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, from, sizeof wide);
    return wide;
}
