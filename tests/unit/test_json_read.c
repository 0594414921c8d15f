/* SPDX-License-Identifier: Apache-2.0 */
/* JSON files to values that are checked. */
#include "import/json_read.h"
#include "scratch.h"

static struct tp_json json;
static struct tp_error err;

static enum tp_status load(const char *text, size_t length)
{
    put_file("t.json", text, length);
    return tp_json_load(in_scratch("t.json"), &json, &err);
}

#define TEXT(literal) literal, sizeof literal - 1
static const struct {
    const char *text;
    size_t length;
    const char *message[3];
} bad[] = {
    {TEXT(""), {"t.json:1:0: found bad JSON"}},
    {TEXT("{\"a\": 1"), {"t.json:1:7:", "'}' expected"}},
    {TEXT("{\"a\": 1}\n[]"), {"t.json:2:", "end of file expected"}},
    {TEXT("{\"a\": 1,\n\"b\": 2,\n\"a\": 3}"), {"t.json:3:", "duplicate object key"}},
    {TEXT("[99999999999999999999]"), {"t.json:1:", "too big integer"}},
    {TEXT("[1e999]"), {"t.json:1:", "real number overflow"}},
    {TEXT("[NaN]"), {"t.json:1:", "invalid token"}},
    {TEXT("['a']"), {"t.json:1:", "invalid token"}},
    {TEXT("[\"a\xff\"]"), {"t.json:1:", "unable to decode byte 0xff"}},
    {TEXT("[\"a\\u0000b\"]"), {"t.json:1:", "\\u0000"}},
    {TEXT("[\"a\0b\"]"), {"t.json:1:", "found bad JSON"}},
    {TEXT("[\"\\ud800\"]"), {"t.json:1:", "found bad JSON"}},
    {TEXT("7"), {"t.json:1:1:", "expected an object or a list"}},
};

START_TEST(bad_json_is_refused_with_its_line)
{
    ck_assert_int_eq(load(bad[_i].text, bad[_i].length), TP_EINPUT);
    ck_message_has(&err, bad[_i].message);
    tp_json_release(&json);
}
END_TEST

START_TEST(a_nesting_bomb_is_refused)
{
    enum { DEPTH = 1000000 };
    char *text = malloc(DEPTH);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', DEPTH);
    ck_assert_int_eq(load(text, DEPTH), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"t.json:1:", "maximum parsing depth", NULL});
    tp_json_release(&json);
    free(text);
}
END_TEST

/* Taken from {"v": ...} as an integer from 1 to 10, a name, a list, an object: TP_OK where allowed. */
static const struct {
    const char *value;
    bool integer, name, list, object;
    const char *found;
} values[] = {
    {"7", true, false, false, false, "found 7"},
    {"11", false, false, false, false, "found 11"},
    {"7.0", false, false, false, false, "found 7.0"},
    {"4e7", false, false, false, false, "found 4.0e+07"},
    {"\"7\"", false, true, false, false, "found '7' in quotes"},
    {"\"\"", false, false, false, false, "found"},
    {"\"a\\u001bb\"", false, false, false, false, "found"},
    {"true", false, false, false, false, "found true"},
    {"null", false, false, false, false, "found null"},
    {"[]", false, false, true, false, "found a list"},
    {"{}", false, false, false, true, "found an object"},
};

START_TEST(values_are_taken_by_type_and_range)
{
    char text[64];
    int64_t number = 0;
    const char *name;
    snprintf(text, sizeof text, "{\"v\": %s}", values[_i].value);
    ck_ok(load(text, strlen(text)), err);
    const json_t *value = json_object_get(json.root, "v");
    ck_assert_int_eq(tp_json_read_integer(&json, "here", "v", value, 1, 10, &number) == TP_OK,
        values[_i].integer);
    if (!values[_i].integer)
        ck_message_has(&err, (const char *[]){"t.json: here: v: ", values[_i].found, NULL});
    ck_assert_int_eq(tp_json_read_name(&json, "here", "v", value, &name) == TP_OK, values[_i].name);
    ck_assert_int_eq(
        tp_json_expect_list(&json, "here", "v", value, "a list") == TP_OK, values[_i].list);
    ck_assert_int_eq(
        tp_json_expect_object(&json, "", "v", value, "an object") == TP_OK, values[_i].object);
    if (!values[_i].object)
        ck_message_has(&err, (const char *[]){"t.json: v: ", ", expected an object", NULL});
    tp_json_release(&json);
}
END_TEST

START_TEST(nothing_is_told_from_null)
{
    int64_t number;
    ck_ok(load("{}", 2), err);
    ck_assert_int_eq(tp_json_read_integer(&json, "", "v", NULL, 1, 10, &number), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"t.json: v: found nothing, expected an integer", NULL});
    tp_json_release(&json);
}
END_TEST

START_TEST(reals_are_numbers_of_at_least_0)
{
    static const struct {
        const char *value, *found;
    } cases[] = {{"2.5e-3", NULL}, {"7", NULL}, {"0", NULL}, {"-0.5", "found -0.5"},
        {"-3", "found -3"}, {"\"1\"", "found '1' in quotes"}, {"null", "found null"}};
    char text[64];
    double number = -1;
    snprintf(text, sizeof text, "{\"v\": %s}", cases[_i].value);
    ck_ok(load(text, strlen(text)), err);
    const json_t *value = json_object_get(json.root, "v");
    enum tp_status status = tp_json_read_real(&json, "here", "v", value, &number);
    ck_assert_int_eq(status, cases[_i].found ? TP_EINPUT : TP_OK);
    ck_assert_double_eq(number, cases[_i].found ? -1 : strtod(cases[_i].value, NULL));
    if (cases[_i].found)
        ck_message_has(&err, (const char *[]){"t.json: here: v: ", cases[_i].found, NULL});
    tp_json_release(&json);
}
END_TEST

START_TEST(lines_are_counted_from_the_first)
{
    static const char text[] = "{\"a\": 1,\n 7}";
    ck_assert_int_eq(tp_json_parse("t.json", 40, text, sizeof text - 1, &json, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"t.json:41:2: found bad JSON", NULL});
    tp_json_release(&json);
}
END_TEST

static const struct tp_json_key keys[] = {{"known", TP_JSON_READ, NULL},
    {"refused", TP_JSON_REFUSE, "it is not supported"}, {NULL, TP_JSON_READ, NULL}};

START_TEST(keys_are_read_refused_or_noted)
{
    static const char text[] =
        "{\"known\": 1, \"refused\": false, \"b\": 1, \"a\": 2, \"\\u001b\": 0}";
    json_t *ignored = json_object();
    struct tp_text notes = {0};
    ck_ok(load(text, strlen(text)), err);
    ck_ok(tp_json_keys(&json, "", json.root, keys, ignored), err);
    ck_ok(tp_json_keys(&json, "", json.root, keys, ignored), err); /* told once */
    tp_json_note_ignored(ignored, &notes);
    ck_assert_str_eq(notes.data, "ignored: refused, b, a, ?\n"); /* cleaned where it is shown */
    json_object_set_new(json.root, "refused", json_true());
    ck_assert_int_eq(tp_json_keys(&json, "place", json.root, keys, ignored), TP_EINPUT);
    ck_message_has(&err,
        (const char *[]){"place: refused: found true, which cannot be honoured: it is not", NULL});
    tp_text_release(&notes);
    json_decref(ignored);
    tp_json_release(&json);
}
END_TEST

START_TEST(a_flood_of_unknown_keys_is_cut)
{
    json_t *ignored = json_object();
    struct tp_text notes = {0};
    for (int i = 0; i < 100; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i);
        json_object_set_new(ignored, key, json_true());
    }
    tp_json_note_ignored(ignored, &notes);
    ck_assert_ptr_nonnull(strstr(notes.data, "k11 and 88 more\n"));
    tp_text_release(&notes);
    json_decref(ignored);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("json_read");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(
        tcase, bad_json_is_refused_with_its_line, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tcase, a_nesting_bomb_is_refused);
    tcase_add_loop_test(
        tcase, values_are_taken_by_type_and_range, 0, (int)(sizeof values / sizeof values[0]));
    tcase_add_loop_test(tcase, reals_are_numbers_of_at_least_0, 0, 7);
    tcase_add_test(tcase, lines_are_counted_from_the_first);
    tcase_add_test(tcase, nothing_is_told_from_null);
    tcase_add_test(tcase, keys_are_read_refused_or_noted);
    tcase_add_test(tcase, a_flood_of_unknown_keys_is_cut);
    return run_suite("json_read", tcase);
}
