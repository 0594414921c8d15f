/* SPDX-License-Identifier: Apache-2.0 */
/* The text report: what holds for every plan, and the figures of small ones. */
#include <towerpart/report.h>

#include "report_text.h"

#include <ctype.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static void evil_name(int i, char *name)
{
    static const char *const evil[] = {
        "\x1b[31mred\x07", "a\nb\tc\r", "\xc3\xa9\xe2\x82\xac\xff\x80", "%s%n%d", "", " ", "\x7f"};
    if (i % 8 == 7)
        memset(name, 'x', SAMPLE_NAME_BYTES - 1);
    else
        snprintf(name, SAMPLE_NAME_BYTES, "%s", evil[i % 8]);
    name[SAMPLE_NAME_BYTES - 1] = '\0';
}

static void long_name(int i, char *name)
{
    snprintf(name, SAMPLE_NAME_BYTES, "%d%0*d", i % 10, SAMPLE_NAME_BYTES - 3, i);
}

static void absurd_figures(struct sample *s)
{
    struct tp_plan *p = &s->plan;
    for (int32_t r = 0; r < p->rank_count; r++)
        p->ranks[r].load = (struct tp_rank_load){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    for (int32_t t = 0; t < p->tower_count; t++)
        p->towers[t].output_dim = INT64_MAX;
    for (int m = 0; m < TP_MODE_COUNT; m++) {
        p->cost.modes[m].seconds = 1e300;
        for (int phase = 0; phase < TP_PHASE_COUNT; phase++) {
            p->cost.modes[m].phases[phase].seconds = 1e300;
            p->cost.modes[m].phases[phase].bytes[1] = INT64_MAX;
        }
    }
    p->quality.balance = (struct tp_plan_balance){1e300, 1e300, 1e300, 1e300, 1e300};
    p->balance = p->ratio = 1e300;
    p->affinity.samples = INT64_MAX;
    p->seed = UINT64_MAX;
}

static void no_affinity(struct sample *s)
{
    s->plan.affinity = (struct tp_plan_affinity){.stability = NAN};
    s->plan.strategy = TP_STRATEGY_LOAD;
    s->plan.quality.inside_affinity = s->plan.quality.bound = NAN;
    s->plan.quality.baseline_count = 0;
    s->plan.quality.balance.flops = NAN;
    s->plan.cost.flat_free_seconds = NAN;
}

static void flat_plan(struct sample *s)
{
    no_affinity(s);
    s->plan.strategy = TP_STRATEGY_FLAT;
    s->plan.cost.recommended = s->plan.cost.recommended_if_quality_allows = TP_USE_FLAT;
}

/* Edited by hand into nonsense: the report shows what can be shown. */
static void broken_plan(struct sample *s)
{
    struct tp_plan *p = &s->plan;
    p->ranks[0].rank = -5;
    p->ranks[1].rank = 1000000;
    p->towers[0].ranks[0] = 1000000;
    p->towers[1].ranks[0] = -1;
    p->towers[0].host_count = 0;
    p->towers[1].feature_count = 0;
    p->tables[0].place.tower = 77;
    p->tables[1].name = sample_text(s, "unknown");
    p->ratio = 0;
}

static void no_towers(struct sample *s)
{
    s->plan.tower_count = s->plan.table_count = s->plan.rank_count = 0;
}

static const struct {
    const char *what;
    int hosts, ranks_per_host, features;
    void (*name)(int, char *);
    void (*change)(struct sample *);
} kinds[] = {
    {"small", 2, 2, 5, sample_name, NULL},
    {"one rank", 1, 1, 1, sample_name, NULL},
    {"large", 32, 8, 900, sample_name, NULL},
    {"large, long names", 32, 8, 900, long_name, NULL},
    {"evil names", 4, 2, 64, evil_name, NULL},
    {"absurd figures", 2, 2, 9, long_name, absurd_figures},
    {"no affinity", 2, 2, 5, sample_name, no_affinity},
    {"flat", 1, 8, 5, long_name, flat_plan},
    {"broken", 2, 2, 5, long_name, broken_plan},
    {"no towers", 2, 2, 5, sample_name, no_towers},
};

static struct sample *make_kind(int i)
{
    struct sample *s =
        sample_make(kinds[i].hosts, kinds[i].ranks_per_host, kinds[i].features, kinds[i].name);
    char name[SAMPLE_NAME_BYTES];
    kinds[i].name(7, name);
    s->model.name = s->topology.name = s->topology.levels[1].name = sample_text(s, name);
    s->plan.model_input.file = s->plan.affinity.input.file = s->model.name;
    if (kinds[i].change)
        kinds[i].change(s);
    return s;
}

START_TEST(every_line_is_printable_ascii_of_at_most_100_columns)
{
    char *text = report_of(make_kind(_i));
    ck_assert_uint_gt(strlen(text), 500);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n");
        ck_assert_msg(
            length <= 100, "%s: %zu columns: %.*s", kinds[_i].what, length, (int)length, line);
        for (size_t i = 0; i < length; i++)
            ck_assert_msg(line[i] >= ' ' && line[i] <= '~', "%s: byte %d in %.*s", kinds[_i].what,
                line[i], (int)length, line);
        ck_assert_msg(!length || line[length - 1] != ' ', "%s: blank at the end", kinds[_i].what);
        ck_assert_int_eq(line[length], '\n');
    }
    free(text);
}
END_TEST

/* The block of a tower: from its line to the next line that starts with a number, or to a blank one. */
static void check_tower_block(const char *text, const struct tp_plan_tower *tower)
{
    char head[64], name[SAMPLE_NAME_BYTES + 2];
    snprintf(head, sizeof head, "\n %d ", (int)tower->id);
    const char *p = text;
    while (*p && !(p[0] == '\n' && begins(p + 1, head + 1)))
        p++;
    ck_assert_msg(*p, "no line for tower %d", (int)tower->id);
    p = strchr(p + 1, '\n') + 1;
    size_t length = 0;
    while (p[length] == ' ' && !isdigit((unsigned char)p[length + strspn(p + length, " ")]))
        length += strcspn(p + length, "\n") + 1;
    char *block = calloc(length + 3, 1);
    for (size_t i = 0; i < length; i++)
        block[i] = p[i] == '\n' ? ' ' : p[i];
    int words = 0;
    for (char *w = strtok(block, " "); w; w = strtok(NULL, " "), words++) {
        ck_assert_int_lt(words, tower->feature_count);
        snprintf(name, sizeof name, "%s", tower->features[words]);
        ck_assert_str_eq(w, name);
    }
    ck_assert_int_eq(words, tower->feature_count);
    free(block);
}

START_TEST(every_tower_is_listed_with_exactly_its_features)
{
    struct sample *s = sample_make(_i ? 32 : 2, _i ? 8 : 2, _i ? 900 : 5, sample_name);
    char *text = sample_report(&s->plan, _i ? whole_report : brief_report);
    const char *towers = strstr(text, "\nTOWERS");
    ck_assert_ptr_nonnull(towers);
    for (int32_t t = 0; t < s->plan.tower_count; t++)
        check_tower_block(towers, &s->plan.towers[t]);
    free(text);
    sample_release(s);
    free(s);
}
END_TEST

/* Two hosts of two ranks, features 0 2 4 and 1 3. Lookup of ranks: 7 14 21 28 MB, so towers 21 and 49 MB; memory
 * 3 6 9 12 MB: 9 and 21 of 2 * 800 MB: 0.6 and 1.3 %. */
START_TEST(the_towers_table_sums_over_the_ranks)
{
    char *text = report_of(sample_make(2, 2, 5, sample_name));
    has(text, " 0 0 0-1 3 48 21.0 MB 9.00 MB 0.6 %");
    has(text, " 1 1 2-3 2 32 49.0 MB 21.0 MB 1.3 %");
    free(text);
}
END_TEST

/* Tower 1 (features 1, 3) has most lookup and memory: table 3 has pooling 4 of 2 + 4 = 67 %, and 4000 of 6000
 * rows = 67 %. Tower 0 has most output, 48, of which each table brings a third. */
START_TEST(the_balance_names_the_heaviest_tower_and_its_largest_table)
{
    char *text = report_of(sample_make(2, 2, 5, sample_name));
    has(text, "lookup 1.33 tower 1 49.0 MB t_feat3 (67 % of it)");
    has(text, "memory 1.22 tower 1 21.0 MB t_feat3 (67 % of it)");
    has(text, "output 1.44 tower 0 48 dims t_feat0 (33 % of it)");
    has(text, "features 1.11 tower 0 3 features t_feat0 (33 % of it)");
    has(text, "flops 1.55");
    /* limits: 1 + 0.25; 5 features on 2 towers, ratio 1.5: floor(2.5 / 1.5) = 1 to ceil(2.5 * 1.5) = 4 */
    has(text, "at most 1.25 times the mean (balance 0.25); features per tower 1 to 4 (ratio 1.5).");
    has(text, "You gave these limits, or no smaller ones exist.");
    has(text, "Memory has no such limit, only each rank's capacity.");
    free(text);
}
END_TEST

/* 100 features per tower and ratio 1.1: at least 100 / 1.1 = 90.9, at most 110, which the product
 * 110.00000000000001 must not make 111. */
START_TEST(rounding_does_not_widen_the_feature_range)
{
    struct sample *s = sample_make(2, 2, 200, sample_name);
    s->plan.ratio = 1.1;
    char *text = report_of(s);
    has(text, "features per tower 90 to 110 (ratio 1.1)");
    free(text);
}
END_TEST

START_TEST(limits_that_are_only_the_tightest_found_say_so)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.limits_proven = false;
    char *text = report_of(s);
    has(text, "the tightest found; smaller ones may exist");
    has_not(text, "no smaller");
    free(text);
}
END_TEST

/* 8 ranks: the busiest, 7, has a full bar; rank 0 has an eighth of it: 2.75 of 22. */
START_TEST(bars_are_as_long_as_the_lookup_is_large)
{
    char *text = report_of(sample_make(4, 2, 9, sample_name));
    has(text, " 7 3 56.0 MB |######################| 24.0 MB");
    has(text, " 0 0 7.00 MB |### |");
    has(text, "|# | 3.0 %"); /* rank 7: 24 of 800 MB */
    has(text, "| | 0.4 %");  /* rank 0: 3 of 800 MB, no hundredth */
    free(text);
}
END_TEST

START_TEST(of_many_ranks_the_16_busiest_are_listed_and_the_rest_counted)
{
    char *text = report_of(sample_make(32, 8, 900, sample_name));
    char line[32];
    const char *p = strstr(text, "\nRANKS");
    ck_assert_ptr_nonnull(p);
    has(p, "the 16 busiest of 256");
    p = strchr(strchr(p + 1, '\n') + 1, '\n') + 1;
    for (int r = 255; r > 239; r--) {
        snprintf(line, sizeof line, " %d %d ", r, r / 8);
        ck_assert_msg(begins(p, line), "expected rank %d first in\n%s", r, p);
        p = strchr(p, '\n') + 1;
    }
    /* the rest: ranks 0..239, 7 to 7 * 240 = 1680 MB; 3 and 3 * 240 = 720 of 800 MB */
    has(p, "... 240 more ranks: lookup 7.00 MB to 1.68 GB, memory 0.4 to 90.0 % full, fullest rank "
           "239 (--all lists them)");
    free(text);
}
END_TEST

/* Rank 3 holds 900 of 800 MB and rank 9 1000: they come before the busiest, the fuller one first. */
START_TEST(ranks_over_capacity_come_before_busy_ones)
{
    struct sample *s = sample_make(32, 8, 900, sample_name);
    s->plan.ranks[3].load.memory_bytes = 900000000;
    s->plan.ranks[9].load.memory_bytes = 1000000000;
    char *text = report_of(s);
    const char *p = strstr(text, "\nRANKS");
    static const char *const lines[] = {" 9 1 ", " 3 0 ", " 255 31 ", " 254 31 "};
    has(p, "the 16 fullest or busiest of 256");
    p = strchr(strchr(p + 1, '\n') + 1, '\n') + 1;
    for (int i = 0; i < 4; i++, p = strchr(p, '\n') + 1)
        ck_assert_msg(begins(p, lines[i]), "expected '%s' in\n%s", lines[i], p);
    free(text);
}
END_TEST

/* 32 towers of 8 ranks; lookup of tower t: 7 MB * (8 * (8t + 1) + 28), so tower 31 has most. Of 900 features 28 or
 * 29 in a tower, of dim 16 each: 448 or 464. Towers 0 to 19 are the rest: 7 * 36 = 252 MB to 7 * (8 * 153 + 28) =
 * 8764 MB; memory 3 MB * 36 to 3 MB * 1252, of 8 * 800 MB: 1.7 to 58.7 %. */
START_TEST(of_many_towers_those_with_most_lookup_are_listed_and_the_rest_counted)
{
    char *text = report_of(sample_make(32, 8, 900, sample_name)), head[32];
    const char *p = strstr(text, "\nTOWERS"), *end = strstr(text, "\nBALANCE");
    ck_assert(p && end);
    has(p, "the 12 with most lookup of 32: features");
    for (int t = 31; t > 19; t--) {
        snprintf(head, sizeof head, "\n %d %d %d-%d 28 448 ", t, t, 8 * t, 8 * t + 7);
        p = find(p, head);
        ck_assert_msg(p && p < end, "no line for tower %d, in that order", t);
    }
    has(p,
        "... 20 more towers: 28 to 29 features, output dim 448 to 464, lookup 252 MB to 8.76 GB, "
        "memory 1.7 to 58.7 % of capacity (--all lists them)");
    free(text);
}
END_TEST

/* One more than the 12 is listed rather than counted. */
START_TEST(a_list_that_is_one_too_long_is_not_cut)
{
    char *text = report_of(sample_make(13, 1, 13, sample_name));
    has(text, "TOWERS which features live together");
    has_not(text, "--all");
    free(text);
    text = report_of(sample_make(14, 1, 14, sample_name));
    has(text, "TOWERS the 12 with most lookup of 14");
    has(text, "... 2 more towers: ");
    free(text);
}
END_TEST

/* 100 features in a tower, names of 5 or 6 letters. Pooling grows with the number, so the last have most lookup:
 * feat199 first in tower 1. */
START_TEST(of_many_features_in_a_tower_those_with_most_lookup_are_named)
{
    struct sample *s = sample_make(2, 2, 200, sample_name);
    s->model.features[7].pooling = 1000;
    char *text = sample_report(&s->plan, brief_report);
    const char *p = strstr(text, "\n     1 ");
    ck_assert_ptr_nonnull(p);
    p = strchr(p + 1, '\n') + 1;
    ck_assert_msg(begins(p, " feat7 feat199 feat197 feat195 "), "%.80s", p);
    has_not(p, " feat1 ");
    int named = 0;
    const char *rest = strstr(p, "... and ");
    ck_assert_ptr_nonnull(rest);
    for (const char *q = p; q < rest; q++)
        named += !strncmp(q, " feat", 5);
    ck_assert_int_eq(named + atoi(rest + 8), 100);
    int lines = 0;
    for (const char *q = p; q < rest; q++)
        lines += *q == '\n';
    ck_assert_int_le(lines, 1); /* so two lines of names */
    free(text);
    text = sample_report(&s->plan, whole_report);
    for (int32_t t = 0; t < 2; t++)
        check_tower_block(strstr(text, "\nTOWERS"), &s->plan.towers[t]);
    free(text);
    sample_release(s);
    free(s);
}
END_TEST

START_TEST(all_lists_every_rank_in_order)
{
    struct sample *s = sample_make(32, 8, 900, sample_name);
    char *text = sample_report(&s->plan, whole_report), line[32];
    const char *p = strstr(text, "\nRANKS");
    ck_assert_ptr_nonnull(p);
    p = strchr(strchr(p + 1, '\n') + 1, '\n') + 1;
    for (int r = 0; r < 256; r++, p = strchr(p, '\n') + 1) {
        snprintf(line, sizeof line, " %d %d ", r, r / 8);
        ck_assert_msg(begins(p, line), "expected rank %d in\n%.90s", r, p);
    }
    has_not(text, "--all");
    free(text);
    sample_release(s);
    free(s);
}
END_TEST

/* A default report of 1,000 tables on 512 ranks: no section longer than two screens of 25 lines. */
START_TEST(no_section_of_a_large_plan_is_longer_than_two_screens)
{
    char *text = report_of(sample_make(64, 8, 1000, sample_name));
    int lines = 0;
    for (const char *p = text; *p; p++) {
        lines = p[0] == '\n' && p[1] == '\n' ? 0 : lines + (*p == '\n');
        ck_assert_int_le(lines, 50);
    }
    free(text);
}
END_TEST

/* embedding_alltoall is phase 5, its backward 10, with 6 and 11 of what the first phase has: 17 us, 34, 51 and 17
 * million bytes, 34, 51. */
START_TEST(phases_stand_side_by_side_with_their_backward)
{
    char *text = report_of(sample_make(2, 2, 5, sample_name));
    has(text, "embedding_alltoall +b 17.0 us 17.0 MB 34.0 us 34.0 MB 51.0 us 51.0 MB");
    has(text, "ids_alltoall 1.00 us 1.00 MB 2.00 us 2.00 MB 3.00 us 3.00 MB");
    has(text, "tower_module +b - - 51.0 us");
    has(text, "one step 20.0 ms 16.0 ms 10.0 ms");
    has(text, "flat_free 18.0 ms flat with tables placed freely over all ranks\n");
    has(text, "moves across cluster");
    free(text);
}
END_TEST

START_TEST(the_slowest_phase_of_each_mode_is_marked)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.cost.modes[TP_MODE_FLAT].phases[TP_PHASE_OVER_ARCH].seconds = 0.5;
    s->plan.cost.modes[TP_MODE_SPTT].phases[TP_PHASE_IDS_ALLTOALL].seconds = 0.5;
    s->plan.cost.modes[TP_MODE_DMT].phases[TP_PHASE_DENSE_ALLREDUCE].seconds = 0.5;
    char *text = report_of(s);
    const char *table = strstr(text, "\nSTEP TIME");
    int marks = 0;
    for (const char *p = strchr(table + 1, '\n'); !begins(p + 1, " *: "); p++)
        marks += *p == '*';
    ck_assert_int_eq(marks, 3);
    has(text, "over_arch +b 500 ms* ");
    has(text, "ids_alltoall 1.00 us 1.00 MB 500 ms* ");
    has(text, "dense_allreduce 16.0 us 16.0 MB 32.0 us 32.0 MB 500 ms* ");
    free(text);
}
END_TEST

static const struct {
    double flat, flat_free, sptt, dmt; /* ms */
    enum tp_recommendation use, with_dmt;
    const char *words[4];
} verdicts[] = {
    {20, 18, 16, 10, TP_USE_SPTT, TP_USE_DMT,
        {"run sptt: 16.0 ms per step. It is 1.12 times as fast as without towers (flat_free: "
         "tables "
         "placed freely, 18.0 ms).",
            "dmt: 10.0 ms. It is 1.80 times as fast as without towers, but changes the model.",
            "Recommended: sptt. It computes the same function as flat and is the fastest",
            "If quality allows: dmt. It is 1.60 times as fast as sptt, but"}},
    {20, 20, 24, 22, TP_USE_FLAT, TP_USE_FLAT,
        {"run flat: 20.0 ms per step. Towers alone do not pay here: sptt takes 1.20 times as long "
         "as that.",
            "dmt: 22.0 ms. It takes 1.10 times as long as without towers",
            "Recommended: flat. Towers without modules do not pay here: sptt takes 1.20 times as "
            "long as flat.",
            "dmt takes 1.10 times as long as flat, and its tower modules change the function: no "
            "reason"}},
    {20, 18, 19, 10, TP_USE_FLAT_FREE, TP_USE_DMT,
        {"run flat_free (no towers, tables placed freely): 18.0 ms per step. Towers alone do not "
         "pay here",
            "Recommended: flat_free.",
            "If quality allows: dmt. It is 1.80 times as fast as flat_free",
            "towerpart plan -m m.yaml -t t.yaml --flat -o flat.yaml"}},
    {20, 20, 20, 19.9, TP_USE_FLAT, TP_USE_DMT,
        {"Towers alone change nothing here: sptt is as fast as that.",
            "dmt: 19.9 ms. It is as fast as without towers",
            "Towers without modules change nothing here: sptt is as fast as flat.",
            "dmt is as fast as flat, and its tower modules change the function: no reason"}},
    {20, 20, 19.9, 19.85, TP_USE_SPTT, TP_USE_DMT,
        {"run sptt: 19.9 ms per step. It is as fast as without towers (flat, 20.0 ms).",
            "flat; the two are as fast as each other", "dmt is as fast as sptt",
            "ranks: no faster\n"}},
};

START_TEST(the_verdict_follows_the_recommendation)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_plan_cost *cost = &s->plan.cost;
    cost->modes[TP_MODE_FLAT].seconds = verdicts[_i].flat / 1000;
    cost->modes[TP_MODE_SPTT].seconds = verdicts[_i].sptt / 1000;
    cost->modes[TP_MODE_DMT].seconds = verdicts[_i].dmt / 1000;
    cost->flat_free_seconds = verdicts[_i].flat_free / 1000;
    cost->recommended = verdicts[_i].use;
    cost->recommended_if_quality_allows = verdicts[_i].with_dmt;
    char *text = report_of(s);
    for (int i = 0; i < 4; i++)
        has(text, verdicts[_i].words[i]);
    has_not(text, "1.00 times");
    has_not(text, "1.01 times");
    free(text);
}
END_TEST

/* The verdict and the table compare with the same: the faster of flat, 20 ms, and flat_free. 18 / 20, 18 / 16,
 * 18 / 10; then 20 / 20, 20 / 16, 20 / 10. */
START_TEST(speed_ups_are_over_the_faster_of_flat_and_flat_free)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *text = sample_report(&s->plan, brief_report);
    has(text, "speed-up over flat_free 0.90x 1.12x 1.80x");
    free(text);
    s->plan.cost.flat_free_seconds = 0.020;
    text = report_of(s);
    has(text, "speed-up over flat 1.00x 1.25x 2.00x");
    free(text);
}
END_TEST

START_TEST(findings_come_before_the_verdict)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *lines[] = {sample_text(s, "rank 4: stale\x1b, run recost"), sample_text(s, "second")};
    struct tp_findings findings = {.lines = lines, .count = 0};
    char *text = sample_report_with(&s->plan, &findings, brief_report);
    has_not(text, "Findings");
    free(text);
    findings.count = 1;
    text = sample_report_with(&s->plan, &findings, brief_report);
    has(text, "small-cluster\n\nFindings 1 rule is broken or figure stale; do not trust");
    free(text);
    findings.count = 2;
    text = sample_report_with(&s->plan, &findings, brief_report);
    has(text, "small-cluster\n\nFindings 2 rules are broken or figures stale; do not trust what "
              "follows: towerpart check plan.yaml rank 4: stale?, run recost\nVerdict ");
    has_not(text, "second");
    free(text);
    sample_release(s);
    free(s);
}
END_TEST

START_TEST(one_of_a_kind_is_singular)
{
    struct sample *s = sample_make(1, 1, 1, sample_name);
    s->model.batch_size = s->plan.affinity.samples = 1;
    char *text = report_of(s);
    has(text, "1 tower x 1 rank, 1 host per tower (1 rank on 1 host);");
    has(text, "1 feature in 1 table, dlrm; 1 sample per step\n");
    has(text, "cka on 1 sample (dump)");
    for (const char *p = text; (p = strstr(p, " 1 ")) != NULL; p++) {
        size_t word = strcspn(p + 3, " \n;,.)");
        bool verb = word == 2 && !strncmp(p + 3, "is", 2);
        ck_assert_msg(word == 0 || verb || p[2 + word] != 's', "%.30s", p);
    }
    free(text);
}
END_TEST

/* Two hosts, tower 0 with feature 0 of dim 1. */
START_TEST(one_feature_and_one_dim_are_singular_in_the_balance)
{
    struct sample *s = sample_make(2, 2, 2, sample_name);
    s->plan.towers[0].output_dim = s->plan.towers[1].output_dim = 1;
    char *text = report_of(s);
    has(text, "output 1.44 tower 0 1 dim t_feat0");
    has(text, "features 1.11 tower 0 1 feature t_feat0");
    has(text, "features per tower 1 to 2 ");
    free(text);
}
END_TEST

START_TEST(one_tower_is_not_compared_with_chance)
{
    struct sample *s = sample_make(1, 4, 5, sample_name);
    char *text = report_of(s);
    has(text, "Affinity decides nothing: one tower holds all features.");
    has(text, "One tower carries everything");
    has(text, "One tower holds all features");
    has_not(text, "chance would");
    has_not(text, "random towers");
    has_not(text, "max/mean");
    free(text);
}
END_TEST

/* 20 % of 1 GB are reserved. */
START_TEST(words_that_a_newcomer_does_not_know_are_explained)
{
    static const char *const words[] = {"(cka: how similarly two features arrange the samples",
        "strategy coherent (similar features together)", "output dim: sum of feature dims",
        "lookup: bytes read from tables",
        "capacity: 800 MB of a rank's 1.00 GB; the reserve (20 %)",
        "stride: tables dealt to the towers in turn; load: ", "metis_kway, metis_recursive: METIS",
        "flat: one exchange over all ranks; sptt: ", "docs/cost-model.md"};
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *text = sample_report(&s->plan, brief_report);
    for (int i = 0; i < COUNT(words); i++)
        has(text, words[i]);
    free(text);
    s->plan.quality.baseline_count = 0;
    s->topology.hosts[1].memory_bytes = 5;
    text = report_of(s);
    has_not(text, "stride");
    has(text, "capacity: a rank's memory less the reserve (20 %)");
    free(text);
}
END_TEST

/* 5 features in towers of 3 and 2: (3 * 2 + 2 * 1) / (5 * 4) = 40 % by chance. */
START_TEST(quality_stands_beside_chance_and_baselines)
{
    char *text = report_of(sample_make(2, 2, 5, sample_name));
    const char *quality = strstr(text, "\nQUALITY");
    has(quality, "this plan 62.5 % |#########################");
    has(quality, "stride 12.5 %");
    has(quality, "chance 40.0 %");
    const char *load = find(quality, "load 37.5 %"), *over = find(quality, "breaks a limit");
    ck_assert(load && over && strchr(load, '\n') > over && over > load);
    ck_assert_ptr_null(find(over + 1, "breaks a limit"));
    has(text, "lies inside towers, where chance would put 40.0 %; trust: trusted.");
    free(text);
}
END_TEST

/* 0.75 / 0.625 - 1 = 20 %. */
START_TEST(the_bound_stands_below_the_plan_with_the_gap)
{
    char *text = report_of(sample_make(2, 2, 5, sample_name));
    const char *plan = find(text, "this plan 62.5 %"), *bound = find(text, "upper bound 75.0 %");
    ck_assert(plan && bound && bound > plan);
    has(bound, "gap 20.00 %");
    has(text, "upper bound: no towers within this plan's limits hold more");
    has_not(text, "proven best");
    free(text);
}
END_TEST

/* 0.004 %, which two digits would show as none. */
START_TEST(a_gap_that_is_not_proven_closed_is_not_called_nothing)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.quality.bound = 0.625 * 1.00004;
    char *text = report_of(s);
    has(find(text, "upper bound 62.5 %"), "gap below 0.01 %");
    free(text);
}
END_TEST

/* 0.5 / 0.625: 20 % less. */
START_TEST(diverse_towers_have_a_lower_bound)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.strategy = TP_STRATEGY_DIVERSE;
    s->plan.quality.bound = 0.5;
    char *text = report_of(s);
    has(text, "lower bound 50.0 %");
    has(text, "gap 20.00 %");
    has(text, "lower bound: no towers within this plan's limits hold less");
    free(text);
}
END_TEST

START_TEST(what_is_proven_best_is_called_so)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.quality.bound = s->plan.quality.inside_affinity;
    s->plan.quality.proven_optimal = true;
    char *text = report_of(s);
    has(text, "upper bound 62.5 %");
    has(text, "proven best");
    has_not(text, "gap");
    free(text);
}
END_TEST

START_TEST(a_plan_without_affinity_says_so)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    no_affinity(s);
    char *text = report_of(s);
    has(text, "none was used: strategy load needs no dump");
    has(text, "flat_free none fits");
    has_not(text, "nan");
    has_not(text, "flops 1");
    free(text);
}
END_TEST

START_TEST(a_missing_tower_module_is_pointed_out)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->model.tower_module = (struct tp_tower_module){TP_MODULE_NONE, 0, 0, 0, 0};
    char *text = report_of(s);
    has(text, "dmt equals sptt: the model has no tower module.");
    has(text, "tower_module: {kind: dlrm, c: 1, p: 0, dim: 8}");
    free(text);
}
END_TEST

START_TEST(long_names_keep_both_ends)
{
    struct sample *s = sample_make(2, 2, 5, long_name);
    char *text = report_of(s);
    has(text, "3000000000"); /* feature 3: "3", zeros, "3" */
    has(text, "...000000000003");
    free(text);
}
END_TEST

START_TEST(a_flat_plan_is_not_sold_as_towers)
{
    struct sample *s = sample_make(1, 8, 5, sample_name);
    flat_plan(s);
    char *text = report_of(s);
    has(text, "run flat: 20.0 ms per step; this plan has no towers.");
    has_not(text, "BALANCE");
    has_not(text, "QUALITY");
    free(text);
}
END_TEST

START_TEST(a_report_that_cannot_be_written_fails)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_error err = {0};
    ck_assert_int_eq(
        tp_report_text(&s->plan, NULL, NULL, "/nonexistent/folder/report", &err), TP_EINTERNAL);
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/folder/report"));
    sample_release(s);
    free(s);
}
END_TEST

/* 20 ms as it is against 10 ms placed freely. */
START_TEST(a_flat_plan_from_elsewhere_is_held_against_a_free_one)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    flat_plan(s);
    s->plan.cost.modes[TP_MODE_FLAT].seconds = 0.02;
    s->plan.cost.flat_free_seconds = 0.01;
    char *text = report_of(s);
    has(text,
        "run flat: 20.0 ms per step; this plan has no towers. It takes 2.00 times as long as the "
        "same tables placed by towerpart plan --flat (10.0 ms).");
    free(text);
}
END_TEST

START_TEST(a_broken_placement_has_no_times)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    memset(&s->plan.cost, 0, sizeof s->plan.cost);
    char *text = report_of(s);
    has(text, "Verdict none: what a step costs is not known while the placement is broken.");
    has(text, "STEP TIME not known while the placement is broken");
    has_not(text, "nan");
    has_not(text, "0 ns");
    free(text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report text");
    tcase_add_loop_test(
        tcase, every_line_is_printable_ascii_of_at_most_100_columns, 0, COUNT(kinds));
    tcase_add_loop_test(tcase, every_tower_is_listed_with_exactly_its_features, 0, 2);
    tcase_add_test(tcase, a_flat_plan_from_elsewhere_is_held_against_a_free_one);
    tcase_add_test(tcase, a_broken_placement_has_no_times);
    tcase_add_test(tcase, the_towers_table_sums_over_the_ranks);
    tcase_add_test(tcase, the_balance_names_the_heaviest_tower_and_its_largest_table);
    tcase_add_test(tcase, rounding_does_not_widen_the_feature_range);
    tcase_add_test(tcase, limits_that_are_only_the_tightest_found_say_so);
    tcase_add_test(tcase, bars_are_as_long_as_the_lookup_is_large);
    tcase_add_test(tcase, of_many_ranks_the_16_busiest_are_listed_and_the_rest_counted);
    tcase_add_test(tcase, ranks_over_capacity_come_before_busy_ones);
    tcase_add_test(tcase, of_many_towers_those_with_most_lookup_are_listed_and_the_rest_counted);
    tcase_add_test(tcase, a_list_that_is_one_too_long_is_not_cut);
    tcase_add_test(tcase, of_many_features_in_a_tower_those_with_most_lookup_are_named);
    tcase_add_test(tcase, all_lists_every_rank_in_order);
    tcase_add_test(tcase, no_section_of_a_large_plan_is_longer_than_two_screens);
    tcase_add_test(tcase, phases_stand_side_by_side_with_their_backward);
    tcase_add_test(tcase, the_slowest_phase_of_each_mode_is_marked);
    tcase_add_loop_test(tcase, the_verdict_follows_the_recommendation, 0, COUNT(verdicts));
    tcase_add_test(tcase, speed_ups_are_over_the_faster_of_flat_and_flat_free);
    tcase_add_test(tcase, findings_come_before_the_verdict);
    tcase_add_test(tcase, one_of_a_kind_is_singular);
    tcase_add_test(tcase, one_feature_and_one_dim_are_singular_in_the_balance);
    tcase_add_test(tcase, one_tower_is_not_compared_with_chance);
    tcase_add_test(tcase, words_that_a_newcomer_does_not_know_are_explained);
    tcase_add_test(tcase, quality_stands_beside_chance_and_baselines);
    tcase_add_test(tcase, the_bound_stands_below_the_plan_with_the_gap);
    tcase_add_test(tcase, a_gap_that_is_not_proven_closed_is_not_called_nothing);
    tcase_add_test(tcase, diverse_towers_have_a_lower_bound);
    tcase_add_test(tcase, what_is_proven_best_is_called_so);
    tcase_add_test(tcase, a_plan_without_affinity_says_so);
    tcase_add_test(tcase, a_missing_tower_module_is_pointed_out);
    tcase_add_test(tcase, long_names_keep_both_ends);
    tcase_add_test(tcase, a_flat_plan_is_not_sold_as_towers);
    tcase_add_test(tcase, a_report_that_cannot_be_written_fails);
    Suite *suite = suite_create("report text");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
