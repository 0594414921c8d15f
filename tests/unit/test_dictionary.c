/* SPDX-License-Identifier: Apache-2.0 */
/* Which row an id gets. */
#include "scratch.h"

#include "data/dictionary.h"

static struct tp_error err;

/* The dictionary of the ids, one letter each. */
static struct tp_dictionary read_ids(const char *ids, int64_t rows, int64_t min_count)
{
    struct tp_dictionary dictionary = {.rows = rows, .min_count = min_count};
    for (; *ids; ids++)
        ck_assert(tp_dictionary_see(&dictionary, ids, 1));
    ck_ok(tp_dictionary_close(&dictionary, &err), err);
    return dictionary;
}

/* The rows of the ids, as digits. */
static const char *rows_of(const struct tp_dictionary *dictionary, const char *ids)
{
    static char text[64];
    size_t i = 0;
    for (; ids[i]; i++)
        text[i] = (char)('0' + tp_dictionary_row(dictionary, ids + i, 1));
    text[i] = '\0';
    return text;
}

START_TEST(the_most_frequent_ids_come_first_and_rare_ones_are_row_0)
{
    static const struct {
        int64_t rows, min_count;
        const char *rows_of_abcdx; /* seen 3, 5, 2, 1 and 0 times */
    } cases[] = {{9, 1, "21340"}, {5, 1, "21340"}, {9, 2, "21300"}, {4, 2, "21300"},
        {9, 3, "21000"}, {2, 5, "01000"}, {1, 6, "00000"}};
    struct tp_dictionary dictionary = read_ids("abcabbdbacb", cases[_i].rows, cases[_i].min_count);
    ck_assert(!dictionary.hashed);
    ck_assert_str_eq(rows_of(&dictionary, "abcdx"), cases[_i].rows_of_abcdx);
    tp_dictionary_release(&dictionary);
}
END_TEST

START_TEST(equally_frequent_ids_are_in_the_order_of_their_hashes)
{
    struct tp_dictionary dictionary = read_ids("cabbcadd", 9, 1);
    for (const char *a = "abcd"; *a; a++)
        for (const char *b = "abcd"; *b; b++)
            ck_assert_int_eq(tp_id_hash(a, 1) < tp_id_hash(b, 1),
                tp_dictionary_row(&dictionary, a, 1) < tp_dictionary_row(&dictionary, b, 1));
    tp_dictionary_release(&dictionary);
}
END_TEST

START_TEST(ids_that_do_not_fit_are_hashed)
{
    static const struct {
        int64_t rows, min_count;
    } cases[] = {{4, 1}, {3, 2}, {2, 3}, {1, 5}};
    struct tp_dictionary dictionary = read_ids("abcabbdbacb", cases[_i].rows, cases[_i].min_count);
    ck_assert(dictionary.hashed);
    for (const char *id = "abcdx"; *id; id++)
        ck_assert_int_eq(tp_dictionary_row(&dictionary, id, 1),
            (int64_t)(tp_id_hash(id, 1) % (uint64_t)cases[_i].rows));
    tp_dictionary_release(&dictionary);
}
END_TEST

/* 2^22 + 8 * rows distinct ids, each seen once, are kept in mind; one more is too many. */
START_TEST(memory_is_bounded_when_all_ids_are_rare)
{
    struct tp_dictionary dictionary = {.rows = 100, .min_count = 2};
    uint32_t last = (1 << 22) + 800;
    bool early = false;
    for (uint32_t id = 1; id <= last; id++) {
        tp_dictionary_see(&dictionary, (const char *)&id, sizeof id);
        early = early || dictionary.hashed;
    }
    ck_assert(!early);
    last++;
    tp_dictionary_see(&dictionary, (const char *)&last, sizeof last);
    ck_assert(dictionary.hashed);
    ck_assert_ptr_null(dictionary.ids.slots);
    ck_assert(tp_dictionary_see(&dictionary, "a", 1));
    tp_dictionary_release(&dictionary);
}
END_TEST

START_TEST(without_ids_everything_is_row_0)
{
    struct tp_dictionary dictionary = read_ids("", 10, 1);
    ck_assert(!dictionary.hashed);
    ck_assert_str_eq(rows_of(&dictionary, "ab"), "00");
    tp_dictionary_release(&dictionary);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("dictionary");
    tcase_add_loop_test(tcase, the_most_frequent_ids_come_first_and_rare_ones_are_row_0, 0, 7);
    tcase_add_test(tcase, equally_frequent_ids_are_in_the_order_of_their_hashes);
    tcase_add_loop_test(tcase, ids_that_do_not_fit_are_hashed, 0, 4);
    tcase_add_test(tcase, memory_is_bounded_when_all_ids_are_rare);
    tcase_add_test(tcase, without_ids_everything_is_row_0);
    return run_suite("dictionary", tcase);
}
