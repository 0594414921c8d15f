/* SPDX-License-Identifier: Apache-2.0 */
/* splitmix64. The bias of a remainder is far below what a test could notice. */
#include "dice.h"

#include <math.h>

uint64_t dice_next(struct dice *dice)
{
    uint64_t z = (dice->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int dice_below(struct dice *dice, int n)
{
    return (int)(dice_next(dice) % (uint64_t)n);
}

int dice_between(struct dice *dice, int least, int most)
{
    return least + dice_below(dice, most - least + 1);
}

double dice_real(struct dice *dice, double least, double most)
{
    return least + (most - least) * ((double)(dice_next(dice) >> 11) * 0x1.0p-53);
}

bool dice_chance(struct dice *dice, double probability)
{
    return dice_real(dice, 0, 1) < probability;
}

double dice_log(struct dice *dice, double least, double most)
{
    return exp(dice_real(dice, log(least), log(most)));
}

double dice_normal(struct dice *dice)
{
    double u = dice_real(dice, 0x1.0p-53, 1), v = dice_real(dice, 0, 1);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}
