/* SPDX-License-Identifier: Apache-2.0 */
/* A chart of columns: one value for each of many things, and the limit that they keep. */
#ifndef TP_HTML_COLUMNS_H
#define TP_HTML_COLUMNS_H

#include "html/chart.h"

#define TP_COLUMNS_MAX 800 /* of more values, each column is the largest of several */

struct tp_columns {
    const char *title;
    const char *thing;    /* what a column is: "rank", "tower" */
    const double *values; /* (count) at least 0 */
    const int32_t *names; /* (count) numbers below the columns */
    const int32_t
        *groups;   /* (count) columns of a group look alike, neighbours differ; NULL: none */
    int32_t count; /* at least 1 */
    enum tp_unit unit;
    double limit, mean;      /* lines across; NAN: none */
    const char *limit_words; /* "capacity"; NULL without a limit */
    double width;
};

/* How many values a column stands for. */
int32_t tp_columns_bucket(int32_t count);

/* The value at the top: round, above all values, and above the limit unless the values are so small
 * beside it that nothing would be seen of them. */
double tp_columns_top(double most, double limit);

enum tp_status tp_columns_add(
    const struct tp_columns *columns, struct tp_text *html, struct tp_error *err);

#endif
