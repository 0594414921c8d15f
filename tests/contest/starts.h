/* SPDX-License-Identifier: Apache-2.0 */
/* The contest's search for few units: very many starts. */
#ifndef CONTEST_STARTS_H
#define CONTEST_STARTS_H

#include "instance.h"

#include <stdint.h>

/* The best of so many legal random starts, each taken to where no legal move or swap gains.
 * @param tower   in and out, (n): a legal assignment; the best one.
 * @param legal   out: starts that were legal; less than asked for where legal ones are rare.
 * @return its value. */
double search_from_starts(
    const struct instance *instance, int starts, uint64_t seed, int32_t *tower, int *legal);

#endif
