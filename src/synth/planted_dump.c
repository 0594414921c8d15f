/* SPDX-License-Identifier: Apache-2.0 */
/* The embedding dump of a synthetic workload.
 *
 * In: what was planted. Out: DIR/dump/, float32: features.json and pooled.npy (samples, F, N) when all
 * dims are equal, else one <feature>.npy (samples, N_f) per feature.
 *
 * Sample s of feature f in group g is  M_f z_g(s) + noise * n_f(s):  z_g are k independent standard
 * normals, n_f N_f of them, and M_f (N_f x k) has orthogonal columns of length sqrt(N_f / k), so
 * that signal and unit noise have the same power, 1 per coordinate. M_f is private to the feature:
 * what a group shares shows in cka, which rotations leave alone, and not in cosines.
 *
 * Every group and every feature has its own random stream, so a value depends on neither the layout
 * nor the order of writing. Cost: samples * (sum of dims) normals; written through a small buffer, so
 * a dump may be larger than memory. */
#include "synth/planted.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/random.h"
#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES 65536

struct float_out {
    struct tp_file_out *file;
    size_t used;
    unsigned char bytes[BUFFER_BYTES];
};

static enum tp_status float_out_flush(struct float_out *out, struct tp_error *err)
{
    enum tp_status status = tp_file_out_add(out->file, out->bytes, out->used, err);
    out->used = 0;
    return status;
}

static enum tp_status float_out_add(struct float_out *out, float value, struct tp_error *err)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++)
        out->bytes[out->used++] = (unsigned char)(bits >> (8 * i)); /* little-endian everywhere */
    return out->used < BUFFER_BYTES ? TP_OK : float_out_flush(out, err);
}

static enum tp_status float_out_open(struct float_out *out, const char *dir, const char *name,
    int32_t dim_count, const int64_t *shape, struct tp_error *err)
{
    struct tp_text header = {0};
    char *path = tp_path_join(dir, name);
    enum tp_status status = path ? TP_OK : tp_fail_memory(err);
    if (status)
        goto out;
    out->used = 0;
    tp_npy_format_header(&header, TP_NPY_FLOAT32, sizeof(float), dim_count, shape);
    if (header.failed)
        status = tp_fail_memory(err);
    if (!status)
        status = tp_file_out_open(path, &out->file, err);
    if (!status)
        status = tp_file_out_add(out->file, header.data, header.length, err);
out:
    tp_text_release(&header);
    free(path);
    return status;
}

/* Completes the file if all went well until here, else removes it. */
static enum tp_status float_out_close(
    struct float_out *out, enum tp_status status, struct tp_error *err)
{
    if (!status)
        status = float_out_flush(out, err);
    status = tp_file_out_end(out->file, status, err);
    out->file = NULL;
    return status;
}

/* Takes from column `column` of map (dim, latents) what it shares with the columns before it, and
 * scales the rest to `length` (Gram-Schmidt). */
static void orthogonalise(double *map, int32_t dim, int32_t latents, int32_t column, double length)
{
    for (int32_t before = 0; before < column; before++) {
        double dot = 0;
        for (int32_t i = 0; i < dim; i++)
            dot += map[i * latents + column] * map[i * latents + before];
        for (int32_t i = 0; i < dim; i++)
            map[i * latents + column] -= dot / (length * length) * map[i * latents + before];
    }
    double power = 0;
    for (int32_t i = 0; i < dim; i++)
        power += map[i * latents + column] * map[i * latents + column];
    for (int32_t i = 0; i < dim; i++)
        map[i * latents + column] *= length / sqrt(power);
}

static void draw_map(uint64_t seed, int32_t feature, int32_t dim, int32_t latents, double *map)
{
    struct tp_random random = tp_random_new(seed, TP_STREAM_MAP + (uint64_t)feature);
    for (int32_t i = 0; i < dim * latents; i++)
        map[i] = tp_random_normal(&random);
    for (int32_t column = 0; column < latents; column++)
        orthogonalise(map, dim, latents, column, sqrt((double)dim / latents));
}

static void draw_latents(struct tp_random *random, int32_t latents, double *z)
{
    for (int32_t k = 0; k < latents; k++)
        z[k] = tp_random_normal(random);
}

/* One pooled vector. @param map  (dim, latents). @param z  (latents). */
static enum tp_status add_vector(struct float_out *out, const double *map, const double *z,
    int32_t dim, int32_t latents, double noise, struct tp_random *random, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int32_t i = 0; i < dim && !status; i++) {
        double value = noise * tp_random_normal(random);
        for (int32_t k = 0; k < latents; k++)
            value += map[i * latents + k] * z[k];
        status = float_out_add(out, (float)value, err);
    }
    return status;
}

/* What writing sample by sample keeps of every group and feature. */
struct sources {
    struct tp_random *latents; /* (groups) */
    struct tp_random *noise;   /* (F) */
    double *z;                 /* (groups, TP_LATENTS_MAX) of the current sample */
    double *maps;              /* (F, dim * TP_LATENTS_MAX), the first dim * latents used */
};

static void sources_release(struct sources *sources)
{
    free(sources->maps);
    free(sources->z);
    free(sources->noise);
    free(sources->latents);
}

static enum tp_status sources_init(struct sources *sources, const struct tp_planted *planted,
    const struct tp_synth_options *options, struct tp_error *err)
{
    size_t map_count = (size_t)options->dim * TP_LATENTS_MAX;
    sources->latents = TP_NEW(planted->group_count, struct tp_random);
    sources->noise = TP_NEW(planted->feature_count, struct tp_random);
    sources->z = tp_new((size_t)planted->group_count, TP_LATENTS_MAX * sizeof(double));
    sources->maps = tp_new((size_t)planted->feature_count, map_count * sizeof(double));
    if (!sources->latents || !sources->noise || !sources->z || !sources->maps)
        return tp_fail_memory(err);
    for (int32_t g = 0; g < planted->group_count; g++)
        sources->latents[g] = tp_random_new(options->seed, TP_STREAM_LATENTS + (uint64_t)g);
    for (int32_t f = 0; f < planted->feature_count; f++) {
        sources->noise[f] = tp_random_new(options->seed, TP_STREAM_NOISE + (uint64_t)f);
        draw_map(options->seed, f, options->dim, tp_planted_latents(planted, planted->group[f]),
            sources->maps + (size_t)f * map_count);
    }
    return TP_OK;
}

static enum tp_status add_sample(struct float_out *out, struct sources *sources,
    const struct tp_planted *planted, const struct tp_synth_options *options, struct tp_error *err)
{
    size_t map_count = (size_t)options->dim * TP_LATENTS_MAX;
    enum tp_status status = TP_OK;
    for (int32_t g = 0; g < planted->group_count; g++)
        draw_latents(
            &sources->latents[g], tp_planted_latents(planted, g), sources->z + g * TP_LATENTS_MAX);
    for (int32_t f = 0; f < planted->feature_count && !status; f++) {
        int32_t g = planted->group[f];
        status = add_vector(out, sources->maps + (size_t)f * map_count,
            sources->z + g * TP_LATENTS_MAX, options->dim, tp_planted_latents(planted, g),
            options->noise, &sources->noise[f], err);
    }
    return status;
}

static enum tp_status write_features(
    const struct tp_planted *planted, const char *dir, struct tp_error *err)
{
    struct tp_text text = {0};
    enum tp_status status = TP_OK;
    char *path = tp_path_join(dir, "features.json");
    for (int32_t f = 0; f < planted->feature_count; f++) {
        char name[TP_FEATURE_NAME_BYTES];
        tp_planted_name(planted, f, name);
        tp_text_add(&text, "%s\"%s\"", f ? ", " : "{\"features\": [", name);
    }
    tp_text_add(&text, "]}\n");
    if (!path || text.failed)
        status = tp_fail_memory(err);
    else
        status = tp_file_write(path, text.data, text.length, err);
    free(path);
    tp_text_release(&text);
    return status;
}

static enum tp_status write_pooled(struct float_out *out, const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_error *err)
{
    struct sources sources = {0};
    const int64_t shape[3] = {options->samples, planted->feature_count, options->dim};
    enum tp_status status = write_features(planted, dir, err);
    if (!status)
        status = sources_init(&sources, planted, options, err);
    if (status)
        goto out;
    status = float_out_open(out, dir, "pooled.npy", 3, shape, err);
    for (int64_t s = 0; s < options->samples && !status; s++)
        status = add_sample(out, &sources, planted, options, err);
    status = float_out_close(out, status, err);
out:
    sources_release(&sources);
    return status;
}

/* The latents of its group are drawn again for every feature: k normals beside the N_f of the noise. */
static enum tp_status write_feature(struct float_out *out, const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, int32_t f, struct tp_error *err)
{
    char name[TP_FEATURE_NAME_BYTES], file[TP_FEATURE_NAME_BYTES + 4];
    double z[TP_LATENTS_MAX];
    int32_t group = planted->group[f], latents = tp_planted_latents(planted, group);
    const int64_t shape[2] = {options->samples, planted->dim[f]};
    struct tp_random group_random =
        tp_random_new(options->seed, TP_STREAM_LATENTS + (uint64_t)group);
    struct tp_random noise_random = tp_random_new(options->seed, TP_STREAM_NOISE + (uint64_t)f);
    double *map = tp_new((size_t)planted->dim[f], TP_LATENTS_MAX * sizeof(double));
    if (!map)
        return tp_fail_memory(err);
    draw_map(options->seed, f, planted->dim[f], latents, map);
    tp_planted_name(planted, f, name);
    snprintf(file, sizeof file, "%s.npy", name);
    enum tp_status status = float_out_open(out, dir, file, 2, shape, err);
    for (int64_t s = 0; s < options->samples && !status; s++) {
        draw_latents(&group_random, latents, z);
        status =
            add_vector(out, map, z, planted->dim[f], latents, options->noise, &noise_random, err);
    }
    status = float_out_close(out, status, err);
    free(map);
    return status;
}

/* pooled.npy, features.json, f<digits>.npy */
static bool is_dump_file(const char *name)
{
    if (!strcmp(name, "pooled.npy") || !strcmp(name, "features.json"))
        return true;
    const char *p = name + 1;
    while (isdigit((unsigned char)*p))
        p++;
    return name[0] == 'f' && p - name > 2 && !strcmp(p, ".npy");
}

/* A file left by an earlier run with other options would be taken for a part of this dump. */
static enum tp_status remove_old(const char *dir, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    DIR *folder = opendir(dir);
    if (!folder)
        return tp_fail(err, TP_EINTERNAL, "%s: cannot list the folder", dir);
    for (struct dirent *entry; !status && (entry = readdir(folder));) {
        if (!is_dump_file(entry->d_name))
            continue;
        char *path = tp_path_join(dir, entry->d_name);
        if (!path)
            status = tp_fail_memory(err);
        else if (remove(path))
            status = tp_fail(err, TP_EINTERNAL, "%s: cannot remove the old dump file", path);
        free(path);
    }
    closedir(folder);
    return status;
}

enum tp_status tp_planted_write_dump(const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_error *err)
{
    char *folder = tp_path_join(dir, "dump");
    struct float_out *out = TP_NEW(1, struct float_out);
    enum tp_status status = folder && out ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_folder_make(folder, err);
    if (!status)
        status = remove_old(folder, err);
    if (!status && !options->mixed_dims)
        status = write_pooled(out, planted, options, folder, err);
    for (int32_t f = 0; options->mixed_dims && f < planted->feature_count && !status; f++)
        status = write_feature(out, planted, options, folder, f, err);
    free(out);
    free(folder);
    return status;
}
