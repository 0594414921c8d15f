/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation as people read it: where the feature is, what it is related to, what holds it there, then
 * a line per tower and one per place that it could have.
 *
 * In: an explanation. Out: at most 100 columns. Of many towers the feature's own and those where it would
 * do best are listed, the rest is counted. What needs the affinity is left out without it, and that is
 * said. Better is more affinity inside towers, or less for a plan of strategy diverse. */
#include <towerpart/report.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 10
#define TOWERS_LISTED 12
#define TABLES_TOLD 6
#define PLACE_COLUMNS 32
#define SHARE_LEAST                                                                                \
    5e-6 /* of the affinity: less is not worth a word, and is shown as 0.00 points */

static double sign_of(const struct tp_explain *explain)
{
    return explain->plan->strategy == TP_STRATEGY_DIVERSE ? -1 : 1;
}

/* "features, lookup" */
static void add_holds(unsigned holds, struct tp_text *words)
{
    const char *comma = "";
    for (int i = 0; i < TP_HOLD_COUNT; i++) {
        if (!(holds & (1u << i)))
            continue;
        tp_text_add(words, "%s%s", comma, tp_hold_name(i));
        comma = ", ";
    }
}

static const struct tp_table_placement *place_of(const struct tp_explain *explain)
{
    const struct tp_plan *plan = explain->plan;
    const char *name = plan->model->tables[explain->table].name;
    int32_t i = 0; /* the plan breaks no rule: it lists every table */
    while (strcmp(plan->tables[i].name, name) != 0)
        i++;
    return &plan->tables[i].place;
}

static void add_ranks(const struct tp_explain *explain, struct tp_text *text)
{
    const struct tp_table_placement *place = place_of(explain);
    char span[16];
    int32_t *ranks = TP_NEW(place->shard_count, int32_t);
    if (!ranks) {
        text->failed = true;
        return;
    }
    for (int32_t i = 0; i < place->shard_count; i++)
        ranks[i] = place->shards[i].rank;
    tp_line_span(span, ranks, place->shard_count);
    free(ranks);
    tp_text_add(text, "sharding %s, %d shard%s on rank%s %s", tp_sharding_name(place->sharding),
        (int)place->shard_count, tp_plural(place->shard_count), tp_plural(place->shard_count),
        span);
}

/* The other features of the table. */
static void add_sharers(const struct tp_explain *explain, struct tp_text *text)
{
    const struct tp_model *model = explain->plan->model;
    const struct tp_table *table = &model->tables[explain->table];
    struct tp_text names = {0};
    int32_t told = 0;
    for (int32_t i = 0; i < table->feature_count; i++) {
        int32_t other = table->first_feature + i;
        if (other != explain->feature && told < TABLES_TOLD)
            tp_text_add(&names, "%s%s", told++ ? ", " : "",
                tp_shown(model->features[other].name, TP_NAME_COLUMNS).text);
    }
    tp_line_more(&names, table->feature_count - 1 - told);
    if (told)
        tp_line_wrap(text, "Shares", INDENT,
            "its table with %s, which move with it: points, and what a move breaks, are of all of "
            "them.",
            names.data);
    text->failed |= names.failed;
    tp_text_release(&names);
}

static void add_where(const struct tp_explain *explain, struct tp_text *text)
{
    const struct tp_model *model = explain->plan->model;
    const struct tp_table *table = &model->tables[explain->table];
    const struct tp_topology *topology = explain->plan->topology;
    struct tp_text ranks = {0}, unit = {0};
    int32_t told = 0, first_host = explain->tower * topology->hosts_per_tower;
    add_ranks(explain, &ranks);
    tp_line_wrap(text, "Feature", INDENT, "%s, in tower %d (host%s %d%s)",
        tp_shown(model->features[explain->feature].name, TP_NAME_COLUMNS).text, (int)explain->tower,
        tp_plural(topology->hosts_per_tower), (int)first_host,
        topology->hosts_per_tower > 1 ? " and on" : "");
    tp_line_wrap(text, "Table", INDENT, "%s: %lld rows, dim %d, %d feature%s; %s.",
        tp_shown(table->name, TP_NAME_COLUMNS).text, (long long)table->rows, (int)table->dim,
        (int)table->feature_count, tp_plural(table->feature_count), ranks.data ? ranks.data : "");
    add_sharers(explain, text);
    for (int32_t i = 0; i < explain->unit_table_count; i++) {
        int32_t other = explain->unit_tables[i];
        if (other != explain->table && told < TABLES_TOLD)
            tp_text_add(&unit, "%s%s", told++ ? ", " : "",
                tp_shown(model->tables[other].name, TP_NAME_COLUMNS).text);
    }
    tp_line_more(&unit, explain->unit_table_count - 1 - told);
    if (told)
        tp_line_wrap(text, "Moves", INDENT, "with %s: constraint together.", unit.data);
    text->failed |= ranks.failed || unit.failed;
    tp_text_release(&ranks);
    tp_text_release(&unit);
}

static void add_affinity(const struct tp_explain *explain, struct tp_text *text)
{
    const struct tp_explain_tower *own = &explain->towers[explain->tower];
    struct tp_text list = {0};
    if (!explain->has_affinity) {
        tp_line_wrap(text, "Affinity", INDENT,
            "left out: to which towers and features it is related, and what a move would change in "
            "that. "
            "Give -a AFFINITY, the file that the plan was made from.");
        return;
    }
    for (int32_t i = 0; i < explain->partner_count; i++) {
        const struct tp_explain_partner *partner = &explain->partners[i];
        tp_text_add(&list, "%s%s %.3f%s", i ? ", " : "",
            tp_shown(explain->plan->model->features[partner->feature].name, 20).text,
            partner->affinity, partner->tower == explain->tower ? "" : " (elsewhere)");
    }
    if (own->features)
        tp_line_wrap(text, "Affinity", INDENT, "%.3f on average to the %d other%s of its tower.",
            own->mean, (int)own->features, tp_plural(own->features));
    else
        tp_line_wrap(text, "Affinity", INDENT, "it is alone in its tower.");
    if (list.data)
        tp_line_wrap(text, "Partners", INDENT, "%s", list.data);
    if (explain->other_affinity)
        tp_line_wrap(
            text, "Note", INDENT, "the affinity file is not the one that the plan was made from.");
    text->failed |= list.failed;
    tp_text_release(&list);
}

/* The tower where a move would do the plan most good; -1: nowhere. */
static int32_t tempting_tower(const struct tp_explain *explain)
{
    int32_t best = -1;
    for (int32_t t = 0; t < explain->tower_count; t++) {
        double gain = sign_of(explain) * explain->towers[t].gain;
        if (gain > SHARE_LEAST &&
            (best < 0 || gain > sign_of(explain) * explain->towers[best].gain))
            best = t;
    }
    return best;
}

/* "tower 3", "tower 3, where t_x comes back" */
static struct tp_shown place_text(
    const struct tp_explain *explain, const struct tp_explain_place *place)
{
    struct tp_shown shown;
    if (place->swap_table < 0)
        snprintf(shown.text, sizeof shown.text, "to tower %d", (int)place->tower);
    else
        snprintf(shown.text, sizeof shown.text, "to %d, %s back", (int)place->tower,
            tp_shown(explain->plan->model->tables[place->swap_table].name, 18).text);
    return shown;
}

static void add_held_by_affinity(const struct tp_explain *explain, struct tp_text *text)
{
    int32_t tower = tempting_tower(explain);
    struct tp_text holds = {0};
    double better =
        explain->place_count
            ? sign_of(explain) * (explain->places[0].inside_affinity - explain->now.inside_affinity)
            : 0;
    if (tower >= 0)
        add_holds(explain->towers[tower].holds, &holds);
    bool was_kept = explain->plan->older.file != NULL;
    if (better > SHARE_LEAST)
        tp_line_wrap(text, "Held by", INDENT,
            "%s: the move %s keeps all limits and changes the affinity inside towers by %+.2f "
            "points%s.",
            was_kept ? "what plan --from goes by" : "nothing",
            place_text(explain, &explain->places[0]).text, 100 * sign_of(explain) * better,
            was_kept ? ", but has to be worth its bytes, and no step may become slower" : "");
    else if (tower >= 0)
        tp_line_wrap(text, "Held by", INDENT,
            "limits: in tower %d it would change the affinity inside towers by %+.2f points, but a "
            "move "
            "there breaks %s, and no move or swap within the limits is better than staying.",
            (int)tower, 100 * explain->towers[tower].gain, holds.data ? holds.data : "nothing");
    else
        tp_line_wrap(text, "Held by", INDENT, "its affinity: no other tower would %s.",
            sign_of(explain) > 0 ? "hold more of it" : "hold less of it");
    text->failed |= holds.failed;
    tp_text_release(&holds);
}

static void add_held(const struct tp_explain *explain, struct tp_text *text)
{
    if (explain->tower_count == 1)
        tp_line_wrap(
            text, "Held by", INDENT, "nothing: one tower holds all features, there is no other.");
    else if (explain->pin >= 0)
        tp_line_wrap(text, "Held by", INDENT, "constraint pin: tower %d.", (int)explain->pin);
    else if (explain->has_affinity)
        add_held_by_affinity(explain, text);
    else
        tp_line_wrap(text, "Held by", INDENT,
            "what a move breaks is listed below; where it would do better only the affinity "
            "tells.");
}

/* A tower in the order in which they are listed. */
struct entry {
    double rank; /* what a move there gains; of the feature's own tower, infinite */
    int32_t tower;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->rank > y->rank || x->rank < y->rank)
        return x->rank > y->rank ? -1 : 1;
    return x->tower - y->tower;
}

static void add_tower(const struct tp_explain *explain, int32_t t, struct tp_text *text)
{
    const struct tp_explain_tower *tower = &explain->towers[t];
    tp_text_add(text, " %5d %9d", (int)t, (int)tower->features);
    if (isnan(tower->mean))
        tp_text_add(text, " %9s", "-");
    else
        tp_text_add(text, " %9.3f", tower->mean);
    if (isnan(tower->gain))
        tp_text_add(text, " %9s %9s  ", "-", "-");
    else
        tp_text_add(text, " %9.2f %+9.2f  ", tower->sum, 100 * tower->gain);
    if (t == explain->tower)
        tp_text_add(text, "it is here");
    else if (!tower->holds)
        tp_text_add(text, "nothing");
    add_holds(tower->holds, text);
    tp_text_add(text, "\n");
}

static void add_towers(const struct tp_explain *explain, bool all, struct tp_text *text)
{
    int32_t count = explain->tower_count;
    int32_t listed = all || count <= TOWERS_LISTED + 1 ? count : TOWERS_LISTED;
    struct entry *entries = TP_NEW(count, struct entry);
    if (!entries) {
        text->failed = true;
        return;
    }
    for (int32_t t = 0; t < count; t++) {
        double gain = sign_of(explain) * explain->towers[t].gain;
        entries[t] = (struct entry){t == explain->tower ? INFINITY : isnan(gain) ? 0 : gain, t};
    }
    qsort(entries, (size_t)count, sizeof *entries, compare_entries);
    tp_text_add(text,
        "\nTOWERS    mean, sum: affinity of the feature to those of the tower\n"
        "          points: change of the affinity inside towers if its unit moved there\n"
        " %5s %9s %9s %9s %9s  a move there breaks\n",
        "tower", "features", "mean", "sum", "points");
    for (int32_t i = 0; i < listed; i++)
        add_tower(explain, entries[i].tower, text);
    free(entries);
    if (listed < count)
        tp_text_add(text, "   ... and %d more: --all\n", (int)(count - listed));
}

/* @param from  whose step times the others are held against; NULL: told as they are. */
static void add_place(const struct tp_explain_place *place, const struct tp_explain_place *from,
    const char *label, struct tp_text *text)
{
    const struct tp_plan_balance *balance = &place->balance;
    tp_text_add(text, " %-*s", PLACE_COLUMNS, label);
    if (isnan(place->inside_affinity))
        tp_text_add(text, " %8s", "-");
    else
        tp_text_add(text, " %6.2f %%", 100 * place->inside_affinity);
    tp_text_add(text, " %8.2f %7.2f %7.2f", balance->features, balance->lookup, balance->output);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        char step[16];
        double seconds = place->cost.modes[mode].seconds;
        tp_format_seconds(step, seconds);
        if (from)
            tp_text_add(text, " %+7.2f %%",
                fmin(100 * (seconds / from->cost.modes[mode].seconds - 1), 9999));
        else
            tp_text_add(text, " %9s", step);
    }
    tp_text_add(text, "\n");
}

static void add_places(const struct tp_explain *explain, struct tp_text *text)
{
    tp_text_add(text,
        "\nPLACES    the best within all limits; balance: largest tower over mean tower\n"
        " %-*s %8s %8s %7s %7s %9s %9s %9s\n",
        PLACE_COLUMNS, "", "inside", "features", "lookup", "output", "flat", "sptt", "dmt");
    add_place(&explain->now, NULL, "stays", text);
    for (int32_t i = 0; i < explain->place_count; i++)
        add_place(&explain->places[i], &explain->now, place_text(explain, &explain->places[i]).text,
            text);
    if (!explain->place_count && explain->tower_count > 1)
        tp_line_wrap(
            text, "", 1, "There is no other: no move and no swap with one unit keeps all limits.");
}

enum tp_status tp_report_explain_text(
    const struct tp_explain *explain, bool all, const char *path, struct tp_error *err)
{
    struct tp_text draft = {0}, text = {0};
    add_where(explain, &draft);
    add_affinity(explain, &draft);
    add_held(explain, &draft);
    if (explain->tower_count > 1)
        add_towers(explain, all, &draft);
    add_places(explain, &draft);
    tp_line_clip(&text, &draft);
    enum tp_status status = draft.failed || text.failed
                                ? tp_fail_memory(err)
                                : tp_file_write(path, text.data, text.length, err);
    tp_text_release(&text);
    tp_text_release(&draft);
    return status;
}
