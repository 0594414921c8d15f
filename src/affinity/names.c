/* SPDX-License-Identifier: Apache-2.0 */
/* Matches the features that a file lists with those of the model. The model's names are sorted once
 * and every name of the file is looked up in them. All extra names are collected before the error
 * is made, then all missing ones, so that one run shows the whole difference. */
#include "affinity/names.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define LISTED_MAX 10 /* names in one message */

struct entry {
    const char *name;
    int32_t feature;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static struct entry *sorted_features(const struct tp_model *model)
{
    struct entry *entries = TP_NEW(model->feature_count, struct entry);
    if (!entries)
        return NULL;
    for (int32_t i = 0; i < model->feature_count; i++)
        entries[i] = (struct entry){model->features[i].name, i};
    qsort(entries, (size_t)model->feature_count, sizeof *entries, by_name);
    return entries;
}

/* "a, b, c and 12 more" */
struct name_list {
    struct tp_text text;
    int32_t count;
};

static void list_name(struct name_list *list, const char *name)
{
    if (list->count++ < LISTED_MAX)
        tp_text_add(&list->text, "%s'%s'", list->text.length ? ", " : "", name);
}

static enum tp_status fail_list(
    struct tp_error *err, const char *file, const char *what, struct name_list *list)
{
    if (list->count > LISTED_MAX)
        tp_text_add(&list->text, " and %d more", list->count - LISTED_MAX);
    if (list->text.failed)
        return tp_fail_memory(err);
    return tp_fail(err, TP_EINPUT, "%s: %s: %s", file, what, list->text.data);
}

/* found[i]: place of feature i in the file, + 1; 0: it is not there. Names of no feature are listed. */
static enum tp_status find_names(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t *found, struct name_list *extra, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    struct entry *entries = sorted_features(model);
    if (!entries)
        return tp_fail_memory(err);
    for (int32_t i = 0; !status && i < count; i++) {
        struct entry key = {names[i], 0}, *entry = bsearch(&key, entries,
                                              (size_t)model->feature_count, sizeof key, by_name);
        if (!entry)
            list_name(extra, names[i]);
        else if (found[entry->feature])
            status = tp_fail(err, TP_EINPUT, "%s: feature '%s' is there twice", file, names[i]);
        else
            found[entry->feature] = i + 1;
    }
    free(entries);
    return status;
}

/* @param extra_max  names of no feature that are passed over. */
static enum tp_status match(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t missing_max, int32_t extra_max, int32_t *column,
    struct tp_error *err)
{
    enum tp_status status;
    struct name_list extra = {0}, missing = {0};
    int32_t *found = TP_NEW(model->feature_count, int32_t);
    if (!found)
        return tp_fail_memory(err);
    status = find_names(file, names, count, model, found, &extra, err);
    for (int32_t i = 0; i < model->feature_count; i++) {
        if (!found[i])
            list_name(&missing, model->features[i].name);
    }
    if (!status && missing.count > missing_max)
        status = fail_list(err, file, "features of the model that are missing", &missing);
    else if (!status && extra.count > extra_max)
        status = fail_list(err, file, "features that the model does not have", &extra);
    for (int32_t i = 0; !status && i < model->feature_count; i++)
        column[i] = found[i] - 1;
    tp_text_release(&missing.text);
    tp_text_release(&extra.text);
    free(found);
    return status;
}

enum tp_status tp_names_match(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t *column, struct tp_error *err)
{
    return match(file, names, count, model, 0, 0, column, err);
}

enum tp_status tp_names_match_some(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t *column, struct tp_error *err)
{
    return match(file, names, count, model, model->feature_count - 1, 0, column, err);
}

enum tp_status tp_names_match_known(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t *column, struct tp_error *err)
{
    return match(file, names, count, model, model->feature_count - 1, count, column, err);
}
