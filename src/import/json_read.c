/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from other tools. In: a file. Out: jansson's tree, and values taken out of it with type and range
 * checked.
 *
 * Duplicate keys, numbers that overflow, NULs, bad UTF-8 and nesting beyond jansson's 2,048 levels are
 * syntax errors. An integer is one in JSON too: 40.0 and 4e7 are refused, since whoever wrote them did
 * not mean a count. Names come without control characters, so messages and plans may hold them.
 * Cost: linear; the tree takes some 50 times the memory of the file at worst. */
#include "import/json_read.h"

#include "base/file.h"
#include "base/unicode.h"
#include "spec/common.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_BYTES_MAX ((size_t)256 << 20)
#define SHOWN_BYTES 64 /* of a text in a message */
#define NAMES_SHOWN 12

enum tp_status tp_json_load(const char *path, struct tp_json *json, struct tp_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    *json = (struct tp_json){.path = path, .err = err};
    enum tp_status status = tp_file_read(path, JSON_BYTES_MAX, &bytes, &length, err);
    if (status == TP_OK)
        status = tp_json_parse(path, 1, bytes, length, json, err);
    free(bytes);
    return status;
}

enum tp_status tp_json_parse(const char *path, int64_t first_line, const char *text, size_t length,
    struct tp_json *json, struct tp_error *err)
{
    json_error_t at;
    *json = (struct tp_json){.path = path, .err = err};
    json->root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at);
    if (json->root)
        return TP_OK;
    if (json_error_code(&at) == json_error_out_of_memory)
        return tp_fail_memory(err);
    return tp_fail(err, TP_EINPUT, "%s:%lld:%d: found bad JSON, expected an object or a list: %s",
        path, (long long)(first_line + at.line - 1), at.column, at.text);
}

void tp_json_release(struct tp_json *json)
{
    json_decref(json->root);
    json->root = NULL;
}

enum tp_status tp_json_fail(const struct tp_json *json, const char *place, const char *format, ...)
{
    char message[TP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    tp_format(message, sizeof message, format, args);
    va_end(args);
    return tp_fail(
        json->err, TP_EINPUT, "%s: %s%s%s", json->path, place, *place ? ": " : "", message);
}

void tp_json_place(char *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tp_format(out, TP_JSON_PLACE_BYTES, format, args);
    va_end(args);
}

void tp_json_found(const json_t *value, char *out)
{
    static const char *const words[] = {[JSON_OBJECT] = "an object",
        [JSON_ARRAY] = "a list",
        [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",
        [JSON_NULL] = "null"};
    if (!value)
        snprintf(out, TP_JSON_FOUND_BYTES, "nothing");
    else if (json_is_string(value))
        snprintf(
            out, TP_JSON_FOUND_BYTES, "'%.*s' in quotes", SHOWN_BYTES, json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, TP_JSON_FOUND_BYTES, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        tp_format_real(out, json_real_value(value));
    else
        snprintf(out, TP_JSON_FOUND_BYTES, "%s", words[json_typeof(value)]);
}

enum tp_status tp_json_read_integer(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, int64_t min, int64_t max, int64_t *number)
{
    char found[TP_JSON_FOUND_BYTES];
    tp_json_found(value, found);
    if (!json_is_integer(value))
        return tp_json_fail(json, place,
            "%s: found %s, expected an integer in decimal digits, %lld to %lld", what, found,
            (long long)min, (long long)max);
    if (json_integer_value(value) < min || json_integer_value(value) > max)
        return tp_json_fail(json, place, "%s: found %s, expected %lld to %lld", what, found,
            (long long)min, (long long)max);
    *number = json_integer_value(value);
    return TP_OK;
}

enum tp_status tp_json_read_real(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, double *number)
{
    char found[TP_JSON_FOUND_BYTES];
    tp_json_found(value, found);
    if (!json_is_number(value) || json_number_value(value) < 0)
        return tp_json_fail(
            json, place, "%s: found %s, expected a number of at least 0", what, found);
    *number = json_number_value(value);
    return TP_OK;
}

enum tp_status tp_json_read_text(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, const char **text)
{
    char found[TP_JSON_FOUND_BYTES];
    tp_json_found(value, found);
    if (!json_is_string(value))
        return tp_json_fail(json, place, "%s: found %s, expected a text in quotes", what, found);
    *text = json_string_value(value);
    return TP_OK;
}

enum tp_status tp_json_read_name(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, const char **name)
{
    enum tp_status status = tp_json_read_text(json, place, what, value, name);
    if (status != TP_OK)
        return status;
    const char *problem = tp_name_problem(*name);
    return problem ? tp_json_fail(json, place, "%s: found %s", what, problem) : TP_OK;
}

enum tp_status tp_json_expect_list(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, const char *expected)
{
    char found[TP_JSON_FOUND_BYTES];
    tp_json_found(value, found);
    return json_is_array(value)
               ? TP_OK
               : tp_json_fail(json, place, "%s: found %s, expected %s", what, found, expected);
}

enum tp_status tp_json_expect_object(const struct tp_json *json, const char *place,
    const char *what, const json_t *value, const char *expected)
{
    char found[TP_JSON_FOUND_BYTES];
    tp_json_found(value, found);
    return json_is_object(value) ? TP_OK
                                 : tp_json_fail(json, place, "%s%sfound %s, expected %s", what,
                                       *what ? ": " : "", found, expected);
}

static const struct tp_json_key *find_key(const struct tp_json_key *keys, const char *key)
{
    while (keys->key && strcmp(keys->key, key) != 0)
        keys++;
    return keys->key ? keys : NULL;
}

/* A value that asks for nothing. */
static bool is_off(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

enum tp_status tp_json_keys(const struct tp_json *json, const char *place, const json_t *object,
    const struct tp_json_key *keys, json_t *ignored)
{
    const char *key;
    json_t *value;
    char found[TP_JSON_FOUND_BYTES];
    json_object_foreach((json_t *)object, key, value)
    {
        const struct tp_json_key *known = find_key(keys, key);
        if (known && known->rule == TP_JSON_READ)
            continue;
        tp_json_found(value, found);
        if (known && known->rule == TP_JSON_REFUSE && !is_off(value))
            return tp_json_fail(
                json, place, "%s: found %s, which cannot be honoured: %s", key, found, known->why);
        if (json_object_set_new(ignored, key, json_true()))
            return tp_fail_memory(json->err);
    }
    return TP_OK;
}

void tp_json_note_ignored(const json_t *ignored, struct tp_text *notes)
{
    const char *key;
    json_t *value;
    size_t count = 0, start = notes->length;
    json_object_foreach((json_t *)ignored, key, value) if (count++ < NAMES_SHOWN)
        tp_text_add(notes, "%s%s", count == 1 ? "ignored: " : ", ", key);
    if (count > NAMES_SHOWN)
        tp_text_add(notes, " and %zu more", count - NAMES_SHOWN);
    if (notes->length > start)
        tp_utf8_clean(notes->data + start, "");
    if (count)
        tp_text_add(notes, "\n");
}
