/* SPDX-License-Identifier: Apache-2.0 */
/* The page of any plan, however strange: it is whole, names stay text, and no place in a picture is
 * undefined. */
#include <towerpart/html.h>

#include "sample_plan.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static void evil_name(int i, char *name)
{
    static const char *const evil[] = {"</script><b>", "a\"b'c", "\x1b[31mred\x07",
        "gr\xc3\xb6\xc3\x9f\xff", "%s%n%d", "", "&lt;b&gt;"};
    snprintf(name, SAMPLE_NAME_BYTES, "%s", evil[i % COUNT(evil)]);
}

static void absurd_figures(struct sample *s)
{
    struct tp_plan *p = &s->plan;
    for (int32_t r = 0; r < p->rank_count; r++)
        p->ranks[r].load = (struct tp_rank_load){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    for (int m = 0; m < TP_MODE_COUNT; m++) {
        p->cost.modes[m].seconds = 1e300;
        for (int phase = 0; phase < TP_PHASE_COUNT; phase++)
            p->cost.modes[m].phases[phase].seconds = 1e300;
    }
    p->towers[0].output_dim = INT64_MAX;
    p->balance = p->ratio = 1e300;
}

static void no_figures(struct sample *s)
{
    struct tp_plan *p = &s->plan;
    memset(&p->cost, 0, sizeof p->cost);
    p->cost.flat_free_seconds = NAN;
    p->affinity = (struct tp_plan_affinity){.stability = NAN};
    p->quality.inside_affinity = p->quality.bound = p->quality.balance.flops = NAN;
    p->quality.baseline_count = 0;
    memset(p->ranks, 0, (size_t)p->rank_count * sizeof *p->ranks);
}

static void flat_plan(struct sample *s)
{
    s->plan.strategy = TP_STRATEGY_FLAT;
    s->plan.cost.recommended = s->plan.cost.recommended_if_quality_allows = TP_USE_FLAT;
}

static void broken_plan(struct sample *s)
{
    struct tp_plan *p = &s->plan;
    p->ranks[0].rank = -5;
    p->ranks[1].rank = 1000000;
    p->towers[0].ranks[0] = 1000000;
    p->towers[0].host_count = p->towers[0].rank_count = 0;
    p->towers[1].feature_count = 0;
    p->tables[0].place.tower = 77;
    p->tables[0].place.shard_count = 0;
    p->tables[1].name = sample_text(s, "unknown");
    p->ratio = 0;
}

static void no_towers(struct sample *s)
{
    s->plan.tower_count = s->plan.table_count = s->plan.rank_count = 0;
}

static const struct {
    int hosts, ranks_per_host, features;
    void (*name)(int, char *);
    void (*change)(struct sample *);
} kinds[] = {
    {2, 2, 5, sample_name, NULL},
    {1, 1, 1, sample_name, NULL},
    {128, 8, 900, sample_name, NULL},
    {4, 2, 70, evil_name, NULL},
    {4, 2, 9, evil_name, NULL},
    {2, 2, 9, sample_name, absurd_figures},
    {2, 2, 5, sample_name, no_figures},
    {1, 8, 5, sample_name, flat_plan},
    {2, 2, 5, sample_name, broken_plan},
    {2, 2, 5, sample_name, no_towers},
};

/* Of every pair: affinity and standard error `value`. */
static struct tp_affinity make_affinity(struct sample *s, float value)
{
    int32_t features = s->model.feature_count;
    size_t pairs = (size_t)features * (size_t)features;
    float *values = sample_new(s, pairs, sizeof *values);
    for (size_t i = 0; i < pairs; i++)
        values[i] = value;
    return (struct tp_affinity){.feature_count = features,
        .affinity = values,
        .std_error = values,
        .noise_floor = 0.5,
        .reproducibility = NAN,
        .null_rho = NAN,
        .learned = NAN};
}

static const struct tp_affinity *shown_affinity;

static enum tp_status write_page(const struct tp_plan *plan, const struct tp_findings *findings,
    const char *path, struct tp_error *err)
{
    struct tp_html_options options = {.affinity = shown_affinity};
    return tp_report_html(plan, findings, &options, path, err);
}

static void is_whole(const char *page)
{
    ck_assert_ptr_nonnull(strstr(page, "</html>\n"));
    ck_assert_msg(!strstr(page, "</script><b>"), "a name is more than text");
    ck_assert_msg(!strchr(page, '\x1b') && !strchr(page, '\xff'), "a name reaches the page raw");
    for (const char *p = page; (p = strstr(p, "style=\"left:")); p++) {
        double left = strtod(p + strlen("style=\"left:"), NULL);
        ck_assert_msg(left >= -1 && left <= 101, "a label outside its picture: %.40s", p);
    }
}

START_TEST(the_page_of_any_plan_is_whole)
{
    static const float values[] = {0, 0.25F, 1};
    for (int i = 0; i < COUNT(values); i++) {
        struct sample *s = sample_make(
            kinds[_i].hosts, kinds[_i].ranks_per_host, kinds[_i].features, kinds[_i].name);
        struct tp_affinity affinity = make_affinity(s, values[i]);
        if (kinds[_i].change)
            kinds[_i].change(s);
        shown_affinity = &affinity;
        char *page = sample_report(&s->plan, write_page);
        is_whole(page);
        ck_assert_ptr_nonnull(strstr(page, "id=\"map\""));
        free(page);
        sample_release(s);
        free(s);
    }
}
END_TEST

START_TEST(without_affinity_the_page_says_so)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    shown_affinity = NULL;
    char *page = sample_report(&s->plan, write_page);
    is_whole(page);
    ck_assert_ptr_nonnull(strstr(page, "The heat map is left out"));
    ck_assert_ptr_null(strstr(page, "id=\"map\""));
    free(page);
    sample_release(s);
    free(s);
}
END_TEST

static char findings_line[] = "table <b>: wrong";
static char *findings_lines[] = {findings_line};

START_TEST(findings_are_on_top)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_findings findings = {.lines = findings_lines, .count = 1};
    shown_affinity = NULL;
    char *page = sample_report_with(&s->plan, &findings, write_page);
    const char *found = strstr(page, "<li>table &lt;b&gt;: wrong</li>");
    ck_assert_ptr_nonnull(found);
    ck_assert(found < strstr(page, "<section id=\"step\">"));
    free(page);
    sample_release(s);
    free(s);
}
END_TEST

/* Nothing is written if a sweep cannot be read. */
START_TEST(a_sweep_that_is_not_there_is_an_error)
{
    static const char *const sweeps[] = {"/nonexistent/sweep.json"};
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_html_options options = {.sweeps = sweeps, .sweep_count = 1};
    struct tp_error err = {0};
    ck_assert_int_eq(
        tp_report_html(&s->plan, NULL, &options, "/nonexistent/page.html", &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/sweep.json"));
    sample_release(s);
    free(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("html");
    TCase *tcase = tcase_create("html");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_page_of_any_plan_is_whole, 0, COUNT(kinds));
    tcase_add_test(tcase, without_affinity_the_page_says_so);
    tcase_add_test(tcase, findings_are_on_top);
    tcase_add_test(tcase, a_sweep_that_is_not_there_is_an_error);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
