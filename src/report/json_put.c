/* SPDX-License-Identifier: Apache-2.0 */
/* Values into a JSON document that grows. The parent owns what is put into it; a failure is kept in
 * struct tp_json, and adding goes on harmlessly: jansson ignores a NULL parent. Cost: O(1) per value. */
#include "report/json_put.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A copy that is UTF-8 whatever the text holds. */
static char *plain_copy(const char *text)
{
    char *copy = tp_copy_text(text, strlen(text));
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    return copy;
}

static void put_key(struct tp_json *json, json_t *parent, const char *key, json_t *value)
{
    if (!json_object_set(parent, key, value))
        return;
    char *plain = plain_copy(key);
    if (!plain || json_object_set(parent, plain, value))
        json->failed = true;
    free(plain);
}

/* Steals the value. @return what the parent now holds, borrowed. */
static json_t *put(struct tp_json *json, json_t *parent, const char *key, json_t *value)
{
    if (!value)
        json->failed = true;
    else if (key)
        put_key(json, parent, key, value);
    else if (json_array_append(parent, value))
        json->failed = true;
    json_decref(value);
    return json->failed ? NULL : value;
}

json_t *tp_json_object(struct tp_json *json, json_t *parent, const char *key)
{
    return put(json, parent, key, json_object());
}

json_t *tp_json_array(struct tp_json *json, json_t *parent, const char *key)
{
    return put(json, parent, key, json_array());
}

void tp_json_text(struct tp_json *json, json_t *parent, const char *key, const char *value)
{
    json_t *text = value ? json_string(value) : json_null();
    if (!text) {
        char *plain = plain_copy(value);
        text = plain ? json_string(plain) : NULL;
        free(plain);
    }
    put(json, parent, key, text);
}

void tp_json_integer(struct tp_json *json, json_t *parent, const char *key, int64_t value)
{
    put(json, parent, key, json_integer(value));
}

void tp_json_real(struct tp_json *json, json_t *parent, const char *key, double value)
{
    if (isfinite(value))
        put(json, parent, key, json_real(value));
}

void tp_json_boolean(struct tp_json *json, json_t *parent, const char *key, bool value)
{
    put(json, parent, key, json_boolean(value));
}

static int append(const char *buffer, size_t size, void *data)
{
    struct tp_text *text = data;
    tp_text_add_bytes(text, buffer, size);
    return text->failed ? -1 : 0;
}

void tp_json_write(struct tp_json *json, json_t *root, struct tp_text *text)
{
    if (!root || json->failed || json_dump_callback(root, append, text, JSON_INDENT(1)))
        text->failed = true;
    tp_text_add(text, "\n");
    json_decref(root);
}
