/* SPDX-License-Identifier: Apache-2.0 */
/* The contest's search for many units: as long as it is given. */
#ifndef CONTEST_ANNEAL_H
#define CONTEST_ANNEAL_H

#include "instance.h"

#include <stdint.h>

/* Simulated annealing over moves and swaps for so many seconds of processor time.
 * @param tower  in and out, (n): a legal assignment; the best one found. @return its value. */
double anneal(const struct instance *instance, double seconds, uint64_t seed, int32_t *tower);

#endif
