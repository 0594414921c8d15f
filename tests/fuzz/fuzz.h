/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. A target is one reader: any bytes must end in success or in an error
 * with a message, never in a crash, a leak or a hang. Built with libFuzzer the engine calls it
 * (tools/fuzz); else replay.c feeds it the kept corpus, as an ordinary test. */
#ifndef TP_TESTS_FUZZ_H
#define TP_TESTS_FUZZ_H

#include <towerpart/model.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

#include "data/samples.h"

#include <stddef.h>
#include <stdint.h>

#define FUZZ_NAMES_MAX 3

/* The target: each fuzz_*.c defines it under the name that libFuzzer knows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

/* The bytes as a file in memory. @return its path; the next call, also one of fuzz_model() or
 * fuzz_cluster(), replaces the bytes. */
const char *fuzz_file(const uint8_t *data, size_t length);

/* The bytes as a file of that name, one of at most FUZZ_NAMES_MAX, in a folder that is there until the end.
 * @return the folder. */
const char *fuzz_folder(const char *name, const uint8_t *data, size_t length);

/* Aborts unless the outcome is success, or bad input (or an answer of no) that says why. */
void fuzz_expect(enum tp_status status, const struct tp_error *err);

/* Opens samples and reads all of both parts: every id must be a row of its table, every label 0 or 1. */
void fuzz_samples(
    const char *source, const struct tp_model *model, const struct tp_sample_options *options);

/* A model to hold inputs against: tables t_user (100 rows, dim 2: user), t_item (50, 2: item, history).
 * Owned here. */
const struct tp_model *fuzz_model(void);

/* A cluster for it: two hosts of two ranks, levels host and cluster. Owned here. */
const struct tp_topology *fuzz_cluster(void);

#endif
