/* SPDX-License-Identifier: Apache-2.0 */
/* A model spec: what is read and written again reads back the same. */
#include "fuzz.h"

#include "spec/spec.h"

#include <stdlib.h>

static enum tp_status parse(
    const char *text, size_t length, struct tp_model **model, struct tp_error *err)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = tp_yaml_parse(text, length, "input", &yaml, err);
    if (!status)
        status = tp_model_read(yaml, tp_yaml_root(yaml), model, err);
    tp_yaml_free(yaml);
    return status;
}

static void check_again(const struct tp_model *model)
{
    struct tp_error err = {0};
    struct tp_model *again = NULL;
    struct tp_text text = {0}, drift = {0};
    struct tp_yaml_out *out = tp_yaml_out_new();
    tp_model_write(model, out);
    if (tp_yaml_out_finish(out, &text, &err) || parse(text.data, text.length, &again, &err))
        abort();
    tp_model_drift(model, again, &drift);
    if (drift.length)
        abort();
    tp_model_free(again);
    tp_text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    fuzz_expect(parse((const char *)data, length, &model, &err), &err);
    if (model)
        check_again(model);
    tp_model_free(model);
    return 0;
}
