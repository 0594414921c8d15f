/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of lines. In: messages, in the order the rules are checked, which is the order they
 * are read in. Out: the array of the public struct, or one error message that holds them all.
 *
 * Findings of one kind come from one rule and differ in names and numbers alone. A kind is a hash of the
 * rule's format, or of the message without its digits where the format is no more than a frame.
 *
 * Control characters cannot get in: the names that messages quote were read without any. Cost:
 * amortised O(bytes); shortened text O(n log n). */
#include "plan/findings.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/unicode.h"

#include <stdlib.h>
#include <string.h>

#define LISTED_MAX 40 /* a screen; of more, these of each kind: */
#define KIND_LISTED 4

/* FNV-1a (Fowler, Noll, Vo; 64 bits), without digits and what else numbers are written with. */
static uint64_t hash(uint64_t seed, const char *text, size_t length)
{
    uint64_t value = seed ? seed : UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        if (!strchr("0123456789.+-e", text[i]))
            value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return value;
}

static bool grow(struct tp_finding_list *list)
{
    struct tp_findings *findings = &list->findings;
    if ((size_t)findings->count < list->capacity)
        return true;
    if (findings->count >= INT32_MAX / 2)
        return false;
    size_t capacity = list->capacity ? 2 * list->capacity : 8;
    char **lines = tp_resize(findings->lines, capacity, sizeof *lines);
    findings->lines = lines ? lines : findings->lines;
    uint64_t *kinds = tp_resize(findings->kinds, capacity, sizeof *kinds);
    findings->kinds = kinds ? kinds : findings->kinds;
    if (!lines || !kinds)
        return false;
    list->capacity = capacity;
    return true;
}

/* Takes the line over. */
static void add_line(struct tp_finding_list *list, char *line, uint64_t kind)
{
    struct tp_findings *findings = &list->findings;
    if (!line || !grow(list)) {
        free(line);
        list->failed = true;
        return;
    }
    findings->kinds[findings->count] = kind;
    findings->lines[findings->count++] = line;
}

static char *make_line(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = tp_format(NULL, 0, format, args);
    char *line = length < 0 ? NULL : TP_NEW((size_t)length + 1, char);
    if (line) {
        tp_format(line, (size_t)length + 1, format, again);
        tp_utf8_clean(line, ""); /* a person may have put anything into a plan */
    }
    va_end(again);
    return line;
}

void tp_finding(struct tp_finding_list *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = make_line(format, args);
    va_end(args);
    const char *rule = *format == '%' && line ? line : format;
    add_line(list, line, hash(0, rule, strlen(rule)));
}

/* Of "table t0: rows 10 -> 20": the words before the name and the colon, and behind them. */
static uint64_t kind_of_line(const char *prefix, const char *line, size_t length)
{
    uint64_t kind = hash(0, prefix, strlen(prefix));
    size_t what = strcspn(line, " :\n"), name = what + strcspn(line + what, ":\n");
    kind = hash(kind, line, what);
    if (name >= length)
        return hash(kind, line, length);
    size_t from = name + 1 + strspn(line + name + 1, " ");
    return hash(kind, line + from, strcspn(line + from, " (\n"));
}

void tp_finding_lines(struct tp_finding_list *list, const char *prefix, const char *lines)
{
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n"), before = strlen(prefix);
        char *line = TP_NEW(before + length + 1, char);
        if (line) {
            memcpy(line, prefix, before);
            memcpy(line + before, lines, length);
        }
        add_line(list, line, kind_of_line(prefix, lines, length));
        lines += length + (lines[length] == '\n');
    }
}

/* A finding among those of its kind. */
struct place {
    uint64_t kind;
    int32_t index, rank, count;
};

static int compare_kinds(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static int compare_indices(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->index < y->index ? -1 : 1;
}

/* Each finding's rank in its kind and how many the kind has, in the order of the findings. NULL: no
 * memory. */
static struct place *rank_in_kinds(const struct tp_findings *findings)
{
    int32_t count = findings->count, from = 0;
    struct place *places = TP_NEW(count, struct place);
    if (!places)
        return NULL;
    for (int32_t i = 0; i < count; i++)
        places[i] = (struct place){findings->kinds[i], i, 0, 0};
    qsort(places, (size_t)count, sizeof *places, compare_kinds);
    for (int32_t i = 1; i <= count; i++) {
        if (i < count && places[i].kind == places[from].kind)
            continue;
        for (int32_t k = from; k < i; k++) {
            places[k].rank = k - from;
            places[k].count = i - from;
        }
        from = i;
    }
    qsort(places, (size_t)count, sizeof *places, compare_indices);
    return places;
}

void tp_finding_text(const struct tp_findings *findings, const char *more, struct tp_text *text)
{
    bool all = !more || !findings->kinds || findings->count <= LISTED_MAX;
    struct place *places = all ? NULL : rank_in_kinds(findings);
    if (!all && !places)
        text->failed = true;
    for (int32_t i = 0; i < findings->count; i++) {
        bool last =
            places && places[i].count > KIND_LISTED + 1 && places[i].rank == KIND_LISTED - 1;
        if (places && places[i].count > KIND_LISTED + 1 && places[i].rank >= KIND_LISTED)
            continue;
        tp_text_add(text, "%s\n", findings->lines[i]);
        if (last)
            tp_text_add(
                text, "  ... and %d more like it%s\n", (int)(places[i].count - KIND_LISTED), more);
    }
    if (places)
        tp_text_add(text, "%d findings in all\n", (int)findings->count);
    free(places);
}

enum tp_status tp_finding_take(
    struct tp_finding_list *list, struct tp_findings *findings, struct tp_error *err)
{
    bool failed = list->failed;
    if (failed)
        tp_findings_release(&list->findings);
    else
        *findings = list->findings;
    *list = (struct tp_finding_list){0};
    return failed ? tp_fail_memory(err) : TP_OK;
}

enum tp_status tp_finding_fail(
    struct tp_finding_list *list, const char *first, enum tp_status found, struct tp_error *err)
{
    struct tp_findings findings = {0};
    enum tp_status status = tp_finding_take(list, &findings, err);
    if (status != TP_OK || findings.count == 0)
        return status;
    struct tp_text text = {0};
    tp_text_add(&text, "%s\n", first);
    tp_finding_text(&findings, ": towerpart check --all", &text);
    if (text.data)
        text.data[text.length - 1] = '\0'; /* errors end without a newline */
    status = text.failed ? tp_fail_memory(err) : tp_fail_lines(err, found, text.data);
    tp_text_release(&text);
    tp_findings_release(&findings);
    return status;
}

void tp_findings_release(struct tp_findings *findings)
{
    if (!findings)
        return;
    for (int32_t i = 0; i < findings->count; i++)
        free(findings->lines[i]);
    free(findings->kinds);
    free(findings->lines);
    *findings = (struct tp_findings){0};
}
