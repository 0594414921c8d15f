/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values out of the tree that yaml_read.c builds, and the messages when they are not what was
 * expected: "file:line:column: tables[3].rows: found '4e7', expected an integer in decimal digits, at
 * least 1".
 *
 * YAML 1.1 and 1.2 readers disagree on what many plain words are (010, 1_000, 1:30, 0x1, no), and some
 * stop at the first character they do not know (40M, 4e7 for an integer). So a number here is only
 * what all of them read alike: decimal digits without leading zeros, and for reals a fraction and an
 * exponent. Everything else is refused.
 *
 * Nothing is copied but by tp_yaml_text(). Cost: O(keys) to find one key of a mapping. */
#include "base/nearest.h"
#include "base/yaml_read.h"

#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

#define ANCESTORS_MAX 34 /* the tree is at most 32 deep */
#define PATH_BYTES 512
#define RANGE_BYTES 160
#define SHOWN_BYTES 64 /* of a value in a message */

/* Copies at most `room` bytes of text, cut at a character of UTF-8 and marked with "...", on one
 * line. */
static void copy_shown(char *out, const char *text, size_t room)
{
    size_t length = strlen(text);
    bool cut = length > room;
    if (cut) {
        length = room - 3;
        while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    for (size_t i = 0; i < length; i++)
        out[i] = text[i] == '\n' ? ' ' : text[i];
    memcpy(out + length, "...", cut ? 3 : 0);
    out[length + (cut ? 3 : 0)] = '\0';
}

void tp_yaml_found(const struct tp_yaml_node *node, char *out)
{
    char shown[SHOWN_BYTES + 1];
    if (node->kind != TP_YAML_SCALAR) {
        const char *what = node->kind == TP_YAML_SEQUENCE ? "a list" : "a mapping";
        snprintf(out, TP_YAML_FOUND_BYTES, "%s", what);
    } else if (!*node->value && !node->quoted) {
        snprintf(out, TP_YAML_FOUND_BYTES, "nothing");
    } else {
        copy_shown(shown, node->value, SHOWN_BYTES);
        snprintf(out, TP_YAML_FOUND_BYTES, "'%s'%s", shown, node->quoted ? " in quotes" : "");
    }
}

/* "tables[3].rows: "; empty for the root. A path too long for `out` is cut. */
static void format_path(const struct tp_yaml_node *node, char *out)
{
    const struct tp_yaml_node *ancestors[ANCESTORS_MAX];
    size_t count = 0;
    for (; node && node->parent && count < ANCESTORS_MAX; node = node->parent)
        ancestors[count++] = node;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = count; i-- > 0 && used < PATH_BYTES - SHOWN_BYTES - 32;) {
        if (ancestors[i]->key) {
            char shown[SHOWN_BYTES + 1];
            copy_shown(shown, ancestors[i]->key, SHOWN_BYTES);
            used += (size_t)snprintf(out + used, PATH_BYTES - used, "%s%s", used ? "." : "", shown);
        } else {
            used += (size_t)snprintf(out + used, PATH_BYTES - used, "[%zu]", ancestors[i]->index);
        }
    }
    if (used)
        snprintf(out + used, PATH_BYTES - used, ": ");
}

static enum tp_status fail_at(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    size_t line, size_t column, struct tp_error *err, const char *format, va_list args)
{
    char path[PATH_BYTES];
    char message[TP_ERROR_TEXT_BYTES];
    format_path(node, path);
    tp_format(message, sizeof message, format, args);
    return tp_fail(
        err, TP_EINPUT, "%s:%zu:%zu: %s%s", tp_yaml_name(yaml), line, column, path, message);
}

enum tp_status tp_yaml_fail(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    struct tp_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum tp_status status = fail_at(yaml, node, node->line, node->column, err, format, args);
    va_end(args);
    return status;
}

enum tp_status tp_yaml_fail_key(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    size_t entry, struct tp_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum tp_status status = fail_at(yaml, mapping->items[entry], mapping->key_lines[entry],
        mapping->key_columns[entry], err, format, args);
    va_end(args);
    return status;
}

static enum tp_status fail_expected(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char *expected, struct tp_error *err)
{
    char found[TP_YAML_FOUND_BYTES];
    tp_yaml_found(node, found);
    return tp_yaml_fail(yaml, node, err, "found %s, expected %s", found, expected);
}

static bool is_known(const char *const *known, const char *key)
{
    while (*known && strcmp(*known, key) != 0)
        known++;
    return *known != NULL;
}

/* "a, b or c" */
static void format_words(char *out, size_t capacity, const char *const *words, const char *last)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; words[i] && used < capacity; i++) {
        const char *join = i == 0 ? "" : words[i + 1] ? ", " : last;
        used += (size_t)snprintf(out + used, capacity - used, "%s%s", join, words[i]);
    }
}

static enum tp_status fail_unknown(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    size_t entry, const char *const *known_keys, const char *known, struct tp_error *err)
{
    size_t count = 0;
    while (known_keys[count])
        count++;
    const char *near = tp_nearest_of(node->keys[entry], known_keys, count);
    return tp_yaml_fail_key(yaml, node, entry, err,
        "found an unknown key, expected one of these: %s%s%s%s", known,
        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum tp_status tp_yaml_expect_mapping(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char *const *known_keys, struct tp_error *err)
{
    char known[1024];
    format_words(known, sizeof known, known_keys, " and ");
    if (node->kind != TP_YAML_MAPPING) {
        char found[TP_YAML_FOUND_BYTES];
        tp_yaml_found(node, found);
        return tp_yaml_fail(
            yaml, node, err, "found %s, expected a mapping with the keys %s", found, known);
    }
    for (size_t i = 0; i < node->count; i++)
        if (!is_known(known_keys, node->keys[i]))
            return fail_unknown(yaml, node, i, known_keys, known, err);
    return TP_OK;
}

enum tp_status tp_yaml_expect_sequence(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    size_t count_min, struct tp_error *err)
{
    if (node->kind != TP_YAML_SEQUENCE)
        return fail_expected(yaml, node, "a list", err);
    if (node->count < count_min)
        return tp_yaml_fail(
            yaml, node, err, "found a list of %zu, expected at least %zu", node->count, count_min);
    return TP_OK;
}

const struct tp_yaml_node *tp_yaml_get(const struct tp_yaml_node *mapping, const char *key)
{
    if (mapping->kind != TP_YAML_MAPPING)
        return NULL;
    for (size_t i = 0; i < mapping->count; i++)
        if (!strcmp(mapping->keys[i], key))
            return mapping->items[i];
    return NULL;
}

static enum tp_status fail_missing(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, const char *expected, struct tp_error *err)
{
    return tp_yaml_fail(
        yaml, mapping, err, "found no key '%s', expected %s: %s", key, key, expected);
}

enum tp_status tp_yaml_need(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, const char *expected, const struct tp_yaml_node **value, struct tp_error *err)
{
    const struct tp_yaml_node *node = tp_yaml_get(mapping, key);
    if (!node)
        return fail_missing(yaml, mapping, key, expected, err);
    *value = node;
    return TP_OK;
}

static void describe_integer(char *out, int64_t min, int64_t max)
{
    static const char what[] = "an integer in decimal digits";
    if (max < INT64_MAX)
        snprintf(out, RANGE_BYTES, "%s from %lld to %lld", what, (long long)min, (long long)max);
    else if (min > INT64_MIN)
        snprintf(out, RANGE_BYTES, "%s, at least %lld", what, (long long)min);
    else
        snprintf(out, RANGE_BYTES, "%s", what);
}

static void add_formatted(char *out, const char *format, ...) TP_PRINTF(2, 3);
static void add_formatted(char *out, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    tp_format(out + used, RANGE_BYTES - used, format, args);
    va_end(args);
}

static void describe_real(char *out, double min, double max)
{
    snprintf(out, RANGE_BYTES, "a finite number such as 2.5 or 1.0e+9");
    if (min == DBL_MIN)
        add_formatted(out, ", above 0");
    else if (min > -DBL_MAX)
        add_formatted(out, ", at least %.15g", min);
    if (max < DBL_MAX)
        add_formatted(out, ", at most %.15g", max);
}

enum tp_status tp_yaml_as_integer(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    int64_t min, int64_t max, int64_t *value, struct tp_error *err)
{
    int64_t read;
    if (node->kind == TP_YAML_SCALAR && !node->quoted && tp_parse_integer(node->value, &read) &&
        read >= min && read <= max) {
        *value = read;
        return TP_OK;
    }
    char expected[RANGE_BYTES];
    describe_integer(expected, min, max);
    return fail_expected(yaml, node, expected, err);
}

/* 010 is 8 to YAML 1.1 and 10 to YAML 1.2. */
static bool has_leading_zero(const char *text)
{
    text += *text == '-' || *text == '+';
    return text[0] == '0' && isdigit((unsigned char)text[1]);
}

enum tp_status tp_yaml_as_real(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    double min, double max, double *value, struct tp_error *err)
{
    double read;
    if (node->kind == TP_YAML_SCALAR && !node->quoted && !has_leading_zero(node->value) &&
        tp_parse_real(node->value, &read) && read >= min && read <= max) {
        *value = read;
        return TP_OK;
    }
    char expected[RANGE_BYTES];
    describe_real(expected, min, max);
    return fail_expected(yaml, node, expected, err);
}

static bool is_null(const struct tp_yaml_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    return !node->quoted && is_known(nulls, node->value);
}

enum tp_status tp_yaml_as_text(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char **value, struct tp_error *err)
{
    if (node->kind != TP_YAML_SCALAR || !*node->value || is_null(node))
        return fail_expected(yaml, node, "a text that is not empty", err);
    *value = node->value;
    return TP_OK;
}

enum tp_status tp_yaml_as_boolean(
    const struct tp_yaml *yaml, const struct tp_yaml_node *node, bool *value, struct tp_error *err)
{
    bool scalar = node->kind == TP_YAML_SCALAR && !node->quoted;
    if (scalar && !strcmp(node->value, "true"))
        *value = true;
    else if (scalar && !strcmp(node->value, "false"))
        *value = false;
    else
        return fail_expected(yaml, node, "true or false", err);
    return TP_OK;
}

enum tp_status tp_yaml_as_word(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char *const *words, int *value, struct tp_error *err)
{
    if (node->kind == TP_YAML_SCALAR) {
        for (int i = 0; words[i]; i++) {
            if (!strcmp(words[i], node->value)) {
                *value = i;
                return TP_OK;
            }
        }
    }
    char expected[512];
    format_words(expected, sizeof expected, words, " or ");
    return fail_expected(yaml, node, expected, err);
}

enum tp_status tp_yaml_integer(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, int64_t min, int64_t max, int64_t *value, struct tp_error *err)
{
    const struct tp_yaml_node *node = tp_yaml_get(mapping, key);
    if (node)
        return tp_yaml_as_integer(yaml, node, min, max, value, err);
    if (!required)
        return TP_OK;
    char expected[RANGE_BYTES];
    describe_integer(expected, min, max);
    return fail_missing(yaml, mapping, key, expected, err);
}

enum tp_status tp_yaml_int32(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, int32_t min, int32_t max, int32_t *value, struct tp_error *err)
{
    int64_t read = *value;
    enum tp_status status = tp_yaml_integer(yaml, mapping, key, required, min, max, &read, err);
    if (status == TP_OK)
        *value = (int32_t)read;
    return status;
}

enum tp_status tp_yaml_real(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, double min, double max, double *value, struct tp_error *err)
{
    const struct tp_yaml_node *node = tp_yaml_get(mapping, key);
    if (node)
        return tp_yaml_as_real(yaml, node, min, max, value, err);
    if (!required)
        return TP_OK;
    char expected[RANGE_BYTES];
    describe_real(expected, min, max);
    return fail_missing(yaml, mapping, key, expected, err);
}

enum tp_status tp_yaml_text(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, char **copy, struct tp_error *err)
{
    const struct tp_yaml_node *node = tp_yaml_get(mapping, key);
    if (!node)
        return required ? fail_missing(yaml, mapping, key, "a text that is not empty", err) : TP_OK;
    const char *value;
    enum tp_status status = tp_yaml_as_text(yaml, node, &value, err);
    if (status != TP_OK)
        return status;
    char *made = tp_copy_text(value, strlen(value));
    if (!made)
        return tp_fail_memory(err);
    *copy = made;
    return TP_OK;
}

enum tp_status tp_yaml_boolean(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, bool *value, struct tp_error *err)
{
    const struct tp_yaml_node *node = tp_yaml_get(mapping, key);
    if (node)
        return tp_yaml_as_boolean(yaml, node, value, err);
    return required ? fail_missing(yaml, mapping, key, "true or false", err) : TP_OK;
}

enum tp_status tp_yaml_word(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, bool required, const char *const *words, int *value, struct tp_error *err)
{
    const struct tp_yaml_node *node = tp_yaml_get(mapping, key);
    if (node)
        return tp_yaml_as_word(yaml, node, words, value, err);
    if (!required)
        return TP_OK;
    char expected[512];
    format_words(expected, sizeof expected, words, " or ");
    return fail_missing(yaml, mapping, key, expected, err);
}
