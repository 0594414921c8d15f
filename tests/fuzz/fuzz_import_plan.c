/* SPDX-License-Identifier: Apache-2.0 */
/* A TorchRec plan as JSON: whatever it says, it becomes a plan that can be checked, or an error. */
#include "fuzz.h"

#include <towerpart/import.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_findings findings = {0};
    struct tp_plan *plan = NULL;
    char *notes = NULL;
    const struct tp_model *expected = fuzz_model();
    const struct tp_topology *four = fuzz_cluster();
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
