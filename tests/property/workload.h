/* SPDX-License-Identifier: Apache-2.0 */
/* A model and a topology as the property tests see them, and what its parts weigh: written anew
 * from the documented formulas, sharing nothing with the library, so that an error on one side
 * cannot hide on the other.
 *
 * Letters: B global batch, G ranks, b = B/G, L ranks per host, H hosts, K hosts per tower, R = L*K
 * ranks per tower, T = G/R towers, N_f dim of feature f, O_r sum over a rank's shards of columns *
 * features, O_t sum of the dims of a tower's features, e bytes of a sent value. */
#ifndef PROPERTY_WORKLOAD_H
#define PROPERTY_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { NAME_BYTES = 64, LEVELS_MAX = 8, RULE_FEATURES_MAX = 8, LAYERS_MAX = 8, HOT_MAX = 6 };

enum dtype { FLOAT32, FLOAT16, BFLOAT16, DTYPES };
enum optimizer { SGD, ROWWISE_ADAGRAD, ADAGRAD, ADAM, OPTIMIZERS };
enum module { MODULE_NONE, MODULE_DLRM, MODULE_DCN, MODULES };
enum interaction { INTERACT_DLRM, INTERACT_DCN, INTERACTIONS };
enum rule_kind { RULE_TOGETHER, RULE_APART, RULE_PIN, RULES };
enum sharding { BY_TABLE, BY_COLUMN, BY_ROW, SHARDINGS };

extern const char *const dtype_names[DTYPES];
extern const char *const optimizer_names[OPTIMIZERS];
extern const char *const module_names[MODULES];
extern const char *const interaction_names[INTERACTIONS];
extern const char *const rule_names[RULES];
extern const char *const sharding_names[SHARDINGS];

/* The hottest rows of a feature, so many, get that share of its lookups. */
struct hot {
    int64_t rows;
    double share;
};

struct feature {
    char name[NAME_BYTES];
    int table;
    double pooling;
    struct hot hot[HOT_MAX]; /* both ascending */
    int hot_count;           /* 0: lookups are even */
};

struct table {
    char name[NAME_BYTES];
    int64_t rows;
    int dim, first_feature, feature_count;
    bool ranked; /* hottest rows first; else they may lie anywhere */
};

struct rule {
    enum rule_kind kind;
    int features[RULE_FEATURES_MAX], feature_count;
    int tower; /* pin */
};

struct level {
    char name[NAME_BYTES];
    int fanout;
    double bytes_per_s, uplink_bytes_per_s, latency_s; /* uplink 0: not shared */
};

struct mlp {
    int width[LAYERS_MAX], count;
};

struct workload {
    /* the model */
    int dense_features;
    int64_t batch, local_batch; /* one of them, the other 0 */
    enum dtype stored, forward, backward;
    enum optimizer optimizer;
    struct table *tables;
    int table_count;
    struct feature *features;
    int feature_count;
    enum interaction interaction;
    struct mlp bottom, top;
    int cross_layers, cross_rank;
    enum module module;
    int module_c, module_p, module_dim, module_rank;
    struct rule *rules;
    int rule_count;
    /* the topology */
    int64_t memory_bytes;
    double reserve, memory_bytes_per_s, flops_per_s;
    struct level levels[LEVELS_MAX];
    int level_count;
    int hosts_per_tower;
    int64_t *host_memory; /* (H) bytes of each of its ranks */
    double *host_uplink;  /* (H) into level 1; 0: not shared */
};

void workload_release(struct workload *w);

int rank_count(const struct workload *w);      /* G */
int ranks_per_host(const struct workload *w);  /* L */
int host_count(const struct workload *w);      /* H */
int ranks_per_tower(const struct workload *w); /* R */
int tower_count(const struct workload *w);     /* T */
double global_batch(const struct workload *w); /* B */

/* The lowest level that joins two different ranks. */
int level_between(const struct workload *w, int a, int b);

/* floor(memory_bytes * (1 - reserve)) of a rank's host. */
int64_t rank_capacity(const struct workload *w, int rank);

int feature_named(const struct workload *w, const char *name); /* -1: none */
int table_named(const struct workload *w, const char *name);

double forward_bytes(const struct workload *w);  /* e of forward exchanges */
double backward_bytes(const struct workload *w); /* and of backward ones */

/* What one shard brings to its rank. */
struct weight {
    double parameters; /* bytes of values and of optimizer state */
    double lookup;     /* bytes read per step for all B samples */
    double width;      /* columns * features: its part of O_r */
    double ids;        /* bytes of ids and lengths per sample */
};
struct weight shard_weight(const struct workload *w, int table, enum sharding sharding, int64_t row,
    int64_t rows, int columns);

/* Sums over one tower's features. */
struct tower_weight {
    int features;
    double lookup, output,
        flops;   /* flops: module and projections, forward, per sample; 0 without one */
    double sent; /* values its module sends per sample; O_t without one */
};
struct tower_weight tower_weight(const struct workload *w, const bool *feature_in_tower);

/* Memory of one rank, bytes: parameters + twice the buffers of the largest mode, with e the larger
 * of forward and backward bytes. Every mode holds b*all_ids + B*ids. Beside that
 *   flat  B*O_r*e + b*all_width*e
 *   sptt  B*O_r*e + B/R*tower_width*e + B/R*O_t*e + b*sum(O_t)*e
 *   dmt   as sptt, with what the modules send in place of O_t in the last two terms. */
struct memory_case {
    struct weight own;           /* of the rank's shards */
    double all_ids, all_width;   /* over all ranks */
    double tower_width;          /* over the ranks of its tower */
    double tower_out, all_out;   /* O_t, sum(O_t) */
    double tower_sent, all_sent; /* the same, compressed */
};
double rank_memory(const struct workload *w, const struct memory_case *c);

/* Features a tower may have at ratio Q: floor(F/T/Q) (at least 1) .. ceil(F/T*Q). */
int features_least(const struct workload *w, double ratio);
int features_most(const struct workload *w, double ratio);

/* A load within balance X: at most (1 + X) * mean, with room for rounding. */
bool within_balance(double load, double mean, double balance);

/* Writes the specs as the files a user would write. */
void workload_write_model(const struct workload *w, FILE *file);
void workload_write_topology(const struct workload *w, FILE *file);

#endif
