/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to a tree of nodes, by libyaml's event API (https://pyyaml.org/wiki/LibYAML).
 *
 * The events of a document nest, so the builder keeps a stack of open collections: a scalar or a new
 * collection is appended to the innermost one, and in a mapping every second node becomes the key of
 * the next. A node that is in the tree is owned by it; the key that waits for its value is owned by
 * its level of the stack. So at any failure the tree and the stack together hold everything.
 *
 * Invariants of a finished tree: at most DEPTH_MAX deep (so recursion over it is safe), keys of a
 * mapping differ, no value holds a NUL, every node but the root has a parent.
 *
 * Cost: O(bytes), plus O(n log n) for the keys of each mapping. */
#include "base/yaml_read.h"

#include "base/file.h"
#include "base/memory.h"

#include <yaml.h>

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define FILE_BYTES_MAX ((size_t)256 << 20)

struct tp_yaml {
    char *name; /* of the file, for messages */
    struct tp_yaml_node *root;
};

/* An open collection. */
struct level {
    struct tp_yaml_node *node;
    char *key; /* mapping: read, its value is still to come; else NULL */
    size_t key_line, key_column;
};

struct builder {
    yaml_parser_t parser;
    const char *text;
    size_t length;
    struct tp_yaml *yaml;
    struct level levels[DEPTH_MAX];
    size_t depth;
    bool begun; /* a document was seen */
    bool done;  /* the stream ended */
    struct tp_error *err;
};

static void free_node(struct tp_yaml_node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->count; i++) {
        free_node(node->items[i]);
        if (node->keys)
            free(node->keys[i]);
    }
    free(node->items);
    free(node->keys);
    free(node->key_lines);
    free(node->key_columns);
    free(node->value);
    free(node);
}

void tp_yaml_free(struct tp_yaml *yaml)
{
    if (!yaml)
        return;
    free_node(yaml->root);
    free(yaml->name);
    free(yaml);
}

const struct tp_yaml_node *tp_yaml_root(const struct tp_yaml *yaml)
{
    return yaml->root;
}

const char *tp_yaml_name(const struct tp_yaml *yaml)
{
    return yaml->name;
}

/* Fails at a place in the text, before there is a node to point at. */
static enum tp_status fail_at(struct builder *b, yaml_mark_t mark, const char *message)
{
    return tp_fail(b->err, TP_EINPUT, "%s:%zu:%zu: %s", b->yaml->name, mark.line + 1,
        mark.column + 1, message);
}

/* Bytes that are not UTF-8, or a character that YAML forbids: libyaml knows only the offset. */
static enum tp_status fail_reader(struct builder *b)
{
    size_t offset = b->parser.problem_offset;
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < offset && i < b->length; i++) {
        if (b->text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)b->text[i] & 0xc0) != 0x80) {
            column++; /* continuation bytes of UTF-8 do not count */
        }
    }
    return tp_fail(b->err, TP_EINPUT, "%s:%zu:%zu: found %s, expected UTF-8 text", b->yaml->name,
        line, column, b->parser.problem ? b->parser.problem : "unreadable bytes");
}

static enum tp_status fail_parser(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return tp_fail_memory(b->err);
    if (p->error == YAML_READER_ERROR)
        return fail_reader(b);
    const char *problem = p->problem ? p->problem : "syntax error";
    if (!p->context)
        return tp_fail(b->err, TP_EINPUT, "%s:%zu:%zu: not valid YAML: %s", b->yaml->name,
            p->problem_mark.line + 1, p->problem_mark.column + 1, problem);
    return tp_fail(b->err, TP_EINPUT, "%s:%zu:%zu: not valid YAML: %s, %s (line %zu, column %zu)",
        b->yaml->name, p->problem_mark.line + 1, p->problem_mark.column + 1, problem, p->context,
        p->context_mark.line + 1, p->context_mark.column + 1);
}

static bool grow(void *array, size_t count, size_t item_bytes)
{
    void **place = array;
    void *grown = tp_resize(*place, count, item_bytes);
    if (grown)
        *place = grown;
    return grown != NULL;
}

/* Room for one more item; the arrays double when the count reaches a power of two. */
static bool make_room(struct tp_yaml_node *parent)
{
    size_t count = parent->count;
    if (count & (count - 1))
        return true;
    size_t room = count ? 2 * count : 1;
    if (!grow(&parent->items, room, sizeof *parent->items))
        return false;
    if (parent->kind != TP_YAML_MAPPING)
        return true;
    return grow(&parent->keys, room, sizeof *parent->keys) &&
           grow(&parent->key_lines, room, sizeof *parent->key_lines) &&
           grow(&parent->key_columns, room, sizeof *parent->key_columns);
}

/* Hangs a node into the tree, which owns it from here on. */
static enum tp_status attach(struct builder *b, struct tp_yaml_node *node)
{
    if (b->depth == 0) {
        b->yaml->root = node;
        return TP_OK;
    }
    struct level *level = &b->levels[b->depth - 1];
    struct tp_yaml_node *parent = level->node;
    if (!make_room(parent)) {
        free_node(node);
        return tp_fail_memory(b->err);
    }
    size_t index = parent->count++;
    parent->items[index] = node;
    node->parent = parent;
    node->index = index;
    if (parent->kind == TP_YAML_MAPPING) {
        parent->keys[index] = level->key;
        parent->key_lines[index] = level->key_line;
        parent->key_columns[index] = level->key_column;
        node->key = level->key;
        level->key = NULL;
    }
    return TP_OK;
}

static enum tp_status new_node(struct builder *b, enum tp_yaml_kind kind, yaml_mark_t mark,
    char *value, struct tp_yaml_node **made)
{
    struct tp_yaml_node *node = TP_NEW(1, struct tp_yaml_node);
    if (!node) {
        free(value);
        return tp_fail_memory(b->err);
    }
    node->kind = kind;
    node->value = value;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    *made = node;
    return TP_OK;
}

static enum tp_status refuse_extras(
    struct builder *b, const yaml_char_t *anchor, const yaml_char_t *tag, yaml_mark_t mark)
{
    if (anchor)
        return fail_at(b, mark, "found an anchor (&), expected the value written out");
    if (tag)
        return fail_at(b, mark, "found a tag (!), expected a plain value");
    return TP_OK;
}

static bool expects_key(const struct builder *b)
{
    if (b->depth == 0)
        return false;
    const struct level *level = &b->levels[b->depth - 1];
    return level->node->kind == TP_YAML_MAPPING && !level->key;
}

static enum tp_status add_scalar(struct builder *b, const yaml_event_t *event)
{
    yaml_mark_t mark = event->start_mark;
    enum tp_status status =
        refuse_extras(b, event->data.scalar.anchor, event->data.scalar.tag, mark);
    if (status != TP_OK)
        return status;
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(text, '\0', length))
        return fail_at(b, mark, "found a NUL character, expected text without one");
    char *value = tp_copy_text(text, length);
    if (!value)
        return tp_fail_memory(b->err);
    if (expects_key(b)) {
        struct level *level = &b->levels[b->depth - 1];
        level->key = value;
        level->key_line = mark.line + 1;
        level->key_column = mark.column + 1;
        return TP_OK;
    }
    struct tp_yaml_node *node = NULL;
    status = new_node(b, TP_YAML_SCALAR, mark, value, &node);
    if (status != TP_OK)
        return status;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return attach(b, node);
}

static enum tp_status open_collection(struct builder *b, enum tp_yaml_kind kind, yaml_mark_t mark,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
    enum tp_status status = refuse_extras(b, anchor, tag, mark);
    if (status != TP_OK)
        return status;
    if (expects_key(b))
        return fail_at(b, mark, "found a list or a mapping as a key, expected a word");
    if (b->depth == DEPTH_MAX)
        return fail_at(b, mark, "found lists and mappings nested deeper than 32, expected fewer");
    struct tp_yaml_node *node = NULL;
    status = new_node(b, kind, mark, NULL, &node);
    if (status == TP_OK)
        status = attach(b, node);
    if (status == TP_OK)
        b->levels[b->depth++] = (struct level){.node = node};
    return status;
}

struct key_place {
    const char *key;
    size_t index;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key_place *x = a;
    const struct key_place *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Sorting finds equal keys side by side; of all repeats the first in the file is reported. */
static enum tp_status refuse_duplicates(struct builder *b, const struct tp_yaml_node *mapping)
{
    size_t count = mapping->count;
    struct key_place *places = TP_NEW(count, struct key_place);
    if (!places)
        return tp_fail_memory(b->err);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct key_place){mapping->keys[i], i};
    qsort(places, count, sizeof *places, compare_keys);
    size_t again = SIZE_MAX;
    size_t first = 0;
    for (size_t i = 1; i < count; i++) {
        if (places[i].index < again && !strcmp(places[i - 1].key, places[i].key)) {
            again = places[i].index;
            first = places[i - 1].index;
        }
    }
    free(places);
    if (again == SIZE_MAX)
        return TP_OK;
    return tp_yaml_fail_key(b->yaml, mapping, again, b->err,
        "found the key a second time (first in line %zu), expected it once",
        mapping->key_lines[first]);
}

static enum tp_status close_collection(struct builder *b)
{
    const struct tp_yaml_node *node = b->levels[--b->depth].node;
    return node->kind == TP_YAML_MAPPING ? refuse_duplicates(b, node) : TP_OK;
}

static enum tp_status begin_document(struct builder *b, const yaml_event_t *event)
{
    if (b->begun)
        return fail_at(b, event->start_mark, "found a second document, expected one per file");
    b->begun = true;
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end)
        return fail_at(b, event->start_mark, "found a %TAG directive, expected none");
    return TP_OK;
}

static enum tp_status take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(b, event);
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(b, TP_YAML_SEQUENCE, event->start_mark,
            event->data.sequence_start.anchor, event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_collection(b, TP_YAML_MAPPING, event->start_mark,
            event->data.mapping_start.anchor, event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_collection(b);
    case YAML_ALIAS_EVENT:
        return fail_at(b, event->start_mark, "found an alias (*), expected the value written out");
    case YAML_STREAM_END_EVENT:
        b->done = true;
        return TP_OK;
    default:
        return TP_OK;
    }
}

static enum tp_status build(struct builder *b)
{
    enum tp_status status = TP_OK;
    while (status == TP_OK && !b->done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event))
            return fail_parser(b);
        status = take_event(b, &event);
        yaml_event_delete(&event);
    }
    if (status == TP_OK && !b->yaml->root)
        return tp_fail(
            b->err, TP_EINPUT, "%s:1:1: found an empty file, expected a mapping", b->yaml->name);
    return status;
}

enum tp_status tp_yaml_parse(
    const char *text, size_t length, const char *name, struct tp_yaml **yaml, struct tp_error *err)
{
    struct builder b = {.text = text, .length = length, .err = err};
    enum tp_status status = TP_OK;
    b.yaml = TP_NEW(1, struct tp_yaml);
    if (!b.yaml)
        return tp_fail_memory(err);
    b.yaml->name = tp_copy_text(name, strlen(name));
    if (!b.yaml->name || !yaml_parser_initialize(&b.parser)) {
        status = tp_fail_memory(err);
        goto out;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, length);
    status = build(&b);
    yaml_parser_delete(&b.parser);
    for (size_t i = 0; i < DEPTH_MAX; i++)
        free(b.levels[i].key);
    if (status == TP_OK) {
        *yaml = b.yaml;
        b.yaml = NULL;
    }

out:
    tp_yaml_free(b.yaml);
    return status;
}

enum tp_status tp_yaml_load(const char *path, struct tp_yaml **yaml, struct tp_error *err)
{
    char *data = NULL;
    size_t length = 0;
    enum tp_status status = tp_file_read(path, FILE_BYTES_MAX, &data, &length, err);
    if (status == TP_OK)
        status = tp_yaml_parse(data, length, path, yaml, err);
    free(data);
    return status;
}
