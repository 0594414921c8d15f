/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity matrix, sorted so that towers are blocks along its diagonal.
 *
 * In: a plan and the affinity of its model's features. Out: the order, the pixels, the strongest pairs
 * between or inside towers. A feature that two towers claim counts for the first, one that the model
 * does not know is skipped. Colours go from transparent blue to opaque orange, so that nothing looks
 * like the ground of the page, light or dark. Cost: O(F^2). */
#include "html/map.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double pair(const struct tp_affinity *affinity, int32_t a, int32_t b)
{
    return affinity->affinity[(size_t)a * (size_t)affinity->feature_count + (size_t)b];
}

/* Towers list features in the model's order, so the search goes on where it ended. */
static int32_t find_feature(const struct tp_model *model, const char *name, int32_t from)
{
    for (int32_t k = 0; k < model->feature_count; k++) {
        int32_t i = (from + k) % model->feature_count;
        if (strcmp(model->features[i].name, name) == 0)
            return i;
    }
    return -1;
}

/* Appends features of a tower that are not placed yet.
 * @param placed  (features of the model) 1: done. */
static void add_tower(
    struct tp_map *map, const struct tp_plan *plan, int32_t t, unsigned char *placed)
{
    const struct tp_plan_tower *tower = &plan->towers[t];
    int32_t at = -1;
    for (int32_t i = 0; i < tower->feature_count; i++) {
        int32_t found = find_feature(plan->model, tower->features[i], at + 1);
        if (found < 0 || placed[found])
            continue;
        at = found;
        placed[found] = 1;
        map->order[map->count] = found;
        map->tower[map->count++] = t;
    }
}

struct entry {
    double weight;
    int32_t feature;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->weight > y->weight || x->weight < y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->feature < y->feature ? -1 : 1;
}

/* Puts the features from..to of one tower into the order of their affinity to it. */
static void sort_tower(struct tp_map *map, const struct tp_affinity *affinity, int32_t from,
    int32_t to, struct entry *entries)
{
    for (int32_t i = from; i < to; i++) {
        entries[i] = (struct entry){0, map->order[i]};
        for (int32_t j = from; j < to; j++)
            if (j != i)
                entries[i].weight += pair(affinity, map->order[i], map->order[j]);
    }
    qsort(entries + from, (size_t)(to - from), sizeof *entries, compare_entries);
    for (int32_t i = from; i < to; i++)
        map->order[i] = entries[i].feature;
}

static void sort_towers(
    struct tp_map *map, const struct tp_affinity *affinity, struct entry *entries)
{
    for (int32_t from = 0, to; from < map->count; from = to) {
        for (to = from + 1; to < map->count && map->tower[to] == map->tower[from];)
            to++;
        if (map->tower[from] >= 0)
            sort_tower(map, affinity, from, to, entries);
    }
}

static double largest_pair(const struct tp_affinity *affinity)
{
    double most = 0;
    for (int32_t a = 0; a < affinity->feature_count; a++)
        for (int32_t b = 0; b < a; b++)
            most = fmax(most, pair(affinity, a, b));
    return most;
}

enum tp_status tp_map_init(struct tp_map *map, const struct tp_plan *plan,
    const struct tp_affinity *affinity, struct tp_error *err)
{
    int32_t features = plan->model->feature_count;
    enum tp_status status = TP_OK;
    unsigned char *placed = TP_NEW(features, unsigned char);
    struct entry *entries = TP_NEW(features, struct entry);
    memset(map, 0, sizeof *map);
    map->order = TP_NEW(features, int32_t);
    map->tower = TP_NEW(features, int32_t);
    if (!placed || !entries || !map->order || !map->tower) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (int32_t t = 0; t < plan->tower_count; t++)
        add_tower(map, plan, t, placed);
    for (int32_t f = 0; f < features; f++)
        if (!placed[f]) {
            map->order[map->count] = f;
            map->tower[map->count++] = -1;
        }
    sort_towers(map, affinity, entries);
    map->most = largest_pair(affinity);
out:
    free(entries);
    free(placed);
    return status;
}

void tp_map_release(struct tp_map *map)
{
    free(map->tower);
    free(map->order);
    memset(map, 0, sizeof *map);
}

int32_t tp_map_side(const struct tp_map *map)
{
    int32_t bucket = (map->count + TP_MAP_PIXELS_MAX - 1) / TP_MAP_PIXELS_MAX;
    return bucket > 1 ? (map->count + bucket - 1) / bucket : map->count;
}

tp_colour tp_map_colour(double share)
{
    static const double stops[4][3] = {
        {70, 130, 220}, {120, 90, 210}, {205, 60, 120}, {235, 110, 20}};
    double root = share > 0 ? sqrt(fmin(share, 1)) : 0, at = 3 * root;
    int from = at < 2 ? (int)at : 2;
    uint32_t colour = (uint32_t)lround(255 * root) << 24;
    for (int c = 0; c < 3; c++) {
        double part = stops[from][c] + (at - from) * (stops[from + 1][c] - stops[from][c]);
        colour |= (uint32_t)lround(part) << (16 - 8 * c);
    }
    return colour;
}

/* The mean of a block of pairs; a feature with itself counts as the most. */
static double mean_block(const struct tp_map *map, const struct tp_affinity *affinity, int32_t row,
    int32_t column, int32_t bucket)
{
    double sum = 0;
    int32_t count = 0;
    for (int32_t i = row * bucket; i < (row + 1) * bucket && i < map->count; i++)
        for (int32_t j = column * bucket; j < (column + 1) * bucket && j < map->count; j++) {
            sum += i == j ? map->most : pair(affinity, map->order[i], map->order[j]);
            count++;
        }
    return count ? sum / count : 0;
}

void tp_map_pixels(const struct tp_map *map, const struct tp_affinity *affinity, tp_colour *pixels)
{
    int32_t side = tp_map_side(map), bucket = side ? (map->count + side - 1) / side : 1;
    for (int32_t row = 0; row < side; row++)
        for (int32_t column = 0; column < side; column++) {
            double mean = mean_block(map, affinity, row, column, bucket);
            pixels[(size_t)row * (size_t)side + (size_t)column] =
                tp_map_colour(map->most > 0 ? mean / map->most : 0);
        }
}

int32_t tp_map_pairs(const struct tp_map *map, const struct tp_affinity *affinity, bool together,
    struct tp_map_pair *pairs, int32_t most)
{
    int32_t count = 0;
    for (int32_t i = 0; i < map->count; i++)
        for (int32_t j = i + 1; j < map->count; j++) {
            bool same = map->tower[i] == map->tower[j] && map->tower[i] >= 0;
            double value = pair(affinity, map->order[i], map->order[j]);
            if (same != together || (count == most && !(value > pairs[most - 1].affinity)))
                continue;
            int32_t at = count < most ? count++ : most - 1;
            for (; at > 0 && pairs[at - 1].affinity < value; at--)
                pairs[at] = pairs[at - 1];
            pairs[at] = (struct tp_map_pair){map->order[i], map->order[j], value};
        }
    return count;
}
