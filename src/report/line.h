/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of at most TP_COLUMNS printable ASCII characters. */
#ifndef TP_REPORT_LINE_H
#define TP_REPORT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define TP_COLUMNS 100
#define TP_NAME_COLUMNS 40 /* longest name shown in full */

/* A name as a terminal may show it. */
struct tp_shown {
    char text[TP_NAME_COLUMNS + 1];
};

/* At most `columns` (8..TP_NAME_COLUMNS) of a name. Characters outside ASCII and control characters
 * become '?', and what is too long is cut in the middle, "first...last". NULL: "-". */
struct tp_shown tp_shown(const char *name, int columns);

/* One line of text of any bytes: made printable like a name, and cut at TP_COLUMNS. Label and indent
 * as below. */
void tp_line_cut(struct tp_text *text, const char *label, int indent, const char *line);

/* Words wrapped at TP_COLUMNS, unless the text is endless. The first line starts with `label` in a column `indent` wide, the
 * others with as many blanks. Newlines in the text count as blanks. */
void tp_line_wrap(struct tp_text *text, const char *label, int indent, const char *format, ...)
    TP_PRINTF(4, 5);

/* "3", "8-15" for consecutive numbers, "1,5,7" if all fit, else "1,5,..." */
void tp_line_span(char out[16], const int32_t *values, int32_t count);

/* Ends a list of which `count` entries are not shown: ", and 7 more"; nothing if it is 0. */
void tp_line_more(struct tp_text *list, int32_t count);

/* How something that takes `seconds` compares with something that takes `other`: "is 1.25 times as
 * fast as", "takes 1.25 times as long as"; "is as fast as" if they differ by less than 1 %. */
struct tp_pace {
    char text[48];
};
struct tp_pace tp_pace(double seconds, double other);
bool tp_same_pace(double seconds, double other);

/* A bar of `width` characters inside |...|, `share` of it '#': none if share rounds to 0.00, else at
 * least one, never more than all. */
struct tp_bar {
    char text[TP_NAME_COLUMNS + 3];
};
struct tp_bar tp_bar(double share, int width);

/* Adds what `from` holds without blanks at line ends, cutting lines longer than TP_COLUMNS: the last
 * resort for numbers of absurd size. */
void tp_line_clip(struct tp_text *text, const struct tp_text *from);

#endif
