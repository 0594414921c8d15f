/* SPDX-License-Identifier: Apache-2.0 */
/* A deal says how many members of a crowd are in each tower. A linear program mixes deals, one of each crowd in all,
 * within the room of the towers. Its columns are generated (as in cover.c): at its prices of room, the best deal of a
 * crowd is found class by class of towers, for every number of members dealt so far. Of any prices,
 *
 *   sum over the crowds of the best deal at these prices + what all room costs
 *
 * holds for all assignments.
 *
 * Members are told apart by their pins only: so many of them in a tower weigh at least as much as those that are
 * pinned there and the lightest without a pin. The towers of a class share their room. Room is that of one
 * resource, which the class has least of: programs with all of them take several times as long. As only two parts
 * of more than a third fit one tower, and one of more than a half, room is taken in thirds and halves, too (Fekete &
 * Schepers 2001, New classes of fast lower bounds for bin packing problems, doi:10.1007/s101070100243). */
#include "partition/deals.h"

#include "base/fail.h"
#include "base/memory.h"

#include <coin/Clp_C_Interface.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAMS_MOST 100
#define CLOSE 1e-7 /* of all that pairs are worth at first: gains below do not count */
#define DEALS_MOST                                                                                 \
    10000 /* of the program: then no more are taken in, and its prices still prove a bound */
#define ROUNDINGS 3    /* of what is taken: none, to halves, to thirds */
#define ROWS_MOST 3000 /* of programs that are solved in no time */

/* Of the program. */
struct deal {
    int32_t crowd;
    double pairs; /* in one tower, each both ways */
};

/* Letters: G crowds, C classes of towers, R resources, U units, D roundings. The program's rows: of each class, the
 * room of its towers, D times; of each crowd, a deal. */
struct tp_deals {
    const struct tp_problem *problem;
    int32_t crowds, classes;
    int32_t *towers;         /* (C) how many there are of a class */
    int32_t *crowd_of;       /* (U) or -1 */
    int32_t *members, *free; /* (G) all; without a pin */
    int32_t *pinned, *most;  /* (G, C) members pinned to a tower of it; that one may hold */
    double *load;            /* (G, C, R) what those pinned weigh */
    double **light;   /* (G) of (free + 1, R): what the lightest 0, 1, 2, ... without a pin weigh */
    double *room;     /* (C, R) of one tower, less units of no crowd that are pinned there */
    int *scarce;      /* (C) the resource that decides */
    double *share;    /* (C, D) of one tower's room: what the deal at hand takes */
    double *worth;    /* (G) of a pair */
    double *price;    /* (C * D + G) of a tower's whole room, of a deal */
    double *in_tower; /* (U + 1) worth of so many members in one tower, less their room */
    double *best;     /* (C + 1, U + 1) of so many members in the classes before */
    int32_t *last;    /* (C, U + 1) how many the last tower among these got */
    double scale;     /* worth of all pairs at first */
    Clp_Simplex *program;
    struct deal *deal;
    int32_t deals, deals_room;
    int32_t *index; /* (C * D + 1) scratch, as is element */
    double *element;
};

static int32_t cell_of(const struct tp_deals *d, int32_t crowd, int32_t class)
{
    return crowd * d->classes + class;
}

/* What so many members weigh in a tower at least. */
static double weight_of(
    const struct tp_deals *d, int32_t crowd, int32_t class, int32_t members, int resource)
{
    int32_t cell = cell_of(d, crowd, class), others = members - d->pinned[cell];
    double pinned = d->load[(int64_t)cell * TP_RESOURCES + resource];
    return pinned + (others > 0 ? d->light[crowd][others * TP_RESOURCES + resource] : 0);
}

static int32_t row_of_crowd(const struct tp_deals *d, int32_t crowd)
{
    return d->classes * ROUNDINGS + crowd;
}

/* What so many members take of a tower's room at least; 0: nothing is scarce. Rounded, more than n / (k + 1) of it
 * is n / k: whole numbers n of such parts add up to less than k + 1. */
static double share_of(
    const struct tp_deals *d, int32_t crowd, int32_t class, int32_t members, int k)
{
    int r = d->scarce[class];
    double room = d->room[class * TP_RESOURCES + r];
    double share = room > 0 ? weight_of(d, crowd, class, members, r) / room : 0;
    return k == 0 ? share : fmax(0, ceil((k + 1) * share) - 1) / k;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sums of the lightest members without a pin. */
static bool add_up_light(struct tp_deals *d, int32_t crowd)
{
    const struct tp_problem *p = d->problem;
    double *weight = TP_NEW(d->free[crowd], double);
    double *light = d->light[crowd] = TP_NEW((d->free[crowd] + 1) * TP_RESOURCES, double);
    for (int r = 0; r < TP_RESOURCES && weight && light; r++) {
        int32_t count = 0;
        for (int32_t u = 0; u < p->unit_count; u++)
            if (d->crowd_of[u] == crowd && p->pin[u] < 0)
                weight[count++] = tp_unit_weight(p, u)[r];
        qsort(weight, (size_t)count, sizeof *weight, rising);
        for (int32_t i = 0; i < count; i++)
            light[(i + 1) * TP_RESOURCES + r] = light[i * TP_RESOURCES + r] + weight[i];
    }
    free(weight);
    return light;
}

/* Who is in which crowd, and who is pinned where. */
static void place_members(struct tp_deals *d, const struct tp_crowds *crowds)
{
    const struct tp_problem *p = d->problem;
    for (int32_t u = 0; u < p->unit_count; u++)
        d->crowd_of[u] = -1;
    for (int32_t g = 0; g < d->crowds; g++) {
        d->members[g] = crowds->list[g].count;
        for (int32_t i = 0; i < d->members[g]; i++)
            d->crowd_of[crowds->unit[crowds->list[g].first + i]] = g;
    }
    for (int32_t t = p->tower_count - 1; t >= 0; t--) {
        int32_t class = p->tower_class[t];
        d->towers[class]++;
        for (int r = 0; r < TP_RESOURCES; r++)
            d->room[class * TP_RESOURCES + r] = tp_tower_most(p, t)[r] * (1 + TP_LOAD_SLACK);
    }
    for (int32_t u = 0; u < p->unit_count; u++) {
        int32_t g = d->crowd_of[u], class = p->pin[u] < 0 ? -1 : p->tower_class[p->pin[u]];
        if (g >= 0)
            d->free[g] += class < 0;
        if (class < 0)
            continue;
        double *load = g < 0 ? d->room + (int64_t) class * TP_RESOURCES
                             : d->load + (int64_t)cell_of(d, g, class) * TP_RESOURCES;
        for (int r = 0; r < TP_RESOURCES; r++)
            load[r] += (g < 0 ? -1 : 1) * tp_unit_weight(p, u)[r];
        if (g >= 0)
            d->pinned[cell_of(d, g, class)]++;
    }
}

/* The resource of which a tower of the class has least room, in means. */
static int scarcest(const struct tp_deals *d, int32_t class)
{
    const double *room = d->room + (int64_t) class * TP_RESOURCES, *mean = d->problem->mean;
    int scarce = TP_FEATURES;
    for (int r = 0; r < TP_RESOURCES; r++)
        if (mean[r] > 0 && room[r] / mean[r] < room[scarce] / mean[scarce])
            scarce = r;
    return scarce;
}

/* How many of a crowd fit into a tower beside those of the others that are pinned there. */
static int32_t most_in(const struct tp_deals *d, int32_t crowd, int32_t class, int32_t in_one)
{
    int32_t pinned = d->pinned[cell_of(d, crowd, class)], most = pinned + d->free[crowd];
    most = most < in_one ? most : in_one;
    for (int r = 0; r < TP_RESOURCES; r++) {
        double room = d->room[class * TP_RESOURCES + r];
        for (int32_t g = 0; g < d->crowds; g++)
            room -= g == crowd ? 0 : d->load[(int64_t)cell_of(d, g, class) * TP_RESOURCES + r];
        while (most > pinned && weight_of(d, crowd, class, most, r) > room)
            most--;
    }
    return most > pinned ? most : pinned;
}

/* Deals so many members to one more tower. */
static void deal_out(struct tp_deals *d, struct deal *deal, int32_t class, int32_t members)
{
    for (int k = 0; k < ROUNDINGS; k++)
        d->share[class * ROUNDINGS + k] += share_of(d, deal->crowd, class, members, k);
    deal->pairs += (double)members * (members - 1);
}

/* Takes a deal whose members are dealt out into the program. */
static enum tp_status add_deal(struct tp_deals *d, struct deal deal, struct tp_error *err)
{
    if (d->deals == d->deals_room) {
        int32_t room = 2 * d->deals_room + 64;
        struct deal *list = tp_resize(d->deal, (size_t)room, sizeof *list);
        if (!list)
            return tp_fail_memory(err);
        d->deal = list;
        d->deals_room = room;
    }
    int32_t count = 0;
    double least = 0, most = INFINITY, worth = d->worth[deal.crowd] * deal.pairs;
    for (int32_t row = 0; row < row_of_crowd(d, 0); row++) {
        d->index[count] = row;
        d->element[count] = d->share[row];
        count += d->share[row] > 0;
    }
    d->index[count] = row_of_crowd(d, deal.crowd);
    d->element[count++] = 1;
    CoinBigIndex starts[2] = {0, count};
    Clp_addColumns(d->program, 1, &least, &most, &worth, starts, d->index, d->element);
    d->deal[d->deals++] = deal;
    memset(d->share, 0, (size_t)row_of_crowd(d, 0) * sizeof *d->share);
    return TP_OK;
}

/* Rows, and the deals of the assignment that is known. */
static enum tp_status begin_program(struct tp_deals *d, const int32_t *tower, struct tp_error *err)
{
    const struct tp_problem *p = d->problem;
    int32_t rows = row_of_crowd(d, d->crowds);
    enum tp_status status = TP_OK;
    Clp_setLogLevel(d->program, 0);
    Clp_setObjSense(d->program, -1);
    Clp_resize(d->program, rows, 0);
    for (int32_t row = 0; row < rows; row++) {
        bool is_room = row < row_of_crowd(d, 0);
        Clp_rowLower(d->program)[row] = is_room ? -INFINITY : 1;
        Clp_rowUpper(d->program)[row] = is_room ? d->towers[row / ROUNDINGS] : 1;
    }
    for (int32_t g = 0; g < d->crowds && !status; g++) {
        struct deal deal = {.crowd = g};
        for (int32_t t = 0; t < p->tower_count; t++) {
            int32_t members = 0;
            for (int32_t u = 0; u < p->unit_count; u++)
                members += d->crowd_of[u] == g && tower[u] == t;
            deal_out(d, &deal, p->tower_class[t], members);
        }
        status = add_deal(d, deal, err);
    }
    return status;
}

static bool allocate(struct tp_deals *d)
{
    size_t units = (size_t)d->problem->unit_count, crowds = (size_t)d->crowds;
    size_t classes = (size_t)d->classes, cells = crowds * classes;
    d->program = Clp_newModel();
    d->towers = TP_NEW(classes, int32_t);
    d->crowd_of = TP_NEW(units, int32_t);
    d->members = TP_NEW(crowds, int32_t);
    d->free = TP_NEW(crowds, int32_t);
    d->pinned = TP_NEW(cells, int32_t);
    d->most = TP_NEW(cells, int32_t);
    d->load = TP_NEW(cells * TP_RESOURCES, double);
    d->light = TP_NEW(crowds, double *);
    d->room = TP_NEW(classes * TP_RESOURCES, double);
    d->scarce = TP_NEW(classes, int);
    d->share = TP_NEW(classes * ROUNDINGS, double);
    d->worth = TP_NEW(crowds, double);
    d->price = TP_NEW(classes * ROUNDINGS + crowds, double);
    d->in_tower = TP_NEW(units + 1, double);
    d->best = TP_NEW((classes + 1) * (units + 1), double);
    d->last = TP_NEW(classes * (units + 1), int32_t);
    d->index = TP_NEW(classes * ROUNDINGS + 1, int32_t);
    d->element = TP_NEW(classes * ROUNDINGS + 1, double);
    return d->program && d->towers && d->crowd_of && d->members && d->free && d->pinned &&
           d->most && d->load && d->light && d->room && d->scarce && d->share && d->worth &&
           d->price && d->in_tower && d->best && d->last && d->index && d->element;
}

enum tp_status tp_deals_new(const struct tp_problem *problem, const int32_t *tower,
    const struct tp_crowds *crowds, struct tp_deals **deals, struct tp_error *err)
{
    *deals = NULL;
    if (crowds->count < 2 || problem->class_count * ROUNDINGS + crowds->count > ROWS_MOST)
        return TP_OK;
    struct tp_deals *d = TP_NEW(1, struct tp_deals);
    if (!d)
        return tp_fail_memory(err);
    d->problem = problem;
    d->crowds = crowds->count;
    d->classes = problem->class_count;
    d->scale = tp_crowds_worth(crowds);
    bool whole = allocate(d);
    if (whole)
        place_members(d, crowds);
    for (int32_t c = 0; c < d->classes && whole; c++)
        d->scarce[c] = scarcest(d, c);
    for (int32_t g = 0; g < d->crowds && whole; g++)
        whole = add_up_light(d, g);
    for (int32_t g = 0; g < d->crowds && whole; g++)
        for (int32_t c = 0; c < d->classes; c++)
            d->most[cell_of(d, g, c)] = most_in(d, g, c, crowds->list[g].in_one);
    enum tp_status status = whole ? begin_program(d, tower, err) : tp_fail_memory(err);
    if (status) {
        tp_deals_free(d);
        return status;
    }
    *deals = d;
    return TP_OK;
}

void tp_deals_free(struct tp_deals *d)
{
    if (!d)
        return;
    if (d->program)
        Clp_deleteModel(d->program);
    for (int32_t g = 0; g < d->crowds && d->light; g++)
        free(d->light[g]);
    free(d->towers);
    free(d->crowd_of);
    free(d->members);
    free(d->free);
    free(d->pinned);
    free(d->most);
    free(d->load);
    free(d->light);
    free(d->room);
    free(d->scarce);
    free(d->share);
    free(d->worth);
    free(d->price);
    free(d->in_tower);
    free(d->best);
    free(d->last);
    free(d->deal);
    free(d->index);
    free(d->element);
    free(d);
}

/* The best numbers of members in the classes up to this one, from those before it. One tower gets what is pinned there
 * or more; of several, each some. */
static void deal_class(struct tp_deals *d, int32_t crowd, int32_t class)
{
    int32_t units = d->problem->unit_count, cell = cell_of(d, crowd, class);
    int32_t least = d->pinned[cell], most = d->most[cell];
    const double *before = d->best + (int64_t) class * (units + 1);
    double *best = d->best + (int64_t)(class + 1) * (units + 1);
    int32_t *last = d->last + (int64_t) class * (units + 1);
    bool several = d->towers[class] > 1;
    for (int32_t x = least; x <= most; x++) {
        d->in_tower[x] = d->worth[crowd] * x * (x - 1);
        for (int k = 0; k < ROUNDINGS; k++)
            d->in_tower[x] -= d->price[class * ROUNDINGS + k] * share_of(d, crowd, class, x, k);
    }
    for (int32_t all = 0; all <= d->members[crowd]; all++) {
        best[all] = several ? before[all] : -INFINITY;
        last[all] = 0;
        for (int32_t x = several ? 1 : least; x <= most && x <= all; x++) {
            double value = (several ? best : before)[all - x] + d->in_tower[x];
            if (value <= best[all])
                continue;
            best[all] = value;
            last[all] = x;
        }
    }
}

/* @return worth of the crowd's best deal at the program's prices, less its room; -INFINITY: there is none. */
static double find_deal(struct tp_deals *d, int32_t crowd)
{
    int32_t units = d->problem->unit_count, members = d->members[crowd];
    for (int32_t all = 0; all <= members; all++)
        d->best[all] = all ? -INFINITY : 0;
    for (int32_t c = 0; c < d->classes; c++)
        deal_class(d, crowd, c);
    return d->best[(int64_t)d->classes * (units + 1) + members];
}

/* The deal just found. */
static enum tp_status take_found(struct tp_deals *d, int32_t crowd, struct tp_error *err)
{
    int32_t left = d->members[crowd];
    struct deal deal = {.crowd = crowd};
    for (int32_t c = d->classes - 1; c >= 0; c--) {
        const int32_t *last = d->last + (int64_t)c * (d->problem->unit_count + 1);
        do {
            int32_t members = last[left];
            deal_out(d, &deal, c, members);
            left -= members;
        } while (d->towers[c] > 1 && last[left] > 0);
    }
    return add_deal(d, deal, err);
}

/* @return whether there are prices. */
static bool solve(struct tp_deals *d)
{
    Clp_primal(d->program, 1);
    const double *price = Clp_getRowPrice(d->program);
    for (int32_t row = 0; row < row_of_crowd(d, d->crowds); row++)
        d->price[row] = row < row_of_crowd(d, 0) ? fmax(0, price[row]) : price[row];
    return Clp_status(d->program) == 0;
}

/* Takes in the deals that gain.
 * @param bound  out: what the prices prove. */
static enum tp_status improve(struct tp_deals *d, double *bound, bool *gained, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    *bound = 0;
    *gained = false;
    for (int32_t row = 0; row < row_of_crowd(d, 0); row++)
        *bound += d->price[row] * d->towers[row / ROUNDINGS];
    for (int32_t g = 0; g < d->crowds && !status; g++) {
        double best = find_deal(d, g);
        *bound += best;
        bool gains = best > d->price[row_of_crowd(d, g)] + CLOSE * d->scale;
        if (!gains || d->deals == DEALS_MOST)
            continue;
        status = take_found(d, g, err);
        *gained = true;
    }
    return status;
}

/* Prices of pairs, and what each deal is worth at these.
 * @return what the crowds are worth that have no deals. */
static double set_worth(struct tp_deals *d, const struct tp_crowds *crowds)
{
    double others = 0;
    memset(d->worth, 0, (size_t)d->crowds * sizeof *d->worth);
    for (const struct tp_crowd *c = crowds->list; c < crowds->list + crowds->count; c++) {
        if (c->group >= 0)
            d->worth[c->group] = c->price;
        else
            others += c->price * c->most;
    }
    for (int32_t i = 0; i < d->deals; i++)
        Clp_objective(d->program)[i] = d->worth[d->deal[i].crowd] * d->deal[i].pairs;
    return others;
}

/* Pairs of the crowds in the mix. */
static void set_dealt(const struct tp_deals *d, struct tp_crowds *crowds)
{
    const double *part = Clp_getColSolution(d->program);
    for (int32_t k = 0; k < crowds->count; k++) {
        struct tp_crowd *crowd = &crowds->list[k];
        if (crowd->group < 0)
            continue;
        crowd->dealt = 0;
        for (int32_t i = 0; i < d->deals; i++)
            if (d->deal[i].crowd == crowd->group)
                crowd->dealt += part[i] * d->deal[i].pairs;
    }
}

enum tp_status tp_deals_worth(
    struct tp_deals *d, struct tp_crowds *crowds, double *worth, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    double bound, others = set_worth(d, crowds);
    bool gained = true;
    *worth = INFINITY;
    for (int i = 0; i < PROGRAMS_MOST && gained && !status && solve(d); i++) {
        status = improve(d, &bound, &gained, err);
        *worth = isinf(bound) ? *worth : fmin(*worth, bound);
    }
    *worth += others;
    if (!status && !gained)
        set_dealt(d, crowds);
    return status;
}
