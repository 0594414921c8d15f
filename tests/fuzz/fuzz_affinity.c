/* SPDX-License-Identifier: Apache-2.0 */
/* An affinity.npz: a zip of arrays whose values must fit together. */
#include "fuzz.h"

#include <towerpart/affinity.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    const struct tp_model *expected = fuzz_model();
    struct tp_affinity_gaps gaps = {
        .absent = calloc((size_t)expected->feature_count, sizeof(bool))};
    for (int of_another = 0; gaps.absent && of_another < 2; of_another++) {
        struct tp_affinity *affinity = NULL;
        fuzz_expect(tp_affinity_load(fuzz_file(data, length), expected, of_another ? &gaps : NULL,
                        &affinity, &err),
            &err);
        tp_affinity_free(affinity);
    }
    free(gaps.absent);
    return 0;
}
