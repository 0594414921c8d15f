/* SPDX-License-Identifier: Apache-2.0 */
/* Units in towers with the sums that the contest's own searches need: a move or swap is judged in
 * O(1) and made in O(n). Pins and pairs apart always hold; the other limits may be overdrawn. */
#ifndef CONTEST_BOARD_H
#define CONTEST_BOARD_H

#include "instance.h"

#include "../property/dice.h"

#include <stdbool.h>
#include <stdint.h>

enum { PARTNERS_MOST = 4 }; /* apart from a unit; the generator makes 3 at most */

struct board {
    const struct instance *in;
    int n, k;
    int free_count, *free_units;    /* those without a pin */
    int32_t *tower;                 /* (n) */
    float *pull;                    /* (k, n) affinity of a unit to the units of a tower */
    double (*weight)[WEIGHT_COUNT]; /* (n) in means */
    double (*most)[WEIGHT_COUNT];   /* (k) in means */
    double least;                   /* features, in means */
    double (*load)[WEIGHT_COUNT];   /* (k) in means */
    double *excess;                 /* (k) overload, in means */
    int *member, *place, *count;    /* (k, n) free units of a tower; (n) where in there; (k) */
    int (*partner)[PARTNERS_MOST];  /* (n) units it must be apart from */
    int *partners;                  /* (n) */
    int64_t made;                   /* steps since the pull was summed anew */
};

/* `other` < 0: the unit moves to the tower; else it changes places with `other`, which is there. */
struct step {
    int unit, other, to;
};

struct board *board_new(const struct instance *instance);
void board_free(struct board *board);

/* Takes over an assignment that holds pins and apart. O(n^2). */
void board_set(struct board *board, const int32_t *tower);

double board_gain(const struct board *board, struct step step);
double board_excess(const struct board *board);                   /* of all towers */
double board_strain(const struct board *board, struct step step); /* change of the excess */
bool board_allows(const struct board *board, struct step step);   /* pins, apart */
void board_make(struct board *board, struct step step);

/* From a legal assignment to one that no legal move or swap improves. */
void board_climb(struct board *board, struct dice *dice);

/* Towards a legal assignment, by steps that lessen the excess, first come first served.
 * @param tries  steps looked at in vain before it gives up. @return whether it is legal. */
bool board_settle(struct board *board, struct dice *dice, int tries);

#endif
