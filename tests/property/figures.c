/* SPDX-License-Identifier: Apache-2.0 */
/* Loads of ranks and towers, and what the phases move and take.
 *
 * An exchange is described by one question, amount(): how many bytes does rank `from` send to rank
 * `to`? Everything else, bytes per level, shared uplinks, seconds, is added up from the answers for
 * all pairs. Dense phases follow the layer sizes. A Linear(m -> n) is 2*m*n flops forward, twice
 * that backward. */
#include "figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_weight(struct weight *sum, struct weight more)
{
    sum->parameters += more.parameters;
    sum->lookup += more.lookup;
    sum->width += more.width;
    sum->ids += more.ids;
}

static void weigh_ranks(struct figures *f, const struct claims *claims)
{
    for (int i = 0; i < claims->table_count; i++) {
        const struct table_claim *t = &claims->tables[i];
        for (int s = 0; s < t->shard_count; s++)
            add_weight(&f->rank[t->shards[s].rank],
                shard_weight(&claims->workload, t->table, t->sharding, t->shards[s].row,
                    t->shards[s].rows, t->shards[s].columns));
    }
}

static void weigh_towers(struct figures *f, const struct claims *claims)
{
    const struct workload *w = &claims->workload;
    bool *inside = need((size_t)w->feature_count, sizeof *inside);
    for (int t = 0; t < f->towers; t++) {
        memset(inside, 0, (size_t)w->feature_count * sizeof *inside);
        for (int i = 0; i < claims->table_count; i++) {
            const struct table *table = &w->tables[claims->tables[i].table];
            for (int j = 0; claims->tables[i].tower == t && j < table->feature_count; j++)
                inside[table->first_feature + j] = true;
        }
        f->tower[t] = tower_weight(w, inside);
    }
    free(inside);
}

static void weigh_memory(struct figures *f, const struct workload *w)
{
    struct memory_case all = {0};
    int per_tower = ranks_per_tower(w);
    for (int r = 0; r < f->ranks; r++) {
        all.all_ids += f->rank[r].ids;
        all.all_width += f->rank[r].width;
    }
    for (int t = 0; t < f->towers; t++) {
        all.all_out += f->tower[t].output;
        all.all_sent += f->tower[t].sent;
    }
    for (int r = 0; r < f->ranks; r++) {
        struct memory_case c = all;
        int t = r / per_tower;
        c.own = f->rank[r];
        c.tower_out = f->tower[t].output;
        c.tower_sent = f->tower[t].sent;
        for (int peer = t * per_tower; peer < (t + 1) * per_tower; peer++)
            c.tower_width += f->rank[peer].width;
        f->memory[r] = rank_memory(w, &c);
        f->tower_memory[t] += f->memory[r];
    }
}

void figures_init(struct figures *figures, const struct claims *claims)
{
    figures->ranks = rank_count(&claims->workload);
    figures->towers = tower_count(&claims->workload);
    figures->rank = need((size_t)figures->ranks, sizeof *figures->rank);
    figures->memory = need((size_t)figures->ranks, sizeof *figures->memory);
    figures->tower = need((size_t)figures->towers, sizeof *figures->tower);
    figures->tower_memory = need((size_t)figures->towers, sizeof *figures->tower_memory);
    weigh_ranks(figures, claims);
    weigh_towers(figures, claims);
    weigh_memory(figures, &claims->workload);
}

void figures_release(struct figures *figures)
{
    free(figures->rank);
    free(figures->memory);
    free(figures->tower);
    free(figures->tower_memory);
    *figures = (struct figures){0};
}

double figures_spread(const struct figures *figures, enum balance resource)
{
    double most = 0, sum = 0;
    for (int t = 0; t < figures->towers; t++) {
        const struct tower_weight *tower = &figures->tower[t];
        double value[BALANCES] = {
            tower->features, figures->tower_memory[t], tower->lookup, tower->output, tower->flops};
        most = fmax(most, value[resource]);
        sum += value[resource];
    }
    return sum > 0 ? most * figures->towers / sum : 1;
}

/* Bytes that one rank sends to another in a phase. */
struct exchange {
    const struct figures *figures;
    const struct workload *w;
    enum mode mode;
    enum phase phase;
};

static double amount(const struct exchange *x, int from, int to)
{
    const struct figures *f = x->figures;
    double batch = global_batch(x->w), local = batch / f->ranks;
    int per_tower = ranks_per_tower(x->w);
    const struct tower_weight *tower = &f->tower[from / per_tower];
    switch (x->phase) {
    case IDS_ALLTOALL:
        return local * f->rank[to].ids;
    case TOWER_EXCHANGE:
        if (from / per_tower != to / per_tower)
            return 0;
        return batch / per_tower * f->rank[from].width * forward_bytes(x->w);
    case EMBEDDING_ALLTOALL:
        if (x->mode == FLAT)
            return local * f->rank[from].width * forward_bytes(x->w);
        if (from % per_tower != to % per_tower)
            return 0;
        return local * (x->mode == DMT ? tower->sent : tower->output) * forward_bytes(x->w);
    default:
        break;
    }
    /* Gradients go the way back, in the backward type. */
    struct exchange there = *x;
    there.phase = x->phase == TOWER_EXCHANGE_BACKWARD ? TOWER_EXCHANGE : EMBEDDING_ALLTOALL;
    return amount(&there, to, from) / forward_bytes(x->w) * backward_bytes(x->w);
}

/* Sums of an exchange, at every level. */
struct traffic {
    double *sent, *received; /* (G, levels) by rank, at the level that joins the two */
    double *up, *down;       /* (G, levels) by group of level - 1, crossing its uplink */
};

static void add_pair(struct traffic *t, const struct workload *w, int from, int to, double bytes)
{
    int joined = level_between(w, from, to), group = 1;
    t->sent[from * LEVELS_MAX + joined] += bytes;
    t->received[to * LEVELS_MAX + joined] += bytes;
    for (int level = 1; level <= joined; level++) {
        group *= w->levels[level - 1].fanout;
        t->up[from / group * LEVELS_MAX + level] += bytes;
        t->down[to / group * LEVELS_MAX + level] += bytes;
    }
}

static bool exchanges_with(const struct exchange *x, int from, int to)
{
    int per_tower = ranks_per_tower(x->w);
    bool tower = x->phase == TOWER_EXCHANGE || x->phase == TOWER_EXCHANGE_BACKWARD;
    if (x->phase == IDS_ALLTOALL || x->mode == FLAT)
        return true;
    return tower ? from / per_tower == to / per_tower : from % per_tower == to % per_tower;
}

/* Peers that a rank meets at a level, the most of any rank: a tower of several hosts may straddle
 * groups in more than one way. */
static int peers_at(const struct exchange *x, int level)
{
    int most = 0;
    for (int from = 0; from < x->figures->ranks; from++) {
        int peers = 0;
        for (int to = 0; to < x->figures->ranks; to++)
            peers +=
                to != from && exchanges_with(x, from, to) && level_between(x->w, from, to) == level;
        most = peers > most ? peers : most;
    }
    return most;
}

/* Slowest shared uplink into a level: all that crosses it one way, at its rate. */
static double uplink_seconds(
    const struct traffic *t, const struct workload *w, int level, int ranks)
{
    double slowest = 0;
    int group = 1;
    for (int i = 0; i < level; i++)
        group *= w->levels[i].fanout;
    for (int g = 0; level > 0 && g < ranks / group; g++) {
        double rate = level == 1 ? w->host_uplink[g] : w->levels[level].uplink_bytes_per_s;
        double bytes = fmax(t->up[g * LEVELS_MAX + level], t->down[g * LEVELS_MAX + level]);
        if (rate > 0)
            slowest = fmax(slowest, bytes / rate);
    }
    return slowest;
}

/* Levels work side by side: the slowest one counts. */
static void add_levels(
    const struct exchange *x, const struct traffic *t, struct phase_figure *figure)
{
    for (int level = 0; level < x->w->level_count; level++) {
        const struct level *l = &x->w->levels[level];
        double *bytes = &figure->bytes[level];
        for (int r = 0; r < x->figures->ranks; r++) {
            *bytes = fmax(*bytes, t->sent[r * LEVELS_MAX + level]);
            *bytes = fmax(*bytes, t->received[r * LEVELS_MAX + level]);
        }
        double wire =
            fmax(*bytes / l->bytes_per_s, uplink_seconds(t, x->w, level, x->figures->ranks));
        figure->seconds = fmax(figure->seconds, peers_at(x, level) * l->latency_s + wire);
    }
}

static void exchange(const struct exchange *x, struct phase_figure *figure)
{
    int ranks = x->figures->ranks;
    double *sums = need((size_t)ranks * LEVELS_MAX * 4, sizeof *sums);
    struct traffic t = {sums, sums + ranks * LEVELS_MAX, sums + 2 * ranks * LEVELS_MAX,
        sums + 3 * ranks * LEVELS_MAX};
    for (int from = 0; from < ranks; from++)
        for (int to = 0; to < ranks; to++)
            if (from != to)
                add_pair(&t, x->w, from, to, amount(x, from, to));
    add_levels(x, &t, figure);
    free(sums);
}

static double mlp_flops(double input, const struct mlp *mlp, int last_width)
{
    double flops = 0;
    for (int i = 0; i < mlp->count; i++) {
        double output = i == mlp->count - 1 && last_width ? last_width : mlp->width[i];
        flops += 2 * input * output;
        input = output;
    }
    return flops;
}

/* Interaction and top MLP on `vectors` vectors of width n, one more from the dense features. */
static double over_flops(const struct workload *w, double vectors, double n)
{
    double dense = w->dense_features > 0 ? 1 : 0, all = vectors + dense;
    if (w->interaction == INTERACT_DLRM)
        return 2 * all * all * n + mlp_flops(all * (all - 1) / 2 + dense * n, &w->top, 0);
    return w->cross_layers * (4 * all * n * w->cross_rank) + mlp_flops(all * n, &w->top, 0);
}

/* Width of the vectors that meet in flat and sptt, and the flops that bring the odd ones to it. */
static double meeting_width(const struct workload *w, double *projections)
{
    bool equal = true;
    double n = w->bottom.width[w->bottom.count - 1];
    *projections = 0;
    for (int i = 1; i < w->table_count; i++)
        equal = equal && w->tables[i].dim == w->tables[0].dim;
    if (w->interaction == INTERACT_DCN && equal)
        n = w->tables[0].dim;
    for (int i = 0; i < w->feature_count; i++)
        if (w->tables[w->features[i].table].dim != n)
            *projections += 2 * w->tables[w->features[i].table].dim * n;
    return n;
}

static double bottom_seconds(const struct figures *f, const struct workload *w, enum mode mode)
{
    double projections, n = meeting_width(w, &projections);
    if (mode == DMT && w->module != MODULE_NONE)
        n = w->module_dim;
    return mlp_flops(w->dense_features, &w->bottom, (int)n) * global_batch(w) / f->ranks /
           w->flops_per_s;
}

static double over_seconds(const struct figures *f, const struct workload *w, enum mode mode)
{
    double projections, n = meeting_width(w, &projections), sent = 0, flops;
    for (int t = 0; t < f->towers; t++)
        sent += f->tower[t].sent;
    if (mode == DMT && w->module != MODULE_NONE)
        flops = over_flops(w, sent / w->module_dim, w->module_dim);
    else
        flops = over_flops(w, w->feature_count, n) + projections;
    return flops * global_batch(w) / f->ranks / w->flops_per_s;
}

static double module_seconds(const struct figures *f, const struct workload *w)
{
    double most = 0;
    for (int t = 0; t < f->towers; t++)
        most = fmax(most, f->tower[t].flops);
    return most * global_batch(w) / ranks_per_tower(w) / w->flops_per_s;
}

static double lookup_seconds(const struct figures *f, const struct workload *w)
{
    double most = 0;
    for (int r = 0; r < f->ranks; r++)
        most = fmax(most, f->rank[r].lookup);
    return most / w->memory_bytes_per_s;
}

/* One pass that reads and writes what a rank is about to send. With one tower, or one rank per
 * tower, the blocks are in peer order as they are. */
static double permute_seconds(const struct figures *f, const struct workload *w, double e)
{
    double most = 0;
    if (f->towers == 1 || ranks_per_tower(w) == 1)
        return 0;
    for (int r = 0; r < f->ranks; r++)
        most = fmax(most, f->rank[r].width);
    return 2 * global_batch(w) * most * e / w->memory_bytes_per_s;
}

static double local_seconds(
    const struct figures *f, const struct workload *w, enum mode mode, enum phase phase)
{
    switch (phase) {
    case LOOKUP:
        return lookup_seconds(f, w);
    case SPARSE_UPDATE:
        return 2 * lookup_seconds(f, w);
    case PEER_PERMUTE:
        return permute_seconds(f, w, forward_bytes(w));
    case PEER_PERMUTE_BACKWARD:
        return permute_seconds(f, w, backward_bytes(w));
    case TOWER_MODULE:
        return module_seconds(f, w);
    case TOWER_MODULE_BACKWARD:
        return 2 * module_seconds(f, w);
    case BOTTOM_MLP:
        return bottom_seconds(f, w, mode);
    case BOTTOM_MLP_BACKWARD:
        return 2 * bottom_seconds(f, w, mode);
    case OVER_ARCH:
        return over_seconds(f, w, mode);
    default:
        return 2 * over_seconds(f, w, mode);
    }
}

static bool mode_has(const struct workload *w, enum mode mode, enum phase phase)
{
    if (phase == TOWER_MODULE || phase == TOWER_MODULE_BACKWARD)
        return mode == DMT && w->module != MODULE_NONE;
    if (phase == PEER_PERMUTE || phase == PEER_PERMUTE_BACKWARD || phase == TOWER_EXCHANGE ||
        phase == TOWER_EXCHANGE_BACKWARD)
        return mode != FLAT;
    if (phase == BOTTOM_MLP || phase == BOTTOM_MLP_BACKWARD)
        return w->dense_features > 0;
    return true;
}

static const enum phase value_phases[] = {
    TOWER_EXCHANGE, EMBEDDING_ALLTOALL, EMBEDDING_ALLTOALL_BACKWARD, TOWER_EXCHANGE_BACKWARD};
enum { VALUE_PHASES = sizeof value_phases / sizeof *value_phases };

static void add_all_pairs(struct traffic *t, const struct exchange *x)
{
    for (int from = 0; from < x->figures->ranks; from++)
        for (int to = 0; to < x->figures->ranks; to++)
            if (from != to)
                add_pair(t, x->w, from, to, amount(x, from, to));
}

/* What the busiest link carries in one direction, ids and values of a whole step, at its rate. */
static double busiest_link(const struct figures *f, const struct workload *w, enum mode mode)
{
    int ranks = f->ranks;
    double seconds = 0, *sums = need((size_t)ranks * LEVELS_MAX * 4, sizeof *sums);
    struct traffic t = {sums, sums + ranks * LEVELS_MAX, sums + 2 * ranks * LEVELS_MAX,
        sums + 3 * ranks * LEVELS_MAX};
    add_all_pairs(&t, &(struct exchange){f, w, mode, IDS_ALLTOALL});
    for (int i = 0; i < VALUE_PHASES; i++)
        if (mode_has(w, mode, value_phases[i]))
            add_all_pairs(&t, &(struct exchange){f, w, mode, value_phases[i]});
    for (int level = 0; level < w->level_count; level++) {
        seconds = fmax(seconds, uplink_seconds(&t, w, level, ranks));
        for (int r = 0; r < ranks; r++) {
            double bytes = fmax(t.sent[r * LEVELS_MAX + level], t.received[r * LEVELS_MAX + level]);
            seconds = fmax(seconds, bytes / w->levels[level].bytes_per_s);
        }
    }
    free(sums);
    return seconds;
}

/* Ids travel while a rank looks up, permutes and computes, and on links that are idle while values are exchanged:
 * only the rest of their time is waited for. */
static double exposed_seconds(
    const struct figures *f, const struct workload *w, enum mode mode, double ids)
{
    double left = busiest_link(f, w, mode);
    for (int i = 0; i < VALUE_PHASES; i++)
        left -= figures_phase(f, w, mode, value_phases[i]).seconds;
    ids = fmin(ids, left);
    static const enum phase local[] = {LOOKUP, SPARSE_UPDATE, PEER_PERMUTE, PEER_PERMUTE_BACKWARD,
        TOWER_MODULE, TOWER_MODULE_BACKWARD, BOTTOM_MLP, BOTTOM_MLP_BACKWARD, OVER_ARCH,
        OVER_ARCH_BACKWARD};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (mode_has(w, mode, local[i]))
            ids -= local_seconds(f, w, mode, local[i]);
    return fmax(0, ids);
}

struct phase_figure figures_phase(
    const struct figures *figures, const struct workload *w, enum mode mode, enum phase phase)
{
    struct phase_figure figure = {.known = phase != DENSE_ALLREDUCE};
    struct exchange x = {figures, w, mode, phase};
    figure.present = mode_has(w, mode, phase);
    figure.moves = phase == IDS_ALLTOALL || phase == TOWER_EXCHANGE ||
                   phase == TOWER_EXCHANGE_BACKWARD || phase == EMBEDDING_ALLTOALL ||
                   phase == EMBEDDING_ALLTOALL_BACKWARD || phase == DENSE_ALLREDUCE;
    if (!figure.known || !figure.present)
        return figure;
    if (figure.moves)
        exchange(&x, &figure);
    else
        figure.seconds = local_seconds(figures, w, mode, phase);
    if (phase == IDS_ALLTOALL)
        figure.seconds = exposed_seconds(figures, w, mode, figure.seconds);
    return figure;
}
