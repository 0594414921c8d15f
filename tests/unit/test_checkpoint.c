/* SPDX-License-Identifier: Apache-2.0 */
/* Which checkpoint is whole: found again, kept through a run that is killed anywhere, refused with a reason. */
#include "train/checkpoint.h"

#include "scratch.h"

enum { RANKS = 3 };

static struct tp_error err;
static const struct tp_fact facts[] = {
    {"mode", "sptt"}, {"data", "csv:\"log\" \xc3\xa4\n"}, {"seed", "7"}};
enum { FACTS = sizeof facts / sizeof *facts };

static enum tp_status publish(int64_t step)
{
    return tp_checkpoint_publish(scratch, step, RANKS, facts, FACTS, &err);
}

static enum tp_status find(int64_t *step)
{
    return tp_checkpoint_find(scratch, RANKS, facts, FACTS, step, &err);
}

START_TEST(what_is_published_is_found)
{
    int64_t step = 0;
    ck_ok(publish(INT64_C(5000000000)), err);
    ck_ok(find(&step), err);
    ck_assert_int_eq(step, INT64_C(5000000000));
    ck_ok(publish(0), err);
    ck_ok(find(&step), err);
    ck_assert_int_eq(step, 0);
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

START_TEST(a_new_run_spares_what_is_published)
{
    ck_ok(tp_checkpoint_vacant(in_scratch("nowhere"), &err), err);
    ck_ok(tp_checkpoint_vacant(scratch, &err), err);
    ck_ok(publish(3), err);
    ck_assert_int_eq(tp_checkpoint_vacant(scratch, &err), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){scratch, "holds a checkpoint already", NULL});
}
END_TEST

START_TEST(a_fact_that_is_not_utf8_is_compared_too)
{
    struct tp_fact odd = {"data", "csv:\xff"}, other = {"data", "csv:x"};
    int64_t step;
    ck_ok(tp_checkpoint_publish(scratch, 3, 1, &odd, 1, &err), err);
    ck_ok(tp_checkpoint_find(scratch, 1, &odd, 1, &step, &err), err);
    ck_assert_int_eq(tp_checkpoint_find(scratch, 1, &other, 1, &step, &err), TP_EINPUT);
}
END_TEST

/* What a rank has at a step: these two numbers. */
struct content {
    int64_t numbers[2];
    struct tp_section section;
};

static void content_init(struct content *content, int64_t step, int32_t rank)
{
    content->numbers[0] = step;
    content->numbers[1] = rank;
    content->section = (struct tp_section){"numbers", content->numbers, sizeof content->numbers};
}

/* The calls of one checkpoint, in their order: RANKS times write, publish, RANKS times clean. */
enum { CALLS = 2 * RANKS + 1 };

static void call(int64_t step, int number)
{
    struct content content;
    if (number < RANKS) {
        content_init(&content, step, number);
        ck_ok(tp_checkpoint_write(scratch, step, number, &content.section, 1, &err), err);
    } else if (number == RANKS) {
        ck_ok(publish(step), err);
    } else {
        tp_checkpoint_clean(scratch, number - RANKS - 1, step);
    }
}

static void check_whole(int64_t step)
{
    for (int32_t rank = 0; rank < RANKS; rank++) {
        struct content content;
        content_init(&content, 0, 0);
        ck_ok(tp_checkpoint_read(scratch, step, rank, &content.section, 1, &err), err);
        ck_assert_int_eq(content.numbers[0], step);
        ck_assert_int_eq(content.numbers[1], rank);
    }
}

/* Killed after so many calls of the second checkpoint; then the run goes on from what it finds. */
START_TEST(a_run_that_is_killed_leaves_a_whole_checkpoint)
{
    int64_t found = 0;
    for (int number = 0; number < CALLS; number++)
        call(100, number);
    for (int number = 0; number < _i; number++)
        call(200, number);
    ck_ok(find(&found), err);
    ck_assert_int_eq(found, _i > RANKS ? 200 : 100);
    check_whole(found);
    for (int number = 0; number < CALLS; number++)
        call(found + 100, number);
    check_whole(found + 100);
    ck_assert_uint_eq(files_in_scratch(), 2); /* no folder of a step is left over */
}
END_TEST

START_TEST(a_folder_without_a_checkpoint_is_refused)
{
    int64_t step = 77;
    struct content content;
    ck_assert_int_eq(find(&step), TP_EINPUT);
    ck_message_has(&err, (const char *[]){scratch, "no checkpoint", "checkpoint.json", NULL});
    content_init(&content, 5, 0); /* written, but not published */
    ck_ok(tp_checkpoint_write(scratch, 5, 0, &content.section, 1, &err), err);
    ck_assert_int_eq(find(&step), TP_EINPUT);
    ck_assert_int_eq(
        tp_checkpoint_find(in_scratch("none"), RANKS, facts, FACTS, &step, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/none", "no checkpoint", NULL});
    ck_assert_int_eq(step, 77);
}
END_TEST

/* The fact that differs, and both values. */
START_TEST(each_fact_that_differs_is_named)
{
    struct tp_fact other[FACTS];
    int64_t step = 77;
    memcpy(other, facts, sizeof facts);
    other[_i].value = "another";
    ck_ok(publish(300), err);
    ck_assert_int_eq(tp_checkpoint_find(scratch, RANKS, other, FACTS, &step, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"checkpoint.json", facts[_i].name, "'another'",
                             (const char *[]){"'sptt'", "'csv:", "'7'"}[_i], NULL});
    ck_assert_int_eq(step, 77);
}
END_TEST

START_TEST(another_number_of_facts_is_refused)
{
    const struct tp_fact more[] = {facts[0], facts[1], facts[2], {"dense rate", "0.1"}};
    int64_t step;
    ck_ok(publish(300), err);
    ck_assert_int_eq(tp_checkpoint_find(scratch, RANKS, more, 4, &step, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"dense rate", NULL});
    ck_assert_int_eq(tp_checkpoint_find(scratch, RANKS, facts, 2, &step, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"found 3", "2", NULL});
}
END_TEST

START_TEST(another_number_of_ranks_is_refused)
{
    int64_t step;
    ck_ok(publish(300), err);
    ck_assert_int_eq(tp_checkpoint_find(scratch, 8, facts, FACTS, &step, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"ranks", "found 3", "expected 8", NULL});
}
END_TEST

#define FINE "\"towerpart_checkpoint\": 1, \"step\": 3, \"ranks\": 3, \"facts\": {}"
static const struct {
    const char *text, *part;
} garbage[] = {
    {"", "bad JSON"},
    {"\x7f"
     "ELF",
        "bad JSON"},
    {"{" FINE, "bad JSON"},
    {"{" FINE "} x", "bad JSON"},
    {"{" FINE ", \"step\": 4}", "duplicate"},
    {"[]", "found a list, expected an object"},
    {"{}", "towerpart_checkpoint: found nothing"},
    {"{" FINE ", \"steps\": 4}", "'steps'"},
    {"{\"towerpart_checkpoint\": 2}", "towerpart_checkpoint: found 2, expected 1"},
    {"{\"towerpart_checkpoint\": 1, \"step\": -1}", "step: found -1"},
    {"{\"towerpart_checkpoint\": 1, \"step\": 1e3}", "step: found 1000.0"},
    {"{\"towerpart_checkpoint\": 1, \"step\": 1, \"ranks\": 0}", "ranks: found 0"},
    {"{\"towerpart_checkpoint\": 1, \"step\": 1, \"ranks\": 1}", "facts: found nothing"},
    {"{\"towerpart_checkpoint\": 1, \"step\": 1, \"ranks\": 3, \"facts\": []}",
        "facts: found a list"},
    {"{" FINE "}", "mode: found nothing"},
    {"{\"towerpart_checkpoint\": 1, \"step\": 1, \"ranks\": 3, \"facts\": {\"mode\": 1}}",
        "mode: found 1"},
};

START_TEST(what_is_no_checkpoint_is_refused)
{
    int64_t step = 77;
    put_text("checkpoint.json", garbage[_i].text);
    ck_assert_int_eq(find(&step), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"checkpoint.json", garbage[_i].part, NULL});
    ck_assert_int_eq(step, 77);
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_is_named)
{
    ck_assert_int_eq(
        tp_checkpoint_publish(in_scratch("none"), 1, 1, facts, FACTS, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/none", NULL});
    put_text("file", "");
    ck_assert_int_eq(
        tp_checkpoint_publish(in_scratch("file"), 1, 1, facts, FACTS, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/file", NULL});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("checkpoint");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, what_is_published_is_found);
    tcase_add_test(tcase, a_new_run_spares_what_is_published);
    tcase_add_test(tcase, a_fact_that_is_not_utf8_is_compared_too);
    tcase_add_loop_test(tcase, a_run_that_is_killed_leaves_a_whole_checkpoint, 0, CALLS + 1);
    tcase_add_test(tcase, a_folder_without_a_checkpoint_is_refused);
    tcase_add_loop_test(tcase, each_fact_that_differs_is_named, 0, FACTS);
    tcase_add_test(tcase, another_number_of_facts_is_refused);
    tcase_add_test(tcase, another_number_of_ranks_is_refused);
    tcase_add_loop_test(
        tcase, what_is_no_checkpoint_is_refused, 0, sizeof garbage / sizeof *garbage);
    tcase_add_test(tcase, a_folder_that_cannot_be_written_is_named);
    return run_suite("checkpoint", tcase);
}
