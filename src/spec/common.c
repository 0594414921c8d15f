/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that both specs need. In: nodes of a document. Out: copies of names, or an error that says
 * where. A key of another tool's file that asks for something this program does not do is refused
 * with the reason, so that nobody believes it was honoured.
 *
 * Cost: O(n log n) for n names; everything else is linear. */
#include "spec/common.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const struct tp_refusal *find_refusal(const struct tp_refusal *refused, const char *key)
{
    for (; refused->key; refused++) {
        size_t length = strlen(refused->key);
        bool prefix = refused->key[length - 1] == '*';
        if (prefix ? !strncmp(refused->key, key, length - 1) : !strcmp(refused->key, key))
            return refused;
    }
    return NULL;
}

enum tp_status tp_spec_mapping(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    const char *const *known_keys, const struct tp_refusal *refused, struct tp_error *err)
{
    if (node->kind == TP_YAML_MAPPING) {
        for (size_t i = 0; i < node->count; i++) {
            const struct tp_refusal *refusal = find_refusal(refused, node->keys[i]);
            if (refusal)
                return tp_yaml_fail_key(yaml, node, i, err,
                    "found a key that cannot be honoured, expected none: %s", refusal->what);
        }
    }
    return tp_yaml_expect_mapping(yaml, node, known_keys, err);
}

/* Before anything else is looked at: a later version may have other keys. */
enum tp_status tp_spec_version(const struct tp_yaml *yaml, const struct tp_yaml_node *root,
    const char *key, struct tp_error *err)
{
    char found[TP_YAML_FOUND_BYTES];
    if (root->kind != TP_YAML_MAPPING) {
        tp_yaml_found(root, found);
        return tp_yaml_fail(
            yaml, root, err, "found %s, expected a mapping that begins with %s: 1", found, key);
    }
    const struct tp_yaml_node *node;
    enum tp_status status =
        tp_yaml_need(yaml, root, key, "1, the version of the format", &node, err);
    if (status != TP_OK)
        return status;
    if (node->kind == TP_YAML_SCALAR && !node->quoted && !strcmp(node->value, "1"))
        return TP_OK;
    tp_yaml_found(node, found);
    return tp_yaml_fail(yaml, node, err,
        "found %s, expected 1, the only version of the format that this program reads", found);
}

/* C0, DEL, and C1, which UTF-8 writes as 0xC2 0x80..0x9F. */
static bool has_control(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] <= 0x9f))
            return true;
    return false;
}

const char *tp_name_problem(const char *name)
{
    if (!*name)
        return "an empty text, expected a name";
    if (strlen(name) > TP_NAME_BYTES_MAX)
        return "a name that is too long, expected at most 255 bytes";
    return has_control(name) ? "a control character, expected a name without any" : NULL;
}

enum tp_status tp_spec_name(
    const struct tp_yaml *yaml, const struct tp_yaml_node *node, char **copy, struct tp_error *err)
{
    const char *name;
    enum tp_status status = tp_yaml_as_text(yaml, node, &name, err);
    if (status != TP_OK)
        return status;
    size_t length = strlen(name);
    if (length > TP_NAME_BYTES_MAX)
        return tp_yaml_fail(yaml, node, err, "found a name of %zu bytes, expected at most %d",
            length, TP_NAME_BYTES_MAX);
    if (has_control(name))
        return tp_yaml_fail(
            yaml, node, err, "found a control character, expected a name without any");
    char *made = tp_copy_text(name, length);
    if (!made)
        return tp_fail_memory(err);
    *copy = made;
    return TP_OK;
}

enum tp_status tp_spec_name_key(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    const char *key, char **copy, struct tp_error *err)
{
    const struct tp_yaml_node *node;
    enum tp_status status =
        tp_yaml_need(yaml, mapping, key, "a text that is not empty", &node, err);
    return status == TP_OK ? tp_spec_name(yaml, node, copy, err) : status;
}

enum tp_status tp_spec_key_name(const struct tp_yaml *yaml, const struct tp_yaml_node *mapping,
    size_t entry, char **copy, struct tp_error *err)
{
    const char *name = mapping->keys[entry];
    size_t length = strlen(name);
    if (length == 0 || length > TP_NAME_BYTES_MAX || has_control(name))
        return tp_yaml_fail_key(yaml, mapping, entry, err,
            "found a key of %zu bytes, expected a name of 1 to %d without control characters",
            length, TP_NAME_BYTES_MAX);
    char *made = tp_copy_text(name, length);
    if (!made)
        return tp_fail_memory(err);
    *copy = made;
    return TP_OK;
}

static int compare_places(const void *a, const void *b)
{
    const struct tp_name_place *x = a;
    const struct tp_name_place *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

enum tp_status tp_spec_sort_names(const struct tp_yaml *yaml, struct tp_name_place *places,
    int32_t count, const char *what, struct tp_error *err)
{
    qsort(places, (size_t)count, sizeof *places, compare_places);
    const struct tp_name_place *again = NULL;
    for (int32_t i = 1; i < count; i++)
        if (!strcmp(places[i - 1].name, places[i].name) &&
            (!again || places[i].index < again->index))
            again = &places[i];
    if (!again)
        return TP_OK;
    return tp_yaml_fail(yaml, again->node, err,
        "found the %s '%s' a second time (first in line %zu), expected every name once", what,
        again->name, again[-1].node->line);
}

int32_t tp_spec_find_name(const struct tp_name_place *places, int32_t count, const char *name)
{
    int32_t low = 0;
    int32_t high = count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        int order = strcmp(places[middle].name, name);
        if (order == 0)
            return places[middle].index;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}
