/* SPDX-License-Identifier: Apache-2.0 */
/* Column maps taken apart, and the columns that a message shows. */
#include "base/column_map.h"
#include "scratch.h"

/* Every entry as "[key|column]", "[key]" without '='. */
static char *apart(const char *map)
{
    struct tp_text all = {0};
    struct tp_column_entry entry;
    tp_text_add(&all, "%s", "");
    while (tp_column_map_next(&map, &entry)) {
        tp_text_add(&all, "[%.*s", (int)entry.key_length, entry.text);
        if (entry.column) {
            tp_text_add(&all, "|%.*s", (int)entry.column_length, entry.column);
            ck_assert_uint_eq(entry.length, entry.key_length + 1 + entry.column_length);
        } else
            ck_assert_uint_eq(entry.length, entry.key_length);
        tp_text_add(&all, "]");
    }
    ck_assert_ptr_null(map);
    return all.data;
}

static const struct {
    const char *map, *entries;
} maps[] = {
    {NULL, ""},
    {"a=x", "[a|x]"},
    {"a=x,b=the name,c=y", "[a|x][b|the name][c|y]"},
    {"a=", "[a|]"},
    {"=x", "[|x]"},
    {"a=x=y", "[a|x=y]"},
    {"a,b=x", "[a][b|x]"},
    {"", "[]"},
    {"a=x,", "[a|x][]"},
    {",", "[][]"},
};

START_TEST(a_map_is_taken_apart)
{
    char *entries = apart(maps[_i].map);
    ck_assert_str_eq(entries ? entries : "", maps[_i].entries);
    free(entries);
}
END_TEST

START_TEST(an_entry_names_a_whole_column)
{
    const char *map = "a=x y,b=z,c";
    struct tp_column_entry entry;
    ck_assert(tp_column_map_next(&map, &entry));
    ck_assert(tp_column_entry_is(&entry, "x y"));
    ck_assert(!tp_column_entry_is(&entry, "x"));
    ck_assert(!tp_column_entry_is(&entry, "x y,"));
    ck_assert(!tp_column_entry_is(&entry, "X Y"));
    ck_assert(!tp_column_entry_is(&entry, ""));
    ck_assert(tp_column_map_next(&map, &entry) && tp_column_entry_is(&entry, "z"));
    ck_assert(tp_column_map_next(&map, &entry) && !tp_column_entry_is(&entry, ""));
}
END_TEST

static void ck_shown(const char *const *names, size_t count, const char *expected)
{
    struct tp_csv_record header = {.line = 1, .fields = names, .field_count = count};
    struct tp_text text = {0};
    tp_text_add(&text, "a\n");
    tp_column_names_add(&text, &header);
    ck_assert_str_eq(text.data + 2, expected);
    ck_assert_int_eq(text.data[1], '\n');
    tp_text_release(&text);
}

START_TEST(columns_are_shown)
{
    const char *many[23];
    for (int i = 0; i < 23; i++)
        many[i] = "m";
    ck_shown((const char *[]){"a", "", "c"}, 3, "columns found: a, , c");
    ck_shown(many, 20, "columns found: m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m");
    ck_shown(many, 23,
        "columns found: m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m and 3 more");
    ck_shown((const char *[]){"a\nb", "c"}, 2, "columns found: a?b, c");
}
END_TEST

START_TEST(another_separator_is_noticed)
{
    static const char separators[] = ";\t|";
    char name[] = "a?b", expected[] = "columns found: a?b (fields are separated by commas)";
    name[1] = expected[strlen("columns found: a")] = separators[_i];
    ck_shown((const char *[]){name}, 1, expected);
    ck_shown((const char *[]){"a;b", "c"}, 2, "columns found: a;b, c");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("column_map");
    tcase_add_loop_test(tcase, a_map_is_taken_apart, 0, (int)(sizeof maps / sizeof maps[0]));
    tcase_add_test(tcase, an_entry_names_a_whole_column);
    tcase_add_test(tcase, columns_are_shown);
    tcase_add_loop_test(tcase, another_separator_is_noticed, 0, 3);
    return run_suite("column_map", tcase);
}
