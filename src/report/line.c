/* SPDX-License-Identifier: Apache-2.0 */
/* Text that fits a terminal: names made safe and short, words wrapped, bars, long lines cut.
 *
 * Names come from files and may hold anything; only printable ASCII leaves here. Cost: linear. */
#include "report/line.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PACE_APART 1.01 /* times from which one is called faster */
#define PACE_SHOWN_MAX 1e6
#define SPAN_COLUMNS 16
#define BAR_LEAST 0.005 /* shares below round to 0.00 */

/* One character per byte, except that the later bytes of a UTF-8 sequence are skipped. */
static size_t next_shown(const char **p)
{
    while (((unsigned char)**p & 0xc0) == 0x80)
        ++*p;
    return **p ? 1 : 0;
}

static char shown_character(char c)
{
    return c >= ' ' && c <= '~' ? c : '?';
}

struct tp_shown tp_shown(const char *name, int columns)
{
    struct tp_shown shown = {.text = "-"};
    if (!name)
        return shown;
    size_t width = (size_t)columns, length = 0, skip_from = SIZE_MAX, skip_to = 0, out = 0;
    for (const char *p = name; next_shown(&p); p++)
        length++;
    if (length > width) {
        size_t tail = (width - 3) / 3;
        skip_from = width - 3 - tail;
        skip_to = length - tail;
    }
    size_t i = 0;
    for (const char *p = name; next_shown(&p); p++, i++) {
        if (i == skip_from) {
            memcpy(shown.text + out, "...", 3);
            out += 3;
        }
        if (i < skip_from || i >= skip_to)
            shown.text[out++] = shown_character(*p);
    }
    shown.text[out] = '\0';
    if (!out)
        memcpy(shown.text, "\"\"", 3);
    return shown;
}

void tp_line_cut(struct tp_text *text, const char *label, int indent, const char *line)
{
    size_t length = 0, room = (size_t)(TP_COLUMNS - indent);
    for (const char *p = line; next_shown(&p); p++)
        length++;
    size_t kept = length > room ? room - 3 : length;
    tp_text_add(text, "%-*s", indent, label);
    for (const char *p = line; kept && next_shown(&p); p++, kept--) {
        char c = shown_character(*p);
        tp_text_add_bytes(text, &c, 1);
    }
    tp_text_add(text, length > room ? "...\n" : "\n");
}

/* Adds one word, on a new line if it does not fit; a word wider than a line is broken. */
static void add_word(struct tp_text *text, const char *word, int length, int indent, int *column)
{
    bool fits = text->endless || *column + 1 + length <= TP_COLUMNS;
    if (*column > indent && !fits) {
        tp_text_add(text, "\n%*s", indent, "");
        *column = indent;
    } else if (*column > indent) {
        tp_text_add_bytes(text, " ", 1);
        ++*column;
    }
    while (!text->endless && *column + length > TP_COLUMNS) {
        int part = TP_COLUMNS - *column;
        tp_text_add(text, "%.*s\n%*s", part, word, indent, "");
        word += part;
        length -= part;
        *column = indent;
    }
    tp_text_add_bytes(text, word, (size_t)length);
    *column += length;
}

void tp_line_wrap(struct tp_text *text, const char *label, int indent, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = tp_format(NULL, 0, format, args);
    char *words = length < 0 ? NULL : malloc((size_t)length + 1);
    if (words) {
        tp_format(words, (size_t)length + 1, format, again);
        tp_text_add(text, "%-*s", indent, label);
        int column = indent;
        for (const char *p = words; *(p += strspn(p, " \n"));) {
            int word = (int)strcspn(p, " \n");
            add_word(text, p, word, indent, &column);
            p += word;
        }
        tp_text_add_bytes(text, "\n", 1);
    } else {
        text->failed = true;
    }
    free(words);
    va_end(again);
    va_end(args);
}

void tp_line_span(char out[16], const int32_t *values, int32_t count)
{
    struct tp_text text = {0};
    bool consecutive = true;
    for (int32_t i = 1; i < count; i++)
        consecutive &= values[i] == values[0] + i;
    if (count == 1)
        tp_text_add(&text, "%d", (int)values[0]);
    else if (count > 1 && consecutive)
        tp_text_add(&text, "%d-%d", (int)values[0], (int)values[count - 1]);
    else
        for (int32_t i = 0; i < count && text.length < SPAN_COLUMNS; i++)
            tp_text_add(&text, "%s%d", i ? "," : "", (int)values[i]);
    if (text.length >= SPAN_COLUMNS && count > 2) { /* all do not fit */
        tp_text_release(&text);
        tp_text_add(&text, "%d,%d,...", (int)values[0], (int)values[1]);
    }
    struct tp_shown shown = tp_shown(text.data, 15);
    for (int i = 0; i < 16; i++)
        out[i] = shown.text[i];
    tp_text_release(&text);
}

void tp_line_more(struct tp_text *list, int32_t count)
{
    if (count > 0)
        tp_text_add(list, ", and %d more", (int)count);
}

bool tp_same_pace(double seconds, double other)
{
    return !(seconds > PACE_APART * other) && !(other > PACE_APART * seconds);
}

static struct tp_pace make_pace(const char *format, ...) TP_PRINTF(1, 2);
static struct tp_pace make_pace(const char *format, ...)
{
    struct tp_pace pace;
    va_list args;
    va_start(args, format);
    tp_format(pace.text, sizeof pace.text, format, args);
    va_end(args);
    return pace;
}

struct tp_pace tp_pace(double seconds, double other)
{
    if (tp_same_pace(seconds, other))
        return make_pace("is as fast as");
    double times = seconds < other ? other / seconds : seconds / other;
    if (times > PACE_SHOWN_MAX)
        return make_pace(seconds < other ? "is far faster than" : "takes far longer than");
    return make_pace(seconds < other ? "is %.*f times as fast as" : "takes %.*f times as long as",
        times < 99.995 ? 2 : 0, times);
}

struct tp_bar tp_bar(double share, int width)
{
    struct tp_bar bar;
    int filled = share > 0 ? (int)(share < 1 ? share * width + 0.5 : width) : 0;
    if (filled == 0 && share >= BAR_LEAST)
        filled = 1;
    else if (!(share >= BAR_LEAST))
        filled = 0;
    bar.text[0] = '|';
    memset(bar.text + 1, ' ', (size_t)width);
    memset(bar.text + 1, '#', (size_t)filled);
    memcpy(bar.text + 1 + width, "|", 2);
    return bar;
}

void tp_line_clip(struct tp_text *text, const struct tp_text *from)
{
    const char *p = from->data ? from->data : "";
    if (from->failed)
        text->failed = true;
    while (*p) {
        size_t length = strcspn(p, "\n");
        bool cut = length > TP_COLUMNS;
        size_t kept = cut ? TP_COLUMNS - 3 : length;
        while (!cut && kept && p[kept - 1] == ' ')
            kept--;
        tp_text_add_bytes(text, p, kept);
        tp_text_add(text, cut ? "...\n" : "\n");
        p += length;
        p += *p == '\n';
    }
}
