/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that several commands read, with the name and digest that a plan records. */
#ifndef TP_TOOLS_INPUT_H
#define TP_TOOLS_INPUT_H

#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

#include "base/file.h"
#include "opt.h"

/* Keys of the options that input_dump_option() reads. */
#define INPUT_KEY_MEASURE (OPT_LONG + 0x80)
#define INPUT_KEY_NULL (OPT_LONG + 0x81)
#define INPUT_KEY_MISSING (OPT_LONG + 0x82)

/* Read a spec ("-": standard input). The digest is that of the bytes that were parsed, so a file that
 * changes meanwhile, or a pipe, is recorded as what it was.
 * @param input  out: base name and digest, its name to be freed; may be NULL. */
enum tp_status input_model(
    const char *path, struct tp_model **model, struct tp_plan_input *input, struct tp_error *err);
enum tp_status input_topology(const char *path, struct tp_topology **topology,
    struct tp_plan_input *input, struct tp_error *err);

/* Reads a plan likewise. @param sha256  out: of the bytes that were parsed. */
enum tp_status input_plan(
    const char *path, struct tp_plan **plan, char sha256[TP_SHA256_TEXT], struct tp_error *err);

/* The same of an older plan, recorded like a spec. */
enum tp_status input_older(
    const char *path, struct tp_plan **plan, struct tp_plan_input *input, struct tp_error *err);

/* Moves a record into a plan. */
void input_move(struct tp_plan_input *from, struct tp_plan_input *to);
void input_release(struct tp_plan_input *input);

#define INPUT_DUMPS_MAX 16

/* What the affinity is measured on, and how. */
struct input_dumps {
    const char *paths[INPUT_DUMPS_MAX]; /* -d, to be averaged */
    int32_t count;
    const char *null_dump; /* --null; NULL: none */
    bool may_miss;         /* --missing neutral */
    struct tp_affinity_options options;
};

/* Reads one option of those that say it. @return false if the key is none of them. */
bool input_dump_option(
    const struct argp_state *state, struct input_dumps *dumps, int key, const char *text);

/* Refuses an output that would change one of the dumps. */
void input_spare_dumps(
    const struct argp_state *state, const char *output, const struct input_dumps *dumps);

/* Refuses names that a plan cannot record, together or one by one. */
void input_recordable_dumps(const struct argp_state *state, const struct input_dumps *dumps);

/* Measures the affinity, or reads it from a file; warns on standard error of what is not measured. */
enum tp_status input_measure(const char *command, const struct input_dumps *dumps,
    const struct tp_model *model, struct tp_affinity **affinity, struct tp_error *err);
enum tp_status input_affinity(const char *command, const char *path, const struct tp_model *model,
    struct tp_affinity **affinity, struct tp_error *err);

/* Reads an affinity file of the model, or of one that it was before. What the file lacks is neutral, if it was so in
 * the plan or may be missing; what the model does not have is left out if it is the file that the plan was made
 * from, or of the plan's model.
 * @param command  NULL: nothing is said of features that are not measured.
 * @param plan     NULL: none. */
enum tp_status input_known_affinity(const char *command, const char *path,
    const struct tp_model *model, const struct tp_plan *plan, bool may_miss,
    struct tp_affinity **affinity, struct tp_error *err);

/* Records what the affinity was made from: base names of the paths, joined by ", ", and its digest. */
enum tp_status input_record(const char *const *paths, int32_t count,
    const struct tp_affinity *affinity, struct tp_plan_input *input, struct tp_error *err);

#endif
