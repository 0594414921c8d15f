/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity matrix in the order of the towers, as pixels. */
#ifndef TP_HTML_MAP_H
#define TP_HTML_MAP_H

#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/plan.h>

#include "html/picture.h"

#define TP_MAP_PIXELS_MAX 1200 /* a side; of more features a pixel is the mean of several */

struct tp_map {
    int32_t *order; /* (count) features: tower by tower, in a tower those with most affinity to it
                       first, then those in no tower */
    int32_t *tower; /* (count) index into plan->towers of order[i], -1: none */
    int32_t count;
    double most; /* the largest affinity of two features: what an opaque pixel stands for */
};

/* @param affinity  in the order of the plan's model. @param map  out, to be released also on failure. */
enum tp_status tp_map_init(struct tp_map *map, const struct tp_plan *plan,
    const struct tp_affinity *affinity, struct tp_error *err);
void tp_map_release(struct tp_map *map);

/* Pixels of a side: count, or fewer. */
int32_t tp_map_side(const struct tp_map *map);

/* The colour of a share of the largest affinity, in [0, 1]. Its opacity is the root of the share: weak
 * relations show beside strong ones, and a script can read the share back. */
tp_colour tp_map_colour(double share);

/* @param pixels  out, (side, side). Cost: O(count^2). */
void tp_map_pixels(const struct tp_map *map, const struct tp_affinity *affinity, tp_colour *pixels);

/* Two features that lie in different towers, or in the same. */
struct tp_map_pair {
    int32_t a, b; /* features */
    double affinity;
};

/* The pairs of highest affinity.
 * @param together  those inside towers; false: those between towers.
 * @param pairs  out, (most), highest first. @return how many there are. Cost: O(count^2). */
int32_t tp_map_pairs(const struct tp_map *map, const struct tp_affinity *affinity, bool together,
    struct tp_map_pair *pairs, int32_t most);

#endif
