/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint: the bytes as checkpoint.json, and as the file of a rank. */
#include "fuzz.h"

#include "train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char step_folder[128], rank_file[160];

static void remove_step(void)
{
    unlink(rank_file);
    rmdir(step_folder);
}

/* step-1/rank-0.bin in the folder is the same file. */
static void link_rank_file(const char *folder)
{
    if (step_folder[0])
        return;
    snprintf(step_folder, sizeof step_folder, "%s/step-1", folder);
    snprintf(rank_file, sizeof rank_file, "%s/rank-0.bin", step_folder);
    if (mkdir(step_folder, 0700) || symlink("../checkpoint.json", rank_file) ||
        atexit(remove_step)) {
        perror(rank_file);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_fact facts[] = {{"mode", "flat"}, {"data", "csv:log"}};
    char weights[16], state[3];
    struct tp_section sections[] = {
        {"table a weights", weights, sizeof weights}, {"table a state", state, sizeof state}};
    int64_t step;
    const char *folder = fuzz_folder("checkpoint.json", data, length);
    link_rank_file(folder);
    fuzz_expect(tp_checkpoint_find(folder, 2, facts, 2, &step, &err), &err);
    fuzz_expect(tp_checkpoint_read(folder, 1, 0, sections, 2, &err), &err);
    return 0;
}
