/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is safe inside HTML, and the few elements that every section is made of. */
#ifndef TP_HTML_PAGE_H
#define TP_HTML_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Adds text of any bytes so that it is text in HTML, in attributes in double quotes too: & < > " '
 * are escaped; control characters and what is not UTF-8 become '?'. */
void tp_html_escape(struct tp_text *html, const char *text);

/* A name from a file: escaped, and apart from the direction of the text around it. NULL: "-". */
void tp_html_name(struct tp_text *html, const char *name);

/* A JSON string, with quotes, that may stand in a script element. */
void tp_html_json(struct tp_text *html, const char *text);

/* RFC 4648, section 4. */
void tp_html_base64(struct tp_text *html, const unsigned char *data, size_t length);

/* Cells of a table whose rows are sorted on a click: shown rounded, sorted by and told as they are. */
void tp_html_count(struct tp_text *html, double value);
void tp_html_bytes(struct tp_text *html, double bytes);
void tp_html_seconds(struct tp_text *html, double seconds); /* NAN: "-" */
void tp_html_percent(struct tp_text *html, double share);   /* NAN: "-" */
void tp_html_cell(struct tp_text *html, const char *name);  /* a name */

/* Begins a table with that heading row. @param heads  (count); "#" before a head: a column of numbers. */
void tp_html_table(
    struct tp_text *html, const char *caption, const char *const *heads, int32_t count);
/* Ends a table; a foot may stand before. */
void tp_html_table_end(struct tp_text *html);

/* Lines of an endless text, as the report in src/report/ has them, with a label in the first `indent`
 * columns: a list of terms. */
void tp_html_statements(struct tp_text *html, const struct tp_text *lines, size_t indent);
/* The same without labels: a paragraph each. */
void tp_html_paragraphs(struct tp_text *html, const struct tp_text *lines);

#endif
