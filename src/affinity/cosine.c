/* SPDX-License-Identifier: Apache-2.0 */
/* Mean |cosine| (Luo et al., MLSys 2024, arXiv 2403.00877, section 3.3) of all pairs of features:
 *   cos(i, j) = 1/n sum over the samples s of |u_i(s) . u_j(s)|,
 * u_i(s) the embedding of feature i brought to length 1; an all-zero one stays 0, and so do its
 * cosines. The absolute value stands inside the mean, so every sample needs a product of its own.
 *
 * A tile is two groups of features: for each sample one small sgemm, whose absolute values are added
 * to the tile's sums while they are in the cache. A tile of a group with itself is made in strips, so
 * that hardly more than the useful half is computed. Sums are kept for each block of samples; that
 * without block b is S - S_b, so the jackknife (Efron & Tibshirani 1993, chapter 11) is exact for
 * blocks of any size. Up to CHUNK_ROWS samples are added in float32, these sums in turn to the
 * block's: rounding stays near 1e-6 however many samples there are.
 *
 * The dump goes by in pieces that fit the cache: first all their vectors are brought to
 * length 1, then each task adds one block's part of the piece to one tile. If the sums of all tiles
 * do not fit, some tiles are made at a time and the dump is read once for each set. Each sum is
 * made in the order of the samples, so the result does not depend on the number of threads.
 * F features, N their dim, n samples. */
#include "affinity/cosine.h"

#include "base/fail.h"
#include "base/memory.h"

#include <cblas.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MAX 128     /* features: product and sums of a tile are 64 kB each, near the core */
#define STRIP 32          /* features; fewer waste less on the diagonal, but slow sgemm */
#define CHUNK_ROWS 1024   /* added up in float32 */
#define SLICE_ROWS 4      /* brought to length 1 by one task: neighbours in the file */
#define PIECE_ROWS_MIN 16 /* whatever the memory */
#define PIECE_BYTES                                                                                \
    ((int64_t)4 << 20)     /* of vectors that several tiles pass over: cache, not memory */
#define SQUARES_MIN 1e-280 /* a sum of squares between these bounds lost nothing on the way */
#define SQUARES_MAX 1e+280

/* A worker's own. */
struct scratch {
    float *product; /* (side, side) of one sample */
    float *chunk;   /* (side, side) sums of absolute values */
    double *values; /* (N) */
};

struct cosine {
    const struct tp_pairs_input *input;
    const struct tp_pairs_output *output;
    size_t dim;
    int32_t side; /* features of a group; the last may have fewer */
    int32_t group_count;
    int64_t first_tile, tile_count; /* those being made */
    int64_t start, rows;            /* the piece in hand */
    int64_t rows_max;
    float *unit; /* group by group (rows_max, its features, N) */
    float *sums; /* (tile_count, TP_BLOCKS, side, side) */
    struct scratch *scratch;
    int32_t threads;
};

struct tile {
    int32_t left, right;             /* first features of its groups */
    int32_t left_count, right_count; /* features */
};

static int32_t group_features(const struct cosine *cosine, int32_t group)
{
    int32_t left = cosine->input->count - group * cosine->side;
    return left < cosine->side ? left : cosine->side;
}

/* Groups a <= b are tile b (b + 1) / 2 + a. */
static struct tile tile_at(const struct cosine *cosine, int64_t number)
{
    int64_t b = (int64_t)((sqrt(1 + 8 * (double)number) - 1) / 2);
    while (b * (b + 1) / 2 > number)
        b--;
    while ((b + 1) * (b + 2) / 2 <= number)
        b++;
    int32_t right = (int32_t)b, left = (int32_t)(number - b * (b + 1) / 2);
    return (struct tile){left * cosine->side, right * cosine->side, group_features(cosine, left),
        group_features(cosine, right)};
}

/* Vectors of one sample of a group, (features, N); its first feature is `first`. */
static float *units_of(const struct cosine *cosine, int32_t first, int64_t sample)
{
    size_t features = (size_t)group_features(cosine, first / cosine->side);
    return cosine->unit + ((size_t)cosine->rows_max * (size_t)first +
                              (size_t)(sample - cosine->start) * features) *
                              cosine->dim;
}

static double sum_of_squares(const double *values, size_t count)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t c = 0; c < count; c++)
        sum += values[c] * values[c];
    return sum;
}

/* Divides by the largest size first where squares would overflow or vanish. */
static void make_unit(double *values, size_t dim, float *unit)
{
    double squares = sum_of_squares(values, dim), largest = 0;
    if (!(squares >= SQUARES_MIN && squares <= SQUARES_MAX)) {
        for (size_t c = 0; c < dim; c++)
            largest = fmax(largest, fabs(values[c]));
        for (size_t c = 0; largest > 0 && c < dim; c++)
            values[c] /= largest;
        squares = sum_of_squares(values, dim);
    }
    double factor = squares > 0 ? 1 / sqrt(squares) : 0;
#pragma omp simd
    for (size_t c = 0; c < dim; c++)
        unit[c] = (float)(values[c] * factor);
}

/* A task: a few samples of all features. */
static void make_units(void *context, int32_t worker, int64_t slice)
{
    struct cosine *cosine = context;
    const struct tp_pairs_input *input = cosine->input;
    int64_t start = cosine->start + slice * SLICE_ROWS, end = cosine->start + cosine->rows;
    double *values = cosine->scratch[worker].values;
    end = start + SLICE_ROWS < end ? start + SLICE_ROWS : end;
    for (int32_t i = 0; i < input->count; i++) {
        int32_t first = i / cosine->side * cosine->side;
        for (int64_t s = start; s < end; s++) {
            int64_t from = input->permutations ? tp_permutation_at(&input->permutations[i], s) : s;
            tp_dump_read(input->dump, input->features[i], from, values);
            make_unit(values, cosine->dim,
                units_of(cosine, first, s) + (size_t)(i - first) * cosine->dim);
        }
    }
}

static void add_sizes(const float *values, size_t count, float *sum)
{
#pragma omp simd
    for (size_t k = 0; k < count; k++)
        sum[k] += fabsf(values[k]);
}

static void add(const float *values, size_t count, float *sum)
{
#pragma omp simd
    for (size_t k = 0; k < count; k++)
        sum[k] += values[k];
}

/* Adds |left right^T|, (left_count, right_count), to sums in rows `stride` apart. */
static void add_product(const struct cosine *cosine, const float *left, int32_t left_count,
    const float *right, int32_t right_count, float *product, float *sum, size_t stride)
{
    blasint dim = (blasint)cosine->dim;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, left_count, right_count, dim, 1.0f, left,
        dim, right, dim, 0.0f, product, right_count);
    for (int32_t i = 0; i < left_count; i++)
        add_sizes(product + (size_t)i * (size_t)right_count, (size_t)right_count,
            sum + (size_t)i * stride);
}

/* One sample of a tile, added to the chunk. */
static void add_sample(const struct cosine *cosine, const struct scratch *scratch,
    const struct tile *tile, int64_t sample)
{
    size_t stride = (size_t)tile->right_count, dim = cosine->dim;
    const float *left = units_of(cosine, tile->left, sample);
    if (tile->left != tile->right) {
        add_product(cosine, left, tile->left_count, units_of(cosine, tile->right, sample),
            tile->right_count, scratch->product, scratch->chunk, stride);
        return;
    }
    for (int32_t i = 0; i < tile->left_count; i += STRIP) {
        int32_t left_over = tile->left_count - i, strip = left_over < STRIP ? left_over : STRIP;
        const float *at = left + (size_t)i * dim;
        add_product(cosine, at, strip, at, left_over, scratch->product,
            scratch->chunk + (size_t)i * (stride + 1), stride);
    }
}

/* First block that the piece in hand touches. */
static int32_t first_block(const struct cosine *cosine)
{
    int32_t block = 0;
    while (tp_block_start(cosine->input->dump->samples, block + 1) <= cosine->start)
        block++;
    return block;
}

/* How many it touches. */
static int32_t block_count(const struct cosine *cosine)
{
    int32_t first = first_block(cosine), next = first;
    int64_t end = cosine->start + cosine->rows;
    while (next < TP_BLOCKS && tp_block_start(cosine->input->dump->samples, next) < end)
        next++;
    return next - first;
}

/* A task: one block's part of the piece for one tile. */
static void add_block(void *context, int32_t worker, int64_t task)
{
    struct cosine *cosine = context;
    const struct scratch *scratch = &cosine->scratch[worker];
    int32_t blocks = block_count(cosine), block = first_block(cosine) + (int32_t)(task % blocks);
    int64_t number = task / blocks, samples = cosine->input->dump->samples;
    struct tile tile = tile_at(cosine, cosine->first_tile + number);
    size_t side = (size_t)cosine->side, cells = (size_t)tile.left_count * (size_t)tile.right_count;
    float *sum = cosine->sums + ((size_t)number * TP_BLOCKS + (size_t)block) * side * side;
    int64_t start = tp_block_start(samples, block), end = tp_block_start(samples, block + 1);
    start = start > cosine->start ? start : cosine->start;
    end = end < cosine->start + cosine->rows ? end : cosine->start + cosine->rows;
    while (start < end) {
        int64_t stop = start + CHUNK_ROWS < end ? start + CHUNK_ROWS : end;
        memset(scratch->chunk, 0, cells * sizeof *scratch->chunk);
        for (; start < stop; start++)
            add_sample(cosine, scratch, &tile, start);
        add(scratch->chunk, cells, sum);
    }
}

/* Standard error from the sums of each block. */
static double jackknife(const double *block_sum, double sum, int64_t samples)
{
    double value[TP_BLOCKS], mean = 0, squares = 0;
    for (int32_t b = 0; b < TP_BLOCKS; b++) {
        int64_t own = tp_block_start(samples, b + 1) - tp_block_start(samples, b);
        value[b] = (sum - block_sum[b]) / (double)(samples - own);
        mean += value[b] / TP_BLOCKS;
    }
    for (int32_t b = 0; b < TP_BLOCKS; b++)
        squares += (value[b] - mean) * (value[b] - mean);
    return sqrt(squares * (TP_BLOCKS - 1) / TP_BLOCKS);
}

/* @param sums  of the pair's tile, at the pair. */
static void store_pair(const struct cosine *cosine, int32_t i, int32_t j, const float *sums)
{
    const struct tp_pairs_output *output = cosine->output;
    size_t a = (size_t)output->place[i], b = (size_t)output->place[j];
    size_t cell = a * output->stride + b, mirror = b * output->stride + a;
    size_t side = (size_t)cosine->side;
    int64_t samples = cosine->input->dump->samples;
    double block_sum[TP_BLOCKS], sum = 0;
    for (size_t k = 0; k < TP_BLOCKS; k++) {
        block_sum[k] = (double)sums[k * side * side];
        sum += block_sum[k];
    }
    output->value[cell] = output->value[mirror] = (float)fmin(sum / (double)samples, 1.0);
    if (output->std_error)
        output->std_error[cell] = output->std_error[mirror] =
            (float)jackknife(block_sum, sum, samples);
}

/* A task: the pairs of a tile whose sums are complete. */
static void store_tile(void *context, int32_t worker, int64_t number)
{
    const struct cosine *cosine = context;
    struct tile tile = tile_at(cosine, cosine->first_tile + number);
    size_t side = (size_t)cosine->side;
    const float *sums = cosine->sums + (size_t)number * TP_BLOCKS * side * side;
    (void)worker;
    for (int32_t i = 0; i < tile.left_count; i++) {
        for (int32_t j = tile.left == tile.right ? i + 1 : 0; j < tile.right_count; j++)
            store_pair(cosine, tile.left + i, tile.right + j, sums + i * tile.right_count + j);
    }
}

/* What the system should read while this piece is worked on. */
static void prefetch(const struct cosine *cosine)
{
    const struct tp_pairs_input *input = cosine->input;
    int64_t next = cosine->start + cosine->rows, left = input->dump->samples - next;
    int32_t first = input->features[0], last = input->features[input->count - 1];
    if (!input->permutations && left > 0)
        tp_dump_prefetch(input->dump, first, last - first + 1, next,
            left < cosine->rows_max ? left : cosine->rows_max);
}

/* One reading of the dump for the tiles from first_tile on. */
static void make_tiles(struct cosine *cosine, struct tp_progress_part part)
{
    int64_t samples = cosine->input->dump->samples;
    size_t side = (size_t)cosine->side;
    struct tp_progress_part none = {0}, piece = part;
    memset(cosine->sums, 0,
        (size_t)cosine->tile_count * TP_BLOCKS * side * side * sizeof *cosine->sums);
    for (cosine->start = 0; cosine->start < samples; cosine->start += cosine->rows) {
        int64_t left = samples - cosine->start;
        cosine->rows = left < cosine->rows_max ? left : cosine->rows_max;
        piece.to = part.from +
                   (part.to - part.from) * (double)(cosine->start + cosine->rows) / (double)samples;
        prefetch(cosine);
        tp_parallel(cosine->threads, (cosine->rows + SLICE_ROWS - 1) / SLICE_ROWS, make_units,
            cosine, none);
        tp_parallel(
            cosine->threads, cosine->tile_count * block_count(cosine), add_block, cosine, piece);
        piece.from = piece.to;
    }
    tp_parallel(cosine->threads, cosine->tile_count, store_tile, cosine, none);
}

static void run(struct cosine *cosine, struct tp_progress_part part)
{
    int64_t groups = cosine->group_count, tiles = groups * (groups + 1) / 2;
    int64_t at_once = cosine->tile_count;
    for (; cosine->first_tile < tiles; cosine->first_tile += at_once) {
        struct tp_progress_part some = part;
        double all = (double)tiles, share = part.to - part.from;
        int64_t left = tiles - cosine->first_tile;
        cosine->tile_count = left < at_once ? left : at_once;
        some.from = part.from + share * (double)cosine->first_tile / all;
        some.to = part.from + share * (double)(cosine->first_tile + cosine->tile_count) / all;
        make_tiles(cosine, some);
    }
}

/* Equal groups; half the memory for sums, a quarter at most for vectors. */
static void choose_sizes(struct cosine *cosine, int64_t memory_bytes)
{
    int32_t count = cosine->input->count;
    cosine->group_count = (count + GROUP_MAX - 1) / GROUP_MAX;
    cosine->side = (count + cosine->group_count - 1) / cosine->group_count;
    cosine->group_count = (count + cosine->side - 1) / cosine->side;
    int64_t groups = cosine->group_count, tiles = groups * (groups + 1) / 2;
    int64_t tile_bytes = (int64_t)sizeof(float) * TP_BLOCKS * (int64_t)cosine->side * cosine->side;
    int64_t some = memory_bytes / 2 / tile_bytes;
    cosine->tile_count = some < 1 ? 1 : some < tiles ? some : tiles;
    int64_t samples = cosine->input->dump->samples;
    int64_t row_bytes = (int64_t)sizeof(float) * count * (int64_t)cosine->dim;
    int64_t quarter = memory_bytes / 4;
    int64_t piece_bytes = tiles > 1 && quarter > PIECE_BYTES ? PIECE_BYTES : quarter;
    int64_t rows = piece_bytes / row_bytes;
    cosine->rows_max = rows < PIECE_ROWS_MIN ? PIECE_ROWS_MIN : rows;
    cosine->rows_max = cosine->rows_max < samples ? cosine->rows_max : samples;
}

static bool new_scratch(struct cosine *cosine)
{
    size_t cells = (size_t)cosine->side * (size_t)cosine->side;
    cosine->scratch = TP_NEW(cosine->threads, struct scratch);
    for (int32_t i = 0; cosine->scratch && i < cosine->threads; i++) {
        struct scratch *scratch = &cosine->scratch[i];
        scratch->product = TP_NEW(cells, float);
        scratch->chunk = TP_NEW(cells, float);
        scratch->values = TP_NEW(cosine->dim, double);
        if (!scratch->product || !scratch->chunk || !scratch->values)
            return false;
    }
    return cosine->scratch != NULL;
}

static bool prepare(struct cosine *cosine, int64_t memory_bytes)
{
    size_t units, sums, side = (size_t)cosine->side;
    choose_sizes(cosine, memory_bytes);
    side = (size_t)cosine->side;
    if (!tp_multiply(
            (size_t)cosine->rows_max * cosine->dim, (size_t)cosine->input->count, &units) ||
        !tp_multiply((size_t)cosine->tile_count, TP_BLOCKS * side * side, &sums))
        return false;
    cosine->unit = TP_NEW(units, float);
    cosine->sums = TP_NEW(sums, float);
    return cosine->unit && cosine->sums && new_scratch(cosine);
}

static void release(struct cosine *cosine)
{
    for (int32_t i = 0; cosine->scratch && i < cosine->threads; i++) {
        free(cosine->scratch[i].product);
        free(cosine->scratch[i].chunk);
        free(cosine->scratch[i].values);
    }
    free(cosine->scratch);
    free(cosine->sums);
    free(cosine->unit);
}

enum tp_status tp_cosine_measure(const struct tp_pairs_input *input, int64_t memory_bytes,
    int32_t threads, struct tp_progress_part part, const struct tp_pairs_output *output,
    struct tp_error *err)
{
    if (!input->count)
        return TP_OK;
    struct cosine cosine = {.input = input, .output = output, .threads = threads};
    cosine.dim = (size_t)input->dump->features[input->features[0]].dim;
    enum tp_status status = TP_OK;
    if (prepare(&cosine, memory_bytes)) {
        int blas_threads = openblas_get_num_threads();
        openblas_set_num_threads(1); /* the tiles are the parallel part */
        run(&cosine, part);
        openblas_set_num_threads(blas_threads);
        status = tp_dump_failed(input->dump, err);
    } else {
        status = tp_fail_memory(err);
    }
    release(&cosine);
    return status;
}
