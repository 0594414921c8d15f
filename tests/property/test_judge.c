/* SPDX-License-Identifier: Apache-2.0 */
/* The judge itself: it finds nothing in a plan worked out on paper (hand_plan.yaml, the path of
 * which is the program's only argument), and finds each single change to it. */
#include "complaints.h"
#include "judge.h"
#include "runner.h"
#include "scratch.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *hand_plan;

static char *read_hand_plan(void)
{
    FILE *file = fopen(hand_plan, "rb");
    char *text = need(65536, 1);
    ck_assert_msg(file != NULL, "%s", hand_plan);
    ck_assert(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* Judges the plan with the first `from` after the place `after` made into `to`. */
static void judge_changed(
    const char *after, const char *from, const char *to, struct complaints *complaints)
{
    char path[SCRATCH_PATH_BYTES], *text = read_hand_plan();
    struct scratch scratch;
    char *start = strstr(strstr(text, "\ntowerpart_plan"), after), *at = strstr(start, from);
    ck_assert_msg(at != NULL, "%s", from);
    scratch_init(&scratch);
    FILE *file = fopen(scratch_path(&scratch, "plan.yaml", path), "wb");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    fclose(file);
    judge_plan(path, &(struct request){0}, complaints);
    scratch_remove(&scratch);
    free(text);
}

START_TEST(a_plan_worked_out_by_hand_is_sound)
{
    struct complaints complaints = {0};
    judge_plan(hand_plan, &(struct request){0}, &complaints);
    for (int i = 0; i < complaints.count; i++)
        printf("# %s\n", complaints.lines[i]);
    ck_assert_int_eq(complaints.count, 0);
    complaints_release(&complaints);
}
END_TEST

static const struct {
    const char *after, *from, *to, *complaint;
} changes[] = {
    {"topology", "hosts_per_tower: 1", "hosts_per_tower: 2", "2 towers, expected 1"},
    {"towers:", "{id: 1", "{id: 0", "has id 0"},
    {"towers:", "hosts: [1]", "hosts: [0]", "host 0 out of place"},
    {"towers:", "hosts: [1]", "hosts: [1, 0]", "2 hosts, expected 1"},
    {"towers:", "ranks: [2, 3]", "ranks: [3, 2]", "rank 3 out of place"},
    {"towers:", "ranks: [2, 3]", "ranks: [2]", "1 ranks, expected 2"},
    {"towers:", "[fc, fd]", "[fc, fx]", "a feature that the model has not"},
    {"towers:", "[fc, fd]", "[fc, fd, fa]", "fa is in 2 towers"},
    {"towers:", "[fc, fd]", "[fc]", "fd is in 0 towers"},
    {"towers:", "output_dim: 12", "output_dim: 13", "says output_dim 13"},
    {"towers:", "\n  - {name: a", "\n  - {name: x", "a table that the model has not"},
    {"towers:", "\n  - {name: a", "\n  - {name: d", "d is placed 2 times"},
    {"- {name: a, tower", "tower: 0", "tower: 1", "in different towers"},
    {"- {name: a, tower", "tower: 0", "tower: 2", "in tower 2"},
    {"- {name: a, tower", "row: 0", "row: 1", "outside the table"},
    {"- {name: a, tower", "rows: 100", "rows: 99", "cover 396 of 400"},
    {"- {name: a, tower", "rank: 0", "rank: 2", "rank 2 is not in tower 0"},
    {"- {name: a, tower", "sharding: table", "sharding: row", "1 row shards on 2 ranks"},
    {"- name: b", "column: 4", "column: 0", "overlap"},
    {"- name: b", "sharding: column", "sharding: table", "is not split, yet has 2"},
    {"- name: b", "column: 0, columns: 4", "column: 0, columns: 3", "no equal cut"},
    {"- name: c", "{rank: 3", "{rank: 2", "not block 1"},
    {"- name: c", "rows: 4", "rows: 5", "overlap"},
    {"ranks:\n  - {rank", "rank: 1", "rank: 2", "listed in place 1"},
    {"ranks:\n  - {rank", "memory_bytes: 4032", "memory_bytes: 4033", "memory_bytes 4033"},
    {"ranks:\n  - {rank", "lookup_bytes: 311", "lookup_bytes: 310", "lookup_bytes 310"},
    {"ranks:\n  - {rank", "output_bytes: 128", "output_bytes: 64", "output_bytes 64"},
    {"ranks:\n  - {rank", "id_bytes: 69", "id_bytes: 70", "id_bytes 70"},
    {"ranks:\n  - {rank", "  - {rank: 3", "#", "3 ranks are listed"},
    {"topology", "memory_bytes: 10000", "memory_bytes: 7600", "needs 6151 bytes"},
    {"limits", "balance: 0.4", "balance: 0.39", "tower 0 reads 896"},
    {"limits", "balance: 0.4", "balance: 0.24", "has output 20"},
    {"constraints", "[fa, gb]", "[fa, fd]", "together, not in"},
    {"constraints", "[fa, fd]", "[fa, gb]", "apart, yet in"},
    {"constraints", "tower: 1", "tower: 0", "fc is pinned to tower 0"},
    {"quality", "features: 1.2", "features: 1.21", "balance of features"},
    {"quality", "memory: 1.0905", "memory: 1.0915", "balance of memory"},
    {"quality", "lookup: 1.4", "lookup: 1.5", "balance of lookup"},
    {"quality", ", output: 1.25", "", "balance of output"},
    {"cost", "ids_alltoall: {seconds: 0.0,", "ids_alltoall: {seconds: 0.01,",
        "flat ids_alltoall says"},
    {"cost", "lookup: {seconds: 0.512}", "over: {seconds: 0.512}",
        "flat lookup: the phase is missing"},
    {"cost", ", bytes: {host: 96, cluster: 192}", "", "embedding_alltoall: the phase is without"},
    {"cost", "cluster: 192", "cluster: 191", "says 191 bytes at level cluster"},
    {"sptt", "host: 192", "host: 193", "sptt tower_exchange says 193"},
    {"sptt", "cluster: 160", "cluster: 159", "sptt embedding_alltoall says 159"},
    {"sptt", "peer_permute: {seconds: 0.768", "peer_permute: {seconds: 0.7",
        "peer_permute says 0.7"},
    {"sptt", "over_arch: {seconds: 0.548", "over_arch: {seconds: 0.55", "over_arch says 0.55"},
    {"cost", "seconds: 14.18", "seconds: 14.1", "phases add up to 14.18"},
    {"flat_free", "seconds: 16.0", "seconds: 14.0", "the fastest is flat_free"},
    {"flat_free", "recommended: flat", "recommended: sptt", "recommends sptt"},
    {"flat_free", "allows: flat", "allows: dmt", "recommends dmt if"},
    {"quality", "balance:", "balances:", "balance is missing"},
    {"model", "batch_size: 8", "batch_size: 8x", "expected an integer"},
    /* c has 7 rows, 4 of them on rank 2: half of the lookups go to the first, and 4/7 of the others
     * (B * ids * columns * 4 bytes = 128 in all) or, hottest first, C(4) = 0.8. */
    {"model", "[fc]", "[{name: fc, hot_rows: [[1, 0.5]]}]", "lookup_bytes 73, found 100.6"},
    {"model", "dim: 4, features: [fc]",
        "dim: 4, row_order: ranked, features: [{name: fc, hot_rows: [[1, 0.5], [4, 0.8]]}]",
        "lookup_bytes 73, found 102.4"},
    {"limits", "ratio: 1.0", "ratio: .nan", "expected a finite number"},
    {"limits", "ratio: 1.0", "ratio: 1.0, ratio: 1.0", "given twice"},
};

START_TEST(each_change_is_found)
{
    struct complaints complaints = {0};
    judge_changed(changes[_i].after, changes[_i].from, changes[_i].to, &complaints);
    if (!complaints_mention(&complaints, changes[_i].complaint))
        for (int i = 0; i < complaints.count; i++)
            printf("# instead: %s\n", complaints.lines[i]);
    ck_assert_msg(complaints_mention(&complaints, changes[_i].complaint), "not found: %s",
        changes[_i].complaint);
    complaints_release(&complaints);
}
END_TEST

START_TEST(inside_share_counts_each_pair_once)
{
    /* Pairs (0,1) 0.5 and (2,3) 0.2 are inside, 0.1 * 4 outside: 0.7 / 1.1. */
    const float a[] = {
        1, 0.5f, 0.1f, 0.1f, 0.5f, 1, 0.1f, 0.1f, 0.1f, 0.1f, 1, 0.2f, 0.1f, 0.1f, 0.2f, 1};
    const int tower[] = {0, 0, 1, 1};
    ck_assert_double_eq_tol(inside_share(a, 4, tower), 0.7 / 1.1, 1e-7);
}
END_TEST

int main(int argc, char **argv)
{
    hand_plan = argc > 1 ? argv[1] : "hand_plan.yaml";
    Suite *suite = suite_create("judge");
    TCase *tcase = tcase_create("judge");
    tcase_add_test(tcase, a_plan_worked_out_by_hand_is_sound);
    tcase_add_test(tcase, inside_share_counts_each_pair_once);
    tcase_add_loop_test(tcase, each_change_is_found, 0, sizeof changes / sizeof *changes);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
