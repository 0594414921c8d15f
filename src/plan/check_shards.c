/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about the shards of one table: on ranks of its tower, tiling the table exactly, cut in the way
 * that its sharding says.
 *
 * In: an entry of the plan for a table that the model has. A shard is a rectangle [row, row + rows) x
 * [column, column + columns); every lawful cut is by columns at full height or by rows at full width.
 * The rules build on each other (a shard outside of the table makes tiling moot, a gap makes the form
 * of the cut moot), so each one is asked only where those before it hold.
 * Cost: O(n log n) for n shards. */
#include "plan/check.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>

/* What is being judged. */
struct table_at {
    struct tp_check *check;
    const struct tp_table *table;
    const struct tp_table_placement *place;
};

static int32_t tower_first_rank(const struct table_at *at)
{
    return at->place->tower * at->check->ranks_per_tower;
}

/* The table's tower exists, so its ranks are known. */
static bool has_tower(const struct table_at *at)
{
    return at->check->tower_count > 0 && tp_check_tower_exists(at->check, at->place->tower);
}

static void check_ranks(const struct table_at *at)
{
    int32_t rank_count = at->check->plan->topology->rank_count;
    for (int32_t i = 0; i < at->place->shard_count; i++) {
        int32_t rank = at->place->shards[i].rank;
        if (rank < 0 || rank >= rank_count) {
            tp_finding(&at->check->found, "table %s: shard %d: rank: found %d, expected 0 to %d",
                at->table->name, i, rank, rank_count - 1);
            continue;
        }
        if (!has_tower(at) || rank / at->check->ranks_per_tower == at->place->tower)
            continue;
        int32_t first = tower_first_rank(at);
        tp_finding(&at->check->found,
            "table %s: shard %d is on rank %d, outside its tower %d, expected rank %d to %d",
            at->table->name, i, rank, at->place->tower, first,
            first + at->check->ranks_per_tower - 1);
    }
}

/* @return whether [first, first + count) lies in [0, size), without overflow. */
static bool is_inside(int64_t first, int64_t count, int64_t size)
{
    return first >= 0 && count >= 0 && first <= size && count <= size - first;
}

static bool check_bounds(const struct table_at *at)
{
    bool right = true;
    for (int32_t i = 0; i < at->place->shard_count; i++) {
        const struct tp_shard *s = &at->place->shards[i];
        bool rows = is_inside(s->row, s->rows, at->table->rows);
        bool columns = is_inside(s->column, s->columns, at->table->dim) && s->columns > 0;
        if (!rows)
            tp_finding(&at->check->found,
                "table %s: shard %d: found %lld rows from row %lld, expected inside the %lld rows "
                "of the table",
                at->table->name, i, (long long)s->rows, (long long)s->row,
                (long long)at->table->rows);
        if (!columns)
            tp_finding(&at->check->found,
                "table %s: shard %d: found %d columns from column %d, expected inside the %d "
                "columns of the table",
                at->table->name, i, s->columns, s->column, at->table->dim);
        right = right && rows && columns;
    }
    return right;
}

/* A stretch of rows or of columns that one shard holds. */
struct stretch {
    int64_t first, count;
};

static int compare_stretches(const void *a, const void *b)
{
    const struct stretch *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* @return whether the stretches, sorted and not empty, cover [0, size) once. @param what  "rows". */
static bool check_cover(const struct table_at *at, const struct stretch *stretches, int32_t count,
    int64_t size, const char *what)
{
    bool right = true;
    int64_t end = 0; /* covered so far */
    for (int32_t i = 0; i <= count; i++) {
        struct stretch next = i < count ? stretches[i] : (struct stretch){size, 0};
        int64_t next_end = next.first + next.count;
        int64_t both_end = next_end < end ? next_end : end;
        if (next.first > end)
            tp_finding(&at->check->found, "table %s: gap: %s %lld to %lld are in no shard",
                at->table->name, what, (long long)end, (long long)next.first - 1);
        else if (next.first < both_end)
            tp_finding(&at->check->found,
                "table %s: overlap: %s %lld to %lld are in more than one shard", at->table->name,
                what, (long long)next.first, (long long)both_end - 1);
        right = right && next.first == end;
        end = next_end > end ? next_end : end;
    }
    return right;
}

enum cut { CUT_COLUMNS, CUT_ROWS, CUT_MIXED };

static bool is_full_height(const struct table_at *at, const struct tp_shard *shard)
{
    return shard->row == 0 && shard->rows == at->table->rows;
}

static bool is_full_width(const struct table_at *at, const struct tp_shard *shard)
{
    return shard->column == 0 && shard->columns == at->table->dim;
}

/* A whole table counts as cut either way. */
static enum cut cut_of(const struct table_at *at)
{
    bool by_columns = true, by_rows = true;
    for (int32_t i = 0; i < at->place->shard_count; i++) {
        by_columns = by_columns && is_full_height(at, &at->place->shards[i]);
        by_rows = by_rows && is_full_width(at, &at->place->shards[i]);
    }
    if (by_rows && (!by_columns || at->place->sharding == TP_SHARD_ROW))
        return CUT_ROWS;
    return by_columns ? CUT_COLUMNS : CUT_MIXED;
}

/* The shards are neither all full height nor all full width: names those that are not what the
 * sharding asks for. */
static void fail_mixed(const struct table_at *at)
{
    bool row = at->place->sharding == TP_SHARD_ROW;
    for (int32_t i = 0; i < at->place->shard_count; i++) {
        const struct tp_shard *s = &at->place->shards[i];
        if (row && !is_full_width(at, s))
            tp_finding(&at->check->found,
                "table %s: shard %d: found columns %d to %d, expected all %d columns, because the "
                "sharding is row",
                at->table->name, i, s->column, s->column + s->columns - 1, at->table->dim);
        else if (!row && !is_full_height(at, s))
            tp_finding(&at->check->found,
                "table %s: shard %d: found %lld rows from row %lld, expected all %lld rows, "
                "because the sharding is %s",
                at->table->name, i, (long long)s->rows, (long long)s->row,
                (long long)at->table->rows, tp_sharding_name(at->place->sharding));
    }
}

static bool check_tiling(const struct table_at *at, enum cut cut)
{
    int32_t count = 0;
    struct stretch *stretches = TP_NEW(at->place->shard_count, struct stretch);
    if (!stretches) {
        at->check->found.failed = true;
        return false;
    }
    for (int32_t i = 0; i < at->place->shard_count; i++) {
        const struct tp_shard *s = &at->place->shards[i];
        struct stretch stretch = cut == CUT_ROWS ? (struct stretch){s->row, s->rows}
                                                 : (struct stretch){s->column, s->columns};
        if (stretch.count > 0) /* an empty row shard holds nothing, wherever it is */
            stretches[count++] = stretch;
    }
    qsort(stretches, (size_t)count, sizeof *stretches, compare_stretches);
    int64_t size = cut == CUT_ROWS ? at->table->rows : at->table->dim;
    bool right = check_cover(at, stretches, count, size, cut == CUT_ROWS ? "rows" : "columns");
    free(stretches);
    return right;
}

static void check_column_form(const struct table_at *at)
{
    const struct tp_table_placement *place = at->place;
    int32_t width = place->shards[0].columns;
    if (place->shard_count < 2) {
        tp_finding(&at->check->found,
            "table %s: sharding is column, found one shard, expected two or more", at->table->name);
        return;
    }
    for (int32_t i = 0; i < place->shard_count; i++) {
        int32_t columns = place->shards[i].columns;
        if (columns < TP_COLUMN_WIDTH_MIN)
            tp_finding(&at->check->found,
                "table %s: shard %d: columns: found %d, expected at least %d in a column shard",
                at->table->name, i, columns, TP_COLUMN_WIDTH_MIN);
        else if (columns != width && width >= TP_COLUMN_WIDTH_MIN)
            tp_finding(&at->check->found,
                "table %s: shard %d: columns: found %d, expected %d as in shard 0: column shards "
                "are equally wide",
                at->table->name, i, columns, width);
    }
}

/* The first block that is wrong is told; those after it would be wrong only because of it. */
static void check_blocks(const struct table_at *at)
{
    int64_t rows = at->table->rows, n = at->check->ranks_per_tower;
    int64_t block = rows / n + (rows % n > 0);
    for (int32_t i = 0; i < at->place->shard_count; i++) {
        const struct tp_shard *s = &at->place->shards[i];
        int64_t first = i <= rows / block ? block * i : rows;
        int64_t count = rows - first < block ? rows - first : block;
        if (s->rows != count || (count > 0 && s->row != first)) {
            tp_finding(&at->check->found,
                "table %s: shard %d: found %lld rows from row %lld, expected %lld from row %lld: "
                "row shards are blocks of ceil(%lld / %lld) rows in the order of the ranks",
                at->table->name, i, (long long)s->rows, (long long)s->row, (long long)count,
                (long long)first, (long long)rows, (long long)n);
            return;
        }
    }
}

static void check_row_form(const struct table_at *at)
{
    int32_t n = at->check->ranks_per_tower, first = tower_first_rank(at);
    if (!has_tower(at))
        return;
    if (at->place->shard_count != n) {
        tp_finding(&at->check->found,
            "table %s: sharding is row, found %d shard%s, expected one on each of the %d rank%s "
            "of tower %d",
            at->table->name, at->place->shard_count, tp_plural(at->place->shard_count), n,
            tp_plural(n), at->place->tower);
        return;
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t rank = at->place->shards[i].rank;
        bool in_tower = rank / n == at->place->tower && rank >= 0; /* else told before */
        if (rank != first + i && in_tower)
            tp_finding(&at->check->found,
                "table %s: shard %d: rank: found %d, expected %d: row shards are in the order of "
                "the ranks",
                at->table->name, i, rank, first + i);
    }
    check_blocks(at);
}

/* The shards tile the table; is it the tiling that `sharding` stands for? */
static void check_form(const struct table_at *at, enum cut cut)
{
    const struct tp_table_placement *place = at->place;
    bool by_rows = cut == CUT_ROWS;
    if (place->sharding == TP_SHARD_TABLE && place->shard_count != 1)
        tp_finding(&at->check->found,
            "table %s: sharding is table, found %d shards, expected one that holds the table",
            at->table->name, place->shard_count);
    else if (place->sharding == TP_SHARD_COLUMN && by_rows)
        tp_finding(&at->check->found,
            "table %s: sharding is column, found shards cut by rows, expected by columns",
            at->table->name);
    else if (place->sharding == TP_SHARD_COLUMN)
        check_column_form(at);
    else if (place->sharding == TP_SHARD_ROW && !by_rows)
        tp_finding(&at->check->found,
            "table %s: sharding is row, found shards cut by columns, expected by rows",
            at->table->name);
    else if (place->sharding == TP_SHARD_ROW)
        check_row_form(at);
}

void tp_check_shards(struct tp_check *check, int32_t table)
{
    const struct tp_plan *plan = check->plan;
    struct table_at at = {.check = check,
        .table = &plan->model->tables[table],
        .place = &plan->tables[check->table_entry[table]].place};
    if (at.place->shard_count == 0) {
        tp_finding(&check->found, "table %s has no shards, expected at least one", at.table->name);
        return;
    }
    check_ranks(&at);
    if (!check_bounds(&at))
        return;
    enum cut cut = cut_of(&at);
    if (cut == CUT_MIXED)
        fail_mixed(&at);
    else if (check_tiling(&at, cut))
        check_form(&at, cut);
}
