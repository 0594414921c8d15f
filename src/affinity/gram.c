/* SPDX-License-Identifier: Apache-2.0 */
/* Linear CKA (Kornblith et al. 2019, arXiv 1905.00414, section 3) of all pairs of features:
 *   cka(i, j) = |C_ij|^2 / (|C_ii| |C_jj|),  C_ij = X_i^T X_j,  |.| the Frobenius norm,
 * X_i the (n, d_i) centred values of feature i. With all features side by side, X (n, D), this is
 * one symmetric product X^T X of which only norms of blocks are kept, so it is made tile by tile.
 *
 * Standard errors: delete-one-block jackknife (Efron & Tibshirani 1993, chapter 11) over g =
 * TP_BLOCKS blocks of samples. Each block b gives its own product C_b, C = sum of C_b, and without
 * block b
 *   S_b = C - C_b - n_b^2 / (n - n_b) m_b m_b^T,
 * m_b the block's means; the last term moves the means to those of the remaining samples.
 *
 * A tile is the product of two groups of features, by sgemm; a tile of a group with itself is made
 * in strips, each from its own columns on, so that hardly more than the useful half is computed.
 * The g products of a tile stay in a worker's scratch space until its norms are taken. Tiles of a
 * group with itself come first: they give |C_ii|, which all others divide by.
 *
 * Values are centred to float32 once and kept if that fits the memory allowed, with tiles that fit
 * the cache; else anew for each tile, piece by piece, with tiles as large as memory allows, since
 * the dump is then read D / width times. Each tile is the work of one thread, so the result does
 * not depend on their number as long as the tiles are the same.
 * Cost: n D^2 / 2 multiply-adds and g D^2 / 2 steps of reduction. */
#include "affinity/gram.h"

#include "base/fail.h"
#include "base/memory.h"

#include <cblas.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE_WIDTH 512 /* of kept values: g tiles are 16 MB, about a core's share of cache */
#define TILE_WIDTH_MIN 64
#define TILE_WIDTH_MAX 4096 /* of streamed values: sgemm gains nothing beyond */
#define STRIP_WIDTH 256     /* narrower wastes less on the diagonal, but slows sgemm */
#define TILES_MIN 8         /* groups wanted, for the threads to share the work */
#define CENTRE_ROWS 16      /* read per feature before the next: few enough to stay in the cache */
#define PIECE_ROWS 1024     /* of streamed samples */
#define NORM_MIN 1e-10 /* a norm below that share of the whole is rounding: nothing varies there */

/* A worker's own. */
struct scratch {
    float *tiles;        /* (blocks, width, width) */
    float *left, *right; /* (PIECE_ROWS, width), when values are not kept */
    float *total;        /* (width) a row of the sum of the tiles */
    double *norm;        /* (group_features_max, blocks + 1) of one feature with others */
    double *values;      /* (dim_max) a feature's values of one sample */
};

struct gram {
    const struct tp_pairs_input *input;
    const struct tp_pairs_output *output;
    int32_t blocks; /* TP_BLOCKS, or 1 without standard errors */
    size_t *column; /* (count + 1) first column of each feature here */
    int32_t *group; /* (group_count + 1) first feature of each group */
    int32_t group_count, group_features_max;
    size_t width; /* widest group */
    size_t dim_max;
    float *kept;             /* group by group (n, its width), centred; NULL: not kept */
    float *shift;            /* (blocks, D) of the moments, by the columns here */
    double *own_norm;        /* (count, blocks + 1) |C_ii|^2, then without each block */
    struct scratch *scratch; /* (threads) */
    int32_t threads;
};

static size_t group_column(const struct gram *gram, int32_t group)
{
    return gram->column[gram->group[group]];
}

static size_t group_width(const struct gram *gram, int32_t group)
{
    return group_column(gram, group + 1) - group_column(gram, group);
}

/* Centred and scaled values of one feature, in rows `width` apart. */
static void centre_feature(const struct gram *gram, int32_t i, int64_t start, size_t rows,
    size_t width, float *out, double *values)
{
    const struct tp_pairs_input *input = gram->input;
    const struct tp_moments *moments = input->moments;
    int32_t feature = input->features[i];
    const double *mean = moments->mean + moments->first_column[feature];
    double factor = 1 / moments->scale[feature];
    size_t dim = gram->column[i + 1] - gram->column[i];
    for (size_t r = 0; r < rows; r++, out += width) {
        int64_t sample = start + (int64_t)r;
        if (input->permutations)
            sample = tp_permutation_at(&input->permutations[i], sample);
        tp_dump_read(input->dump, feature, sample, values);
#pragma omp simd
        for (size_t c = 0; c < dim; c++)
            out[c] = (float)((values[c] - mean[c]) * factor);
    }
}

/* Those of a group, samples start .. start + rows - 1, (rows, width). */
static void centre(
    const struct gram *gram, int32_t group, int64_t start, size_t rows, float *out, double *values)
{
    size_t width = group_width(gram, group), first = group_column(gram, group);
    for (size_t r = 0; r < rows; r += CENTRE_ROWS) {
        size_t few = rows - r < CENTRE_ROWS ? rows - r : CENTRE_ROWS;
        for (int32_t i = gram->group[group]; i < gram->group[group + 1]; i++)
            centre_feature(gram, i, start + (int64_t)r, few, width,
                out + r * width + (gram->column[i] - first), values);
    }
}

/* A task: some samples of all groups, for keeping. */
static void keep_rows(void *context, int32_t worker, int64_t piece)
{
    struct gram *gram = context;
    int64_t samples = gram->input->dump->samples, start = piece * PIECE_ROWS;
    size_t rows = (size_t)(samples - start < PIECE_ROWS ? samples - start : PIECE_ROWS);
    for (int32_t g = 0; g < gram->group_count; g++) {
        size_t from =
            (size_t)samples * group_column(gram, g) + (size_t)start * group_width(gram, g);
        centre(gram, g, start, rows, gram->kept + from, gram->scratch[worker].values);
    }
}

/* The same rows, from where they are kept or made now. */
static const float *rows_of(const struct gram *gram, int32_t group, int64_t start, size_t rows,
    float *buffer, double *values)
{
    if (gram->kept)
        return gram->kept + (size_t)gram->input->dump->samples * group_column(gram, group) +
               (size_t)start * group_width(gram, group);
    centre(gram, group, start, rows, buffer, values);
    return buffer;
}

/* tile = left^T right, added to what is there unless `first`. */
static void multiply(const float *left, size_t left_width, size_t left_stride, const float *right,
    size_t right_width, size_t right_stride, size_t rows, bool first, float *tile)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)left_width, (blasint)right_width,
        (blasint)rows, 1.0f, left, (blasint)left_stride, right, (blasint)right_stride,
        first ? 0.0f : 1.0f, tile, (blasint)right_stride);
}

/* Upper triangle of a group with itself, in strips of whole features: their squares are whole. */
static void multiply_self(const struct gram *gram, int32_t group, const float *values, size_t rows,
    bool first, float *tile)
{
    size_t start = group_column(gram, group), width = group_width(gram, group);
    int32_t end = gram->group[group + 1];
    for (int32_t i = gram->group[group], next; i < end; i = next) {
        next = i + 1;
        while (next < end && gram->column[next + 1] - gram->column[i] <= STRIP_WIDTH)
            next++;
        size_t at = gram->column[i] - start, strip = gram->column[next] - gram->column[i];
        multiply(values + at, strip, width, values + at, width - at, width, rows, first,
            tile + at * width + at);
    }
}

/* What the system should read meanwhile for the next piece. */
static void prefetch(const struct gram *gram, int32_t group, int64_t start)
{
    const struct tp_pairs_input *input = gram->input;
    int64_t left = input->dump->samples - start, rows = left < PIECE_ROWS ? left : PIECE_ROWS;
    int32_t first = input->features[gram->group[group]];
    int32_t last = input->features[gram->group[group + 1] - 1];
    if (!gram->kept && !input->permutations && rows > 0)
        tp_dump_prefetch(input->dump, first, last - first + 1, start, rows);
}

/* The products of groups a and b, one per block, in scratch->tiles. */
static void make_tiles(const struct gram *gram, struct scratch *scratch, int32_t a, int32_t b)
{
    size_t left_width = group_width(gram, a), right_width = group_width(gram, b);
    int64_t samples = gram->input->dump->samples;
    for (int32_t block = 0; block < gram->blocks; block++) {
        float *tile = scratch->tiles + (size_t)block * left_width * right_width;
        int64_t start = gram->blocks > 1 ? tp_block_start(samples, block) : 0, s = start;
        int64_t end = gram->blocks > 1 ? tp_block_start(samples, block + 1) : samples;
        while (s < end) {
            size_t rows = (size_t)(end - s < PIECE_ROWS ? end - s : PIECE_ROWS);
            prefetch(gram, a, s + (int64_t)rows);
            const float *left = rows_of(gram, a, s, rows, scratch->left, scratch->values);
            if (a == b) {
                multiply_self(gram, a, left, rows, s == start, tile);
            } else {
                prefetch(gram, b, s + (int64_t)rows);
                const float *right = rows_of(gram, b, s, rows, scratch->right, scratch->values);
                multiply(left, left_width, left_width, right, right_width, right_width, rows,
                    s == start, tile);
            }
            s += (int64_t)rows;
        }
    }
}

static float sum_of_squares(const float *x, size_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < count; k++)
        sum += x[k] * x[k];
    return sum;
}

static void add_row(const float *x, size_t count, float *sum)
{
#pragma omp simd
    for (size_t k = 0; k < count; k++)
        sum[k] += x[k];
}

/* |total - own - left * right|^2: one row of S_b. */
static float remaining_squares(
    const float *total, const float *own, float left, const float *right, size_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < count; k++) {
        float rest = total[k] - own[k] - left * right[k];
        sum += rest * rest;
    }
    return sum;
}

/* Adds to norms what one row of the tiles holds, of feature i with features j .. end - 1, the norms
 * of each pair together: |C_ij|^2, then |S_b|^2 for every b. Rows are summed in float32, their sums
 * in double. The row goes through each tile in one piece: the tiles together do not fit the nearest
 * cache.
 * @param row  of the first tile, at feature j. @param shift  of the row's own column. */
static void add_norms(const struct gram *gram, const struct scratch *scratch, const float *row,
    size_t tile_cells, int32_t j, int32_t end, const float *shift)
{
    const size_t *column = gram->column;
    size_t all = column[gram->input->count], stride = (size_t)gram->blocks + 1;
    const float *total = row;
    if (gram->blocks > 1) {
        memcpy(scratch->total, row, (column[end] - column[j]) * sizeof *row);
        for (int32_t b = 1; b < gram->blocks; b++)
            add_row(row + (size_t)b * tile_cells, column[end] - column[j], scratch->total);
        total = scratch->total;
    }
    double *norm = scratch->norm;
    for (int32_t k = j; k < end; k++, norm += stride)
        norm[0] +=
            (double)sum_of_squares(total + (column[k] - column[j]), column[k + 1] - column[k]);
    for (size_t b = 0; gram->blocks > 1 && b < (size_t)gram->blocks; b++) {
        norm = scratch->norm + 1 + b;
        for (int32_t k = j; k < end; k++, norm += stride) {
            size_t at = column[k] - column[j];
            *norm += (double)remaining_squares(total + at, row + b * tile_cells + at,
                shift[b * all], gram->shift + b * all + column[k], column[k + 1] - column[k]);
        }
    }
}

/* Norms of feature i of group a with features j and on of group b. */
static void take_norms(const struct gram *gram, const struct scratch *scratch, int32_t a, int32_t b,
    int32_t i, int32_t j)
{
    size_t stride = group_width(gram, b), rows = gram->column[i + 1] - gram->column[i];
    int32_t end = gram->group[b + 1];
    const float *row = scratch->tiles + (gram->column[i] - group_column(gram, a)) * stride +
                       (gram->column[j] - group_column(gram, b));
    memset(
        scratch->norm, 0, (size_t)(end - j) * (size_t)(gram->blocks + 1) * sizeof *scratch->norm);
    for (size_t r = 0; r < rows; r++)
        add_norms(gram, scratch, row + r * stride, group_width(gram, a) * stride, j, end,
            gram->shift ? gram->shift + gram->column[i] + r : NULL);
}

static double cka_of(double cross, double left, double right)
{
    double value = cross / sqrt(left * right);
    return value < 1 ? value : 1.0;
}

/* Standard error from the values without each block. A feature that does not vary without a block
 * has no affinity there. */
static double jackknife(
    const double *cross, const double *left, const double *right, int32_t blocks)
{
    double value[TP_BLOCKS], mean = 0, squares = 0;
    for (int32_t b = 0; b < blocks; b++) {
        bool varies = left[1 + b] > NORM_MIN * left[0] && right[1 + b] > NORM_MIN * right[0];
        value[b] = varies ? cka_of(cross[1 + b], left[1 + b], right[1 + b]) : 0.0;
        mean += value[b] / blocks;
    }
    for (int32_t b = 0; b < blocks; b++)
        squares += (value[b] - mean) * (value[b] - mean);
    return sqrt(squares * (blocks - 1) / blocks);
}

static void store_pair(const struct gram *gram, int32_t i, int32_t j, const double *norm)
{
    const struct tp_pairs_output *output = gram->output;
    const double *left = gram->own_norm + (size_t)i * (size_t)(gram->blocks + 1);
    const double *right = gram->own_norm + (size_t)j * (size_t)(gram->blocks + 1);
    size_t a = (size_t)output->place[i], b = (size_t)output->place[j];
    size_t cell = a * output->stride + b, mirror = b * output->stride + a;
    output->value[cell] = output->value[mirror] = (float)cka_of(norm[0], left[0], right[0]);
    if (output->std_error)
        output->std_error[cell] = output->std_error[mirror] =
            (float)jackknife(norm, left, right, gram->blocks);
}

/* Makes the tiles of groups a <= b and stores their pairs. Within a group features go backwards:
 * the norms of those behind are then known. */
static void measure_tile(const struct gram *gram, struct scratch *scratch, int32_t a, int32_t b)
{
    size_t norms = (size_t)gram->blocks + 1;
    make_tiles(gram, scratch, a, b);
    for (int32_t i = gram->group[a + 1] - 1; i >= gram->group[a]; i--) {
        int32_t first = a == b ? i : gram->group[b];
        take_norms(gram, scratch, a, b, i, first);
        const double *norm = scratch->norm;
        for (int32_t j = first; j < gram->group[b + 1]; j++, norm += norms) {
            if (i == j)
                memcpy(gram->own_norm + (size_t)i * norms, norm, norms * sizeof *norm);
            else
                store_pair(gram, i, j, norm);
        }
    }
}

/* A task: a group with itself. */
static void measure_group(void *context, int32_t worker, int64_t task)
{
    struct gram *gram = context;
    measure_tile(gram, &gram->scratch[worker], (int32_t)task, (int32_t)task);
}

/* A task: groups a < b, number b (b - 1) / 2 + a. */
static void measure_groups(void *context, int32_t worker, int64_t task)
{
    struct gram *gram = context;
    int64_t b = (int64_t)((1 + sqrt(1 + 8 * (double)task)) / 2);
    while (b * (b - 1) / 2 > task)
        b--;
    while (b * (b + 1) / 2 <= task)
        b++;
    measure_tile(gram, &gram->scratch[worker], (int32_t)(task - b * (b - 1) / 2), (int32_t)b);
}

static size_t clamp(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Widest group aimed at: for kept values what fits the cache, and leaves the threads enough tiles;
 * else the largest w with blocks * w^2 + 2 * PIECE_ROWS * w floats for each thread. */
static size_t choose_width(const struct gram *gram, int64_t memory_bytes, bool *keep)
{
    double columns = (double)gram->column[gram->input->count], blocks = gram->blocks;
    double floats = (double)memory_bytes / sizeof(float);
    double tiles = blocks * TILE_WIDTH * TILE_WIDTH * gram->threads;
    *keep = columns * (double)gram->input->dump->samples + tiles <= floats;
    if (*keep)
        return clamp((size_t)(columns / TILES_MIN), TILE_WIDTH_MIN, TILE_WIDTH);
    double rows = PIECE_ROWS, width = sqrt(rows * rows + blocks * floats / gram->threads) - rows;
    return clamp((size_t)(width / blocks), TILE_WIDTH_MIN, TILE_WIDTH_MAX);
}

/* Consecutive features up to that width together; a wider feature is a group of its own. */
static void make_groups(struct gram *gram, size_t width_aimed)
{
    int32_t count = gram->input->count;
    for (int32_t i = 0; i < count; i++) {
        int32_t first = gram->group_count ? gram->group[gram->group_count - 1] : 0;
        if (!gram->group_count || gram->column[i + 1] - gram->column[first] > width_aimed)
            gram->group[gram->group_count++] = i;
    }
    gram->group[gram->group_count] = count;
    for (int32_t g = 0; g < gram->group_count; g++) {
        size_t width = group_width(gram, g);
        int32_t features = gram->group[g + 1] - gram->group[g];
        gram->width = width > gram->width ? width : gram->width;
        gram->group_features_max =
            features > gram->group_features_max ? features : gram->group_features_max;
    }
}

static bool new_columns(struct gram *gram)
{
    const struct tp_pairs_input *input = gram->input;
    size_t count = (size_t)input->count;
    gram->column = TP_NEW(count + 1, size_t);
    gram->group = TP_NEW(count + 1, int32_t);
    gram->own_norm = TP_NEW(count * (size_t)(gram->blocks + 1), double);
    if (!gram->column || !gram->group || !gram->own_norm)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t dim = (size_t)input->dump->features[input->features[i]].dim;
        gram->column[i + 1] = gram->column[i] + dim;
        gram->dim_max = dim > gram->dim_max ? dim : gram->dim_max;
    }
    return true;
}

/* The moments' shifts, without the columns of features that are not measured. */
static bool new_shift(struct gram *gram)
{
    const struct tp_pairs_input *input = gram->input;
    const struct tp_moments *moments = input->moments;
    size_t columns = gram->column[input->count], cells;
    size_t all = moments->first_column[moments->feature_count];
    if (gram->blocks == 1)
        return true;
    if (!tp_multiply(columns, (size_t)gram->blocks, &cells))
        return false;
    gram->shift = TP_NEW(cells, float);
    for (size_t b = 0; gram->shift && b < (size_t)gram->blocks; b++) {
        for (int32_t i = 0; i < input->count; i++) {
            const float *from =
                moments->block_shift + b * all + moments->first_column[input->features[i]];
            memcpy(gram->shift + b * columns + gram->column[i], from,
                (gram->column[i + 1] - gram->column[i]) * sizeof *from);
        }
    }
    return gram->shift != NULL;
}

static bool new_scratch(struct gram *gram, bool keep)
{
    size_t tile_cells, cells, rows = keep ? 0 : PIECE_ROWS;
    size_t norms = (size_t)gram->group_features_max * (size_t)(gram->blocks + 1);
    gram->scratch = TP_NEW(gram->threads, struct scratch);
    if (!gram->scratch || !tp_multiply(gram->width, gram->width, &tile_cells) ||
        !tp_multiply(tile_cells, (size_t)gram->blocks, &cells))
        return false;
    for (int32_t i = 0; i < gram->threads; i++) {
        struct scratch *scratch = &gram->scratch[i];
        scratch->tiles = TP_NEW(cells, float);
        scratch->left = TP_NEW(gram->width * rows, float);
        scratch->right = TP_NEW(gram->width * rows, float);
        scratch->total = TP_NEW(gram->width, float);
        scratch->norm = TP_NEW(norms, double);
        scratch->values = TP_NEW(gram->dim_max, double);
        if (!scratch->tiles || !scratch->left || !scratch->right || !scratch->total ||
            !scratch->norm || !scratch->values)
            return false;
    }
    return true;
}

static void release(struct gram *gram)
{
    for (int32_t i = 0; gram->scratch && i < gram->threads; i++) {
        free(gram->scratch[i].tiles);
        free(gram->scratch[i].left);
        free(gram->scratch[i].right);
        free(gram->scratch[i].total);
        free(gram->scratch[i].norm);
        free(gram->scratch[i].values);
    }
    free(gram->scratch);
    free(gram->kept);
    free(gram->shift);
    free(gram->own_norm);
    free(gram->group);
    free(gram->column);
}

static bool prepare(struct gram *gram, int64_t memory_bytes)
{
    bool keep;
    size_t cells;
    if (!new_columns(gram))
        return false;
    make_groups(gram, choose_width(gram, memory_bytes, &keep));
    if (!new_shift(gram) || !new_scratch(gram, keep))
        return false;
    if (!keep)
        return true;
    if (!tp_multiply(gram->column[gram->input->count], (size_t)gram->input->dump->samples, &cells))
        return false;
    gram->kept = TP_NEW(cells, float);
    return gram->kept != NULL;
}

/* Part of the work that keeps values (a guess), then the tiles in proportion. */
static void run(struct gram *gram, struct tp_progress_part part)
{
    int64_t groups = gram->group_count, pairs = groups * (groups - 1) / 2;
    struct tp_progress_part none = {0}, self = part, others = part;
    if (gram->kept)
        tp_parallel(gram->threads, (gram->input->dump->samples + PIECE_ROWS - 1) / PIECE_ROWS,
            keep_rows, gram, none);
    self.to = others.from = part.from + (part.to - part.from) / (double)groups;
    tp_parallel(gram->threads, groups, measure_group, gram, self);
    tp_parallel(gram->threads, pairs, measure_groups, gram, others);
}

enum tp_status tp_gram_measure(const struct tp_pairs_input *input, int64_t memory_bytes,
    int32_t threads, struct tp_progress_part part, const struct tp_pairs_output *output,
    struct tp_error *err)
{
    if (!input->count)
        return TP_OK;
    struct gram gram = {.input = input, .output = output, .threads = threads};
    gram.blocks = output->std_error ? TP_BLOCKS : 1;
    enum tp_status status = TP_OK;
    if (prepare(&gram, memory_bytes)) {
        int blas_threads = openblas_get_num_threads();
        openblas_set_num_threads(1); /* the tiles are the parallel part */
        run(&gram, part);
        openblas_set_num_threads(blas_threads);
        status = tp_dump_failed(input->dump, err);
    } else {
        status = tp_fail_memory(err);
    }
    release(&gram);
    return status;
}
