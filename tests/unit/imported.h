/* SPDX-License-Identifier: Apache-2.0 */
/* Plans exported as TorchRec JSON and imported again, with edits between. */
#ifndef TESTS_UNIT_IMPORTED_H
#define TESTS_UNIT_IMPORTED_H

#include <towerpart/export.h>
#include <towerpart/import.h>

#include "scratch.h"
#include "small_plan.h"
#include "spec_text.h"

/* The JSON of a plan, with or without the section "towers"; its notes are dropped. Caller frees. */
static inline char *json_of(const struct tp_plan *plan, int with_towers)
{
    size_t length;
    char *notes;
    struct tp_error err;
    ck_ok(tp_export_torchrec(plan, in_scratch("exported.json"), &notes, &err), err);
    free(notes);
    char *text = get_file("exported.json", &length);
    char *towers = strstr(text, ",\n\"towers\"");
    ck_assert_ptr_nonnull(towers);
    if (!with_towers)
        strcpy(towers, "}\n");
    return text;
}

/* Imports a text for the model and topology of a plan. */
static inline enum tp_status import_text(const char *text, const struct tp_plan *specs,
    struct tp_plan **plan, char **notes, struct tp_error *err)
{
    put_text("plan.json", text);
    *plan = NULL;
    *notes = NULL;
    return tp_import_torchrec_plan(
        in_scratch("plan.json"), specs->model, specs->topology, NULL, notes, plan, err);
}

/* The same that must succeed; its notes are dropped. */
static inline struct tp_plan *imported(const char *text, const struct tp_plan *specs)
{
    struct tp_plan *plan;
    char *notes;
    struct tp_error err;
    ck_ok(import_text(text, specs, &plan, &notes, &err), err);
    free(notes);
    return plan;
}

/* What check finds, as the plan is and after writing and reading it: exactly these (NULL-terminated)
 * beginnings of lines. */
static inline void ck_findings(const struct tp_plan *plan, const char *const *lines)
{
    char *text = text_of(plan);
    struct tp_plan *loaded = plan_of(text);
    for (int pass = 0; pass < 2; pass++) {
        struct tp_findings found = {0};
        struct tp_error err;
        int32_t i = 0;
        ck_ok(tp_plan_check(pass ? loaded : plan, NULL, NULL, &found, &err), err);
        for (; lines[i] && i < found.count; i++)
            ck_assert_msg(!strncmp(found.lines[i], lines[i], strlen(lines[i])),
                "found '%s', expected '%s'", found.lines[i], lines[i]);
        ck_assert_msg(!lines[i], "not found: %s", lines[i]);
        ck_assert_msg(i == found.count, "found too: %s", found.lines[i]);
        tp_findings_release(&found);
    }
    tp_plan_free(loaded);
    free(text);
}

static inline void same_placement(const struct tp_plan *a, const struct tp_plan *b)
{
    ck_assert_int_eq(a->topology->hosts_per_tower, b->topology->hosts_per_tower);
    ck_assert_int_eq(a->table_count, b->table_count);
    for (int32_t i = 0; i < a->table_count; i++) {
        const struct tp_table_placement *x = &a->tables[i].place, *y = &b->tables[i].place;
        ck_assert_str_eq(a->tables[i].name, b->tables[i].name);
        ck_assert_int_eq(x->tower, y->tower);
        ck_assert_int_eq(x->sharding, y->sharding);
        ck_assert_int_eq(x->shard_count, y->shard_count);
        for (int32_t s = 0; s < x->shard_count; s++) {
            ck_assert_int_eq(x->shards[s].rank, y->shards[s].rank);
            ck_assert_int_eq(x->shards[s].row, y->shards[s].row);
            ck_assert_int_eq(x->shards[s].rows, y->shards[s].rows);
            ck_assert_int_eq(x->shards[s].column, y->shards[s].column);
            ck_assert_int_eq(x->shards[s].columns, y->shards[s].columns);
        }
    }
    ck_assert_int_eq(a->tower_count, b->tower_count);
    for (int32_t t = 0; t < a->tower_count; t++) {
        ck_assert_int_eq(a->towers[t].feature_count, b->towers[t].feature_count);
        for (int32_t f = 0; f < a->towers[t].feature_count; f++)
            ck_assert_str_eq(a->towers[t].features[f], b->towers[t].features[f]);
    }
}

#endif
