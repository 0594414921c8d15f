/* SPDX-License-Identifier: Apache-2.0 */
/* The synthetic click log: its layout, and what its labels depend on. */
#include <towerpart/synth.h>

#include "synth_files.h"

#include <math.h>

#define DENSE 13
#define SPARSE 26
#define ROWS 20000
#define IDS_MAX 5 /* 4 ids of a table, and empty */

struct log {
    int clicks;
    int label[ROWS];
    int id[ROWS][SPARSE]; /* 0: empty, else 1.. by first appearance in the column */
    char known[SPARSE][IDS_MAX][9];
    int sign[SPARSE][IDS_MAX];
    int empty_dense, empty_sparse;
    double signal[ROWS]; /* of the dense columns, about */
};

/* Where a variable is called log. */
static double natural_log(double x)
{
    return log(x);
}

/* For the many fields: an assertion of Check costs a system call. */
static void expect(bool holds, int column)
{
    if (!holds)
        ck_abort_msg("column %d of the log is not as it should be", column);
}

static int id_number(struct log *log, int column, const char *text)
{
    if (!*text)
        return 0;
    expect(strlen(text) == 8 && strspn(text, "0123456789abcdef") == 8, column);
    for (int i = 1; i < IDS_MAX; i++) {
        if (!log->known[column][i][0])
            memcpy(log->known[column][i], text, 9);
        if (!strcmp(log->known[column][i], text))
            return i;
    }
    ck_abort_msg("column %d has more than 4 ids", column);
    return -1;
}

/* One line, without its newline; cut at the tabs. */
static void read_row(struct log *log, int row, char *line)
{
    int column = 0;
    for (char *field = line, *next; field; field = next, column++) {
        next = strchr(field, '\t');
        if (next)
            *next++ = '\0';
        if (column == 0) {
            expect(!strcmp(field, "0") || !strcmp(field, "1"), column);
            log->label[row] = *field == '1';
            log->clicks += log->label[row];
        } else if (column <= DENSE) {
            expect(strspn(field, "0123456789") == strlen(field), column);
            log->empty_dense += !*field;
            if (column <= 2 && *field) /* exp(1 + normal), rounded down */
                log->signal[row] += natural_log(atof(field) + 0.5) - 1;
        } else {
            expect(column <= DENSE + SPARSE, column);
            log->id[row][column - 1 - DENSE] = id_number(log, column - 1 - DENSE, field);
            log->empty_sparse += !*field;
        }
    }
    expect(column == 1 + DENSE + SPARSE, column);
}

/* ROWS rows over tables of so few rows (5: 4 ids) that every pair of ids is seen often. */
static struct log *make_log(int groups, int table_rows, int *group, json_t **figures)
{
    struct folder folder = folder_make();
    struct tp_synth_options options = tp_synth_options_default();
    size_t length = 0;
    options.features = SPARSE;
    options.groups = groups;
    options.samples = 32;
    options.rows = table_rows;
    options.log_rows = ROWS;
    synth(folder.path, &options);
    struct log *log = calloc(1, sizeof *log);
    char *text = read_bytes(folder.path, "log.tsv", &length), *line = text;
    ck_assert(log && text);
    int row = 0;
    for (char *end; (end = strchr(line, '\n')); line = end + 1, row++) {
        expect(row < ROWS, 0);
        *end = '\0';
        read_row(log, row, line);
    }
    ck_assert_int_eq(row, ROWS);
    ck_assert_int_eq(*line, '\0');
    ck_assert_int_eq(read_truth(folder.path, group, SPARSE), SPARSE);
    free(text);
    text = read_bytes(folder.path, "truth.json", &length);
    json_t *truth = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    *figures = json_incref(json_object_get(truth, "log"));
    json_decref(truth);
    free(text);
    scratch_remove(folder.path);
    return log;
}

/* Pearson's chi-square of the label against the cells that `a` and `b` (the same column twice: that column
 * alone) cut the rows into, over its degrees of freedom: about 1 if the label does not depend on them. */
static double dependence(const struct log *log, int a, int b)
{
    int rows[IDS_MAX * IDS_MAX] = {0}, clicks[IDS_MAX * IDS_MAX] = {0}, cells = 0;
    double rate = (double)log->clicks / ROWS, chi_square = 0;
    for (int i = 0; i < ROWS; i++) {
        int cell = log->id[i][a] * IDS_MAX + log->id[i][b];
        rows[cell]++;
        clicks[cell] += log->label[i];
    }
    for (int cell = 0; cell < IDS_MAX * IDS_MAX; cell++) {
        if (rows[cell] < 20)
            continue;
        double surplus = clicks[cell] - rate * rows[cell];
        chi_square += surplus * surplus / (rate * (1 - rate) * rows[cell]);
        cells++;
    }
    ck_assert_int_gt(cells, 1);
    return chi_square / (cells - 1);
}

/* Means over many columns and pairs: for independent ones 1 +- sqrt(2 / (degrees * count)), below 0.15. */
START_TEST(labels_depend_on_pairs_inside_a_group_alone)
{
    static const int group_counts[] = {4, 8, 13};
    int group[SPARSE], inside_count = 0, outside_count = 0;
    json_t *figures;
    struct log *log = make_log(group_counts[_i], 5, group, &figures);
    double single = 0, inside = 0, outside = 0;
    for (int a = 0; a < SPARSE; a++) {
        single += dependence(log, a, a) / SPARSE;
        for (int b = 0; b < a; b++) {
            double d = dependence(log, a, b);
            if (group[a] == group[b]) {
                ck_assert_msg(d > 2, "columns %d and %d share a group: %f", a, b, d);
                inside += d;
                inside_count++;
            } else {
                outside += d;
                outside_count++;
            }
        }
    }
    ck_assert_msg(single < 1.5, "single ids: %f", single);
    ck_assert_msg(
        outside / outside_count < 1.5, "pairs of two groups: %f", outside / outside_count);
    ck_assert_msg(inside / inside_count > 5, "pairs inside: %f", inside / inside_count);
    json_decref(figures);
    free(log);
}
END_TEST

/* 25 % with a standard error of 0.3 % on 20,000 rows and 0.7 % of the pilot; 4 % of the fields are empty. */
START_TEST(about_a_quarter_clicks_and_some_fields_are_empty)
{
    int group[SPARSE];
    json_t *figures;
    struct log *log = make_log(8, 5, group, &figures);
    ck_assert_double_eq_tol((double)log->clicks / ROWS, 0.25, 0.03);
    ck_assert_double_eq_tol((double)log->empty_dense / (ROWS * DENSE), 0.04, 0.01);
    ck_assert_double_eq_tol((double)log->empty_sparse / (ROWS * SPARSE), 0.04, 0.01);
    json_decref(figures);
    free(log);
}
END_TEST

/* u^3 < 1/2 for u < 0.794: of a table's two pairs of ids the first has 79 % of the rows, so its two
 * ids 40 % each and the others 10 % each. */
START_TEST(ids_differ_in_popularity)
{
    int group[SPARSE];
    json_t *figures;
    struct log *log = make_log(8, 5, group, &figures);
    for (int column = 0; column < SPARSE; column++) {
        int rows[IDS_MAX] = {0}, popular = 0;
        for (int i = 0; i < ROWS; i++)
            rows[log->id[i][column]]++;
        for (int i = 1; i < IDS_MAX; i++) {
            double share = rows[i] / (0.96 * ROWS);
            bool often = share > 0.25;
            popular += often;
            ck_assert_double_eq_tol(share, often ? 0.397 : 0.103, 0.02);
        }
        ck_assert_int_eq(popular, 2);
    }
    json_decref(figures);
    free(log);
}
END_TEST

/* The finaliser of MurmurHash3 backwards: x ^= x >> 16 undoes itself, the factors are inverses
 * modulo 2^32. */
static uint32_t unscramble(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7ed1b41du;
    x ^= x >> 13 ^ x >> 26;
    x *= 0xa5cb9243u;
    return x ^ x >> 16;
}

static uint32_t scramble(uint32_t x)
{
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

/* The score of a row as far as the log shows it: the sum over groups and pairs of v_i v_j - 1/4, v
 * the sign of an id, over the root of the group's pairs, times 1.5 / sqrt(groups), and a quarter of
 * the dense signal. */
static double score_of(const struct log *log, int row, const int *group, int groups)
{
    double sum = 0;
    for (int g = 0; g < groups; g++) {
        double pairs = 0, all = 0;
        for (int a = 0; a < SPARSE; a++) {
            for (int b = 0; b < a; b++) {
                int i = log->id[row][a], j = log->id[row][b];
                if (group[a] != g || group[b] != g)
                    continue;
                all++;
                if (i && j)
                    pairs += log->sign[a][i] * log->sign[b][j] - 0.25;
            }
        }
        sum += pairs / sqrt(all);
    }
    return 1.5 / sqrt(groups) * sum + 0.25 * log->signal[row];
}

/* The dense columns are rounded down, which costs a little; beyond that the AUC is that of the file. */
START_TEST(truth_tells_how_well_the_log_can_be_predicted)
{
    int group[SPARSE];
    static double score[ROWS];
    json_t *figures;
    struct log *log = make_log(8, 5, group, &figures);
    double pairs = 0, right = 0;
    for (int column = 0; column < SPARSE; column++)
        for (int i = 1; i < IDS_MAX; i++) {
            uint32_t text = (uint32_t)strtoul(log->known[column][i], NULL, 16);
            uint32_t row = unscramble(text) ^ scramble((uint32_t)column + 1);
            ck_assert_uint_lt(row, 4);
            log->sign[column][i] = row % 2 ? 1 : -1;
        }
    for (int i = 0; i < ROWS; i++)
        score[i] = score_of(log, i, group, 8);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; log->label[i] && j < ROWS; j++) {
            pairs += !log->label[j];
            right += !log->label[j] && score[i] > score[j];
        }
    ck_assert_int_eq(json_integer_value(json_object_get(figures, "rows")), ROWS);
    ck_assert_int_eq(json_integer_value(json_object_get(figures, "clicks")), log->clicks);
    ck_assert_double_eq_tol(json_real_value(json_object_get(figures, "auc")), right / pairs, 0.002);
    double loss =
        json_real_value(json_object_get(figures, "logloss")); /* 0.562: of the mere rate */
    ck_assert_double_lt(loss, 0.5);
    ck_assert_double_gt(loss, 0.3);
    json_decref(figures);
    free(log);
}
END_TEST

/* A trainer keeps one for ids that it has not seen: in 4 rows, one pair of ids is all that fits. */
START_TEST(ids_leave_a_row_of_their_table_free)
{
    int group[SPARSE];
    json_t *figures;
    struct log *log = make_log(8, 4, group, &figures);
    for (int column = 0; column < SPARSE; column++)
        for (int i = 0; i < ROWS; i++)
            expect(log->id[i][column] <= 2, column);
    json_decref(figures);
    free(log);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("click log");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, labels_depend_on_pairs_inside_a_group_alone, 0, 3);
    tcase_add_test(tcase, about_a_quarter_clicks_and_some_fields_are_empty);
    tcase_add_test(tcase, ids_differ_in_popularity);
    tcase_add_test(tcase, ids_leave_a_row_of_their_table_free);
    tcase_add_test(tcase, truth_tells_how_well_the_log_can_be_predicted);
    Suite *suite = suite_create("click log");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
