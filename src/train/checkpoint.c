/* SPDX-License-Identifier: Apache-2.0 */
/* Which checkpoint is whole, and of which run it is: checkpoint.json,
 *
 *   {"towerpart_checkpoint": 1, "step": 300, "ranks": 4, "facts": {"mode": "sptt", ...}}
 *
 * It is written when the files of all ranks are on the disk, and renamed into place, so it names
 * the new checkpoint or the one before, whose files are removed after that. Facts are compared as
 * texts, each by name, and the list of names too: a run knows what it must have in common with the
 * one that it goes on from. */
#include "train/checkpoint.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unicode.h"
#include "import/json_read.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "checkpoint.json"
#define VERSION 1

/* As JSON holds it: bytes that are not UTF-8 are '?'. Caller frees; NULL: no memory. */
static char *clean(const char *value)
{
    char *copy = tp_copy_text(value, strlen(value));
    if (copy)
        tp_utf8_clean(copy, "");
    return copy;
}

/* Caller releases; NULL: no memory. */
static json_t *facts_of(const struct tp_fact *facts, int32_t fact_count)
{
    json_t *object = json_object();
    bool failed = !object;
    for (int32_t i = 0; !failed && i < fact_count; i++) {
        char *value = clean(facts[i].value);
        failed = !value || json_object_set_new(object, facts[i].name, json_string(value));
        free(value);
    }
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}

/* The text of the file. Caller frees; NULL: no memory. */
static char *format_checkpoint(
    int64_t step, int32_t rank_count, const struct tp_fact *facts, int32_t fact_count)
{
    char *text = NULL;
    json_t *root = json_pack("{s:i, s:I, s:i, s:o*}", "towerpart_checkpoint", VERSION, "step",
        (json_int_t)step, "ranks", (int)rank_count, "facts", facts_of(facts, fact_count));
    if (root && json_object_get(root, "facts"))
        text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}

enum tp_status tp_checkpoint_publish(const char *dir, int64_t step, int32_t rank_count,
    const struct tp_fact *facts, int32_t fact_count, struct tp_error *err)
{
    struct tp_file_out *out = NULL;
    char *path = tp_path_join(dir, NAME);
    char *text = format_checkpoint(step, rank_count, facts, fact_count);
    enum tp_status status = path && text ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_file_out_open(path, &out, err);
    if (!status)
        status = tp_file_out_add(out, text, strlen(text), err);
    if (!status)
        status = tp_file_out_add(out, "\n", 1, err);
    if (!status)
        status = tp_file_out_sync(out, err);
    status = tp_file_out_end(out, status, err);
    if (!status)
        status = tp_folder_sync(dir, err); /* before anybody removes the old files */
    free(text);
    free(path);
    return status;
}

static enum tp_status check_keys(const struct tp_json *json)
{
    static const char *const known[] = {"towerpart_checkpoint", "step", "ranks", "facts"};
    const char *key;
    json_t *value;
    json_object_foreach(json->root, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found = found || !strcmp(key, known[i]);
        if (!found)
            return tp_json_fail(json, "",
                "found the key '%s', expected towerpart_checkpoint, step, ranks and facts", key);
    }
    return TP_OK;
}

/* The step of the file, and the ranks that it was written by. */
static enum tp_status read_head(const struct tp_json *json, int64_t *step, int64_t *ranks)
{
    int64_t version;
    const json_t *root = json->root;
    enum tp_status status =
        tp_json_expect_object(json, "", "", root, "an object with towerpart_checkpoint in it");
    if (!status)
        status = tp_json_read_integer(json, "", "towerpart_checkpoint",
            json_object_get(root, "towerpart_checkpoint"), VERSION, VERSION, &version);
    if (!status)
        status = check_keys(json);
    if (!status)
        status = tp_json_read_integer(
            json, "", "step", json_object_get(root, "step"), 0, INT64_MAX - 1, step);
    if (!status)
        status = tp_json_read_integer(
            json, "", "ranks", json_object_get(root, "ranks"), 1, INT32_MAX, ranks);
    if (!status)
        status = tp_json_expect_object(
            json, "", "facts", json_object_get(root, "facts"), "what the run was");
    return status;
}

static enum tp_status compare_fact(const struct tp_json *json, const struct tp_fact *fact)
{
    const char *saved;
    enum tp_status status = tp_json_read_text(json, "facts", fact->name,
        json_object_get(json_object_get(json->root, "facts"), fact->name), &saved);
    if (status)
        return status;
    char *now = clean(fact->value);
    if (!now)
        return tp_fail_memory(json->err);
    if (strcmp(saved, now) != 0)
        status = tp_json_fail(json, "",
            "%s differs: found '%s', expected '%s' as this run has it; resume with what the "
            "checkpoint has, or begin anew in another folder",
            fact->name, saved, now);
    free(now);
    return status;
}

static enum tp_status compare(const struct tp_json *json, int64_t ranks, int32_t rank_count,
    const struct tp_fact *facts, int32_t fact_count)
{
    if (ranks != rank_count)
        return tp_json_fail(json, "",
            "number of ranks differs: found %" PRId64 ", expected %" PRId32 " as this run has",
            ranks, rank_count);
    enum tp_status status = TP_OK;
    for (int32_t i = 0; !status && i < fact_count; i++)
        status = compare_fact(json, &facts[i]);
    size_t saved = json_object_size(json_object_get(json->root, "facts"));
    if (!status && saved != (size_t)fact_count)
        status = tp_json_fail(json, "facts",
            "found %zu, expected the %" PRId32 " that this version compares", saved, fact_count);
    return status;
}

enum tp_status tp_checkpoint_find(const char *dir, int32_t rank_count, const struct tp_fact *facts,
    int32_t fact_count, int64_t *step, struct tp_error *err)
{
    struct tp_json json = {0};
    int64_t saved, ranks;
    char *path = tp_path_join(dir, NAME);
    if (!path)
        return tp_fail_memory(err);
    enum tp_status status = TP_OK;
    if (access(path, F_OK))
        status = tp_fail(err, TP_EINPUT,
            "%s: holds no checkpoint to resume from, expected a file " NAME " in it", dir);
    if (!status)
        status = tp_json_load(path, &json, err);
    if (!status)
        status = read_head(&json, &saved, &ranks);
    if (!status)
        status = compare(&json, ranks, rank_count, facts, fact_count);
    if (!status)
        *step = saved;
    tp_json_release(&json);
    free(path);
    return status;
}

enum tp_status tp_checkpoint_vacant(const char *dir, struct tp_error *err)
{
    char *path = tp_path_join(dir, NAME);
    if (!path)
        return tp_fail_memory(err);
    enum tp_status status = TP_OK;
    if (access(path, F_OK) == 0)
        status = tp_fail(err, TP_EINPUT,
            "%s: holds a checkpoint already, expected none: --resume goes on from it; a new run "
            "wants "
            "another folder",
            dir);
    free(path);
    return status;
}
