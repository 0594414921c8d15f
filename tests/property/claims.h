/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan file says, as plain data: the specs it embeds, the placement, and every figure that
 * the judge recomputes. Reading believes nothing and repairs nothing; it only complains where the
 * file has not the documented form. */
#ifndef PROPERTY_CLAIMS_H
#define PROPERTY_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "complaints.h"
#include "workload.h"
#include "yaml_view.h"

enum mode { FLAT, SPTT, DMT, MODES };
enum phase {
    IDS_ALLTOALL,
    LOOKUP,
    PEER_PERMUTE,
    TOWER_EXCHANGE,
    TOWER_MODULE,
    EMBEDDING_ALLTOALL,
    BOTTOM_MLP,
    OVER_ARCH,
    OVER_ARCH_BACKWARD,
    BOTTOM_MLP_BACKWARD,
    EMBEDDING_ALLTOALL_BACKWARD,
    TOWER_MODULE_BACKWARD,
    TOWER_EXCHANGE_BACKWARD,
    PEER_PERMUTE_BACKWARD,
    SPARSE_UPDATE,
    DENSE_ALLREDUCE,
    PHASES
};
enum balance {
    BALANCE_FEATURES,
    BALANCE_MEMORY,
    BALANCE_LOOKUP,
    BALANCE_OUTPUT,
    BALANCE_FLOPS,
    BALANCES
};

extern const char *const mode_names[MODES];
extern const char *const phase_names[PHASES];
extern const char *const balance_names[BALANCES];

struct tower_claim {
    int id;
    int *hosts, host_count;
    int *ranks, rank_count;
    int *features, feature_count; /* -1: a name the model does not know */
    int64_t output_dim;
};

struct shard_claim {
    int rank;
    int64_t row, rows;
    int column, columns;
};

struct table_claim {
    int table; /* -1: a name the model does not know */
    int tower;
    enum sharding sharding;
    struct shard_claim *shards;
    int shard_count;
};

struct rank_claim {
    int rank;
    int64_t memory_bytes, lookup_bytes, output_bytes, id_bytes;
};

struct phase_claim {
    bool present, moves; /* moves: it states bytes */
    double seconds;
    int64_t bytes[LEVELS_MAX];
};

struct claims {
    struct workload workload;
    char strategy[NAME_BYTES];
    double balance, ratio;
    bool proven;
    struct tower_claim *towers;
    int tower_count;
    struct table_claim *tables;
    int table_count;
    struct rank_claim *ranks;
    int rank_count;
    double inside_affinity;  /* NAN: not stated */
    double spread[BALANCES]; /* max over mean, per tower; NAN: not stated */
    double seconds[MODES];
    struct phase_claim phases[MODES][PHASES];
    double flat_free_seconds; /* NAN: not stated */
    char recommended[NAME_BYTES], recommended_if_quality_allows[NAME_BYTES];
};

/* Reads a plan file. Complaints of form are added to the list; what could not be read is zero.
 * @return false when so little was there that the rest is not worth judging. */
bool claims_read(const char *path, struct claims *claims, struct complaints *complaints);
void claims_release(struct claims *claims);

/* Reads the embedded specs; part of claims_read(). */
void read_model(struct yaml_view *view, yaml_node_t *node, struct workload *w);
void read_topology(struct yaml_view *view, yaml_node_t *node, struct workload *w);

/* Copies a name of the file; complains when it is too long. */
void read_name(struct yaml_view *view, yaml_node_t *scalar, char name[NAME_BYTES]);

#endif
