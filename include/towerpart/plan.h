/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: the document that says which features form which tower, where every shard lives, and
 * what that costs. Made, read, checked, recomputed and written here.
 *
 * A plan read from a file is what the file says: it may be wrong in any way that its syntax allows
 * (unknown tables, overlapping shards, stale figures). tp_plan_check() tells. */
#ifndef TOWERPART_PLAN_H
#define TOWERPART_PLAN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/cost.h>
#include <towerpart/model.h>
#include <towerpart/placement.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

enum tp_strategy {
    TP_STRATEGY_COHERENT, /* maximise the affinity inside towers */
    TP_STRATEGY_DIVERSE,  /* minimise it */
    TP_STRATEGY_LOAD,     /* balance only, needs no affinity */
    TP_STRATEGY_STRIDE,   /* unit i to tower i mod T, needs no affinity */
    TP_STRATEGY_PAPER,    /* as the published partitioner has it, made legal by few changes */
    TP_STRATEGY_FLAT,     /* no towers: tables placed freely over all ranks (T = 1, K = H) */
    TP_STRATEGY_IMPORTED, /* towers made elsewhere */
    TP_STRATEGY_COUNT
};

enum tp_verdict { TP_VERDICT_NONE, TP_VERDICT_TRUSTED, TP_VERDICT_WEAK, TP_VERDICT_NOISE };

/* Ways that compute the same function, and dmt, which does not. */
enum tp_recommendation { TP_USE_FLAT, TP_USE_FLAT_FREE, TP_USE_SPTT, TP_USE_DMT };

struct tp_plan_input {
    char *file;      /* base name; NULL: there was none */
    char sha256[65]; /* lower-case hex; "" if there was none */
};

/* A feature whose tower hangs on the sampling error. */
struct tp_plan_mover {
    char *feature;
    double share; /* of the resampled matrices that put it elsewhere, in (0, 1] */
};

struct tp_plan_affinity {
    struct tp_plan_input input; /* file NULL: planned without affinity; several dumps: "a, b" */
    bool from_dump;             /* the input is one or several dumps, not an affinity file */
    enum tp_measure measure;
    int64_t samples;
    int32_t dumps;          /* averaged */
    double reproducibility; /* rank correlation between dumps; NAN: one dump */
    double null_rho;    /* rank correlation with the untrained model's matrix; NAN: none given */
    double learned;     /* share of the pairs above it by over 2 standard errors; NAN: none given */
    double noise_floor; /* 99th percentile of the permuted measure */
    double above_floor; /* share of pairs above it */
    double std_error;   /* median standard error over pairs */
    double stability;   /* adjusted Rand index over resamples; NAN: not assessed */
    struct tp_plan_mover *movers; /* those elsewhere in a quarter of the resamples or more */
    int32_t mover_count;
    char **constant; /* features that never vary in a dump */
    int32_t constant_count;
    char **neutral; /* features in no dump, taken at the mean affinity */
    int32_t neutral_count;
    enum tp_verdict verdict;
};

struct tp_plan_tower {
    int32_t id;
    int32_t *hosts;
    int32_t host_count;
    int32_t *ranks;
    int32_t rank_count;
    char **features;
    int32_t feature_count;
    int64_t output_dim;
};

struct tp_plan_table {
    char *name;
    struct tp_table_placement place;
};

struct tp_plan_rank {
    int32_t rank;
    struct tp_rank_load load;
};

struct tp_plan_baseline {
    char *name;             /* "stride", "load", "paper", "metis_kway", "metis_recursive" */
    double inside_affinity; /* as quality.inside_affinity */
    bool within_limits;     /* false: it breaks a limit of this plan */
};

struct tp_plan_balance {
    double features, memory, lookup, output, flops; /* max over mean, per tower; flops may be NAN */
};

struct tp_plan_quality {
    double inside_affinity; /* share of all affinity inside towers; NAN: none */
    char assignment[65]; /* digest of the assignment of features to towers that inside_affinity, the
                               baselines, stability and verdict belong to; "" without inside_affinity */
    struct tp_plan_baseline *baselines;
    int32_t baseline_count;
    double bound;        /* no towers within the limits hold more (diverse: less); NAN: not known */
    bool proven_optimal; /* these hold the most (diverse: the least), to a millionth */
    struct tp_plan_balance balance;
};

struct tp_plan_cost {
    struct tp_step_cost modes[TP_MODE_COUNT];
    double flat_free_seconds; /* flat, placed freely or as the plan; NAN: not in the file */
    enum tp_recommendation recommended;
    enum tp_recommendation recommended_if_quality_allows;
};

struct tp_plan {
    char *generator;
    uint64_t seed;
    enum tp_strategy strategy;
    struct tp_plan_input model_input, topology_input;
    struct tp_plan_input older; /* the plan that was kept as far as it could be; file NULL: none */
    struct tp_plan_affinity affinity;
    struct tp_model *model;       /* resolved; owned */
    struct tp_topology *topology; /* resolved; hosts_per_tower is the one used; owned */
    double balance;               /* X: lookup, output, flops of a tower <= (1 + X) * mean */
    double ratio;                 /* Q: floor(F/T/Q) <= features of a tower <= ceil(F/T*Q) */
    bool limits_proven; /* no smaller automatic limit exists; true too if the user gave both */
    struct tp_plan_tower *towers;
    int32_t tower_count;
    struct tp_plan_table *tables;
    int32_t table_count;
    struct tp_plan_rank *ranks;
    int32_t rank_count;
    struct tp_plan_quality quality;
    struct tp_plan_cost cost;
};

#define TP_EFFORT_MAX 1000

struct tp_plan_options {
    enum tp_strategy strategy; /* default coherent */
    double balance;          /* X >= 0; NAN (default): the smallest >= 0.05 that the units allow */
    double ratio;            /* Q >= 1; NAN (default): the smallest that the units allow */
    int32_t hosts_per_tower; /* K; 0 (default): the topology's */
    uint64_t seed;           /* default 1 */
    int32_t
        effort; /* search steps, relative; 1..TP_EFFORT_MAX, default 10; 0: until seconds or stop */
    double seconds; /* the search ends then; more give no worse plan; 0 (default): no limit */
    const volatile sig_atomic_t *stop; /* not 0: it ends with the best so far; default NULL */
    bool progress; /* a progress line on stderr if it is a terminal; default false */
};

struct tp_plan_options tp_plan_options_default(void);

/* Makes a plan: partition, placement, loads, costs, recommendation.
 * @param model, topology  borrowed; deep-copied into the plan.
 * @param affinity  NULL for load, stride and flat; features in the model's order; borrowed.
 * @param options   NULL: defaults.
 * @param plan      out, to be freed with tp_plan_free(); the inputs' file names and digests are
 *                  left empty for the caller to set.
 * @return TP_OK; TP_EINFEASIBLE with the limit that binds, the units that force it and the nearest
 *         settings that work, each tried; TP_EINPUT when model and topology do not fit together;
 *         TP_EUSAGE for an option out of range; TP_ENOMEM. */
enum tp_status tp_plan_make(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_plan_options *options,
    struct tp_plan **plan, struct tp_error *err);

/* Reads a plan file. @return TP_EINPUT with file, line, column when it is not a plan document. */
enum tp_status tp_plan_load(const char *path, struct tp_plan **plan, struct tp_error *err);

/* Writes a plan file (beside the target, then renamed); "-" is standard output. Loading it gives
 * the same plan back; saving that gives the same bytes. */
enum tp_status tp_plan_save(const struct tp_plan *plan, const char *path, struct tp_error *err);

void tp_plan_free(struct tp_plan *plan);

/* Everything that is wrong with a plan, one line each. */
struct tp_findings {
    char **lines;
    int32_t count;
    uint64_t *kinds; /* (count) equal for findings that differ in names and numbers alone; NULL: all
                        of other kinds */
};

/* Checks a plan against every rule, and against a newer model or topology if they are given: all
 * findings at once, none repeated as the consequence of another.
 * @param model_path, topology_path  NULL: not compared. A digest that differs is a finding only if
 *                                   the contents, resolved, differ; then the drift is listed.
 * @param findings  out, to be released with tp_findings_release(); count 0: the plan is sound.
 * @return TP_OK also when there are findings; TP_EINPUT when a given file cannot be read. */
enum tp_status tp_plan_check(const struct tp_plan *plan, const char *model_path,
    const char *topology_path, struct tp_findings *findings, struct tp_error *err);

void tp_findings_release(struct tp_findings *findings);

/* Computes loads, balance, costs and recommendation anew after the placement was edited by hand.
 * What belongs to the affinity (inside_affinity, baselines, stability, verdict) is kept while every
 * feature is in the tower that it was planned in; after features moved, inside_affinity is computed
 * from the affinity given and the rest is dropped, since only planning can assess it.
 * @param plan      changed in place on success.
 * @param affinity  NULL: inside_affinity is dropped too when features moved.
 * @return TP_EINFEASIBLE when the edited plan breaks a rule, with the findings as the message. */
enum tp_status tp_plan_recost(
    struct tp_plan *plan, const struct tp_affinity *affinity, struct tp_error *err);

const char *tp_strategy_name(enum tp_strategy strategy);
const char *tp_verdict_name(enum tp_verdict verdict);             /* "not assessed" for NONE */
const char *tp_recommendation_name(enum tp_recommendation which); /* "flat", "flat_free", ... */

#endif
