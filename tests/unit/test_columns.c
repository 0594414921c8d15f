/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a CSV of tables: guessed, given, ambiguous, missing. */
#include "import/columns.h"
#include "scratch.h"

#define FIELDS_MAX 8

static struct tp_columns columns;
static struct tp_text notes;
static struct tp_error err;

/* @param names  of the columns, separated by '/'. */
static enum tp_status find(const char *names, const char *map)
{
    char text[256], *fields[FIELDS_MAX] = {NULL};
    struct tp_csv_record header = {.line = 1, .fields = (const char *const *)fields};
    size_t count = 0;
    snprintf(text, sizeof text, "%s", names);
    for (char *name = text; name; count++) {
        char *end = strchr(name, '/');
        fields[count] = name;
        name = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
    }
    header.field_count = count;
    notes = (struct tp_text){0};
    return tp_columns_find("t.csv", &header, map, &columns, &notes, &err);
}

static void ck_fields(int table, int rows, int dim, int features, int pooling)
{
    ck_assert_int_eq(columns.field[TP_COLUMN_TABLE], table);
    ck_assert_int_eq(columns.field[TP_COLUMN_ROWS], rows);
    ck_assert_int_eq(columns.field[TP_COLUMN_DIM], dim);
    ck_assert_int_eq(columns.field[TP_COLUMN_FEATURES], features);
    ck_assert_int_eq(columns.field[TP_COLUMN_POOLING], pooling);
}

static const struct {
    const char *names, *map;
    int field[TP_COLUMN_COUNT];
} good[] = {
    {"name/rows/dim", NULL, {0, 1, 2, -1, -1}},
    {"embedding_dim/num_embeddings/table/features/pooling_factor", NULL, {2, 1, 0, 3, 4}},
    {"table_name/cardinality/width/feature/avg_pooling", NULL, {0, 1, 2, 3, 4}},
    {"Table Name/Hash-Size/DIM/Feature Names", NULL, {0, 1, 2, 3, -1}},
    {"name/table/num_rows/dim", "table=table", {1, 2, 3, -1, -1}},
    {"a/b/c/d", "table=d,rows=c,dim=b,features=a", {3, 2, 1, 0, -1}},
    {"name/rows/dim/pooling/feature", "pooling=,features=", {0, 1, 2, -1, -1}},
    {"name/rows/dim/other", "features=name", {0, 1, 2, 0, -1}},
};

START_TEST(columns_are_found)
{
    const int *field = good[_i].field;
    ck_ok(find(good[_i].names, good[_i].map), err);
    ck_fields(field[0], field[1], field[2], field[3], field[4]);
    tp_text_release(&notes);
}
END_TEST

START_TEST(what_was_taken_and_what_was_not_is_shown)
{
    ck_ok(find("name/owner/rows/dim/remark", NULL), err);
    ck_assert_str_eq(notes.data, "columns: table = name, rows = rows, dim = dim, features = (none: "
                                 "named as the table), pooling = (none: 1)\n"
                                 "ignored columns: owner, remark\n");
    tp_text_release(&notes);
}
END_TEST

static const struct {
    const char *names, *map;
    enum tp_status status;
    const char *message[4];
} bad[] = {
    {"name/dim", NULL, TP_EINPUT,
        {"t.csv:1: no column has a name that is usual for 'rows'", "columns found: name, dim;",
            "--columns table=NAME"}},
    {"name/rows/num_rows/dim", NULL, TP_EINPUT,
        {"which column is 'rows'? It may be column 2, rows, or column 3, num_rows", "--columns"}},
    {"name/rows/dim", "rows=count", TP_EINPUT, {"no column is named 'count'", "columns found"}},
    {"name/x/x/dim", "rows=x", TP_EINPUT, {"column 2, x, or column 3, x"}},
    {"name;rows;dim", NULL, TP_EINPUT, {"fields are separated by commas"}},
    {"name\x1b/rows/dim", NULL, TP_EINPUT, {"name of column 1: found a control character"}},
    {"name/rows/dim", "rows", TP_EUSAGE, {"--columns: found 'rows', expected"}},
    {"name/rows/dim", "size=rows", TP_EUSAGE, {"--columns: found 'size=rows', expected table"}},
    {"name/rows/dim", "rows=rows,rows=rows", TP_EUSAGE, {"found 'rows' twice"}},
    {"name/rows/dim", "rows=", TP_EUSAGE, {"found nothing for 'rows'"}},
    {"name/rows/dim", "rows=rows,", TP_EUSAGE, {"found '', expected"}},
    {"name/rows/dim", "rows=dim", TP_EUSAGE, {"found 'dim' for both rows and dim"}},
};

START_TEST(what_cannot_be_found_is_asked_for)
{
    ck_assert_int_eq(find(bad[_i].names, bad[_i].map), bad[_i].status);
    ck_message_has(&err, bad[_i].message);
    tp_text_release(&notes);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("columns");
    tcase_add_loop_test(tcase, columns_are_found, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_test(tcase, what_was_taken_and_what_was_not_is_shown);
    tcase_add_loop_test(
        tcase, what_cannot_be_found_is_asked_for, 0, (int)(sizeof bad / sizeof bad[0]));
    return run_suite("columns", tcase);
}
