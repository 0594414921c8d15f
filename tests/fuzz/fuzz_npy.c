/* SPDX-License-Identifier: Apache-2.0 */
/* One .npy file: what parses is as long as its shape says, so every value can be read. */
#include "fuzz.h"

#include "base/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_npy npy;
    fuzz_expect(tp_npy_parse(data, length, "input", &npy, &err), &err);
    if (tp_npy_parse_reals(data, length, "input", &npy, &err) == TP_OK) {
        double *values = calloc(npy.count + 1, sizeof *values);
        if (values)
            tp_npy_to_double(npy.type, npy.data, npy.count, values);
        free(values);
    }
    return 0;
}
