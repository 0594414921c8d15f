/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON lines of a run: whatever was measured can be shown beside a plan and beside another run, as
 * text and as JSON. */
#include "fuzz.h"

#include <towerpart/report.h>

#include <stdlib.h>

static const struct tp_plan *plan(void)
{
    static struct tp_plan *made;
    struct tp_error err = {0};
    struct tp_plan_options options = tp_plan_options_default();
    options.strategy = TP_STRATEGY_FLAT;
    if (!made && tp_plan_make(fuzz_model(), fuzz_cluster(), NULL, &options, &made, &err))
        abort();
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_measured measured[2] = {0};
    struct tp_report_options options = {.measured = measured};
    const struct tp_plan *shown = plan();
    enum tp_status status = tp_measured_load(fuzz_file(data, length), shown, NULL, measured, &err);
    fuzz_expect(status, &err);
    measured[1] = measured[0];
    measured[1].run.mode = TP_MODE_SPTT;
    for (int32_t count = 1; count <= 2 && !status; count++) {
        options.measured_count = count;
        fuzz_expect(tp_report_text(shown, NULL, &options, "/dev/null", &err), &err);
        fuzz_expect(tp_report_json(shown, NULL, &options, "/dev/null", &err), &err);
    }
    tp_measured_release(measured);
    return 0;
}
