/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers of the property tests: splitmix64 (Steele, Lea, Flood 2014,
 * doi:10.1145/2660193.2660195), one state per instance, the same on every machine. */
#ifndef PROPERTY_DICE_H
#define PROPERTY_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

uint64_t dice_next(struct dice *dice);
int dice_below(struct dice *dice, int n);                       /* 0 .. n - 1 */
int dice_between(struct dice *dice, int least, int most);       /* both included */
bool dice_chance(struct dice *dice, double probability);        /* true that often */
double dice_real(struct dice *dice, double least, double most); /* uniform */
double dice_log(struct dice *dice, double least, double most);  /* uniform in the logarithm */
double dice_normal(struct dice *dice);                          /* mean 0, variance 1 */

#endif
