/* SPDX-License-Identifier: Apache-2.0 */
/* A frontier as text, CSV and JSON: affinity inside towers beside predicted times, a line per plan.
 *
 * In: a frontier. Out: text of at most 100 columns, in which a star marks the plans that no other
 * one dominates; or data, with the shortest digits that give the same numbers back. */
#include "report/sweep_forms.h"

#include "report/json_put.h"
#include "report/line.h"

#include <math.h>
#include <stdio.h>

static void add_point(struct tp_text *text, const struct tp_frontier_point *point)
{
    char balance[32] = "auto", seconds[16];
    struct tp_text line = {0};
    if (!isnan(point->balance))
        tp_format_real(balance, point->balance);
    tp_text_add(&line, "%6d %6d %8s", (int)point->setting.towers,
        (int)point->setting.hosts_per_tower, balance);
    if (!point->made) {
        tp_line_cut(text, line.data ? line.data : "", (int)line.length + 2, point->why);
        text->failed |= line.failed;
        tp_text_release(&line);
        return;
    }
    tp_text_add(&line, " %8.2f %8.2f %%", point->balance_used, 100 * point->inside_affinity);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        tp_format_seconds(seconds, point->cost.modes[mode].seconds);
        tp_text_add(&line, " %9s", seconds);
    }
    tp_text_add(text, "%s  %s\n", line.data ? line.data : "", point->dominated ? "" : "*");
    text->failed |= line.failed;
    tp_text_release(&line);
}

void tp_frontier_text(const struct tp_frontier *frontier, struct tp_text *text)
{
    const struct tp_sweep_setting *s = &frontier->points[0].setting;
    struct tp_text wide = {0};
    bool module = s->module.kind != TP_MODULE_NONE;
    tp_line_wrap(&wide, "FRONTIER", 10,
        "affinity inside towers against the predicted time of %s, at %d ranks",
        module ? "dmt" : "sptt", (int)s->ranks);
    tp_text_add(&wide, "\n%6s %6s %8s %8s %10s %9s %9s %9s\n", "towers", "K", "balance", "used",
        "inside", "flat", "sptt", "dmt");
    for (int32_t i = 0; i < frontier->count; i++)
        add_point(&wide, &frontier->points[i]);
    tp_text_add(&wide, "\n");
    tp_line_wrap(&wide, "", 0,
        "*: no other plan here holds as much affinity in as little time. Fewer towers hold more in "
        "any case: by chance alone, about 1/towers of all.");
    text->failed |= wide.failed;
    if (!wide.failed)
        tp_line_clip(text, &wide);
    tp_text_release(&wide);
}

void tp_frontier_csv(const struct tp_frontier *frontier, struct tp_text *text)
{
    tp_text_add(text, "ranks,towers,hosts_per_tower,balance,balance_used,inside_affinity,"
                      "flat_free_seconds,flat_seconds,sptt_seconds,dmt_seconds,dominated,why\n");
    for (int32_t i = 0; i < frontier->count; i++) {
        const struct tp_frontier_point *p = &frontier->points[i];
        tp_text_add(text, "%d,%d,%d", (int)p->setting.ranks, (int)p->setting.towers,
            (int)p->setting.hosts_per_tower);
        tp_csv_real(text, true, p->balance); /* empty: automatic */
        tp_csv_real(text, p->made, p->balance_used);
        tp_csv_real(text, p->made, p->inside_affinity);
        tp_csv_real(text, p->made, p->cost.flat_free_seconds);
        for (int mode = 0; mode < TP_MODE_COUNT; mode++)
            tp_csv_real(text, p->made, p->cost.modes[mode].seconds);
        tp_text_add(text, ",%s", !p->made ? "" : p->dominated ? "true" : "false");
        tp_csv_quoted(text, p->why ? p->why : "");
        tp_text_add(text, "\n");
    }
}

static void put_point(struct tp_json *json, json_t *points, const struct tp_frontier_point *p)
{
    json_t *object = tp_json_object(json, points, NULL);
    tp_json_integer(json, object, "ranks", p->setting.ranks);
    tp_json_integer(json, object, "towers", p->setting.towers);
    tp_json_integer(json, object, "hosts_per_tower", p->setting.hosts_per_tower);
    tp_json_real(json, object, "balance", p->balance);
    if (p->why)
        tp_json_text(json, object, "why", p->why);
    if (!p->made)
        return;
    tp_json_real(json, object, "balance_used", p->balance_used);
    tp_json_real(json, object, "inside_affinity", p->inside_affinity);
    tp_json_real(json, object, "flat_free_seconds", p->cost.flat_free_seconds);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        char key[32];
        snprintf(key, sizeof key, "%s_seconds", tp_mode_name((enum tp_mode)mode));
        tp_json_real(json, object, key, p->cost.modes[mode].seconds);
    }
    tp_json_boolean(json, object, "dominated", p->dominated);
}

void tp_frontier_json(const struct tp_frontier *frontier, struct tp_text *text)
{
    struct tp_json json = {0};
    json_t *root = json_object();
    json_t *points = tp_json_array(&json, root, "points");
    for (int32_t i = 0; i < frontier->count; i++)
        put_point(&json, points, &frontier->points[i]);
    tp_json_write(&json, root, text);
}
