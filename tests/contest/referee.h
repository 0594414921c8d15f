/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer is worth and whether it is legal, computed from the instance alone. */
#ifndef CONTEST_REFEREE_H
#define CONTEST_REFEREE_H

#include "instance.h"

#include <stdbool.h>
#include <stdint.h>

/* Sum of the affinity over the pairs inside towers. O(n^2). */
double inside_affinity(const struct instance *instance, const int32_t *tower);

/* Whether the assignment breaks a limit. @param text  out, if not NULL: the first one found. */
bool breaks_limit(const struct instance *instance, const int32_t *tower, char text[128]);

#endif
