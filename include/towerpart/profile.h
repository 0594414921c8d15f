/* SPDX-License-Identifier: Apache-2.0 */
/* What a click log says of a model's features: ids per sample, distinct ids, skew. */
#ifndef TOWERPART_PROFILE_H
#define TOWERPART_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

struct tp_profile_options {
    const char
        *columns;   /* csv: "feature=column,..." where the names differ; default NULL: none do */
    char separator; /* csv: between the ids of a field, ' ', ';' or '|'; default 0: one id */
    bool progress;  /* a line on a terminal's standard error; default false */
};

struct tp_feature_profile {
    int64_t ids;                   /* lookups in the whole log, > 0 */
    double pooling;                /* ids / samples */
    int64_t pooling_p99;           /* the least number that 99 % of the samples do not exceed */
    int64_t distinct;              /* different ids; two with the same 64-bit hash count as one */
    double hottest_row;            /* share of the lookups that the most frequent id has */
    double hottest_percent;        /* and the most frequent 1 % of the distinct ids, rounded up */
    struct tp_hot_point *hot_rows; /* (hot_count) as a feature of a model holds them */
    int32_t hot_count;
};

struct tp_profile {
    int64_t samples;
    int32_t feature_count;
    struct tp_feature_profile *features; /* (feature_count) in the order of the model */
    int32_t ignored_columns;             /* csv: columns of no feature */
    int64_t list_line; /* csv: line of the first field that looks like a list, though no separator
                             was given; 0: none does */
    int32_t list_feature; /* whose field that is */
    char list_separator;  /* what makes it look so */
};

/* Reads a whole log, once, in memory that grows with the distinct ids (24 to 48 bytes each, half as much
 * again for a moment) and not with the log.
 * @param log      "criteo:FILE" or "csv:FILE", FILE "-" being standard input.
 * @param options  NULL: defaults.
 * @param profile  out, to be freed with tp_profile_free().
 * @return TP_EUSAGE for a log of another kind and for options that do not fit; TP_EINPUT with file and line
 *         for a row that is none, a log without rows, and features without any id; TP_ENOMEM. */
enum tp_status tp_profile_log(const char *log, const struct tp_model *model,
    const struct tp_profile_options *options, struct tp_profile **profile, struct tp_error *err);
void tp_profile_free(struct tp_profile *profile);

/* Writes what was measured into the features of that model.
 * @param model  the one that was measured, or a copy; unchanged on failure. */
enum tp_status tp_profile_apply(
    const struct tp_profile *profile, struct tp_model *model, struct tp_error *err);

#endif
