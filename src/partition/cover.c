/* SPDX-License-Identifier: Apache-2.0 */
/* Set partitioning by column generation (Johnson, Mehrotra & Nemhauser 1993, Min-cut clustering,
 * doi:10.1007/BF01585164): a linear program whose columns are legal towers; a row for each unit, for the
 * number of towers of each class, and for each crowd. Its prices ask for the tower that is missed
 * most (best_tower.c); any prices give a bound,
 *
 *   sum of the units' + of the crowds' + over the classes, towers times the best tower at these prices.
 *
 * The prices that are asked with lie between those of the program and the best ones so far: those of the
 * program alone jump about (Wentges 1997, doi:10.1111/j.1475-3995.1997.tb00114.x).
 * A linear program has many equal mixes where groups are cut; the crowds' rows are what tells them from
 * real towers. */
#include "partition/cover.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/best_tower.h"

#include <coin/Clp_C_Interface.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SMOOTHING 0.8
#define SMOOTHING_LEAST 0.1
#define CLOSE 1e-7          /* of the mean worth of a unit: gains and gaps below are rounding */
#define PENALTY 1000.0      /* of a unit that is in no tower or in two, in means per unit */
#define STEPS_QUICK 1000000 /* of a question, as long as others are left */
#define STEPS_PER_CELL 4    /* of the program's tableau, an iteration */

struct tp_cover {
    const struct tp_problem *problem;
    struct tp_best_tower *best;
    struct tp_crowds crowds;
    Clp_Simplex *program;
    double *cost;            /* (U, U) of either order of a pair */
    double *worth;           /* (U, U) the same less the crowds' prices */
    double *z;               /* (U, U) shares in the last mix */
    double *now;             /* (rows) prices of the program */
    double *center, *asked;  /* (rows) those of the best bound, of the question */
    int32_t *first, *towers; /* (classes) a tower of it; how many */
    int32_t *class;          /* (columns) */
    unsigned char *in;       /* (columns, U) */
    int32_t columns, room;
    int32_t artificial; /* columns before the first tower */
    double scale;       /* mean worth of a unit */
    int32_t *index;     /* (rows) scratch, as is element */
    double *element;
};

static int32_t rows_most(const struct tp_problem *p)
{
    return 2 * p->unit_count + p->tower_count;
}

static int32_t row_of_class(const struct tp_cover *c, int32_t class)
{
    return c->problem->unit_count + class;
}

static int32_t row_of_crowd(const struct tp_cover *c, int32_t crowd)
{
    return c->problem->unit_count + c->problem->class_count + crowd;
}

static const unsigned char *units_of(const struct tp_cover *c, int32_t column)
{
    return c->in + (int64_t)column * c->problem->unit_count;
}

/* Pairs of a crowd in a set of units. */
static double pairs_inside(const struct tp_cover *c, int32_t crowd, const unsigned char *in)
{
    const struct tp_crowd *is = &c->crowds.list[crowd];
    double count = 0;
    for (int32_t i = 0; i < is->count; i++)
        count += in[c->crowds.unit[is->first + i]];
    return count * (count - 1);
}

static double sum_inside(const struct tp_cover *c, const double *worth, const unsigned char *in)
{
    int64_t units = c->problem->unit_count;
    double sum = 0;
    for (int64_t u = 0; u < units; u++)
        for (int64_t v = 0; v < units && in[u]; v++)
            sum += in[v] && u != v ? worth[u * units + v] : 0;
    return sum;
}

/* Units that are in too few or too many towers, at a price that no bound can be had for. */
static void add_artificial(struct tp_cover *c)
{
    double least = 0, most = INFINITY, worth = -PENALTY * c->scale;
    int32_t rows = c->problem->unit_count + c->problem->class_count;
    for (int32_t row = 0; row < rows; row++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            CoinBigIndex starts[2] = {0, 1};
            double element = sign;
            Clp_addColumns(c->program, 1, &least, &most, &worth, starts, &row, &element);
            c->artificial++;
        }
    }
}

static enum tp_status make_room(struct tp_cover *c, struct tp_error *err)
{
    if (c->columns < c->room)
        return TP_OK;
    int32_t room = 2 * c->room + 64;
    size_t units = (size_t)c->problem->unit_count;
    int32_t *class = tp_resize(c->class, (size_t)room, sizeof *class);
    if (!class)
        return tp_fail_memory(err);
    c->class = class;
    unsigned char *in = tp_resize(c->in, (size_t)room, units);
    if (!in)
        return tp_fail_memory(err);
    c->in = in;
    c->room = room;
    return TP_OK;
}

static enum tp_status add_column(
    struct tp_cover *c, int32_t class, const unsigned char *in, struct tp_error *err)
{
    enum tp_status status = make_room(c, err);
    if (status)
        return status;
    int32_t count = 0, units = c->problem->unit_count;
    double least = 0, most = INFINITY, worth = sum_inside(c, c->cost, in);
    for (int32_t u = 0; u < units; u++) {
        c->index[count] = u;
        c->element[count] = 1;
        count += in[u];
    }
    c->index[count] = row_of_class(c, class);
    c->element[count++] = 1;
    for (int32_t i = 0; i < c->crowds.count; i++) {
        c->index[count] = row_of_crowd(c, i);
        c->element[count] = pairs_inside(c, i, in);
        count += c->element[count] > 0;
    }
    CoinBigIndex starts[2] = {0, count};
    Clp_addColumns(c->program, 1, &least, &most, &worth, starts, c->index, c->element);
    c->class[c->columns] = class;
    memcpy(c->in + (int64_t)c->columns++ * units, in, (size_t)units);
    return TP_OK;
}

/* The rows of crowds from a number on. @return TP_ENOMEM. */
static enum tp_status add_crowds(struct tp_cover *c, int32_t from, struct tp_error *err)
{
    int32_t *index = TP_NEW(c->columns, int32_t);
    double *element = TP_NEW(c->columns, double), least = -INFINITY;
    bool whole = index && element;
    for (int32_t i = from; i < c->crowds.count && whole; i++) {
        int32_t count = 0;
        for (int32_t k = 0; k < c->columns; k++) {
            index[count] = c->artificial + k;
            element[count] = pairs_inside(c, i, units_of(c, k));
            count += element[count] > 0;
        }
        CoinBigIndex starts[2] = {0, count};
        Clp_addRows(c->program, 1, &least, &c->crowds.list[i].most, starts, index, element);
        c->center[row_of_crowd(c, i)] = 0;
    }
    free(index);
    free(element);
    return whole ? TP_OK : tp_fail_memory(err);
}

/* Rows, columns that are none, and the rows of crowds. */
static enum tp_status begin_program(struct tp_cover *c, struct tp_error *err)
{
    const struct tp_problem *p = c->problem;
    int32_t rows = p->unit_count + p->class_count;
    for (int32_t t = p->tower_count - 1; t >= 0; t--) {
        c->first[p->tower_class[t]] = t;
        c->towers[p->tower_class[t]]++;
    }
    Clp_setLogLevel(c->program, 0);
    Clp_setObjSense(c->program, -1);
    Clp_resize(c->program, rows, 0);
    for (int32_t row = 0; row < rows; row++)
        Clp_rowLower(c->program)[row] = Clp_rowUpper(c->program)[row] =
            row < p->unit_count ? 1 : c->towers[row - p->unit_count];
    add_artificial(c);
    return add_crowds(c, 0, err);
}

/* The assignment that is known: its towers, and each unit at the price of half of what it has there. */
static enum tp_status begin_at(struct tp_cover *c, const int32_t *tower, struct tp_error *err)
{
    int32_t units = c->problem->unit_count;
    unsigned char *in = TP_NEW(units, unsigned char);
    enum tp_status status = in ? TP_OK : tp_fail_memory(err);
    for (int32_t t = 0; t < c->problem->tower_count && !status; t++) {
        for (int32_t u = 0; u < units; u++) {
            in[u] = tower[u] == t;
            for (int32_t v = 0; v < units && in[u]; v++)
                c->center[u] += tower[v] == t ? c->cost[(int64_t)u * units + v] : 0;
        }
        status = add_column(c, c->problem->tower_class[t], in, err);
    }
    free(in);
    return status;
}

static void value_pairs(struct tp_cover *c, enum tp_goal goal)
{
    int32_t units = c->problem->unit_count;
    double half = goal == TP_GOAL_DIVERSE ? -0.5 : 0.5;
    for (int64_t i = 0; i < (int64_t)units * units; i++) {
        c->cost[i] = half * (double)c->problem->affinity[i];
        c->scale += fabs(c->cost[i]) / units;
    }
}

enum tp_status tp_cover_new(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, const struct tp_crowds *crowds, struct tp_cover **cover,
    struct tp_error *err)
{
    int64_t units = problem->unit_count, rows = rows_most(problem);
    struct tp_cover *c = TP_NEW(1, struct tp_cover);
    if (!c)
        return tp_fail_memory(err);
    c->problem = problem;
    c->program = Clp_newModel();
    c->cost = TP_NEW(units * units, double);
    c->worth = TP_NEW(units * units, double);
    c->z = TP_NEW(units * units, double);
    c->now = TP_NEW(rows, double);
    c->center = TP_NEW(rows, double);
    c->asked = TP_NEW(rows, double);
    c->first = TP_NEW(problem->class_count, int32_t);
    c->towers = TP_NEW(problem->class_count, int32_t);
    c->index = TP_NEW(rows, int32_t);
    c->element = TP_NEW(rows, double);
    bool whole = c->program && c->cost && c->worth && c->z && c->now && c->center && c->asked &&
                 c->first && c->towers && c->index && c->element;
    enum tp_status status = whole ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_best_tower_new(problem, &c->best, err);
    if (!status)
        status = tp_crowds_copy(&c->crowds, crowds, err);
    if (!status) {
        value_pairs(c, goal);
        status = begin_program(c, err);
    }
    if (!status)
        status = begin_at(c, tower, err);
    if (status) {
        tp_cover_free(c);
        return status;
    }
    *cover = c;
    return TP_OK;
}

void tp_cover_free(struct tp_cover *c)
{
    if (!c)
        return;
    if (c->program)
        Clp_deleteModel(c->program);
    tp_best_tower_free(c->best);
    tp_crowds_release(&c->crowds);
    free(c->cost);
    free(c->worth);
    free(c->z);
    free(c->now);
    free(c->center);
    free(c->asked);
    free(c->first);
    free(c->towers);
    free(c->class);
    free(c->in);
    free(c->index);
    free(c->element);
    free(c);
}

static bool has_pairs_as_decided(
    const struct tp_cover *c, const struct tp_pairs *pairs, const unsigned char *in)
{
    int32_t units = c->problem->unit_count;
    for (int32_t u = 0; u < units; u++) {
        const unsigned char *pair = tp_pairs_of(pairs, u);
        for (int32_t v = 0; v < units && in[u]; v++)
            if (u != v && pair[v] == (in[v] ? TP_PAIR_APART : TP_PAIR_TOGETHER))
                return false;
    }
    return true;
}

/* Only the towers that are as is decided take part. */
static void choose_columns(struct tp_cover *c, const struct tp_pairs *pairs)
{
    for (int32_t i = 0; i < c->columns; i++)
        Clp_columnUpper(c->program)[c->artificial + i] =
            has_pairs_as_decided(c, pairs, units_of(c, i)) ? INFINITY : 0;
}

/* @return whether there are prices. */
static bool solve(struct tp_cover *c, struct tp_effort *effort)
{
    int32_t rows = Clp_numberRows(c->program);
    Clp_primal(c->program, 1);
    const double *price = Clp_getRowPrice(c->program);
    for (int32_t row = 0; row < rows; row++)
        c->now[row] = row < row_of_crowd(c, 0) ? price[row] : fmax(0, price[row]);
    int64_t iterations = Clp_numberIterations(c->program) + 1;
    tp_effort_spend(
        effort, iterations * STEPS_PER_CELL * ((int64_t)rows + Clp_numberColumns(c->program)));
    return Clp_status(c->program) == 0;
}

/* What a tower is worth at the prices of a question. */
static double worth_at(const struct tp_cover *c, const unsigned char *in)
{
    double worth = sum_inside(c, c->worth, in);
    for (int32_t u = 0; u < c->problem->unit_count; u++)
        worth -= in[u] ? c->asked[u] : 0;
    return worth;
}

/* What a tower would gain the program, whose prices know of classes, too. */
static double gain_of(const struct tp_cover *c, int32_t class, const unsigned char *in)
{
    double gain = sum_inside(c, c->cost, in) - c->now[row_of_class(c, class)];
    for (int32_t u = 0; u < c->problem->unit_count; u++)
        gain -= in[u] ? c->now[u] : 0;
    for (int32_t i = 0; i < c->crowds.count; i++)
        gain -= c->now[row_of_crowd(c, i)] * pairs_inside(c, i, in);
    return gain;
}

/* Best of the towers that are there. */
static double best_known(const struct tp_cover *c, int32_t class)
{
    double best = -INFINITY;
    for (int32_t i = 0; i < c->columns; i++)
        if (c->class[i] == class && Clp_columnUpper(c->program)[c->artificial + i] > 0)
            best = fmax(best, worth_at(c, units_of(c, i)));
    return best;
}

/* Sets the question's prices: so much of the best ones, the rest of the program's. */
static void set_prices(struct tp_cover *c, double smoothing)
{
    int32_t units = c->problem->unit_count, rows = row_of_crowd(c, c->crowds.count);
    for (int32_t row = 0; row < rows; row++)
        c->asked[row] = smoothing * c->center[row] + (1 - smoothing) * c->now[row];
    for (int32_t i = 0; i < c->crowds.count; i++)
        c->crowds.list[i].price = c->asked[row_of_crowd(c, i)];
    memcpy(c->worth, c->cost, (size_t)units * (size_t)units * sizeof *c->worth);
    for (int32_t u = 0; u < units; u++)
        tp_crowds_charge(&c->crowds, u, c->worth + (int64_t)u * units);
}

/* Takes in the towers just found that gain. */
static enum tp_status take_found(
    struct tp_cover *c, int32_t class, bool *gained, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int i = 0; i < tp_towers_found(c->best) && !status; i++) {
        const unsigned char *in = tp_tower_found(c->best, i);
        if (gain_of(c, class, in) <= CLOSE * c->scale)
            continue;
        status = add_column(c, class, in, err);
        *gained = true;
    }
    return status;
}

/* Asks for the best tower of each class.
 * @param steps  a question may take.
 * @param bound  out: what the prices prove; INFINITY: not all questions were answered. */
static enum tp_status ask(struct tp_cover *c, const struct tp_pairs *pairs, int64_t steps,
    struct tp_effort *effort, double *bound, bool *gained, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    *gained = false;
    *bound = tp_crowds_worth(&c->crowds);
    for (int32_t u = 0; u < c->problem->unit_count; u++)
        *bound += c->asked[u];
    for (int32_t class = 0; class < c->problem->class_count && !status; class ++) {
        struct tp_tower_question question = {
            c->first[class], pairs, c->worth, c->asked, best_known(c, class)};
        struct tp_effort part = tp_effort_take(effort, steps);
        double most = INFINITY;
        if (!tp_best_tower_ask(c->best, &question, &part, &most))
            most = INFINITY;
        tp_effort_return(effort, &part);
        *bound += c->towers[class] * most;
        status = take_found(c, class, gained, err);
    }
    return status;
}

/* One program and the questions that follow from it, ever nearer to its own prices, until a tower that
 * gains is found.
 * @param best  in and out: bound of these pairs. @param gained  out: false: there is no such tower. */
static enum tp_status improve(struct tp_cover *c, const struct tp_pairs *pairs,
    struct tp_effort *effort, double *best, bool *gained, struct tp_error *err)
{
    double smoothing = SMOOTHING, bound;
    int64_t steps = STEPS_QUICK;
    for (;;) {
        set_prices(c, smoothing);
        enum tp_status status = ask(c, pairs, steps, effort, &bound, gained, err);
        if (bound < *best) {
            *best = bound;
            memcpy(c->center, c->asked, (size_t)rows_most(c->problem) * sizeof *c->center);
        }
        bool answered = isfinite(bound);
        if (status || *gained || (answered && smoothing <= 0) || effort->over)
            return status;
        if (answered)
            smoothing = smoothing > SMOOTHING_LEAST ? smoothing / 2 : 0;
        else
            steps = INT64_MAX;
    }
}

/* Shares of the mix. */
static void add_up_shares(struct tp_cover *c)
{
    const double *part = Clp_getColSolution(c->program) + c->artificial;
    int64_t units = c->problem->unit_count;
    memset(c->z, 0, (size_t)(units * units) * sizeof *c->z);
    for (int32_t i = 0; i < c->columns; i++) {
        const unsigned char *in = units_of(c, i);
        for (int64_t u = 0; u < units && part[i] > 0; u++)
            for (int64_t v = 0; v < units && in[u]; v++)
                c->z[u * units + v] += in[v] ? part[i] : 0;
    }
}

/* @return whether crowds were found that the mix breaks. */
static enum tp_status find_crowds(struct tp_cover *c, bool *found, struct tp_error *err)
{
    int32_t before = c->crowds.count;
    add_up_shares(c);
    enum tp_status status = tp_crowds_find(&c->crowds, c->z, err);
    *found = c->crowds.count > before;
    return status || !*found ? status : add_crowds(c, before, err);
}

enum tp_status tp_cover_descend(struct tp_cover *c, const struct tp_pairs *pairs, double known,
    struct tp_effort *effort, double *bound, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    double best = INFINITY;
    choose_columns(c, pairs);
    for (bool more = true; more && !status && !effort->over;) {
        if (!solve(c, effort))
            break;
        status = improve(c, pairs, effort, &best, &more, err);
        *bound = fmin(*bound, best);
        if (status || tp_is_proven(*bound, known))
            break;
        more = more && best > Clp_objectiveValue(c->program) + CLOSE * c->scale;
        if (!more && !effort->over)
            status = find_crowds(c, &more, err);
    }
    return status;
}

bool tp_cover_divided(
    const struct tp_cover *c, const struct tp_pairs *pairs, int32_t *u, int32_t *v)
{
    int32_t units = c->problem->unit_count;
    double nearest = 0.5 - 1e-6;
    *u = -1;
    for (int32_t i = 0; i < units; i++) {
        const unsigned char *pair = tp_pairs_of(pairs, i);
        for (int32_t j = 0; j < i; j++) {
            double share = tp_pair_share(c->z, units, i, j);
            if (pair[j] != TP_PAIR_OPEN || fabs(share - 0.5) >= nearest)
                continue;
            nearest = fabs(share - 0.5);
            *u = i;
            *v = j;
        }
    }
    return *u >= 0;
}
