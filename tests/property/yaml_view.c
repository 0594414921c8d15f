/* SPDX-License-Identifier: Apache-2.0 */
/* Reading YAML for the judge. Cost of a key is linear in its mapping: plans are small here. */
#include "yaml_view.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool yaml_view_open(struct yaml_view *view, const char *path, struct complaints *complaints)
{
    yaml_parser_t parser;
    bool loaded = false;
    FILE *file = fopen(path, "rb");
    memset(view, 0, sizeof *view);
    view->complaints = complaints;
    if (!file) {
        complain(complaints, "cannot open the file");
        return false;
    }
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_file(&parser, file);
    if (!yaml_parser_load(&parser, &view->document))
        complain(complaints, "not YAML: %s at line %zu", parser.problem ? parser.problem : "?",
            parser.problem_mark.line + 1);
    else if (!(loaded = yaml_document_get_root_node(&view->document) != NULL))
        complain(complaints, "the file is empty");
    if (!loaded)
        yaml_document_delete(&view->document);
    yaml_parser_delete(&parser);
    fclose(file);
    return loaded;
}

void yaml_view_close(struct yaml_view *view)
{
    yaml_document_delete(&view->document);
}

yaml_node_t *view_root(struct yaml_view *view)
{
    return yaml_document_get_root_node(&view->document);
}

static bool is_key(struct yaml_view *view, const yaml_node_pair_t *pair, const char *key)
{
    const yaml_node_t *node = yaml_document_get_node(&view->document, pair->key);
    return node && node->type == YAML_SCALAR_NODE &&
           !strcmp((const char *)node->data.scalar.value, key);
}

yaml_node_t *view_find(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    yaml_node_t *found = NULL;
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        if (!is_key(view, p, key))
            continue;
        if (found)
            complain(view->complaints, "key %s is given twice", key);
        found = yaml_document_get_node(&view->document, p->value);
    }
    return found;
}

yaml_node_t *view_get(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    yaml_node_t *found = view_find(view, map, key);
    if (!found)
        complain(view->complaints, "key %s is missing near line %zu", key,
            map ? map->start_mark.line + 1 : 0);
    return found;
}

int view_count(struct yaml_view *view, yaml_node_t *list)
{
    if (!list || list->type != YAML_SEQUENCE_NODE) {
        complain(view->complaints, "expected a list near line %zu",
            list ? list->start_mark.line + 1 : 0);
        return 0;
    }
    return (int)(list->data.sequence.items.top - list->data.sequence.items.start);
}

yaml_node_t *view_item(struct yaml_view *view, yaml_node_t *list, int index)
{
    return yaml_document_get_node(&view->document, list->data.sequence.items.start[index]);
}

const char *view_text(struct yaml_view *view, yaml_node_t *scalar)
{
    if (!scalar || scalar->type != YAML_SCALAR_NODE) {
        complain(view->complaints, "expected a scalar near line %zu",
            scalar ? scalar->start_mark.line + 1 : 0);
        return "";
    }
    return (const char *)scalar->data.scalar.value;
}

int64_t view_integer(struct yaml_view *view, yaml_node_t *scalar)
{
    const char *text = view_text(view, scalar);
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!*text || *end || errno) {
        complain(view->complaints, "expected an integer, found '%s'", text);
        return 0;
    }
    return value;
}

double view_real(struct yaml_view *view, yaml_node_t *scalar)
{
    const char *text = view_text(view, scalar);
    char *end;
    double value = strtod(text, &end);
    if (!*text || *end || !isfinite(value)) {
        complain(view->complaints, "expected a finite number, found '%s'", text);
        return 0;
    }
    return value;
}

const char *view_get_text(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    return view_text(view, view_get(view, map, key));
}

int64_t view_get_integer(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    return view_integer(view, view_get(view, map, key));
}

int view_get_int(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    int64_t value = view_get_integer(view, map, key);
    if (value < INT32_MIN || value > INT32_MAX) {
        complain(view->complaints, "%s is out of range: %lld", key, (long long)value);
        return 0;
    }
    return (int)value;
}

double view_get_real(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    return view_real(view, view_get(view, map, key));
}

int view_choice(struct yaml_view *view, yaml_node_t *scalar, const char *const *names, int count)
{
    const char *text = view_text(view, scalar);
    for (int i = 0; i < count; i++)
        if (!strcmp(text, names[i]))
            return i;
    complain(view->complaints, "'%s' is none of %s, ...", text, names[0]);
    return 0;
}
