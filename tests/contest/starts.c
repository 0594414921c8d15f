/* SPDX-License-Identifier: Apache-2.0 */
/* A start is a random deal that keeps pins and pairs apart, brought within the other limits by random
 * steps that lessen the overload. Every other start is instead the legal assignment that is known,
 * thrown about by legal and illegal steps, then settled: where legal assignments are rare, a deal
 * seldom settles. */
#include "starts.h"

#include "board.h"
#include "referee.h"

#include "../property/complaints.h"

#include <stdlib.h>
#include <string.h>

enum { SETTLE_TRIES = 1000, ATTEMPTS = 3, DEAL_TRIES = 50 };

#define GAIN_LEAST 1e-9

/* Units in turn, each to any tower that its partners leave. */
static void deal(const struct instance *in, struct dice *dice, int32_t *tower)
{
    for (int u = 0; u < in->n; u++)
        tower[u] = in->pin[u] >= 0 ? in->pin[u] : dice_below(dice, in->k);
}

static bool partners_apart(const struct instance *in, const int32_t *tower)
{
    for (int i = 0; i < in->aparts; i++)
        if (tower[in->apart[i][0]] == tower[in->apart[i][1]])
            return false;
    return true;
}

/* A deal that breaks pairs up: whoever meets a partner is dealt again. */
static bool deal_apart(const struct instance *in, struct dice *dice, int32_t *tower)
{
    deal(in, dice, tower);
    for (int try = 0; try < DEAL_TRIES && !partners_apart(in, tower); try++)
        for (int i = 0; i < in->aparts; i++) {
            int a = in->apart[i][0], b = in->apart[i][1], again = in->pin[a] < 0 ? a : b;
            if (tower[a] == tower[b])
                tower[again] = dice_below(dice, in->k);
        }
    return partners_apart(in, tower);
}

/* Random steps from the witness, as many as there are units. */
static void throw_about(struct board *b, struct dice *dice)
{
    board_set(b, b->in->witness);
    for (int i = 0; i < 2 * b->n; i++) {
        struct step s = {.unit = dice_below(dice, b->n), .other = dice_below(dice, b->n)};
        s.to = b->tower[s.other];
        if (dice_chance(dice, 0.3))
            s = (struct step){s.unit, -1, dice_below(dice, b->k)};
        if (s.to != b->tower[s.unit] && board_allows(b, s))
            board_make(b, s);
    }
}

double search_from_starts(
    const struct instance *in, int starts, uint64_t seed, int32_t *tower, int *legal)
{
    struct dice dice = {seed};
    struct board *b = board_new(in);
    int32_t *start = need((size_t)in->n, sizeof *start);
    double best = inside_affinity(in, tower);
    *legal = 0;
    for (int i = 0; i < ATTEMPTS * starts && *legal < starts; i++) {
        if (i % 2)
            throw_about(b, &dice);
        else if (deal_apart(in, &dice, start))
            board_set(b, start);
        else
            continue;
        if (!board_settle(b, &dice, SETTLE_TRIES))
            continue;
        ++*legal;
        board_climb(b, &dice);
        double value = inside_affinity(in, b->tower);
        if (value > best + GAIN_LEAST && !breaks_limit(in, b->tower, NULL)) {
            best = value;
            memcpy(tower, b->tower, (size_t)in->n * sizeof *tower);
        }
    }
    free(start);
    board_free(b);
    return best;
}
