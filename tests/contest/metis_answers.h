/* SPDX-License-Identifier: Apache-2.0 */
/* METIS called directly, as well as its options allow. */
#ifndef CONTEST_METIS_ANSWERS_H
#define CONTEST_METIS_ANSWERS_H

#include "instance.h"

#include <stdint.h>

/* k-way and recursive, several seeds, without and with the limits as vertex weights, part weights and
 * imbalances.
 * @param tower  out, (n): the best legal answer, as METIS gave it; untouched when there is none.
 * @param legal  out: answers within all limits. @return the best one's value; 0 when there is none. */
double best_of_metis(const struct instance *instance, int32_t *tower, int *legal);

#endif
