/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep as programs read it: CSV, a line per setting, and JSON, the same with the series and the
 * recommendation.
 *
 * Seconds are written with the shortest digits that give the same number back, so both forms agree
 * to the last bit. What a setting does not have is an empty field, or no key. */
#include "report/sweep_forms.h"

#include "report/json_put.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct tp_module_text tp_module_text(const struct tp_tower_module *module)
{
    struct tp_module_text shown = {"none"};
    if (module->kind == TP_MODULE_DLRM)
        snprintf(shown.text, sizeof shown.text, "%d:%d:%d", (int)module->c, (int)module->p,
            (int)module->dim);
    else if (module->kind == TP_MODULE_DCN)
        snprintf(shown.text, sizeof shown.text, "%d", (int)module->dim);
    return shown;
}

const char *tp_sweep_best_name(const struct tp_sweep_row *row, bool any)
{
    if (isnan(row->cost.flat_free_seconds))
        return "-";
    return tp_recommendation_name(tp_sweep_best(row, any));
}

void tp_csv_real(struct tp_text *text, bool present, double value)
{
    char digits[32] = "";
    if (present && isfinite(value))
        tp_format_real(digits, value);
    tp_text_add(text, ",%s", digits);
}

void tp_csv_quoted(struct tp_text *text, const char *value)
{
    tp_text_add(text, ",\"");
    for (const char *p = value; *p; p++) {
        if (*p == '"')
            tp_text_add(text, "\"");
        tp_text_add_bytes(text, p, 1);
    }
    tp_text_add(text, "\"");
}

static void add_csv_head(struct tp_text *text)
{
    tp_text_add(text, "ranks,towers,hosts_per_tower,batch,module_kind,module,forward,backward,"
                      "bytes_per_s,flat_free_seconds");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        tp_text_add(text, ",%s_seconds", tp_mode_name((enum tp_mode)mode));
    tp_text_add(text, ",recommended,recommended_if_quality_allows,why");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        for (int p = 0; p < TP_PHASE_COUNT; p++)
            tp_text_add(text, ",%s_%s_seconds", tp_mode_name((enum tp_mode)mode),
                tp_phase_name((enum tp_phase)p));
    tp_text_add(text, "\n");
}

static void add_csv_row(struct tp_text *text, const struct tp_sweep_row *row)
{
    const struct tp_sweep_setting *s = &row->setting;
    bool fits = !isnan(row->cost.flat_free_seconds);
    tp_text_add(text, "%d,%d,%d,%lld,%s,%s,%s,%s", (int)s->ranks, (int)s->towers,
        (int)s->hosts_per_tower, (long long)s->batch, tp_tower_module_name(s->module.kind),
        tp_module_text(&s->module).text, tp_dtype_name(s->forward), tp_dtype_name(s->backward));
    tp_csv_real(text, true, s->bytes_per_s);
    tp_csv_real(text, true, row->cost.flat_free_seconds);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        tp_csv_real(text, row->placed, row->cost.modes[mode].seconds);
    tp_text_add(text, ",%s,%s", fits ? tp_sweep_best_name(row, false) : "",
        fits ? tp_sweep_best_name(row, true) : "");
    tp_csv_quoted(text, row->why ? row->why : "");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        for (int p = 0; p < TP_PHASE_COUNT; p++) {
            const struct tp_phase_cost *phase = &row->cost.modes[mode].phases[p];
            tp_csv_real(text, row->placed && phase->present, phase->seconds);
        }
    tp_text_add(text, "\n");
}

void tp_sweep_csv(const struct tp_sweep *sweep, struct tp_text *text)
{
    add_csv_head(text);
    for (int32_t i = 0; i < sweep->row_count; i++)
        add_csv_row(text, &sweep->rows[i]);
}

static void put_setting(
    struct tp_json *json, json_t *object, const struct tp_sweep_setting *setting)
{
    tp_json_integer(json, object, "ranks", setting->ranks);
    tp_json_integer(json, object, "towers", setting->towers);
    tp_json_integer(json, object, "hosts_per_tower", setting->hosts_per_tower);
    tp_json_integer(json, object, "batch", setting->batch);
    tp_json_text(json, object, "module_kind", tp_tower_module_name(setting->module.kind));
    tp_json_text(json, object, "module", tp_module_text(&setting->module).text);
    tp_json_text(json, object, "forward", tp_dtype_name(setting->forward));
    tp_json_text(json, object, "backward", tp_dtype_name(setting->backward));
    tp_json_real(json, object, "bytes_per_s", setting->bytes_per_s);
}

static void put_mode(
    struct tp_json *json, json_t *row, enum tp_mode mode, const struct tp_step_cost *step)
{
    json_t *object = tp_json_object(json, row, tp_mode_name(mode));
    tp_json_real(json, object, "seconds", step->seconds);
    json_t *phases = tp_json_object(json, object, "phases");
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        if (step->phases[p].present)
            tp_json_real(json, phases, tp_phase_name((enum tp_phase)p), step->phases[p].seconds);
}

static void put_row(struct tp_json *json, json_t *rows, const struct tp_sweep_row *row)
{
    json_t *object = tp_json_object(json, rows, NULL);
    put_setting(json, object, &row->setting);
    if (row->why)
        tp_json_text(json, object, "why", row->why);
    if (!isnan(row->cost.flat_free_seconds)) {
        json_t *flat_free = tp_json_object(json, object, "flat_free");
        tp_json_real(json, flat_free, "seconds", row->cost.flat_free_seconds);
        tp_json_text(json, object, "recommended", tp_sweep_best_name(row, false));
        tp_json_text(json, object, "recommended_if_quality_allows", tp_sweep_best_name(row, true));
    }
    for (int mode = 0; row->placed && mode < TP_MODE_COUNT; mode++)
        put_mode(json, object, (enum tp_mode)mode, &row->cost.modes[mode]);
}

static void put_break_even(struct tp_json *json, json_t *object, const char *mode,
    const struct tp_sweep *sweep, const struct tp_break_even *even)
{
    json_t *entry = tp_json_object(json, object, mode);
    if (even->row >= 0)
        tp_json_integer(json, entry, "ranks", sweep->rows[even->row].setting.ranks);
    else
        tp_json_text(json, entry, "ranks", NULL);
    tp_json_boolean(json, entry, "always", even->always);
}

static void put_sweep(struct tp_json *json, json_t *root, const struct tp_sweep *sweep)
{
    json_t *rows = tp_json_array(json, root, "rows");
    for (int32_t i = 0; i < sweep->row_count; i++)
        put_row(json, rows, &sweep->rows[i]);
    json_t *list = tp_json_array(json, root, "series");
    for (int32_t i = 0; i < sweep->series_count; i++) {
        const struct tp_sweep_series *series = &sweep->series[i];
        json_t *object = tp_json_object(json, list, NULL);
        tp_json_integer(json, object, "first_row", series->first_row);
        tp_json_integer(json, object, "row_count", series->row_count);
        json_t *even = tp_json_object(json, object, "break_even");
        put_break_even(json, even, "sptt", sweep, &series->sptt);
        put_break_even(json, even, "dmt", sweep, &series->dmt);
    }
    if (sweep->recommended < 0)
        return;
    tp_json_integer(json, root, "recommended_row", sweep->recommended);
    tp_json_integer(
        json, root, "recommended_row_if_quality_allows", sweep->recommended_if_quality_allows);
}

void tp_sweep_json(const struct tp_sweep *sweep, struct tp_text *text)
{
    struct tp_json json = {0};
    json_t *root = json_object();
    put_sweep(&json, root, sweep);
    tp_json_write(&json, root, text);
}
