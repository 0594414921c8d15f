/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's own way into a YAML file: libyaml's document API, and getters that complain when what
 * they were asked for is not there. A getter that complained returns 0, "" or NULL, all of which
 * the others take without harm, so a reader need not test every step. */
#ifndef PROPERTY_YAML_VIEW_H
#define PROPERTY_YAML_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <yaml.h>

#include "complaints.h"

struct yaml_view {
    yaml_document_t document;
    struct complaints *complaints; /* borrowed */
};

/* Reads the one document of a file. @return false, after a complaint, when there is none. */
bool yaml_view_open(struct yaml_view *view, const char *path, struct complaints *complaints);
void yaml_view_close(struct yaml_view *view);

yaml_node_t *view_root(struct yaml_view *view);

/* Value of a key; find: NULL when absent, get: complains too. A key given twice is a complaint. */
yaml_node_t *view_find(struct yaml_view *view, yaml_node_t *map, const char *key);
yaml_node_t *view_get(struct yaml_view *view, yaml_node_t *map, const char *key);

int view_count(struct yaml_view *view, yaml_node_t *list); /* items; complains when it is no list */
yaml_node_t *view_item(struct yaml_view *view, yaml_node_t *list, int index);

const char *view_text(struct yaml_view *view, yaml_node_t *scalar);
int64_t view_integer(struct yaml_view *view, yaml_node_t *scalar);
double view_real(struct yaml_view *view, yaml_node_t *scalar);

/* The same by key. */
const char *view_get_text(struct yaml_view *view, yaml_node_t *map, const char *key);
int64_t view_get_integer(struct yaml_view *view, yaml_node_t *map, const char *key);
int view_get_int(struct yaml_view *view, yaml_node_t *map, const char *key);
double view_get_real(struct yaml_view *view, yaml_node_t *map, const char *key);

/* Index of the scalar's text in a list of names; complains and returns 0 when it is none of them.
 * */
int view_choice(struct yaml_view *view, yaml_node_t *scalar, const char *const *names, int count);

#endif
