/* SPDX-License-Identifier: Apache-2.0 */
/* A document to bytes, by libyaml's emitter: block and flow collections, lines of about 100 columns.
 *
 * Calls become events one to one; the emitter checks that they nest. A text is written plain only if
 * it looks like a word that no YAML reader, 1.1 or 1.2, takes for anything but a string; in double
 * quotes otherwise. The first failure is kept and ends the writing.
 *
 * Cost: O(bytes); the whole document is held in memory until it is finished. */
#include "base/yaml_write.h"

#include "base/fail.h"
#include "base/memory.h"

#include <yaml.h>

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WIDTH 100
#define DEPTH_MAX 64

struct tp_yaml_out {
    yaml_emitter_t emitter;
    struct tp_text written;
    bool is_mapping[DEPTH_MAX]; /* of the open collections, the root first */
    size_t depth;
    bool failed;         /* nothing more is written; the emitter knows why, unless: */
    const char *problem; /* ours, not the emitter's; else NULL */
};

static int append(void *data, unsigned char *bytes, size_t length)
{
    struct tp_yaml_out *out = data;
    tp_text_add_bytes(&out->written, (const char *)bytes, length);
    return !out->written.failed;
}

/* Hands an event to the emitter, which owns it from here on; `made` is what its constructor said. */
static void emit(struct tp_yaml_out *out, int made, yaml_event_t *event)
{
    if (!made) {
        out->emitter.error = YAML_MEMORY_ERROR;
        out->failed = true;
    } else if (out->failed) {
        yaml_event_delete(event);
    } else if (!yaml_emitter_emit(&out->emitter, event)) {
        out->failed = true;
    }
}

/* Words that YAML 1.1 takes for booleans or null; 1.2 knows some of them. */
static bool is_reserved(const char *text)
{
    static const char *const words[] = {
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(words[i], text))
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* A letter or '_' first, so neither a number, a date nor an indicator; then letters, digits, . / -
 * and single inner spaces. Not isalpha(), which knows more letters in other locales. */
static bool is_plain(const char *text)
{
    if (!is_letter(*text))
        return false;
    for (const char *p = text; *p; p++) {
        bool space = *p == ' ' && p[1] && p[1] != ' ';
        bool digit = *p >= '0' && *p <= '9';
        if (!is_letter(*p) && !digit && !space && !strchr("./-", *p))
            return false;
    }
    return !is_reserved(text);
}

/* Well-formed UTF-8 (Unicode 15, table 3-7), seen from the lead byte: how many bytes must follow, and
 * the range of the first of them, which excludes overlong forms, surrogates and beyond U+10FFFF. */
static bool is_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        unsigned char lead = *p++;
        if (lead < 0x80)
            continue;
        if (lead < 0xc2 || lead > 0xf4)
            return false;
        int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (*p < low || *p > high)
            return false;
        for (p++; more > 1; more--, p++)
            if ((*p & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static void add_scalar(struct tp_yaml_out *out, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(
        &event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style);
    emit(out, made, &event);
}

static void add_text(struct tp_yaml_out *out, const char *text)
{
    if (!is_utf8(text)) {
        out->failed = true;
        out->problem = "a text that is not UTF-8";
        return;
    }
    add_scalar(
        out, text, is_plain(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void add_key(struct tp_yaml_out *out, const char *key)
{
    assert(out->depth > 0 && out->is_mapping[out->depth - 1] == (key != NULL));
    if (key)
        add_text(out, key);
}

static void open_mapping(struct tp_yaml_out *out, enum tp_yaml_style style)
{
    yaml_event_t event;
    int made = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
        style == TP_YAML_FLOW ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
    emit(out, made, &event);
    assert(out->depth < DEPTH_MAX);
    out->is_mapping[out->depth++] = true;
}

static void begin(struct tp_yaml_out *out)
{
    yaml_event_t event;
    emit(out, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event);
    emit(out, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1), &event);
    open_mapping(out, TP_YAML_BLOCK);
}

struct tp_yaml_out *tp_yaml_out_new(void)
{
    struct tp_yaml_out *out = TP_NEW(1, struct tp_yaml_out);
    if (!out)
        return NULL;
    if (!yaml_emitter_initialize(&out->emitter)) {
        free(out);
        return NULL;
    }
    yaml_emitter_set_output(&out->emitter, append, out);
    yaml_emitter_set_width(&out->emitter, WIDTH);
    yaml_emitter_set_unicode(&out->emitter, 1);
    begin(out);
    return out;
}

void tp_yaml_out_mapping(struct tp_yaml_out *out, const char *key, enum tp_yaml_style style)
{
    add_key(out, key);
    open_mapping(out, style);
}

void tp_yaml_out_sequence(struct tp_yaml_out *out, const char *key, enum tp_yaml_style style)
{
    add_key(out, key);
    yaml_event_t event;
    int made = yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
        style == TP_YAML_FLOW ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
    emit(out, made, &event);
    assert(out->depth < DEPTH_MAX);
    out->is_mapping[out->depth++] = false;
}

void tp_yaml_out_end(struct tp_yaml_out *out)
{
    assert(out->depth > 0);
    yaml_event_t event;
    int made = out->is_mapping[--out->depth] ? yaml_mapping_end_event_initialize(&event)
                                             : yaml_sequence_end_event_initialize(&event);
    emit(out, made, &event);
}

void tp_yaml_out_text(struct tp_yaml_out *out, const char *key, const char *value)
{
    add_key(out, key);
    add_text(out, value);
}

void tp_yaml_out_integer(struct tp_yaml_out *out, const char *key, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    add_key(out, key);
    add_scalar(out, digits, YAML_PLAIN_SCALAR_STYLE);
}

void tp_yaml_out_real(struct tp_yaml_out *out, const char *key, double value)
{
    assert(isfinite(value));
    char digits[32];
    tp_format_real(digits, value);
    add_key(out, key);
    add_scalar(out, digits, YAML_PLAIN_SCALAR_STYLE);
}

void tp_yaml_out_boolean(struct tp_yaml_out *out, const char *key, bool value)
{
    add_key(out, key);
    add_scalar(out, value ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
}

static void end_document(struct tp_yaml_out *out)
{
    assert(out->depth == 1);
    tp_yaml_out_end(out);
    yaml_event_t event;
    emit(out, yaml_document_end_event_initialize(&event, 1), &event);
    emit(out, yaml_stream_end_event_initialize(&event), &event);
}

enum tp_status tp_yaml_out_finish(
    struct tp_yaml_out *out, struct tp_text *text, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    end_document(out);
    if (out->problem) {
        status = tp_fail(err, TP_EINTERNAL, "writing YAML: %s", out->problem);
    } else if (out->written.failed || (out->failed && out->emitter.error == YAML_MEMORY_ERROR)) {
        status = tp_fail_memory(err);
    } else if (out->failed) {
        status = tp_fail(err, TP_EINTERNAL, "writing YAML: %s",
            out->emitter.problem ? out->emitter.problem : "unknown error");
    } else {
        tp_text_add_bytes(text, out->written.data, out->written.length);
        if (text->failed)
            status = tp_fail_memory(err);
    }
    tp_yaml_out_free(out);
    return status;
}

void tp_yaml_out_free(struct tp_yaml_out *out)
{
    if (!out)
        return;
    yaml_emitter_delete(&out->emitter);
    tp_text_release(&out->written);
    free(out);
}
