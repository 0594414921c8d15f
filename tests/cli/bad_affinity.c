/* SPDX-License-Identifier: Apache-2.0 */
/* Writes an affinity.npz of three features, wrong in one way: bad_affinity KIND FILE.
 *
 * Every kind changes one thing of the good file; "good" changes nothing. Shell tests have no other way to
 * make such files. */
#include "base/npz.h"

#include <zip.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define F 3

struct file {
    float affinity[F * F], std_error[F * F];
    uint32_t features[F][8]; /* UCS-4, as numpy stores text */
    int64_t state[F], samples, dumps;
    uint32_t measure[8];
    double noise_floor, noise_median, reproducibility, null_rho, learned;
};

static void set_text(uint32_t out[8], const char *text)
{
    memset(out, 0, 8 * sizeof out[0]);
    for (size_t i = 0; text[i] && i < 8; i++)
        out[i] = (unsigned char)text[i];
}

static struct file good_file(void)
{
    struct file file = {.affinity = {1.0f, 0.5f, 0.25f, 0.5f, 1.0f, 0.125f, 0.25f, 0.125f, 1.0f},
        .samples = 100,
        .dumps = 1,
        .noise_floor = 0.1,
        .noise_median = 0.05,
        .reproducibility = NAN,
        .null_rho = NAN,
        .learned = NAN};
    for (int i = 0; i < F * F; i++)
        file.std_error[i] = i % (F + 1) == 0 ? 0.0f : 0.01f;
    set_text(file.features[0], "user");
    set_text(file.features[1], "item");
    set_text(file.features[2], "history");
    set_text(file.measure, "cka");
    return file;
}

/* Changes values; false if the kind is none of these. */
static bool change_values(struct file *file, const char *kind)
{
    if (strcmp(kind, "asymmetric") == 0)
        file->affinity[1] = 0.75f;
    else if (strcmp(kind, "above_one") == 0)
        file->affinity[1] = file->affinity[F] = 1.5f;
    else if (strcmp(kind, "negative") == 0)
        file->affinity[1] = file->affinity[F] = -0.5f;
    else if (strcmp(kind, "nan") == 0)
        file->affinity[1] = file->affinity[F] = NAN;
    else if (strcmp(kind, "diagonal") == 0)
        file->affinity[F + 1] = 0.5f;
    else if (strcmp(kind, "negative_error") == 0)
        file->std_error[1] = file->std_error[F] = -0.01f;
    else if (strcmp(kind, "other_feature") == 0)
        set_text(file->features[1], "nobody");
    else if (strcmp(kind, "feature_twice") == 0)
        set_text(file->features[1], "user");
    else if (strcmp(kind, "no_samples") == 0)
        file->samples = 0;
    else if (strcmp(kind, "other_measure") == 0)
        set_text(file->measure, "rbf");
    else if (strcmp(kind, "nan_floor") == 0)
        file->noise_floor = NAN;
    else if (strcmp(kind, "state") == 0)
        file->state[1] = 3;
    else if (strcmp(kind, "no_dumps") == 0)
        file->dumps = 0;
    else if (strcmp(kind, "rho") == 0)
        file->null_rho = 1.5;
    else if (strcmp(kind, "learned") == 0)
        file->learned = -0.5;
    else
        return false;
    return true;
}

/* Changes which arrays there are, and their form. */
static bool change_arrays(struct tp_npz_member *members, int32_t *count, const char *kind)
{
    static const int64_t not_square[] = {F, F - 1}, flat[] = {F * F}, two[] = {F - 1};
    if (strcmp(kind, "not_square") == 0)
        members[0].shape = not_square;
    else if (strcmp(kind, "flat") == 0) {
        members[0].shape = flat;
        members[0].dim_count = 1;
    } else if (strcmp(kind, "integers") == 0) {
        members[0].type = TP_NPY_INT64;
        members[0].shape = not_square;
    } else if (strcmp(kind, "few_names") == 0)
        members[2].shape = two;
    else if (strcmp(kind, "error_shape") == 0)
        members[1].shape = not_square;
    else if (strcmp(kind, "no_affinity") == 0)
        members[0].name = "other";
    else if (strcmp(kind, "no_names") == 0)
        members[2].name = "other";
    else if (strcmp(kind, "no_floor") == 0)
        members[5].name = "other";
    else if (strcmp(kind, "old") == 0)
        *count -= 5; /* as written before there was a state */
    else
        return false;
    return true;
}

/* A member that unpacks to far more than any affinity of three features. */
static bool write_bomb(const char *path)
{
    const size_t bytes = (size_t)64 << 20;
    void *zeros = calloc(1, bytes);
    zip_t *zip = zeros ? zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL) : NULL;
    zip_source_t *source = zip ? zip_source_buffer(zip, zeros, bytes, 0) : NULL;
    bool fine = source && zip_file_add(zip, "affinity.npy", source, 0) == 0 && zip_close(zip) == 0;
    free(zeros);
    return fine;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const char *kind = argv[1], *path = argv[2];
    if (strcmp(kind, "bomb") == 0)
        return write_bomb(path) ? 0 : 1;

    struct file file = good_file();
    static const int64_t square[] = {F, F}, names[] = {F};
    struct tp_npz_member members[] = {{"affinity", TP_NPY_FLOAT32, 0, 2, square, file.affinity},
        {"stderr", TP_NPY_FLOAT32, 0, 2, square, file.std_error},
        {"features", TP_NPY_UNICODE, sizeof file.features[0], 1, names, file.features},
        {"samples", TP_NPY_INT64, 0, 0, NULL, &file.samples},
        {"measure", TP_NPY_UNICODE, sizeof file.measure, 0, NULL, file.measure},
        {"noise_floor", TP_NPY_FLOAT64, 0, 0, NULL, &file.noise_floor},
        {"noise_median", TP_NPY_FLOAT64, 0, 0, NULL, &file.noise_median},
        {"state", TP_NPY_INT64, 0, 1, names, file.state},
        {"dumps", TP_NPY_INT64, 0, 0, NULL, &file.dumps},
        {"reproducibility", TP_NPY_FLOAT64, 0, 0, NULL, &file.reproducibility},
        {"null_rho", TP_NPY_FLOAT64, 0, 0, NULL, &file.null_rho},
        {"learned", TP_NPY_FLOAT64, 0, 0, NULL, &file.learned}};
    int32_t count = (int32_t)(sizeof members / sizeof members[0]);
    if (strcmp(kind, "good") != 0 && !change_values(&file, kind) &&
        !change_arrays(members, &count, kind)) {
        fprintf(stderr, "unknown kind %s\n", kind);
        return 2;
    }
    struct tp_error err = {0};
    if (tp_npz_save(path, members, count, &err) != TP_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return 0;
}
