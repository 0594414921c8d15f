/* SPDX-License-Identifier: Apache-2.0 */
/* A TorchRec plan as JSON: whatever it says, it becomes a plan that can be checked, or an error. */
#include "fuzz.h"

#include <towerpart/import.h>

#include <stdlib.h>
#include <string.h>

static const char topology_text[] =
    "towerpart_topology: 1\nname: four\n"
    "device: {memory_bytes: 1000000, memory_bytes_per_s: 1.0e+12, flops_per_s: 1.0e+13}\n"
    "levels:\n"
    "  - {name: host, fanout: 2, bytes_per_s: 1.0e+11, latency_s: 1.0e-6}\n"
    "  - {name: cluster, fanout: 2, bytes_per_s: 1.0e+10, latency_s: 1.0e-5}\n";

static const struct tp_topology *topology(void)
{
    static struct tp_topology *made;
    struct tp_error err = {0};
    const uint8_t *text = (const uint8_t *)topology_text;
    if (!made && tp_topology_load(fuzz_file(text, strlen(topology_text)), &made, &err))
        abort();
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_findings findings = {0};
    struct tp_plan *plan = NULL;
    char *notes = NULL;
    const struct tp_model *expected = fuzz_model();
    const struct tp_topology *four = topology();
    enum tp_status status =
        tp_import_torchrec_plan(fuzz_file(data, length), expected, four, NULL, &notes, &plan, &err);
    fuzz_expect(status, &err);
    if (!status)
        fuzz_expect(tp_plan_check(plan, NULL, NULL, &findings, &err), &err);
    tp_findings_release(&findings);
    tp_plan_free(plan);
    free(notes);
    return 0;
}
