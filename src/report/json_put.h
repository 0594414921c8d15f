/* SPDX-License-Identifier: Apache-2.0 */
/* Building a JSON object with jansson; the first failure sticks. Only report/ includes jansson here. */
#ifndef TP_REPORT_JSON_PUT_H
#define TP_REPORT_JSON_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/topology.h>

#include "base/text.h"
#include "report/view.h"

#include <jansson.h>

struct tp_json {
    bool failed; /* out of memory */
};

/* key NULL: the parent is an array, to which the value is appended. */
json_t *tp_json_object(struct tp_json *json, json_t *parent, const char *key);
json_t *tp_json_array(struct tp_json *json, json_t *parent, const char *key);
/* Text that is not UTF-8 gets '?' for its bytes outside ASCII; NULL is null. */
void tp_json_text(struct tp_json *json, json_t *parent, const char *key, const char *value);
void tp_json_integer(struct tp_json *json, json_t *parent, const char *key, int64_t value);
/* Left out if not finite: JSON has no such numbers. */
void tp_json_real(struct tp_json *json, json_t *parent, const char *key, double value);
void tp_json_boolean(struct tp_json *json, json_t *parent, const char *key, bool value);

/* Adds the document to the text and frees it. @param root  NULL: out of memory; text->failed says so. */
void tp_json_write(struct tp_json *json, json_t *root, struct tp_text *text);

/* The specs, resolved, with the keys of their files. */
void tp_json_model(struct tp_json *json, json_t *parent, const struct tp_model *model);
void tp_json_topology(struct tp_json *json, json_t *parent, const struct tp_topology *topology);

/* Of a view that has runs: what was measured beside what was predicted, as `measured` if there is
 * one, as the list `runs` if there are several. */
void tp_json_measured(struct tp_json *json, json_t *parent, const struct tp_view *view);

#endif
