/* SPDX-License-Identifier: Apache-2.0 */
/* A profile for people and for programs, on standard output. */
#ifndef TP_TOOLS_PROFILE_OUT_H
#define TP_TOOLS_PROFILE_OUT_H

#include <stdbool.h>

#include <towerpart/profile.h>

/* One line per feature, of at most 100 columns, the most skewed first. @param all  not the top alone */
enum tp_status profile_print_table(
    const struct tp_profile *profile, const struct tp_model *model, bool all, struct tp_error *err);

/* {"samples": ..., "features": [{"name": ..., "pooling": ..., ...}]}, in the order of the model. */
enum tp_status profile_print_json(
    const struct tp_profile *profile, const struct tp_model *model, struct tp_error *err);

#endif
