/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's own figures, arranged as the reports show them: by rank, by tower, by resource. Sums and
 * maxima only; nothing is predicted here. */
#ifndef TP_REPORT_VIEW_H
#define TP_REPORT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/plan.h>
#include <towerpart/report.h>
#include <towerpart/status.h>

enum tp_resource {
    TP_RESOURCE_FEATURES,
    TP_RESOURCE_MEMORY,
    TP_RESOURCE_LOOKUP,
    TP_RESOURCE_OUTPUT,
    TP_RESOURCE_COUNT
};

const char *tp_resource_name(enum tp_resource resource); /* "features", "memory", ... */

struct tp_view_rank {
    struct tp_rank_load load; /* zero if the plan has none */
    int64_t capacity_bytes;   /* of embeddings and buffers */
    int32_t tower;            /* index into plan->towers, -1: in none */
};

struct tp_view_tower {
    double used[TP_RESOURCE_COUNT]; /* features; bytes over its ranks; output dim */
    double capacity_bytes;          /* over its ranks */
};

/* Where a resource is tightest. */
struct tp_view_peak {
    int32_t tower;      /* index into plan->towers of the heaviest, -1: there is no tower */
    int32_t table;      /* index into plan->tables of its heaviest table, -1: it has none */
    double table_share; /* that table's part of what the tower's tables bring, in [0, 1] */
};

struct tp_view {
    const struct tp_plan *plan; /* borrowed */
    struct tp_view_rank *ranks; /* (rank_count of the topology) */
    int32_t rank_count;
    struct tp_view_tower *towers; /* (plan->tower_count) */
    struct tp_view_peak peaks[TP_RESOURCE_COUNT];
    double chance_affinity; /* inside_affinity expected of random towers of these sizes */
    int32_t feature_count;  /* in towers */
    bool one_tower; /* towers change nothing: one holds everything; false for strategy flat */
    struct tp_findings findings;        /* borrowed; count 0: the plan is sound */
    const struct tp_measured *measured; /* (run_count) runs; borrowed */
    int32_t run_count;                  /* 0 after tp_view_init() */
    bool all;                           /* lists are shown whole; false after tp_view_init() */
    const char
        *name; /* of the plan's file, for commands; borrowed; "plan.yaml" after tp_view_init() */
};

/* A plan that breaks the rules is shown as far as it goes: what points nowhere is left out.
 * @param findings  of the plan; NULL: none.
 * @param view      out; borrows both; to be released also on failure. Cost: O(G + shards). */
enum tp_status tp_view_init(struct tp_view *view, const struct tp_plan *plan,
    const struct tp_findings *findings, struct tp_error *err);
void tp_view_release(struct tp_view *view);

/* Takes over what the options say. @param options  NULL: nothing. */
void tp_view_options(struct tp_view *view, const struct tp_report_options *options);

/* The view with one of its runs alone; borrows what the view has, so it is not to be released. */
struct tp_view tp_view_run(const struct tp_view *view, int32_t i);

/* Seconds of a way to run a step; NAN if flat_free fits nowhere. */
double tp_view_seconds(const struct tp_plan *plan, enum tp_recommendation which);

/* Of a name that a shell takes as it is. */
#define TP_SHELL_PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+"

/* The plan's file for a command line; "PLAN" if a shell would not take it as it is, or it is long. */
const char *tp_view_name(const struct tp_view *view);

/* Whether the plan says what a step costs; a placement that is broken has no cost. */
bool tp_view_has_costs(const struct tp_plan *plan);

/* What towers are compared with: the faster of flat and flat_free. */
enum tp_recommendation tp_view_best_flat(const struct tp_plan *plan);

/* What a measure is, in words. */
const char *tp_view_measure(enum tp_measure measure);

/* How many of a list of `count` are shown: all, or at most `most`, and never all but one. */
int32_t tp_view_listed(const struct tp_view *view, int32_t count, int32_t most);

/* Features per tower that the plan's ratio allows. */
void tp_view_feature_range(const struct tp_plan *plan, int32_t *min, int32_t *max);

#endif
