/* SPDX-License-Identifier: Apache-2.0 */
/* Speed of lookups and sparse updates on one thread, as the rate at which rows (and their states) are read and
 * written.
 *
 * One line per case: name, size, median seconds, GB/s. Counted are the rows that are read, and for updates written;
 * ids, gradients and results are not. For comparison the rate of copying an array that is larger
 * than the caches. Ids are uniform, which is the worst case. Takes the most bytes of tables as an argument, in GB
 * (4). */
#include "base/memory.h"
#include "base/random.h"
#include "train/embedding.h"

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 15
#define TABLES_MAX 26

static const struct bench_case {
    const char *name;
    int32_t tables;
    int64_t rows;
    int32_t dim, batch, pooling;
    enum tp_optimizer optimizer;
} cases[] = {
    {"small_sgd", 26, 1000000, 16, 2048, 1, TP_SGD},
    {"small_rowwise", 26, 1000000, 16, 2048, 1, TP_ROWWISE_ADAGRAD},
    {"small_adagrad", 26, 1000000, 16, 2048, 1, TP_ADAGRAD},
    {"small_adam", 26, 1000000, 16, 2048, 1, TP_ADAM},
    {"wide_rowwise", 4, 1000000, 128, 2048, 1, TP_ROWWISE_ADAGRAD},
    {"pooled_rowwise", 4, 1000000, 128, 2048, 40, TP_ROWWISE_ADAGRAD},
    {"pooled_narrow", 4, 4000000, 16, 2048, 40, TP_ROWWISE_ADAGRAD},
};

static void *need(void *memory)
{
    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

/* A batch in one block. */
struct batch {
    int32_t *lengths;
    int64_t *ids;
    struct tp_bag_block block;
    struct tp_bags bags;
};

static void draw(struct batch *batch, const struct bench_case *at, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 0);
    int64_t bags = (int64_t)at->tables * at->batch, ids = bags * at->pooling;
    batch->lengths = need(TP_NEW(bags, int32_t));
    batch->ids = need(TP_NEW(ids, int64_t));
    for (int64_t i = 0; i < bags; i++)
        batch->lengths[i] = at->pooling;
    for (int64_t i = 0; i < ids; i++)
        batch->ids[i] = tp_random_below(&random, at->rows);
    batch->block = (struct tp_bag_block){batch->lengths, batch->ids, ids};
    batch->bags = (struct tp_bags){&batch->block, 1, at->batch};
}

static void init(struct tp_embeddings *embeddings, const struct bench_case *at)
{
    struct tp_table tables[TABLES_MAX];
    struct tp_own_shard own[TABLES_MAX];
    struct tp_model model = {.tables = tables, .table_count = at->tables};
    struct tp_error err;
    for (int32_t t = 0; t < at->tables; t++) {
        tables[t] = (struct tp_table){
            .name = (char *)"t", .rows = at->rows, .dim = at->dim, .feature_count = 1};
        own[t] = (struct tp_own_shard){t, {0, 0, at->rows, 0, at->dim}};
    }
    if (tp_embeddings_init(embeddings, &model, own, at->tables,
            (struct tp_learning){at->optimizer, 0.01}, 1, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

/* Bytes of a row and its state. */
static double row_bytes(const struct tp_embeddings *embeddings, const struct bench_case *at)
{
    double state = (double)embeddings->shards[0].state_count / (double)at->rows;
    return ((double)at->dim + state) * sizeof(tp_real);
}

static void print(const struct bench_case *at, const char *what, double *seconds, double bytes)
{
    double typical = median(seconds, REPEATS);
    printf("%-15s %-6s  %d x %lld x %d, batch %d of %d  %.5f s  %.2f GB/s\n", at->name, what,
        at->tables, (long long)at->rows, at->dim, at->batch, at->pooling, typical,
        bytes / typical * 1e-9);
    fflush(stdout);
}

static void run_case(const struct bench_case *at)
{
    struct tp_embeddings embeddings;
    double lookup[REPEATS], update[REPEATS];
    init(&embeddings, at);
    size_t values = (size_t)at->batch * (size_t)embeddings.width;
    tp_real *out = need(tp_new_aligned(values, sizeof *out));
    for (int i = 0; i < REPEATS; i++) {
        struct batch batch;
        draw(&batch, at, (uint64_t)i);
        double start = tp_seconds_now();
        tp_embeddings_lookup(&embeddings, &batch.bags, out);
        lookup[i] = tp_seconds_now() - start;
        start = tp_seconds_now();
        tp_embeddings_update(&embeddings, &batch.bags, out, i + 1, NULL);
        update[i] = tp_seconds_now() - start;
        free(batch.lengths);
        free(batch.ids);
    }
    double ids = (double)at->tables * at->batch * at->pooling;
    print(at, "lookup", lookup, ids * at->dim * sizeof(tp_real));
    print(at, "update", update, 2 * ids * row_bytes(&embeddings, at));
    free(out);
    tp_embeddings_release(&embeddings);
}

static double table_bytes(const struct bench_case *at)
{
    int32_t states = at->optimizer == TP_ADAM ? 2 : at->optimizer == TP_ADAGRAD ? 1 : 0;
    return (double)at->tables * (double)at->rows * at->dim * (1 + states) * sizeof(tp_real);
}

static void copy_rate(void)
{
    const size_t bytes = (size_t)1 << 28;
    char *from = need(tp_new_aligned(bytes, 1)), *to = need(tp_new_aligned(bytes, 1));
    double seconds[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
        from[i] = (char)i;
        double start = tp_seconds_now();
        memcpy(to, from, bytes);
        seconds[i] = tp_seconds_now() - start;
    }
    double typical = median(seconds, REPEATS);
    printf("%-15s %-6s  %zu bytes, read and written  %.5f s  %.2f GB/s\n", "memory", "copy", bytes,
        typical, 2 * (double)bytes / typical * 1e-9);
    free(from);
    free(to);
}

int main(int argc, char **argv)
{
    double gigabytes_max = argc > 1 ? atof(argv[1]) : 4;
    copy_rate();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (table_bytes(&cases[i]) <= gigabytes_max * 1e9)
            run_case(&cases[i]);
    }
    return 0;
}
