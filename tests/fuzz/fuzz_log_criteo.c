/* SPDX-License-Identifier: Apache-2.0 */
/* A click log in Criteo's form, of 26 features: profiled, and read as samples. */
#include "fuzz.h"

#include <towerpart/profile.h>

#include <stdio.h>

enum { FEATURES = 26 };

static const struct tp_model *criteo_model(void)
{
    static char names[FEATURES][8];
    static struct tp_table tables[FEATURES];
    static struct tp_feature features[FEATURES];
    static const struct tp_model model = {.dense_features = 13,
        .tables = tables,
        .table_count = FEATURES,
        .features = features,
        .feature_count = FEATURES};
    for (int i = 0; i < FEATURES; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        tables[i] = (struct tp_table){
            .name = names[i], .rows = 10, .dim = 4, .first_feature = i, .feature_count = 1};
        features[i] = (struct tp_feature){.name = names[i], .table = i, .pooling = 1};
    }
    return &model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_profile *profile = NULL;
    char log[64];
    snprintf(log, sizeof log, "criteo:%s", fuzz_file(data, length));
    fuzz_expect(tp_profile_log(log, criteo_model(), NULL, &profile, &err), &err);
    tp_profile_free(profile);
    struct tp_sample_options options = tp_sample_options_default();
    options.held_out = 0.3;
    options.skip_bad = length % 2;
    fuzz_samples(log, criteo_model(), &options);
    return 0;
}
