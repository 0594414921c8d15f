/* SPDX-License-Identifier: Apache-2.0 */
/* What a step would take in other settings: more or fewer ranks, other towers, tower modules,
 * batches, exchanged dtypes, another network. And, for one setting, what affinity inside towers
 * costs.
 *
 * A sweep needs no affinity: towers are balanced by load, and nothing is searched for. Letters: K
 * hosts per tower, T towers, B samples of all ranks per step. */
#ifndef TOWERPART_SWEEP_H
#define TOWERPART_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

#define TP_SWEEP_ROWS_MAX 10000

/* Borrowed; all positive; count 0: not given. */
struct tp_sweep_integers {
    const int64_t *values;
    int32_t count;
};

/* What is tried; every combination of the lists is a setting. A list that is not given leaves the
 * specs' value as it is, except that ranks then go from 8 by doubling to 4,096. */
struct tp_sweep_options {
    struct tp_sweep_integers ranks;           /* whole hosts, and whole groups of inner levels */
    struct tp_sweep_integers hosts_per_tower; /* K */
    struct tp_sweep_integers towers;          /* T; not together with hosts_per_tower */
    struct tp_sweep_integers local_batches;   /* samples of a rank per step */
    const struct tp_tower_module *modules;
    int32_t module_count;
    const enum tp_dtype *exchanges; /* what exchanged values are sent as, both ways */
    int32_t exchange_count;
    const double *bytes_per_s; /* of the outermost level; its uplinks and its measured curves change
                                  in proportion */
    int32_t rate_count;
    bool progress; /* a progress line on stderr if it is a terminal */
};

struct tp_sweep_setting {
    int32_t ranks;
    int32_t towers;          /* 0: the hosts cannot be cut as wanted */
    int32_t hosts_per_tower; /* likewise */
    int64_t batch;           /* B; 0: the spec's is no multiple of the ranks */
    struct tp_tower_module module;
    enum tp_dtype forward, backward; /* what exchanged values are sent as */
    double bytes_per_s;              /* of the outermost level */
};

struct tp_sweep_row {
    struct tp_sweep_setting setting;
    bool placed;              /* tables are in towers: cost.modes is meaningful */
    struct tp_plan_cost cost; /* flat_free_seconds is NAN where tables fit in no way, and nothing is
                                 recommended then */
    char *why;                /* not placed: what is in the way, one line; else NULL */
};

/* From which scale on a mode is faster than flat, however flat places its tables. */
struct tp_break_even {
    int32_t row;   /* the fewest ranks from which on it always is; -1: there are none */
    bool always;   /* that is the first row that has towers */
    int32_t first; /* the first and the last row that has towers; -1: none has */
    int32_t last;
};

/* Rows that differ in their ranks only, fewest first. */
struct tp_sweep_series {
    int32_t first_row, row_count;
    struct tp_break_even sptt, dmt;
};

struct tp_sweep {
    struct tp_sweep_row *rows; /* series by series */
    int32_t row_count;
    struct tp_sweep_series *series;
    int32_t series_count;
    /* The row with the most samples per second; -1: nothing fits. Of those that have the topology's
       own ranks, or else the most, and its own bandwidth, or else the first. */
    int32_t recommended;
    int32_t recommended_if_quality_allows;
};

/* @param options  NULL: defaults.
 * @param sweep    out, to be freed with tp_sweep_free(). Rows are in the order of the lists, ranks
 * ascending.
 * @return TP_OK also when rows have no towers or nothing fits; TP_EUSAGE for a list that no
 * topology can follow, or too many rows; TP_ENOMEM. Cost: for each row two placements of all
 * tables. */
enum tp_status tp_sweep_make(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_sweep_options *options, struct tp_sweep **sweep, struct tp_error *err);
void tp_sweep_free(struct tp_sweep *sweep);

/* The fastest way of a row and its seconds. @param any  dmt too, which computes another function.
 */
enum tp_recommendation tp_sweep_best(const struct tp_sweep_row *row, bool any);
double tp_sweep_seconds(const struct tp_sweep_row *row, enum tp_recommendation which);

/* What affinity inside towers costs in time: plans of one setting, of several numbers of towers and
 * balances. */
struct tp_frontier_options {
    struct tp_sweep_options
        setting;            /* lists of one value at most, but for towers or hosts_per_tower:
                                        default every K that gives two towers or more; ranks:
                                        default the topology's */
    const double *balances; /* as tp_plan_options.balance; default automatic, 0.1, 0.2, 0.5, 1 */
    int32_t balance_count;
    uint64_t seed;
    int32_t effort; /* 1..TP_EFFORT_MAX */
};

struct tp_frontier_point {
    struct tp_sweep_setting setting;
    double balance;         /* asked for; NAN: automatic */
    bool made;              /* there is such a plan: what follows is meaningful */
    double balance_used;    /* as tp_plan.balance */
    double inside_affinity; /* as tp_plan_quality.inside_affinity */
    struct tp_plan_cost cost;
    double seconds; /* of dmt, or of sptt where there is no tower module */
    bool dominated; /* another point has as much affinity in as little time, and more or less */
    char *why;      /* not made: what is in the way, one line; else NULL */
};

struct tp_frontier {
    struct tp_frontier_point *points; /* balances of the first K, of the second, ... */
    int32_t count;
};

/* @param affinity  features in the model's order; borrowed.
 * @param frontier  out, to be freed with tp_frontier_free().
 * @return as tp_sweep_make(). Cost: a plan for each point. */
enum tp_status tp_frontier_make(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_frontier_options *options,
    struct tp_frontier **frontier, struct tp_error *err);
void tp_frontier_free(struct tp_frontier *frontier);

#endif
