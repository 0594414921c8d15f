/* SPDX-License-Identifier: Apache-2.0 */
/* What all forms of exported plans share. In: a sound plan. Out: JSON with a table or a tower on each line,
 * so that two exports can be compared line by line.
 *
 * Values are built by jansson, which quotes names; lines are put together here. Running out of memory
 * is remembered in the text and told once, at the end. Cost: O(size of the document); towers look at
 * all tables once. */
#include "export/common.h"

#include "base/fail.h"
#include "base/file.h"

#include <stdlib.h>

static void add_value(struct tp_text *text, json_t *value)
{
    char *line =
        value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (line)
        tp_text_add(text, "%s", line);
    else
        text->failed = true;
    free(line);
    json_decref(value);
}

void tp_export_line(struct tp_text *text, const char *key, json_t *value, const char *after)
{
    if (key) {
        add_value(text, json_string(key));
        tp_text_add(text, ": ");
    }
    add_value(text, value);
    tp_text_add(text, "%s\n", after);
}

/* tables: a list of names for each tower, to be taken. */
static void add_tower(struct tp_text *text, const struct tp_plan *plan, int32_t t, json_t *tables)
{
    const struct tp_plan_tower *tower = &plan->towers[t];
    char key[16];
    json_t *ranks = json_array();
    for (int32_t i = 0; i < tower->rank_count; i++)
        if (json_array_append_new(ranks, json_integer(tower->ranks[i])))
            text->failed = true;
    snprintf(key, sizeof key, "%d", (int)tower->id);
    tp_export_line(text, key, json_pack("{s:O, s:o}", "tables", tables, "ranks", ranks),
        t + 1 < plan->tower_count ? "," : "");
}

void tp_export_towers(struct tp_text *text, const struct tp_plan *plan)
{
    json_t *lists = json_array();
    bool flat = plan->strategy == TP_STRATEGY_FLAT;
    for (int32_t t = 0; t < plan->tower_count && !flat; t++)
        if (json_array_append_new(lists, json_array()))
            text->failed = true;
    for (int32_t i = 0; i < plan->table_count && !flat && !text->failed; i++) {
        json_t *list = json_array_get(lists, (size_t)plan->tables[i].place.tower);
        if (json_array_append_new(list, json_string(plan->tables[i].name)))
            text->failed = true;
    }
    tp_text_add(text, "{\n");
    for (int32_t t = 0; t < plan->tower_count && !flat && !text->failed; t++)
        add_tower(text, plan, t, json_array_get(lists, (size_t)t));
    tp_text_add(text, "}");
    json_decref(lists);
}

enum tp_status tp_export_end(
    struct tp_export *export, const char *path, char **notes, struct tp_error *err)
{
    tp_text_add(&export->notes, "%s", ""); /* never NULL */
    enum tp_status status = export->text.failed || export->notes.failed
                                ? tp_fail_memory(err)
                                : tp_file_write(path, export->text.data, export->text.length, err);
    if (status == TP_OK) {
        *notes = export->notes.data;
        export->notes = (struct tp_text){0};
    }
    tp_text_release(&export->text);
    tp_text_release(&export->notes);
    return status;
}
