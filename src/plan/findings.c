/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of lines. In: messages, in the order the rules are checked, which is the order they
 * are read in. Out: the array of the public struct, or one error message that holds them all.
 *
 * Control characters cannot get in: the names that messages quote were read without any. Cost:
 * amortised O(bytes). */
#include "plan/findings.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void add_line(struct tp_finding_list *list, char *line)
{
    struct tp_findings *findings = &list->findings;
    size_t count = (size_t)findings->count;
    if (line && count == list->capacity) {
        size_t capacity = count ? 2 * count : 8;
        char **lines = tp_resize(findings->lines, capacity, sizeof *lines);
        if (lines) {
            findings->lines = lines;
            list->capacity = capacity;
        }
    }
    if (!line || count == list->capacity || findings->count == INT32_MAX) {
        free(line);
        list->failed = true;
        return;
    }
    findings->lines[findings->count++] = line;
}

void tp_finding(struct tp_finding_list *list, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = tp_format(NULL, 0, format, args);
    char *line = length < 0 ? NULL : TP_NEW((size_t)length + 1, char);
    if (line)
        tp_format(line, (size_t)length + 1, format, again);
    add_line(list, line);
    va_end(again);
    va_end(args);
}

void tp_finding_lines(struct tp_finding_list *list, const char *prefix, const char *lines)
{
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        tp_finding(list, "%s%.*s", prefix, (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
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
    struct tp_finding_list *list, const char *first, struct tp_error *err)
{
    struct tp_findings findings = {0};
    enum tp_status status = tp_finding_take(list, &findings, err);
    if (status != TP_OK || findings.count == 0)
        return status;
    struct tp_text text = {0};
    tp_text_add(&text, "%s", first);
    for (int32_t i = 0; i < findings.count; i++)
        tp_text_add(&text, "\n%s", findings.lines[i]);
    status = text.failed ? tp_fail_memory(err) : tp_fail(err, TP_EINFEASIBLE, "%s", text.data);
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
    free(findings->lines);
    *findings = (struct tp_findings){0};
}
