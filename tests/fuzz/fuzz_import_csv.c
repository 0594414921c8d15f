/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV of tables to a model spec. */
#include "fuzz.h"

#include <towerpart/import.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_import_options options = {.batch_size = 64};
    struct tp_model *model = NULL;
    char *notes = NULL;
    fuzz_expect(tp_import_csv(fuzz_file(data, length), &options, &notes, &model, &err), &err);
    tp_model_free(model);
    free(notes);
    return 0;
}
