/* SPDX-License-Identifier: Apache-2.0 */
/* Tables around those that stay: against all placements of a few tables, one after the other. */
#include "replan/refit.h"

#include "placements.h"
#include "plan/place.h"

enum { TABLES = 4, RANKS = 2 };

#define PLENTY (INT64_C(1) << 40)

static const int32_t one_tower[TABLES];

/* Some tables have grown since they were placed, one is new, and memory is what they need and a little
 * more. */
struct world {
    struct workload w;
    struct tp_placement *before;
    struct tp_home home[TABLES];
    struct tp_homes homes;
};

static void set_memory(struct workload *w, int64_t bytes)
{
    w->topology.device.memory_bytes = bytes;
    for (int32_t h = 0; h < w->topology.host_count; h++)
        w->hosts[h].memory_bytes = bytes;
}

static void begin(struct world *world, uint64_t seed)
{
    static const int32_t dims[] = {4, 8, 12};
    struct tp_random random = tp_random_new(seed, 61);
    struct workload *w = &world->w;
    double bytes = 0;
    workload_begin(w, 1, RANKS, PLENTY);
    w->model.local_batch_size = 1;
    for (int i = 0; i < TABLES; i++)
        workload_table(w, 100 + tp_random_below(&random, 400), dims[tp_random_below(&random, 3)], 1,
            1 + 3 * tp_random_uniform(&random));
    ck_assert_int_eq(
        tp_place(&w->model, &w->topology, RANKS, one_tower, 0, &world->before, NULL, NULL), TP_OK);
    world->homes = (struct tp_homes){.tables = world->home,
        .table_count = TABLES,
        .tower_count = 1,
        .rates = {4, 0, 0, RANKS, RANKS}};
    for (int i = 0; i < TABLES; i++) {
        struct tp_table_placement *old = &world->before->tables[i];
        w->tables[i].rows *= tp_random_below(&random, 3) ? 1 : 2;
        world->home[i] = (struct tp_home){.before = i, .old = *old, .kept = *old};
        world->home[i].bytes = 4.0 * (double)old->shards[0].rows * w->tables[i].dim;
        bytes += 4.0 * (double)w->tables[i].rows * w->tables[i].dim;
        bool is_new = i == TABLES - 1, is_cut = old->sharding == TP_SHARD_ROW;
        if (is_new || is_cut) /* blocks of rows shift, which is not the matter here */
            world->home[i] = (struct tp_home){.before = -1, .tower = -1};
        for (int32_t k = 0; k < world->home[i].kept.shard_count; k++)
            world->home[i].kept.shards[k].rows = w->tables[i].rows;
    }
    set_memory(w, (int64_t)(bytes / RANKS * (1 + 0.5 * tp_random_uniform(&random))) + 300);
}

static void end(struct world *world)
{
    tp_placement_free(world->before);
}

static struct world *at_hand;
static double least;

static void visit(struct walk *walk)
{
    struct tp_travel travel = tp_homes_travel(&at_hand->homes, &walk->placement);
    if (memory_holds(walk->w, &walk->placement))
        least = fmin(least, travel.weight_bytes);
}

static double least_of_all(struct world *world)
{
    struct walk walk;
    at_hand = world;
    least = INFINITY;
    walk_placements(&walk, &world->w, RANKS, one_tower, visit);
    return least;
}

static struct tp_placement *refit(struct world *world, const bool *locked)
{
    struct tp_placement *placement;
    bool freed[TABLES] = {0};
    struct tp_error err = {0};
    ck_assert_msg(tp_refit(&world->homes, &world->w.model, &world->w.topology, one_tower, locked,
                      freed, &placement, &err) == TP_OK,
        "%s", err.text);
    return placement;
}

/* Nothing moves where nothing has to, but for a rare miss; else not much more than has to: with so few tables on two
 * ranks each of them is a good part of what there is. */
START_TEST(few_bytes_move)
{
    static const bool none[TABLES];
    int free_of_charge = 0, needlessly = 0, forced = 0;
    double sum = 0, least_sum = 0;
    for (uint64_t seed = 0; seed < 120; seed++) {
        struct world world;
        begin(&world, seed);
        double best = least_of_all(&world);
        struct tp_placement *placement = refit(&world, none);
        if (placement) {
            double bytes = tp_homes_travel(&world.homes, placement).weight_bytes;
            assert_sound(&world.w, one_tower, placement);
            ck_assert_double_ge(bytes, best);
            free_of_charge += best <= 0;
            needlessly += best <= 0 && bytes > 0;
            forced += best > 0;
            sum += best > 0 ? bytes : 0;
            least_sum += best > 0 ? best : 0;
        } else {
            ck_assert(isinf(best) || best > 0);
        }
        tp_placement_free(placement);
        end(&world);
    }
    ck_assert_int_ge(free_of_charge, 30);
    ck_assert_int_le(needlessly, 1); /* room for a new table that only some cut of it fits */
    ck_assert_int_ge(forced, 10);
    ck_assert_double_le(sum, 1.75 * least_sum);
}
END_TEST

START_TEST(what_is_locked_stays)
{
    int moved = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        static const bool none[TABLES];
        struct world world;
        bool locked[TABLES] = {0};
        begin(&world, seed);
        struct tp_placement *any = refit(&world, none);
        for (int i = 0; any && i < TABLES; i++) {
            if (!(tp_home_travel(&world.homes, i, &any->tables[i]).weight_bytes > 0))
                continue;
            locked[i] = true;
            struct tp_placement *placement = refit(&world, locked);
            locked[i] = false;
            moved++;
            if (placement)
                ck_assert_double_eq(
                    tp_home_travel(&world.homes, i, &placement->tables[i]).weight_bytes, 0);
            tp_placement_free(placement);
        }
        tp_placement_free(any);
        end(&world);
    }
    ck_assert_int_ge(moved, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refit");
    TCase *tcase = tcase_create("refit");
    tcase_add_test(tcase, few_bytes_move);
    tcase_add_test(tcase, what_is_locked_stays);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
