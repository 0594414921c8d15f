/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in NumPy's arrays: the first byte says which of the three is fuzzed, the others fit six samples of the
 * model. */
#include "fuzz.h"

#include "base/npy.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"labels.npy", "sparse.npy", "dense.npy"};

static void put_array(int which)
{
    static const unsigned char zeros[6 * 3 * 8];
    static const int64_t shapes[][3] = {{6}, {6, 3}, {6, 2}};
    struct tp_text text = {0};
    tp_npy_format(
        &text, which == 1 ? TP_NPY_INT64 : TP_NPY_FLOAT32, 0, which ? 2 : 1, shapes[which], zeros);
    fuzz_folder(names[which], (const uint8_t *)text.data, text.length);
    tp_text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_sample_options options = tp_sample_options_default();
    struct tp_model model = *fuzz_model();
    char source[128];
    if (length == 0)
        return 0;
    model.dense_features = 2;
    options.held_out = 0.3;
    for (int i = 0; i < 3; i++)
        put_array(i);
    snprintf(
        source, sizeof source, "npy:%s", fuzz_folder(names[data[0] % 3], data + 1, length - 1));
    fuzz_samples(source, &model, &options);
    return 0;
}
