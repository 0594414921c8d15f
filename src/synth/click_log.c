/* SPDX-License-Identifier: Apache-2.0 */
/* A click log in Criteo's layout, whose labels only interactions inside the groups explain.
 *
 * In: what was planted. Out: DIR/log.tsv, tab-separated without a header: label, 13 integers, 26 ids
 * of 8 hex digits; some fields are empty.
 *
 * Every id of a feature carries a hidden sign v, in equal shares. In a row, group g has a sign u_g
 * and each of its features shows an id with v = u_g with probability AGREEMENT. The click
 * probability is
 *     sigmoid(bias + STRENGTH / sqrt(groups) * sum_g sum_{i<j in g} (v_i v_j - m) / sqrt(pairs of g)
 *             + DENSE_STRENGTH * dense signal),
 * m = (2 AGREEMENT - 1)^2 the mean of v_i v_j. Given one id, the mean of v_i v_j over the rest is
 * the same for both signs: single ids say nothing about the label, pairs inside a group do. The
 * shared u_g makes ids of a group occur together, as in real logs. The bias puts the base rate at
 * BASE_RATE, as in Criteo's (about 0.25); it is found on PILOT_ROWS rows of a stream of their own.
 * The probabilities are kept to say how well this very model predicts the labels. Cost: O(rows); 8
 * bytes of memory per row. */
#include "synth/planted.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

#define AGREEMENT 0.75
#define PAIR_MEAN ((2 * AGREEMENT - 1) * (2 * AGREEMENT - 1)) /* of v_i v_j */
#define STRENGTH 1.5
#define DENSE_STRENGTH 0.25
#define BASE_RATE 0.25
#define PILOT_ROWS 4096
#define EMPTY_SHARE 0.04
#define FLUSH_BYTES 65536

struct click_row {
    int64_t dense[TP_CRITEO_DENSE]; /* -1: empty */
    int64_t id[TP_CRITEO_SPARSE];   /* below the rows of the feature's table; -1: empty */
    double logit;                   /* without the bias */
};

/* Popularity falls with the id as a power law: u^3 uniform draws give a density of q^(-2/3). Ids 2q and
 * 2q + 1 are equally popular and differ in sign, so no popularity gives the sign away. A table has more rows than
 * ids: one is left for those that a trainer has not seen, or it would have to hash them. */
static int64_t draw_id(struct tp_random *random, int64_t rows, bool positive)
{
    double u = tp_random_uniform(random);
    int64_t q = (int64_t)((double)((rows - 1) / 2) * u * u * u);
    return 2 * q + positive;
}

static double draw_dense(struct tp_random *random, struct click_row *row)
{
    double signal = 0;
    for (int i = 0; i < TP_CRITEO_DENSE; i++) {
        double normal = tp_random_normal(random);
        bool empty = tp_random_uniform(random) < EMPTY_SHARE;
        row->dense[i] = empty ? -1 : (int64_t)exp(1 + normal);
        if (i < 2 && !empty)
            signal += normal;
    }
    return signal;
}

/* Adds each feature's sign to sum[group] and counts it there; an empty field is no member. */
static void draw_ids(struct tp_random *random, const struct tp_planted *planted,
    struct click_row *row, int sum[TP_CRITEO_SPARSE], int count[TP_CRITEO_SPARSE])
{
    bool group_positive[TP_CRITEO_SPARSE];
    for (int32_t g = 0; g < planted->group_count; g++)
        group_positive[g] = tp_random_uniform(random) < 0.5;
    for (int32_t f = 0; f < TP_CRITEO_SPARSE; f++) {
        int32_t g = planted->group[f];
        bool agrees = tp_random_uniform(random) < AGREEMENT;
        bool positive = group_positive[g] == agrees;
        row->id[f] = draw_id(random, planted->rows[f], positive);
        if (tp_random_uniform(random) < EMPTY_SHARE) {
            row->id[f] = -1;
            continue;
        }
        sum[g] += positive ? 1 : -1;
        count[g]++;
    }
}

static void draw_row(
    struct tp_random *random, const struct tp_planted *planted, struct click_row *row)
{
    int sum[TP_CRITEO_SPARSE] = {0}, count[TP_CRITEO_SPARSE] = {0}, members[TP_CRITEO_SPARSE] = {0};
    double interaction = 0;
    int interacting = 0;
    for (int32_t f = 0; f < TP_CRITEO_SPARSE; f++)
        members[planted->group[f]]++;
    double dense = draw_dense(random, row);
    draw_ids(random, planted, row, sum, count);
    for (int32_t g = 0; g < planted->group_count; g++) {
        if (members[g] < 2)
            continue;
        /* Sum over pairs of v_i v_j, from (sum v)^2 = count + 2 * that; less its mean, so that an
         * empty field says nothing either. */
        double pairs =
            0.5 * (sum[g] * sum[g] - count[g]) - PAIR_MEAN * 0.5 * (count[g] * (count[g] - 1));
        interaction += pairs / sqrt(0.5 * members[g] * (members[g] - 1));
        interacting++;
    }
    row->logit = DENSE_STRENGTH * dense;
    if (interacting)
        row->logit += STRENGTH / sqrt(interacting) * interaction;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* Bisection: the mean click probability grows with the bias. */
static enum tp_status find_bias(
    const struct tp_planted *planted, uint64_t seed, double *bias, struct tp_error *err)
{
    struct tp_random random = tp_random_new(seed, TP_STREAM_LOG_PILOT);
    struct click_row row;
    double low = -50, high = 50;
    double *logit = TP_NEW(PILOT_ROWS, double);
    if (!logit)
        return tp_fail_memory(err);
    for (int i = 0; i < PILOT_ROWS; i++) {
        draw_row(&random, planted, &row);
        logit[i] = row.logit;
    }
    for (int step = 0; step < 60; step++) {
        double middle = 0.5 * (low + high), sum = 0;
        for (int i = 0; i < PILOT_ROWS; i++)
            sum += sigmoid(logit[i] + middle);
        if (sum < BASE_RATE * PILOT_ROWS)
            low = middle;
        else
            high = middle;
    }
    *bias = low;
    free(logit);
    return TP_OK;
}

/* A bijection of 32 bits (the finaliser of MurmurHash3), so that two ids of a table never share a
 * text while it has at most 2^32 rows. */
static uint32_t scramble(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    return x ^ (x >> 16);
}

static void add_row(const struct click_row *row, bool clicked, struct tp_text *text)
{
    tp_text_add(text, "%d", clicked);
    for (int i = 0; i < TP_CRITEO_DENSE; i++) {
        if (row->dense[i] < 0)
            tp_text_add_bytes(text, "\t", 1);
        else
            tp_text_add(text, "\t%lld", (long long)row->dense[i]);
    }
    for (uint32_t f = 0; f < TP_CRITEO_SPARSE; f++) {
        if (row->id[f] < 0)
            tp_text_add_bytes(text, "\t", 1);
        else
            tp_text_add(text, "\t%08x", (unsigned)scramble((uint32_t)row->id[f] ^ scramble(f + 1)));
    }
    tp_text_add_bytes(text, "\n", 1);
}

static enum tp_status add_rows(struct tp_file_out *file, const struct tp_planted *planted,
    const struct tp_synth_options *options, double bias, struct tp_log_truth *truth,
    struct tp_error *err)
{
    struct tp_random random = tp_random_new(options->seed, TP_STREAM_LOG);
    struct tp_text text = {0};
    struct click_row row;
    enum tp_status status = TP_OK;
    for (int64_t i = 0; i < options->log_rows && !status; i++) {
        draw_row(&random, planted, &row);
        double probability = sigmoid(row.logit + bias);
        bool clicked = tp_random_uniform(&random) < probability;
        add_row(&row, clicked, &text);
        if (text.failed || !tp_log_truth_add(truth, probability, clicked)) {
            status = tp_fail_memory(err);
        } else if (text.length >= FLUSH_BYTES || i + 1 == options->log_rows) {
            status = tp_file_out_add(file, text.data, text.length, err);
            text.length = 0;
        }
    }
    tp_text_release(&text);
    return status;
}

enum tp_status tp_planted_write_log(const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_log_truth *truth,
    struct tp_error *err)
{
    double bias = 0;
    struct tp_file_out *file = NULL;
    char *path = tp_path_join(dir, "log.tsv");
    enum tp_status status = path ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = find_bias(planted, options->seed, &bias, err);
    if (!status)
        status = tp_file_out_open(path, &file, err);
    if (!status)
        status = add_rows(file, planted, options, bias, truth, err);
    status = tp_file_out_end(file, status, err);
    free(path);
    return status;
}
