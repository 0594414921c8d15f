/* SPDX-License-Identifier: Apache-2.0 */
/* From feature names to the model's numbering, for files that list features in an order of their
 * own. */
#ifndef TP_AFFINITY_NAMES_H
#define TP_AFFINITY_NAMES_H

#include <stdint.h>

#include <towerpart/model.h>

/* Matches a file's features with the model's: each name of the model exactly once.
 * @param file    for messages.
 * @param names   (count) the file's names; borrowed.
 * @param column  out, (model->feature_count): the model's feature i is the file's column[i].
 * @return TP_EINPUT with the names that are missing, extra or listed twice; TP_ENOMEM.
 * Cost: O((F + count) log F). */
enum tp_status tp_names_match(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t *column, struct tp_error *err);

/* The same where features of the model may be absent, as long as one is there: column[i] is then -1.
 * A name that the model does not have is refused all the same. */
enum tp_status tp_names_match_some(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t *column, struct tp_error *err);

/* The same where the file may also list features of another model, which are passed over. */
enum tp_status tp_names_match_known(const char *file, const char *const *names, int32_t count,
    const struct tp_model *model, int32_t *column, struct tp_error *err);

#endif
