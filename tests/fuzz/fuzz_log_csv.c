/* SPDX-License-Identifier: Apache-2.0 */
/* A click log as CSV: what is measured on it fits into the model; and read as samples. */
#include "fuzz.h"

#include <towerpart/profile.h>

#include "spec/spec.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    const struct tp_model *expected = fuzz_model();
    struct tp_profile_options options = {.separator = length % 2 ? ';' : '\0'};
    struct tp_profile *profile = NULL;
    struct tp_model *model = NULL;
    char log[64];
    snprintf(log, sizeof log, "csv:%s", fuzz_file(data, length));
    enum tp_status status = tp_profile_log(log, expected, &options, &profile, &err);
    fuzz_expect(status, &err);
    if (!status &&
        (tp_model_copy(expected, &model, &err) || tp_profile_apply(profile, model, &err)))
        abort();
    tp_model_free(model);
    tp_profile_free(profile);
    struct tp_sample_options how = tp_sample_options_default();
    struct tp_model with_dense = *expected;
    with_dense.dense_features = 2;
    how.separator = options.separator;
    how.held_out = 0.3;
    how.skip_bad = length % 3 != 0;
    fuzz_samples(log, &with_dense, &how);
    return 0;
}
