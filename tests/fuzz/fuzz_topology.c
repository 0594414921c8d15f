/* SPDX-License-Identifier: Apache-2.0 */
/* A topology spec: what is read and written again reads back the same. */
#include "fuzz.h"

#include "spec/spec.h"

#include <stdlib.h>

static enum tp_status parse(
    const char *text, size_t length, struct tp_topology **topology, struct tp_error *err)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = tp_yaml_parse(text, length, "input", &yaml, err);
    if (!status)
        status = tp_topology_read(yaml, tp_yaml_root(yaml), topology, err);
    tp_yaml_free(yaml);
    return status;
}

static void check_again(const struct tp_topology *topology)
{
    struct tp_error err = {0};
    struct tp_topology *again = NULL;
    struct tp_text text = {0}, drift = {0};
    struct tp_yaml_out *out = tp_yaml_out_new();
    tp_topology_write(topology, out);
    if (tp_yaml_out_finish(out, &text, &err) || parse(text.data, text.length, &again, &err))
        abort();
    tp_topology_drift(topology, again, &drift);
    if (drift.length)
        abort();
    tp_topology_free(again);
    tp_text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_topology *topology = NULL;
    fuzz_expect(parse((const char *)data, length, &topology, &err), &err);
    if (topology)
        check_again(topology);
    tp_topology_free(topology);
    return 0;
}
