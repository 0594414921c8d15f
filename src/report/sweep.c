/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a sweep in the form that is asked for. The whole text is made before the file is touched.
 */
#include <towerpart/report.h>

#include "base/fail.h"
#include "base/file.h"
#include "report/sweep_forms.h"

enum tp_status tp_report_sweep(const struct tp_sweep *sweep, enum tp_sweep_format format,
    const char *path, struct tp_error *err)
{
    struct tp_text text = {0};
    switch (format) {
    case TP_SWEEP_TEXT:
        tp_sweep_text(sweep, &text);
        break;
    case TP_SWEEP_CSV:
        tp_sweep_csv(sweep, &text);
        break;
    case TP_SWEEP_JSON:
        tp_sweep_json(sweep, &text);
        break;
    }
    enum tp_status status =
        text.failed ? tp_fail_memory(err) : tp_file_write(path, text.data, text.length, err);
    tp_text_release(&text);
    return status;
}
