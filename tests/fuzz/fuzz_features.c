/* SPDX-License-Identifier: Apache-2.0 */
/* features.json of a dump folder. There is no array beside it: the list is judged first. */
#include "fuzz.h"

#include <towerpart/affinity.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    const struct tp_model *expected = fuzz_model();
    struct tp_dump *dump = NULL;
    const char *folder = fuzz_folder("features.json", data, length);
    fuzz_expect(tp_dump_open(folder, expected, length % 2, &dump, &err), &err);
    tp_dump_free(dump);
    return 0;
}
