/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of an HTML page, added to a growing text.
 *
 * In: text from files, which may hold anything, and figures. Out: HTML in which that text is only
 * text. A cell shows a rounded figure; its data-v is what scripts sort by, its title the figure as it
 * is. Escaping: HTML Living Standard, 13.1 (text, attribute values), and RFC 8259 for JSON, where '<'
 * is written as an escape so that no end tag can occur. Cost: linear. */
#include "html/page.h"

#include "base/memory.h"
#include "base/unicode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void tp_html_escape(struct tp_text *html, const char *text)
{
    char *clean = tp_copy_text(text, strlen(text));
    if (!clean) {
        html->failed = true;
        return;
    }
    tp_utf8_clean(clean, "\n\t");
    for (const char *p = clean; *p;) {
        size_t plain = strcspn(p, "&<>\"'");
        tp_text_add_bytes(html, p, plain);
        p += plain;
        if (*p)
            tp_text_add(html, "%s", entity(*p++));
    }
    free(clean);
}

void tp_html_name(struct tp_text *html, const char *name)
{
    tp_text_add(html, "<bdi>");
    tp_html_escape(html, name ? name : "-");
    tp_text_add(html, "</bdi>");
}

void tp_html_json(struct tp_text *html, const char *text)
{
    char *clean = tp_copy_text(text, strlen(text));
    if (!clean) {
        html->failed = true;
        return;
    }
    tp_utf8_clean(clean, "");
    tp_text_add(html, "\"");
    for (const char *p = clean; *p;) {
        size_t plain = strcspn(p, "\"\\<");
        tp_text_add_bytes(html, p, plain);
        p += plain;
        if (*p)
            tp_text_add(html, "\\u%04x", (unsigned)*p++);
    }
    tp_text_add(html, "\"");
    free(clean);
}

void tp_html_base64(struct tp_text *html, const unsigned char *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned three = (unsigned)data[i] << 16 | (left > 1 ? (unsigned)data[i + 1] << 8 : 0) |
                         (left > 2 ? data[i + 2] : 0);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63], digits[three >> 6 & 63],
            digits[three & 63]};
        if (left < 3)
            four[3] = '=';
        if (left < 2)
            four[2] = '=';
        tp_text_add_bytes(html, four, 4);
    }
}

void tp_html_count(struct tp_text *html, double value)
{
    tp_text_add(html, "<td data-v=\"%.17g\">%.0f</td>", value, value);
}

void tp_html_bytes(struct tp_text *html, double bytes)
{
    char shown[16];
    tp_format_bytes(shown, bytes);
    tp_text_add(html, "<td data-v=\"%.17g\" title=\"%.0f bytes\">%s</td>", bytes, bytes, shown);
}

void tp_html_seconds(struct tp_text *html, double seconds)
{
    char shown[16];
    if (isnan(seconds)) {
        tp_text_add(html, "<td class=\"n\">-</td>");
        return;
    }
    tp_format_seconds(shown, seconds);
    tp_text_add(html, "<td data-v=\"%.17g\" title=\"%.9g s\">%s</td>", seconds, seconds, shown);
}

void tp_html_percent(struct tp_text *html, double share)
{
    if (isnan(share))
        tp_text_add(html, "<td class=\"n\">-</td>");
    else
        tp_text_add(html, "<td data-v=\"%.17g\" title=\"%.6f %%\">%.1f %%</td>", share, 100 * share,
            100 * share);
}

void tp_html_cell(struct tp_text *html, const char *name)
{
    tp_text_add(html, "<td class=\"name\">");
    tp_html_name(html, name);
    tp_text_add(html, "</td>");
}

void tp_html_table(
    struct tp_text *html, const char *caption, const char *const *heads, int32_t count)
{
    tp_text_add(html, "<div class=\"scroll\"><table>\n<caption>");
    tp_html_escape(html, caption);
    tp_text_add(html, "</caption>\n<thead><tr>");
    for (int32_t i = 0; i < count; i++) {
        bool number = heads[i][0] == '#';
        tp_text_add(html, number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
        tp_html_escape(html, heads[i] + number);
        tp_text_add(html, "</th>");
    }
    tp_text_add(html, "</tr></thead>\n<tbody>\n");
}

void tp_html_table_end(struct tp_text *html)
{
    tp_text_add(html, "</table></div>\n");
}

/* The next line without its end; false behind the last. */
static bool next_line(const char **at, char **line, struct tp_text *html)
{
    size_t length = strcspn(*at, "\n");
    if (!**at)
        return false;
    *line = tp_copy_text(*at, length);
    *at += length;
    *at += **at == '\n';
    html->failed |= !*line;
    return *line != NULL;
}

static void add_label(struct tp_text *html, const char *line, size_t indent, bool opened)
{
    char *label = tp_copy_text(line, indent);
    if (!label) {
        html->failed = true;
        return;
    }
    char *first = label + strspn(label, " ");
    for (char *end = label + strlen(label); end > first && end[-1] == ' ';)
        *--end = '\0';
    if (*first || !opened) {
        tp_text_add(html, "<dt>");
        tp_html_escape(html, first);
        tp_text_add(html, "</dt>");
    }
    free(label);
}

void tp_html_statements(struct tp_text *html, const struct tp_text *lines, size_t indent)
{
    const char *at = lines->data ? lines->data : "";
    bool opened = false;
    char *line;
    html->failed |= lines->failed;
    tp_text_add(html, "<dl>\n");
    while (next_line(&at, &line, html)) {
        if (strlen(line) > indent) {
            add_label(html, line, indent, opened);
            opened = true;
            tp_text_add(html, "<dd>");
            tp_html_escape(html, line + indent);
            tp_text_add(html, "</dd>\n");
        }
        free(line);
    }
    tp_text_add(html, "</dl>\n");
}

void tp_html_paragraphs(struct tp_text *html, const struct tp_text *lines)
{
    const char *at = lines->data ? lines->data : "";
    char *line;
    html->failed |= lines->failed;
    while (next_line(&at, &line, html)) {
        const char *words = line + strspn(line, " ");
        if (*words) {
            tp_text_add(html, "<p>");
            tp_html_escape(html, words);
            tp_text_add(html, "</p>\n");
        }
        free(line);
    }
}
