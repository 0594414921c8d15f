/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a sweep or a frontier in the form that is asked for. The whole text is made before the
 * file is touched. */
#include <towerpart/report.h>

#include "base/fail.h"
#include "base/file.h"
#include "report/sweep_forms.h"

static enum tp_status write_text(struct tp_text *text, const char *path, struct tp_error *err)
{
    enum tp_status status =
        text->failed ? tp_fail_memory(err) : tp_file_write(path, text->data, text->length, err);
    tp_text_release(text);
    return status;
}

enum tp_status tp_report_sweep(const struct tp_sweep *sweep, enum tp_sweep_format format,
    const char *path, struct tp_error *err)
{
    static void (*const forms[])(const struct tp_sweep *, struct tp_text *) = {
        [TP_SWEEP_TEXT] = tp_sweep_text,
        [TP_SWEEP_CSV] = tp_sweep_csv,
        [TP_SWEEP_JSON] = tp_sweep_json};
    struct tp_text text = {0};
    forms[format](sweep, &text);
    return write_text(&text, path, err);
}

enum tp_status tp_report_frontier(const struct tp_frontier *frontier, enum tp_sweep_format format,
    const char *path, struct tp_error *err)
{
    static void (*const forms[])(const struct tp_frontier *, struct tp_text *) = {
        [TP_SWEEP_TEXT] = tp_frontier_text,
        [TP_SWEEP_CSV] = tp_frontier_csv,
        [TP_SWEEP_JSON] = tp_frontier_json};
    struct tp_text text = {0};
    forms[format](frontier, &text);
    return write_text(&text, path, err);
}
