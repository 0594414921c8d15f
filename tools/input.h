/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that several commands read, with the name and digest that a plan records. */
#ifndef TP_TOOLS_INPUT_H
#define TP_TOOLS_INPUT_H

#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

/* Read a spec ("-": standard input). The digest is that of the bytes that were parsed, so a file that
 * changes meanwhile, or a pipe, is recorded as what it was.
 * @param input  out: base name and digest, its name to be freed; may be NULL. */
enum tp_status input_model(
    const char *path, struct tp_model **model, struct tp_plan_input *input, struct tp_error *err);
enum tp_status input_topology(const char *path, struct tp_topology **topology,
    struct tp_plan_input *input, struct tp_error *err);

/* Moves a record into a plan. */
void input_move(struct tp_plan_input *from, struct tp_plan_input *to);
void input_release(struct tp_plan_input *input);

/* Measures the affinity on a dump, and warns on standard error of what cannot be measured. */
enum tp_status input_measure(const char *command, const char *dump, const struct tp_model *model,
    const struct tp_affinity_options *options, struct tp_affinity **affinity, struct tp_error *err);

/* Records what the affinity was read from: base name of `path`, digest of `affinity`. */
enum tp_status input_record(const char *path, const struct tp_affinity *affinity,
    struct tp_plan_input *input, struct tp_error *err);

#endif
