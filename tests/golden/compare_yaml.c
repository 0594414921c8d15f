/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two YAML files: the same structure, keys and text exactly; numbers with a '.' to 1e-6.
 * Comments do not count. Prints the first difference and exits 1, or exits 0. Uses libyaml directly and
 * nothing of the library under test. */
#include <yaml.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load(const char *path, yaml_document_t *document)
{
    yaml_parser_t parser;
    FILE *file = fopen(path, "rb");
    if (!file || !yaml_parser_initialize(&parser)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 0;
    }
    yaml_parser_set_input_file(&parser, file);
    int loaded = yaml_parser_load(&parser, document);
    if (!loaded)
        fprintf(stderr, "%s:%zu: %s\n", path, parser.problem_mark.line + 1, parser.problem);
    yaml_parser_delete(&parser);
    fclose(file);
    return loaded;
}

static int same_scalar(const char *a, const char *b)
{
    char *end_a, *end_b;
    if (strcmp(a, b) == 0)
        return 1;
    if (!strchr(a, '.') || !strchr(b, '.'))
        return 0;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    return !*end_a && !*end_b && fabs(x - y) <= 1e-6 * fmax(1e-300, fmax(fabs(x), fabs(y)));
}

struct pair {
    yaml_document_t *a, *b;
};

static int same(struct pair d, int i, int j)
{
    yaml_node_t *a = yaml_document_get_node(d.a, i), *b = yaml_document_get_node(d.b, j);
    int equal = a->type == b->type;
    if (equal && a->type == YAML_SCALAR_NODE) {
        equal = same_scalar((char *)a->data.scalar.value, (char *)b->data.scalar.value);
    } else if (equal && a->type == YAML_SEQUENCE_NODE) {
        yaml_node_item_t *p = a->data.sequence.items.start, *q = b->data.sequence.items.start;
        equal = a->data.sequence.items.top - p == b->data.sequence.items.top - q;
        for (; equal && p < a->data.sequence.items.top; p++, q++)
            if (!same(d, *p, *q))
                return 0;
    } else if (equal) {
        yaml_node_pair_t *p = a->data.mapping.pairs.start, *q = b->data.mapping.pairs.start;
        equal = a->data.mapping.pairs.top - p == b->data.mapping.pairs.top - q;
        for (; equal && p < a->data.mapping.pairs.top; p++, q++)
            if (!same(d, p->key, q->key) || !same(d, p->value, q->value))
                return 0;
    }
    if (!equal)
        fprintf(stderr, "line %zu and line %zu differ: %s, %s\n", a->start_mark.line + 1,
            b->start_mark.line + 1,
            a->type == YAML_SCALAR_NODE ? (char *)a->data.scalar.value : "(list or mapping)",
            b->type == YAML_SCALAR_NODE ? (char *)b->data.scalar.value : "(list or mapping)");
    return equal;
}

int main(int argc, char **argv)
{
    yaml_document_t a, b;
    if (argc != 3 || !load(argv[1], &a))
        return 2;
    if (!load(argv[2], &b)) {
        yaml_document_delete(&a);
        return 2;
    }
    int equal = same((struct pair){&a, &b}, 1, 1);
    yaml_document_delete(&a);
    yaml_document_delete(&b);
    return equal ? 0 : 1;
}
