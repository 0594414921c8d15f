/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of a JSON file with jansson. Syntax errors and duplicate keys are told with line and
 * column; after that a value is known by its place, which the caller says in words ("table t3: shard
 * 2"), since jansson keeps no lines. */
#ifndef TP_IMPORT_JSON_READ_H
#define TP_IMPORT_JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/fail.h"
#include "base/text.h"

#include <jansson.h>

struct tp_json {
    const char *path; /* borrowed, for messages */
    json_t *root;     /* an object or a list; owned */
    struct tp_error *err;
};

/* Reads a file ("-": standard input) of at most 256 MiB.
 * @param json  out, to be released also after a failure; keeps `path` and `err`. */
enum tp_status tp_json_load(const char *path, struct tp_json *json, struct tp_error *err);
/* The same of a part of a file: lines from first_line on. */
enum tp_status tp_json_parse(const char *path, int64_t first_line, const char *text, size_t length,
    struct tp_json *json, struct tp_error *err);
void tp_json_release(struct tp_json *json);

/* "path: place: message"; an empty place is left out. */
enum tp_status tp_json_fail(const struct tp_json *json, const char *place, const char *format, ...)
    TP_PRINTF(3, 4);

/* A place in words. @param out  at least TP_JSON_PLACE_BYTES. */
#define TP_JSON_PLACE_BYTES 384
void tp_json_place(char *out, const char *format, ...) TP_PRINTF(2, 3);

/* What stands there: "'4e7' in quotes", "40.0", "null", "nothing", "a list", "an object".
 * @param value  NULL: nothing. @param out  at least TP_JSON_FOUND_BYTES. */
#define TP_JSON_FOUND_BYTES 96
void tp_json_found(const json_t *value, char *out);

/* An integer in [min, max]. @param what  of the place: "num_embeddings", "shard_sizes[1]". */
enum tp_status tp_json_read_integer(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, int64_t min, int64_t max, int64_t *number);
/* A number of at least 0, with or without a fraction. */
enum tp_status tp_json_read_real(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, double *number);
/* A text; borrowed from the document. */
enum tp_status tp_json_read_text(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, const char **text);
/* The same that can be the name of a table or a feature. */
enum tp_status tp_json_read_name(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, const char **name);
/* A list (an object) that has to be there. @param expected  "a list of shards" */
enum tp_status tp_json_expect_list(const struct tp_json *json, const char *place, const char *what,
    const json_t *value, const char *expected);
enum tp_status tp_json_expect_object(const struct tp_json *json, const char *place,
    const char *what, const json_t *value, const char *expected);

/* What a key of another tool means here. */
enum tp_json_rule {
    TP_JSON_READ,   /* it is read */
    TP_JSON_IGNORE, /* it changes nothing here */
    TP_JSON_REFUSE  /* null, false and "" are fine, anything else asks for what is not supported */
};
struct tp_json_key {
    const char *key; /* NULL ends a list of them */
    enum tp_json_rule rule;
    const char *why; /* of a refusal */
};

/* Refuses the keys of an object that have to be, and collects those that are ignored (unknown ones are),
 * each once.
 * @param ignored  an object used as a set. */
enum tp_status tp_json_keys(const struct tp_json *json, const char *place, const json_t *object,
    const struct tp_json_key *keys, json_t *ignored);

/* Adds the line "ignored: a, b" to the notes, if there is any. */
void tp_json_note_ignored(const json_t *ignored, struct tp_text *notes);

#endif
