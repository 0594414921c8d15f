/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run on a sample plan, as the trainer prints it. */
#ifndef RUN_END_H
#define RUN_END_H

#include "sample_plan.h"
#include "scratch.h"

#include "base/text.h"

#include <jansson.h>

#define PLAN_SHA256 "aaaabbbbccccdddd"

/* Phases of a run on a sample plan: 0.5, 0.75 and 2 times as long as predicted, bytes too. */
static inline json_t *phases_of(const struct sample *s, int mode)
{
    json_t *phases = json_object();
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        const struct tp_phase_cost *phase = &s->plan.cost.modes[mode].phases[p];
        if (!phase->present)
            continue;
        json_t *entry = json_pack("{s:{s:f, s:f, s:f}}", "seconds", "min", 0.5 * phase->seconds,
            "median", 0.75 * phase->seconds, "max", 2 * phase->seconds);
        if (phase->moves)
            json_object_set_new(entry, "bytes",
                json_pack("{s:I, s:f}", "host", (json_int_t)phase->bytes[0], "cluster",
                    (double)phase->bytes[1]));
        json_object_set_new(phases, tp_phase_name((enum tp_phase)p), entry);
    }
    return phases;
}

/* The end of such a run: a step takes 24 ms; rank r looks up 5 (r + 1) MB and gets 4000 + 2 r bytes
 * of ids. */
static inline json_t *end_of(const struct sample *s, int mode)
{
    json_t *ranks = json_array();
    for (int r = 0; r < s->plan.rank_count; r++)
        json_array_append_new(ranks, json_pack("{s:i, s:f, s:i, s:f}", "rank", r, "ids", 100.5 + r,
                                         "id_bytes", 4000 + 2 * r, "lookup_bytes", 5e6 * (r + 1)));
    return json_pack(
        "{s:b, s:{s:s, s:s}, s:s, s:i, s:i, s:i, s:I, s:i, s:i, s:f, s:f, s:f, s:f, s:i, s:i, "
        "s:{s:i, s:i, s:f, s:f, s:f}, s:o, s:o}",
        "final", 1, "plan", "file", "plan.yaml", "sha256", PLAN_SHA256, "mode",
        tp_mode_name((enum tp_mode)mode), "ranks", (int)s->plan.rank_count, "hosts", 2, "batch",
        4096, "seed", (json_int_t)7, "first_step", 3, "last_step", 202, "seconds", 5.25,
        "step_seconds", 0.024, "samples_per_s", 170666.5, "loss", 0.4375, "skipped", 9,
        "hashed_tables", 2, "held_out", "samples", 1000, "clicks", 250, "logloss", 0.5,
        "normalised_entropy", 0.875, "auc", 0.75, "phases", phases_of(s, mode), "rank_loads",
        ranks);
}

#define STEP "{\"step\": 1, \"loss\": 0.6, \"samples_per_s\": 1.5, \"phases\": {}}\n"

/* Puts a file of two steps and that end, which it releases. */
static inline void put_run(const char *name, json_t *end)
{
    char *line = json_dumps(end, JSON_COMPACT);
    struct tp_text text = {0};
    tp_text_add(&text, STEP STEP "%s\n", line);
    put_text(name, text.data);
    tp_text_release(&text);
    free(line);
    json_decref(end);
}

/* Puts something else in the place of a value; nothing: NULL. */
static inline void replace(json_t *root, const char *path, const char *value)
{
    char copy[64], *key, *next;
    json_t *parent = root, *with = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    ck_assert(!value || with);
    snprintf(copy, sizeof copy, "%s", path);
    for (key = strtok(copy, "/"); (next = strtok(NULL, "/")) != NULL; key = next)
        parent = json_is_array(parent) ? json_array_get(parent, strtoul(key, NULL, 10))
                                       : json_object_get(parent, key);
    ck_assert_ptr_nonnull(parent);
    if (json_is_array(parent))
        ck_assert_int_eq(json_array_set_new(parent, strtoul(key, NULL, 10), with), 0);
    else if (with)
        ck_assert_int_eq(json_object_set_new(parent, key, with), 0);
    else
        ck_assert_int_eq(json_object_del(parent, key), 0);
}

#endif
