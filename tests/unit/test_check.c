/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule of a plan, broken alone: it must give its own finding and no other. The plans are edited as
 * text, as a person would. Letters as in small_plan.h: tower 0 has user, geo, day (dims 16, 16, 16),
 * tower 1 has item, history, device, ad (8, 8, 8, 16). */
#include "scratch.h"
#include "small_plan.h"
#include "spec_text.h"

#include <stdio.h>

#define EDITS_MAX 6
#define FINDINGS_MAX 6

struct edit {
    const char *from, *to;
};

struct broken {
    const char *plan; /* small_plan_one_host or small_plan_two_hosts */
    struct edit edits[EDITS_MAX];
    const char *findings[FINDINGS_MAX];
};

#define ONE_HOST small_plan_one_host
#define TWO_HOSTS small_plan_two_hosts
#define STALE ": stale, run recost"

/* Puts every flow entry on one line, so that edits need not know where lines break. */
static void unwrap(char *text)
{
    char *to = text;
    int depth = 0;
    for (const char *from = text; *from; from++) {
        depth += (*from == '{' || *from == '[') - (*from == '}' || *from == ']');
        if (*from == '\n' && depth > 0) {
            while (from[1] == ' ')
                from++;
            *to++ = ' ';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static struct tp_plan *edited_plan(const char *original, const struct edit *edits)
{
    struct tp_plan *plan = small_plan(original);
    char *text = text_of(plan);
    tp_plan_free(plan);
    unwrap(text);
    for (int i = 0; i < EDITS_MAX && edits[i].from; i++) {
        char *next = replaced(text, edits[i].from, edits[i].to);
        free(text);
        text = next;
    }
    plan = plan_of(text);
    free(text);
    return plan;
}

/* The plan has these findings (up to NULL) and no other, in this order. */
static void expect_findings(const struct tp_plan *plan, const char *const *expected, int max)
{
    struct tp_findings findings = {0};
    struct tp_error err = {0};
    enum tp_status status = tp_plan_check(plan, NULL, NULL, &findings, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    int count = 0;
    while (count < max && expected[count])
        count++;
    for (int i = 0; i < findings.count; i++) {
        ck_assert_msg(i < count, "unexpected: %s", findings.lines[i]);
        ck_assert_str_eq(findings.lines[i], expected[i]);
    }
    ck_assert_msg(findings.count == count, "not found: %s", expected[findings.count]);
    tp_findings_release(&findings);
}

static void expect_case(const struct broken *broken)
{
    struct tp_plan *plan = edited_plan(broken->plan, broken->edits);
    expect_findings(plan, broken->findings, FINDINGS_MAX);
    tp_plan_free(plan);
}

/* Names: tables and features. */
static const struct broken names[] = {
    {ONE_HOST, {{"name: t_day, tower", "name: t_dya, tower"}},
        {"table t_dya is not in the model",
            "table t_day is missing, expected every table of the model once"}},
    {ONE_HOST, {{"name: t_day, tower", "name: t_geo, tower"}},
        {"table t_geo is listed more than once",
            "table t_day is missing, expected every table of the model once"}},
    {ONE_HOST,
        {{"name: t_user, tower", "name: t_geo, tower"},
            {"name: t_day, tower", "name: t_geo, tower"}},
        {"table t_geo is listed more than once",
            "table t_user is missing, expected every table of the model once",
            "table t_day is missing, expected every table of the model once"}},
    {ONE_HOST, {{"[user, geo, day]", "[user, geo, dya]"}},
        {"tower 0: feature dya is not in the model",
            "feature day is in no tower, expected in tower 0, where its table t_day is"}},
    {ONE_HOST, {{"[item, history, device, ad]", "[item, history, device, ad, day]"}},
        {"feature day is listed more than once, again in tower 1, expected once"}},
    {ONE_HOST, {{"[user, geo, day]", "[user, geo, day, user, user]"}},
        {"feature user is listed more than once, again in tower 0, expected once"}},
    {ONE_HOST,
        {{"[user, geo, day]", "[user, geo]"},
            {"[item, history, device, ad]", "[item, history, device, ad, day]"}},
        {"feature day is in tower 1, but its table t_day in tower 0"}},
    /* A shared table cannot be in two towers. */
    {ONE_HOST,
        {{"[user, geo, day]", "[user, geo, day, history]"},
            {"[item, history, device, ad]", "[item, device, ad]"}},
        {"feature history is in tower 0, but its table t_item in tower 1"}},
    {ONE_HOST, {{"[item, history, device, ad]", "[item, history, ad]"}},
        {"feature device is in no tower, expected in tower 1, where its table t_device is"}},
    {ONE_HOST, {{"name: t_ad, tower: 1", "name: t_ad, tower: 9"}},
        {"table t_ad: tower: found 9, expected 0 to 1"}},
    {ONE_HOST, {{"name: t_ad, tower: 1", "name: t_ad, tower: -1"}},
        {"table t_ad: tower: found -1, expected 0 to 1"}},
};

START_TEST(test_a_wrong_name_is_found)
{
    expect_case(&names[_i]);
}
END_TEST

/* The frame: towers, their hosts and ranks. */
static const struct broken towers[] = {
    {ONE_HOST, {{"{id: 1,", "{id: 2,"}},
        {"tower 2 does not exist, expected 0 to 1",
            "tower 1 is missing, expected all of 0 to 1, found 2 entries"}},
    {ONE_HOST, {{"{id: 1,", "{id: 0,"}},
        {"tower 0 is listed more than once",
            "tower 1 is missing, expected all of 0 to 1, found 2 entries"}},
    {ONE_HOST,
        {{"- {id: 1, hosts: [1], ranks: [2, 3], features: [item, history, device, ad], "
          "output_dim: 40}\n",
            ""}},
        {"tower 1 is missing, expected all of 0 to 1, found 1 entry"}},
    {ONE_HOST,
        {{"- {id: 0, hosts: [0], ranks: [0, 1], features: [user, geo, day], output_dim: 48}\n",
            ""}},
        {"tower 0 is missing, expected all of 0 to 1, found 1 entry"}},
    {ONE_HOST, {{"{id: 1, hosts: [1]", "{id: 1, hosts: [0]"}},
        {"tower 1: hosts: found [0], expected [1], consecutive, each host in one tower"}},
    {ONE_HOST, {{"{id: 1, hosts: [1]", "{id: 1, hosts: []"}},
        {"tower 1: hosts: found [], expected [1], consecutive, each host in one tower"}},
    {TWO_HOSTS, {{"hosts: [0, 1]", "hosts: [0, 2]"}},
        {"tower 0: hosts: found [0, 2], expected 0 to 1, consecutive, each host in one tower"}},
    {TWO_HOSTS, {{"hosts: [2, 3]", "hosts: [3, 2]"}},
        {"tower 1: hosts: found [3, 2], expected 2 to 3, consecutive, each host in one tower"}},
    {TWO_HOSTS, {{"hosts: [2, 3]", "hosts: [2, 2147483647]"}},
        {"tower 1: hosts: found [2, 2147483647], expected 2 to 3, consecutive, each host in one "
         "tower"}},
    {ONE_HOST, {{"ranks: [2, 3]", "ranks: [2]"}},
        {"tower 1: ranks: found [2], expected 2 to 3, the ranks of its hosts"}},
    {ONE_HOST, {{"ranks: [2, 3]", "ranks: [2, 2]"}},
        {"tower 1: ranks: found [2, 2], expected 2 to 3, the ranks of its hosts"}},
    /* Moved to the wrong hosts, ranks and all: one mistake. */
    {TWO_HOSTS, {{"hosts: [2, 3], ranks: [4, 5, 6, 7]", "hosts: [0, 1], ranks: [0, 1, 2, 3]"}},
        {"tower 1: hosts: found [0, 1], expected 2 to 3, consecutive, each host in one tower"}},
    {ONE_HOST, {{"[user, geo, day]", "[]"}},
        {"tower 0 has no features, expected at least one",
            "feature user is in no tower, expected in tower 0, where its table t_user is",
            "feature geo is in no tower, expected in tower 0, where its table t_geo is",
            "feature day is in no tower, expected in tower 0, where its table t_day is"}},
    {ONE_HOST, {{"- {rank: 3, memory", "- {rank: 2, memory"}},
        {"rank 2 is listed more than once",
            "rank 3 is missing, expected all of 0 to 3, found 4 entries"}},
    {ONE_HOST, {{"- {rank: 3, memory", "- {rank: 9, memory"}},
        {"rank 9 does not exist, expected 0 to 3",
            "rank 3 is missing, expected all of 0 to 3, found 4 entries"}},
    {ONE_HOST, {{"batch_size: 64", "batch_size: 66"}},
        {"model small: batch_size: found 66, expected a multiple of the 4 ranks of the topology"}},
    {ONE_HOST, {{"strategy: coherent", "strategy: flat"}},
        {"topology: hosts_per_tower: found 1, expected all 2 hosts, because the strategy is flat"}},
    {ONE_HOST, {{"ratio: 1.0", "ratio: 0.5"}}, {"limits: ratio: found 0.5, expected at least 1"}},
    {ONE_HOST, {{"balance: 0.5", "balance: -0.5"}},
        {"limits: balance: found -0.5, expected at least 0"}},
};

START_TEST(test_a_wrong_frame_is_found)
{
    expect_case(&towers[_i]);
}
END_TEST

/* Shards. */
static const struct broken shards[] = {
    {ONE_HOST, {{"{rank: 2, row: 0, rows: 40", "{rank: 4, row: 0, rows: 40"}},
        {"table t_ad: shard 0: rank: found 4, expected 0 to 3"}},
    {ONE_HOST, {{"{rank: 2, row: 0, rows: 40", "{rank: -1, row: 0, rows: 40"}},
        {"table t_ad: shard 0: rank: found -1, expected 0 to 3"}},
    {ONE_HOST, {{"{rank: 2, row: 0, rows: 40", "{rank: 1, row: 0, rows: 40"}},
        {"table t_ad: shard 0 is on rank 1, outside its tower 1, expected rank 2 to 3"}},
    {ONE_HOST, {{"column: 4, columns: 4}", "column: 5, columns: 3}"}},
        {"table t_item: gap: columns 4 to 4 are in no shard"}},
    {ONE_HOST, {{"column: 4, columns: 4}", "column: 3, columns: 5}"}},
        {"table t_item: overlap: columns 3 to 3 are in more than one shard"}},
    {ONE_HOST, {{"column: 4, columns: 4}", "column: 3, columns: 4}"}},
        {"table t_item: overlap: columns 3 to 3 are in more than one shard",
            "table t_item: gap: columns 7 to 7 are in no shard"}},
    {ONE_HOST, {{"{rank: 1, row: 6, rows: 5", "{rank: 1, row: 7, rows: 4"}},
        {"table t_geo: gap: rows 6 to 6 are in no shard"}},
    {ONE_HOST, {{"{rank: 1, row: 6, rows: 5", "{rank: 1, row: 4, rows: 7"}},
        {"table t_geo: overlap: rows 4 to 5 are in more than one shard"}},
    {ONE_HOST, {{"rows: 7, column: 0, columns: 16}", "rows: 7, column: 0, columns: 15}"}},
        {"table t_day: gap: columns 15 to 15 are in no shard"}},
    {ONE_HOST, {{"row: 0, rows: 1000, column", "row: 0, rows: 1001, column"}},
        {"table t_user: shard 0: found 1001 rows from row 0, expected inside the 1000 rows of the "
         "table"}},
    {ONE_HOST,
        {{"row: 0, rows: 1000, column",
            "row: 9223372036854775807, rows: 9223372036854775807, column"}},
        {"table t_user: shard 0: found 9223372036854775807 rows from row 9223372036854775807, "
         "expected inside the 1000 rows of the table"}},
    {ONE_HOST, {{"row: 0, rows: 7", "row: -1, rows: 7"}},
        {"table t_day: shard 0: found 7 rows from row -1, expected inside the 7 rows of the "
         "table"}},
    {ONE_HOST, {{"rows: 7, column: 0, columns: 16}", "rows: 7, column: 1, columns: 16}"}},
        {"table t_day: shard 0: found 16 columns from column 1, expected inside the 16 columns of "
         "the table"}},
    {ONE_HOST, {{"rows: 7, column: 0, columns: 16}", "rows: 7, column: 0, columns: 0}"}},
        {"table t_day: shard 0: found 0 columns from column 0, expected inside the 16 columns of "
         "the table"}},
    {ONE_HOST, {{"[{rank: 1, row: 0, rows: 7, column: 0, columns: 16}]", "[]"}},
        {"table t_day has no shards, expected at least one"}},
    {ONE_HOST, {{"tower: 1, sharding: column", "tower: 1, sharding: table"}},
        {"table t_item: sharding is table, found 2 shards, expected one that holds the table"}},
    {ONE_HOST, {{"t_user, tower: 0, sharding: table", "t_user, tower: 0, sharding: column"}},
        {"table t_user: sharding is column, found one shard, expected two or more"}},
    {ONE_HOST, {{"t_user, tower: 0, sharding: table", "t_user, tower: 0, sharding: row"}},
        {"table t_user: sharding is row, found 1 shard, expected one on each of the 2 ranks of "
         "tower 0"}},
    {ONE_HOST, {{"tower: 1, sharding: column", "tower: 1, sharding: row"}},
        {"table t_item: sharding is row, found shards cut by columns, expected by rows"}},
    {ONE_HOST, {{"tower: 0, sharding: row", "tower: 0, sharding: column"}},
        {"table t_geo: sharding is column, found shards cut by rows, expected by columns"}},
    {ONE_HOST, {{"{rank: 3, row: 0, rows: 500", "{rank: 3, row: 0, rows: 499"}},
        {"table t_item: shard 1: found 499 rows from row 0, expected all 500 rows, because the "
         "sharding is column"}},
    {ONE_HOST,
        {{"row: 6, rows: 5, column: 0, columns: 16", "row: 6, rows: 5, column: 0, columns: 15"}},
        {"table t_geo: shard 1: found columns 0 to 14, expected all 16 columns, because the "
         "sharding is row"}},
    {TWO_HOSTS,
        {{"rows: 1000, column: 0, columns: 8}", "rows: 1000, column: 0, columns: 10}"},
            {"rows: 1000, column: 8, columns: 8}", "rows: 1000, column: 10, columns: 6}"}},
        {"table t_user: shard 1: columns: found 6, expected 10 as in shard 0: column shards are "
         "equally wide"}},
    {ONE_HOST,
        {{"column: 0, columns: 4}", "column: 0, columns: 2}"},
            {"column: 4, columns: 4}", "column: 2, columns: 6}"}},
        {"table t_item: shard 0: columns: found 2, expected at least 4 in a column shard"}},
    {ONE_HOST,
        {{"{rank: 0, row: 0, rows: 6", "{rank: 0, row: 0, rows: 5"},
            {"{rank: 1, row: 6, rows: 5", "{rank: 1, row: 5, rows: 6"}},
        {"table t_geo: shard 0: found 5 rows from row 0, expected 6 from row 0: row shards are "
         "blocks of ceil(11 / 2) rows in the order of the ranks"}},
    {ONE_HOST,
        {{"{rank: 0, row: 0, rows: 6", "{rank: 1, row: 0, rows: 6"},
            {"{rank: 1, row: 6, rows: 5", "{rank: 0, row: 6, rows: 5"}},
        {"table t_geo: shard 0: rank: found 1, expected 0: row shards are in the order of the "
         "ranks",
            "table t_geo: shard 1: rank: found 0, expected 1: row shards are in the order of the "
            "ranks"}},
    /* ceil(7 / 4) = 2: blocks of 2, 2, 2, 1 */
    {TWO_HOSTS, {{"row: 2, rows: 2", "row: 2, rows: 1"}, {"row: 4, rows: 2", "row: 3, rows: 3"}},
        {"table t_day: shard 1: found 1 rows from row 2, expected 2 from row 2: row shards are "
         "blocks of ceil(7 / 4) rows in the order of the ranks"}},
};

START_TEST(test_a_wrong_shard_is_found)
{
    expect_case(&shards[_i]);
}
END_TEST

static const struct broken limits[] = {
    {ONE_HOST, {{"together: [device, item]", "together: [device, geo, item]"}},
        {"constraint together: feature geo is in tower 0, but feature device in tower 1"}},
    {ONE_HOST, {{"apart: [user, device]", "apart: [user, device, day]"}},
        {"constraint apart: features user and day are both in tower 0"}},
    {ONE_HOST, {{"feature: ad, tower: 1}}", "feature: ad, tower: 0}}"}},
        {"constraint pin: feature ad is in tower 1, expected in tower 0"}},
    {ONE_HOST, {{"feature: ad, tower: 1}}", "feature: ad, tower: 5}}"}},
        {"constraint pin: feature ad is pinned to tower 5, which does not exist, expected 0 to 1"}},
    /* Output 48 and 40 dims, mean 44. Lookup 64 samples * 4 bytes * (16 + 16 + 16) = 12288 and
     * 64 * 4 * (8 * (1 + 3) + 8 + 16) = 14336 bytes, mean 13312. Flops, c = 1 matrix of 16 -> 8 per
     * feature and 8 -> 16 in front of the three features of dim 8: 3 * 2 * 16 * 8 = 768 and
     * 4 * 2 * 16 * 8 + 3 * 2 * 8 * 16 = 1792, mean 1280. */
    {ONE_HOST, {{"balance: 0.5", "balance: 0.05"}},
        {"tower 1: lookup bytes: found 14336, expected at most 13977.6: (1 + 0.05) times the mean "
         "of "
         "the towers",
            "tower 0: output dims: found 48, expected at most 46.2: (1 + 0.05) times the mean of "
            "the "
            "towers",
            "tower 1: flops of its module: found 1792, expected at most 1344: (1 + 0.05) times the "
            "mean of the towers"}},
};

START_TEST(test_a_broken_limit_is_found)
{
    expect_case(&limits[_i]);
}
END_TEST

/* Moves day, its table and its shard to tower 1. */
#define MOVE_DAY                                                                                   \
    {"[user, geo, day]", "[user, geo]"},                                                           \
        {"[item, history, device, ad]", "[item, history, device, ad, day]"},                       \
        {"t_day, tower: 0", "t_day, tower: 1"},                                                    \
    {                                                                                              \
        "{rank: 1, row: 0, rows: 7", "{rank: 3, row: 0, rows: 7"                                   \
    }

#define MOVED                                                                                      \
    "quality: inside_affinity belongs to another assignment of features to towers: features were " \
    "moved, stale, run recost -a AFFINITY"

/* Limits broken by a placement whose figures are up to date. */
static const struct broken recosted[] = {
    /* 2 and 5 features; 7 / 2 = 3.5 rounds to 3 and 4. Flops 512 and 2048 of mean 1280. */
    {ONE_HOST, {MOVE_DAY, {"balance: 0.5", "balance: 0.7"}},
        {"tower 0: features: found 2, expected 3 to 4 at ratio 1",
            "tower 1: features: found 5, expected 3 to 4 at ratio 1", MOVED}},
    {ONE_HOST, {MOVE_DAY, {"ratio: 1.0", "ratio: 1.5"}},
        {"tower 1: flops of its module: found 2048, expected at most 1920: (1 + 0.5) times the "
         "mean of the towers",
            MOVED}},
    /* Capacity 150000 * 0.85. Tables: 1000 * (16 * 4 + 4) and 6 * (16 * 4 + 4). Buffers of sptt, twice:
     * ids 16 * 144 + 64 * (12 + 8 * 6/11 + 4), exchange 4 * (64 * 32 + 32 * 64 + 32 * 48 + 16 * 88). */
    {ONE_HOST, {{"  hosts: []", "  hosts: [{index: 0, memory_bytes: 150000}]"}},
        {"rank 0: memory: found 131943 bytes, expected at most 127500, which the device has "
         "without "
         "its reserve: 68408 in tables, the largest t_user (68000), t_geo (408), the rest in "
         "buffers"}},
};

START_TEST(test_a_limit_broken_by_a_recosted_plan_is_found)
{
    struct tp_plan *plan = edited_plan(recosted[_i].plan, recosted[_i].edits);
    fill_figures(plan);
    expect_findings(plan, recosted[_i].findings, FINDINGS_MAX);
    tp_plan_free(plan);
}
END_TEST

/* Loads of rank 0 by hand: t_user whole and 6 of 11 rows of t_geo. Lookup 64 * 64 * (1 + 6/11) bytes,
 * output 64 * 4 * 32, ids 64 * (12 + 8 * 6/11 + 4). */
static const struct broken figures[] = {
    {ONE_HOST, {{"memory_bytes: 131943", "memory_bytes: 131944"}},
        {"rank 0: memory_bytes: found 131944, expected 131943" STALE}},
    {ONE_HOST, {{"lookup_bytes: 6330", "lookup_bytes: 0"}},
        {"rank 0: lookup_bytes: found 0, expected 6330" STALE}},
    {ONE_HOST, {{"output_bytes: 8192", "output_bytes: 8193"}},
        {"rank 0: output_bytes: found 8193, expected 8192" STALE}},
    {ONE_HOST, {{"id_bytes: 1303", "id_bytes: -1"}},
        {"rank 0: id_bytes: found -1, expected 1303" STALE}},
    {ONE_HOST, {{"output_dim: 48", "output_dim: 49"}},
        {"tower 0: output_dim: found 49, expected 48" STALE}},
    /* 4 of 3.5, 48 of 44 */
    {ONE_HOST, {{"balance: {features: 1.1428571428571428", "balance: {features: 1.25"}},
        {"quality: balance: features: found 1.25, expected 1.14285714285714" STALE}},
    {ONE_HOST, {{"output: 1.0909090909090908", "output: 1.0909090"}},
        {"quality: balance: output: found 1.090909, expected 1.09090909090909" STALE}},
    {ONE_HOST, {{", flops: 1.4", ""}}, {"quality: balance: flops: found none, expected 1.4" STALE}},
    /* Rank 0 sends its host peer 16 samples of 32 columns of 4 bytes. */
    {ONE_HOST, {{"6.096e-05, bytes: {host: 2048", "6.096e-05, bytes: {host: 2049"}},
        {"cost: flat: phase embedding_alltoall: bytes at level host: found 2049, expected "
         "2048" STALE}},
    /* 8192 bytes at 1e9 per second */
    {ONE_HOST, {{"lookup: {seconds: 8.192e-06}", "lookup: {seconds: 8.1920001e-06}"}},
        {"cost: flat: phase lookup: seconds: found 8.1920001e-06, expected 8.192e-06" STALE}},
    {ONE_HOST, {{"      tower_module: {seconds: 5.7344e-06}\n", ""}},
        {"cost: dmt: phase tower_module: found none, expected one" STALE}},
    {ONE_HOST,
        {{"lookup: {seconds: 8.192e-06}",
            "lookup: {seconds: 8.192e-06, bytes: {host: 1, cluster: 1}}"}},
        {"cost: flat: phase lookup: found one that moves bytes, expected one" STALE}},
    {ONE_HOST, {{"recommended: flat_free", "recommended: sptt"}},
        {"cost: recommended: found sptt, expected flat_free, the fewest seconds" STALE}},
    {ONE_HOST, {{"quality_allows: dmt", "quality_allows: flat_free"}},
        {"cost: recommended_if_quality_allows: found flat_free, expected dmt, the fewest "
         "seconds" STALE}},
    {ONE_HOST, {{"assignment: ccc5", "assignment: 0000"}}, {MOVED}},
    {ONE_HOST, {{"verdict: trusted", "verdict: weak"}},
        {"inputs: affinity: verdict: found weak, expected trusted"}},
    {ONE_HOST, {{"stability: 0.9", "stability: 0.69"}},
        {"inputs: affinity: verdict: found trusted, expected weak"}},
    {ONE_HOST, {{"inside_affinity: 0.5", "inside_affinity: 1.5"}},
        {"quality: inside_affinity: found 1.5, expected a share from 0 to 1"}},
    {ONE_HOST, {{"stride: 0.25", "stride: -0.25"}},
        {"quality: baselines: stride: found -0.25, expected a share from 0 to 1"}},
    {ONE_HOST, {{"above_floor: 0.75", "above_floor: 75.0"}},
        {"inputs: affinity: above_floor: found 75, expected a share from 0 to 1"}},
};

START_TEST(test_a_stale_figure_is_found)
{
    expect_case(&figures[_i]);
}
END_TEST

START_TEST(test_sound_plans_have_no_findings)
{
    expect_case(&(struct broken){.plan = _i ? TWO_HOSTS : ONE_HOST});
}
END_TEST

START_TEST(test_seconds_within_a_billionth_are_not_stale)
{
    expect_case(&(struct broken){ONE_HOST,
        {{"lookup: {seconds: 8.192e-06}", "lookup: {seconds: 8.192000001e-06}"}}, {NULL}});
}
END_TEST

START_TEST(test_a_stale_total_is_found)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    char expected[128];
    snprintf(expected, sizeof expected, "cost: dmt: seconds: found 0.5, expected %.15g" STALE,
        plan->cost.modes[TP_MODE_DMT].seconds);
    plan->cost.modes[TP_MODE_DMT].seconds = 0.5;
    expect_findings(plan, (const char *[]){expected}, 1);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_missing_time_of_flat_free_is_found)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    char expected[128];
    snprintf(expected, sizeof expected,
        "cost: flat_free: seconds: found none, expected %.15g" STALE, plan->cost.flat_free_seconds);
    plan->cost.flat_free_seconds = (double)NAN;
    expect_findings(plan, (const char *[]){expected}, 1);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_total_that_adds_up_stale_phases_is_no_finding_of_its_own)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    struct tp_step_cost *step = &plan->cost.modes[TP_MODE_FLAT];
    step->phases[TP_PHASE_LOOKUP].seconds += 1;
    step->seconds += 1;
    const char *expected[] = {
        "cost: flat: phase lookup: seconds: found 1.000008192, expected 8.192e-06" STALE};
    expect_findings(plan, expected, 1);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_lists_out_of_order_are_found)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    struct tp_plan_tower tower = plan->towers[0];
    plan->towers[0] = plan->towers[1];
    plan->towers[1] = tower;
    struct tp_plan_rank rank = plan->ranks[1];
    plan->ranks[1] = plan->ranks[2];
    plan->ranks[2] = rank;
    const char *expected[] = {"the list of towers is out of order, expected 0 to 1 in that order",
        "the list of ranks is out of order, expected 0 to 3 in that order"};
    expect_findings(plan, expected, 2);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_hosts_per_tower_that_do_not_divide_are_one_finding)
{
    struct tp_plan *plan = small_plan(TWO_HOSTS);
    plan->topology->hosts_per_tower = 3;
    const char *expected[] = {
        "topology: hosts_per_tower: found 3, expected a divisor of the 4 hosts"};
    expect_findings(plan, expected, 1);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_long_gap_in_the_ranks_is_one_finding)
{
    struct tp_plan *plan = small_plan(TWO_HOSTS);
    plan->rank_count = 3;
    const char *expected[] = {"ranks 3 to 7 are missing, expected all of 0 to 7, found 3 entries"};
    expect_findings(plan, expected, 1);
    tp_plan_free(plan);
}
END_TEST

/* One mistake in every group; the stale byte is not among them, since shards are wrong. */
START_TEST(test_all_findings_come_at_once)
{
    expect_case(&(struct broken){ONE_HOST,
        {{"hosts: [1]", "hosts: [0]"}, {"column: 4, columns: 4}", "column: 5, columns: 3}"},
            {"row: 0, rows: 7", "row: 1, rows: 7"}, {"apart: [user, device]", "apart: [user, day]"},
            {"balance: 0.5", "balance: 0.08"}, {"lookup_bytes: 6330", "lookup_bytes: 1"}},
        {"tower 1: hosts: found [0], expected [1], consecutive, each host in one tower",
            "table t_item: gap: columns 4 to 4 are in no shard",
            "table t_day: shard 0: found 7 rows from row 1, expected inside the 7 rows of the "
            "table",
            "constraint apart: features user and day are both in tower 0",
            /* lookup 1.077 of the mean is within, output 48 / 44 = 1.091 is not */
            "tower 0: output dims: found 48, expected at most 47.52: (1 + 0.08) times the mean of "
            "the "
            "towers",
            "tower 1: flops of its module: found 1792, expected at most 1382.4: (1 + 0.08) times "
            "the "
            "mean of the towers"}});
}
END_TEST

START_TEST(test_the_same_mistake_in_many_tables_is_found_in_each)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    char lines[6][64];
    const char *expected[6];
    for (int i = 0; i < plan->table_count; i++) {
        plan->tables[i].place.shard_count = 0;
        snprintf(lines[i], sizeof lines[i], "table %s has no shards, expected at least one",
            plan->tables[i].name);
        expected[i] = lines[i];
    }
    expect_findings(plan, expected, 6);
    tp_plan_free(plan);
}
END_TEST

/* A flat plan has one tower over all ranks: apart and pin cannot mean it. */
START_TEST(test_a_flat_plan_is_not_bound_by_constraints)
{
    struct tp_plan *towered = small_plan(ONE_HOST), *flat = NULL;
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_error err = {0};
    options.strategy = TP_STRATEGY_FLAT;
    enum tp_status status =
        tp_plan_make(towered->model, towered->topology, NULL, &options, &flat, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    ck_assert_int_eq(flat->tower_count, 1);
    expect_findings(flat, NULL, 0);
    tp_plan_free(flat);
    tp_plan_free(towered);
}
END_TEST

/* A spec of the plan's own, taken out of its document and edited, in a file of its own. */
static void write_spec(const char *key, const char *end_key, const char *from, const char *to)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    char *text = text_of(plan);
    char *begin = strstr(text, key);
    ck_assert_ptr_nonnull(begin);
    begin += strlen(key);
    char *end = strstr(begin, end_key);
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    char *edited = replaced(begin, from, to);
    put_text("spec.yaml", edited);
    free(edited);
    free(text);
    tp_plan_free(plan);
}

static void write_model(const char *from, const char *to)
{
    write_spec("\nmodel:\n", "topology:", from, to);
}

static void write_topology(const char *from, const char *to)
{
    write_spec("\ntopology:\n", "limits:", from, to);
}

static void expect_drift(const char *model, const char *topology, const char *expected)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    struct tp_findings findings = {0};
    struct tp_error err = {0};
    enum tp_status status = tp_plan_check(plan, model, topology, &findings, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    ck_assert_int_eq(findings.count, expected ? 1 : 0);
    if (expected)
        ck_assert_str_eq(findings.lines[0], expected);
    tp_findings_release(&findings);
    tp_plan_free(plan);
}

START_TEST(test_an_input_that_was_only_reformatted_is_no_drift)
{
    write_model("  dense_features: 3\n", "  dense_features:   3\n");
    expect_drift(in_scratch("spec.yaml"), NULL, NULL);
    write_topology("  name: two\n", "  name:   two\n");
    expect_drift(NULL, in_scratch("spec.yaml"), NULL);
}
END_TEST

START_TEST(test_a_model_that_changed_is_listed)
{
    write_model("rows: 500", "rows: 600");
    expect_drift(
        in_scratch("spec.yaml"), NULL, "the model has changed: table t_item: rows 500 -> 600");
}
END_TEST

START_TEST(test_a_topology_that_changed_is_listed)
{
    write_topology("reserve: 0.15", "reserve: 0.25");
    expect_drift(
        NULL, in_scratch("spec.yaml"), "the topology has changed: device: reserve 0.15 -> 0.25");
}
END_TEST

START_TEST(test_an_input_that_cannot_be_read_is_an_error_not_a_finding)
{
    struct tp_plan *plan = small_plan(ONE_HOST);
    struct tp_findings findings = {0};
    struct tp_error err = {0};
    ck_assert_int_eq(
        tp_plan_check(plan, in_scratch("spec.yaml"), NULL, &findings, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "spec.yaml"));
    ck_assert_int_eq(findings.count, 0);
    tp_plan_free(plan);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static TCase *broken_plans(void)
{
    TCase *tcase = tcase_create("one rule broken");
    tcase_add_loop_test(tcase, test_a_wrong_name_is_found, 0, COUNT(names));
    tcase_add_loop_test(tcase, test_a_wrong_frame_is_found, 0, COUNT(towers));
    tcase_add_loop_test(tcase, test_a_wrong_shard_is_found, 0, COUNT(shards));
    tcase_add_loop_test(tcase, test_a_broken_limit_is_found, 0, COUNT(limits));
    tcase_add_loop_test(tcase, test_a_limit_broken_by_a_recosted_plan_is_found, 0, COUNT(recosted));
    tcase_add_loop_test(tcase, test_a_stale_figure_is_found, 0, COUNT(figures));
    tcase_add_test(tcase, test_a_stale_total_is_found);
    tcase_add_test(tcase, test_a_missing_time_of_flat_free_is_found);
    tcase_add_test(tcase, test_lists_out_of_order_are_found);
    tcase_add_test(tcase, test_hosts_per_tower_that_do_not_divide_are_one_finding);
    tcase_add_test(tcase, test_a_long_gap_in_the_ranks_is_one_finding);
    return tcase;
}

static TCase *findings_as_a_whole(void)
{
    TCase *tcase = tcase_create("findings");
    tcase_add_loop_test(tcase, test_sound_plans_have_no_findings, 0, 2);
    tcase_add_test(tcase, test_seconds_within_a_billionth_are_not_stale);
    tcase_add_test(tcase, test_a_total_that_adds_up_stale_phases_is_no_finding_of_its_own);
    tcase_add_test(tcase, test_all_findings_come_at_once);
    tcase_add_test(tcase, test_the_same_mistake_in_many_tables_is_found_in_each);
    tcase_add_test(tcase, test_a_flat_plan_is_not_bound_by_constraints);
    return tcase;
}

static TCase *drift(void)
{
    TCase *tcase = tcase_create("drift");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, test_an_input_that_was_only_reformatted_is_no_drift);
    tcase_add_test(tcase, test_a_model_that_changed_is_listed);
    tcase_add_test(tcase, test_a_topology_that_changed_is_listed);
    tcase_add_test(tcase, test_an_input_that_cannot_be_read_is_an_error_not_a_finding);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("check");
    suite_add_tcase(suite, broken_plans());
    suite_add_tcase(suite, findings_as_a_whole());
    suite_add_tcase(suite, drift());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
