/* SPDX-License-Identifier: Apache-2.0 */
/* What one dump shows by one measure. */
#ifndef TP_AFFINITY_READING_H
#define TP_AFFINITY_READING_H

#include "affinity/dump.h"
#include "base/progress.h"
#include "base/parallel.h"

/* Values, standard errors, noise floor, states, samples and zero vectors of one dump. A feature that
 * is not in the dump is neutral, its pairs 0. The digest is left empty, nothing is rounded.
 * @param affinity  out, to be freed with tp_affinity_free().
 * @return as tp_affinity_measure(). */
enum tp_status tp_reading_measure(const struct tp_dump *dump,
    const struct tp_affinity_options *options, struct tp_progress_part part,
    struct tp_affinity **affinity, struct tp_error *err);

#endif
