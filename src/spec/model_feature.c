/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a table's `features`: a name, how many ids a sample has, and what a click log showed
 * of how often its rows are asked for.
 *
 * In: the node, and the table it belongs to. Out: a feature whose hot_rows are a curve that can be:
 * rows and shares rise, no row is asked for more often than those before it, and all rows together
 * get every lookup. A share may be too low by what six decimals lose (SHARE_SLACK).
 *
 * That no later rows are hotter on average is what the cost model builds on: it makes the first of
 * equal blocks of rows the busiest. Cost: linear in the points. */
#include "spec/model_reader.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"

#include <float.h>
#include <string.h>

#define POOLING_MAX 1e6
#define DISTINCT_MAX ((int64_t)1 << 40)
#define SHARE_SLACK 1e-6

/* `pooling: mean` is how other tools name a kind of pooling; here it is a count. */
static enum tp_status read_pooling(
    const struct tp_model_reader *r, const struct tp_yaml_node *entry, double *pooling)
{
    static const char *const kinds[] = {
        "mean", "avg", "average", "weighted", "max", "sqrtn", "none", "sum", NULL};
    const struct tp_yaml_node *node = tp_yaml_get(entry, "pooling");
    for (int i = 0; node && node->kind == TP_YAML_SCALAR && kinds[i]; i++)
        if (!strcmp(node->value, kinds[i]))
            return tp_yaml_fail(r->yaml, node, r->err,
                "found '%s', expected the mean number of ids per sample: %s", kinds[i],
                TP_WHY_POOLING);
    return tp_yaml_real(r->yaml, entry, "pooling", false, DBL_MIN, POOLING_MAX, pooling, r->err);
}

static enum tp_status read_point(const struct tp_model_reader *r, const struct tp_yaml_node *pair,
    int64_t table_rows, struct tp_hot_point *point)
{
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, pair, 2, r->err);
    if (status != TP_OK)
        return status;
    if (pair->count != 2)
        return tp_yaml_fail(r->yaml, pair, r->err,
            "found a list of %zu, expected a pair [rows, share]", pair->count);
    status = tp_yaml_as_integer(r->yaml, pair->items[0], 1, table_rows, &point->rows, r->err);
    if (status != TP_OK)
        return status;
    return tp_yaml_as_real(r->yaml, pair->items[1], DBL_MIN, 1, &point->share, r->err);
}

/* The most that `point` may hold after `before`, at the mean of the rows before. */
static double most_share(const struct tp_hot_point *before, const struct tp_hot_point *point)
{
    return (before->share + SHARE_SLACK) / (double)before->rows * (double)point->rows;
}

static enum tp_status check_rising(const struct tp_model_reader *r, const struct tp_yaml_node *pair,
    const struct tp_hot_point *before, const struct tp_hot_point *point)
{
    char share[32], most[32];
    tp_format_real(share, point->share);
    tp_format_real(most, before->share);
    if (point->rows <= before->rows)
        return tp_yaml_fail(r->yaml, pair->items[0], r->err,
            "found %lld rows after %lld, expected ascending ones", (long long)point->rows,
            (long long)before->rows);
    if (point->share <= before->share)
        return tp_yaml_fail(r->yaml, pair->items[1], r->err,
            "found the share %s after %s, expected ascending ones: more rows get more lookups",
            share, most);
    tp_format_real(most, before->share / (double)before->rows * (double)point->rows);
    if (point->share > most_share(before, point))
        return tp_yaml_fail(r->yaml, pair->items[1], r->err,
            "found the share %s for %lld rows, expected at most %s after [%lld, ...]: the hottest "
            "rows come first",
            share, (long long)point->rows, most, (long long)before->rows);
    return TP_OK;
}

/* All rows of the table get all lookups, and the last point at least its even part of them. */
static enum tp_status check_end(const struct tp_model_reader *r, const struct tp_yaml_node *pair,
    const struct tp_hot_point *last, int64_t table_rows)
{
    struct tp_hot_point end = {table_rows, 1};
    char share[32];
    tp_format_real(share, last->share);
    if (last->rows == table_rows && last->share < 1)
        return tp_yaml_fail(r->yaml, pair->items[1], r->err,
            "found the share %s for all %lld rows of the table, expected 1", share,
            (long long)table_rows);
    if (end.share > most_share(last, &end))
        return tp_yaml_fail(r->yaml, pair->items[1], r->err,
            "found the share %s for the hottest %lld of %lld rows, expected at least their even "
            "part",
            share, (long long)last->rows, (long long)table_rows);
    return TP_OK;
}

static enum tp_status read_hot_rows(const struct tp_model_reader *r,
    const struct tp_yaml_node *entry, int64_t table_rows, struct tp_feature *feature)
{
    const struct tp_yaml_node *list = tp_yaml_get(entry, "hot_rows");
    if (!list)
        return TP_OK;
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, list, 1, r->err);
    if (status != TP_OK)
        return status;
    feature->hot_rows = TP_NEW(list->count, struct tp_hot_point);
    if (!feature->hot_rows)
        return tp_fail_memory(r->err);
    feature->hot_count = (int32_t)list->count;
    struct tp_hot_point *points = feature->hot_rows;
    for (size_t i = 0; i < list->count && status == TP_OK; i++) {
        status = read_point(r, list->items[i], table_rows, &points[i]);
        if (status == TP_OK && i > 0)
            status = check_rising(r, list->items[i], &points[i - 1], &points[i]);
    }
    if (status != TP_OK)
        return status;
    size_t last = list->count - 1;
    return check_end(r, list->items[last], &points[last], table_rows);
}

enum tp_status tp_model_read_feature(const struct tp_model_reader *r,
    const struct tp_yaml_node *entry, int64_t table_rows, struct tp_feature *feature,
    const struct tp_yaml_node **name_node)
{
    static const char *const keys[] = {
        "name", "pooling", "pooling_p99", "distinct", "hot_rows", NULL};
    feature->pooling = 1.0;
    *name_node = entry;
    if (entry->kind == TP_YAML_SCALAR)
        return tp_spec_name(r->yaml, entry, &feature->name, r->err);
    enum tp_status status = tp_spec_mapping(r->yaml, entry, keys, tp_model_refused, r->err);
    if (status == TP_OK)
        status = tp_spec_name_key(r->yaml, entry, "name", &feature->name, r->err);
    if (status != TP_OK)
        return status;
    *name_node = tp_yaml_get(entry, "name");
    status = read_pooling(r, entry, &feature->pooling);
    if (status == TP_OK)
        status = tp_yaml_real(
            r->yaml, entry, "pooling_p99", false, 0, POOLING_MAX, &feature->pooling_p99, r->err);
    if (status == TP_OK)
        status = tp_yaml_integer(
            r->yaml, entry, "distinct", false, 1, DISTINCT_MAX, &feature->distinct, r->err);
    return status == TP_OK ? read_hot_rows(r, entry, table_rows, feature) : status;
}
