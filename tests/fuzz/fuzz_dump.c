/* SPDX-License-Identifier: Apache-2.0 */
/* A dump in one file, .npz or .safetensors: what opens is measured. */
#include "fuzz.h"

#include <towerpart/affinity.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    const struct tp_model *expected = fuzz_model();
    struct tp_dump *dump = NULL;
    struct tp_affinity *affinity = NULL;
    struct tp_affinity_options options = tp_affinity_options_default();
    options.threads = 1;
    enum tp_status status = tp_dump_open(fuzz_file(data, length), expected, false, &dump, &err);
    fuzz_expect(status, &err);
    if (!status)
        fuzz_expect(tp_affinity_measure(
                        (const struct tp_dump *const *)&dump, 1, NULL, &options, &affinity, &err),
            &err);
    tp_affinity_free(affinity);
    tp_dump_free(dump);
    return 0;
}
