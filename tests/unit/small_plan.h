/* SPDX-License-Identifier: Apache-2.0 */
/* A small plan to break: mixed dims, a shared table, every constraint, every sharding. Two layouts of
 * it, one host per tower (2 hosts x 2 ranks) and two hosts per tower (4 hosts x 2 ranks). */
#ifndef TESTS_UNIT_SMALL_PLAN_H
#define TESTS_UNIT_SMALL_PLAN_H

#include <towerpart/plan.h>

#include "plan/document.h"
#include "plan/figures.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_HEAD                                                                                 \
    "towerpart_plan: 1\n"                                                                          \
    "generator: towerpart 0.1.0\n"                                                                 \
    "seed: 7\n"                                                                                    \
    "strategy: coherent\n"                                                                         \
    "inputs:\n"                                                                                    \
    "  model: {file: small.yaml, sha256: "                                                         \
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}\n"                      \
    "  topology: {file: two.yaml, sha256: "                                                        \
    "\"abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789\"}\n"                      \
    "  affinity: {file: dump, sha256: "                                                            \
    "\"6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345\",\n"                      \
    "    measure: cka, samples: 2000, noise_floor: 0.01, above_floor: 0.75, std_error: 0.002,\n"   \
    "    stability: 0.9, verdict: trusted}\n"                                                      \
    "model:\n"                                                                                     \
    "  towerpart_model: 1\n"                                                                       \
    "  name: small\n"                                                                              \
    "  dense_features: 3\n"                                                                        \
    "  batch_size: 64\n"                                                                           \
    "  embedding: {dtype: float32, optimizer: rowwise_adagrad}\n"                                  \
    "  communication: {forward: float32, backward: bfloat16}\n"                                    \
    "  tables:\n"                                                                                  \
    "    - {name: t_user, rows: 1000, dim: 16, features: [user]}\n"                                \
    "    - {name: t_item, rows: 500, dim: 8, features: [item, {name: history, pooling: 3.0}]}\n"   \
    "    - {name: t_geo, rows: 11, dim: 16, features: [geo]}\n"                                    \
    "    - {name: t_device, rows: 50, dim: 8, features: [device]}\n"                               \
    "    - {name: t_day, rows: 7, dim: 16, features: [day]}\n"                                     \
    "    - {name: t_ad, rows: 40, dim: 16, features: [ad]}\n"                                      \
    "  arch: {interaction: dlrm, bottom_mlp: [32, 16], top_mlp: [32, 1]}\n"                        \
    "  tower_module: {kind: dlrm, c: 1, p: 0, dim: 8}\n"                                           \
    "  constraints:\n"                                                                             \
    "    - {together: [device, item]}\n"                                                           \
    "    - {apart: [user, device]}\n"                                                              \
    "    - {pin: {feature: ad, tower: 1}}\n"

#define SMALL_TOPOLOGY(hosts, per_tower)                                                           \
    "topology:\n"                                                                                  \
    "  towerpart_topology: 1\n"                                                                    \
    "  name: two\n"                                                                                \
    "  hosts_per_tower: " per_tower "\n"                                                           \
    "  device: {memory_bytes: 1000000, reserve: 0.15, memory_bytes_per_s: 1.0e+9,\n"               \
    "    flops_per_s: 1.0e+10}\n"                                                                  \
    "  levels:\n"                                                                                  \
    "    - {name: host, fanout: 2, bytes_per_s: 1.0e+9, latency_s: 1.0e-6}\n"                      \
    "    - {name: cluster, fanout: " hosts ", bytes_per_s: 1.0e+8, latency_s: 1.0e-5}\n"           \
    "limits: {balance: 0.5, ratio: 1.0, proven: true}\n"

#define SMALL_ONE_HOST                                                                             \
    "towers:\n"                                                                                    \
    "  - {id: 0, hosts: [0], ranks: [0, 1], features: [user, geo, day], output_dim: 0}\n"          \
    "  - {id: 1, hosts: [1], ranks: [2, 3], features: [item, history, device, ad],\n"              \
    "     output_dim: 0}\n"                                                                        \
    "tables:\n"                                                                                    \
    "  - {name: t_user, tower: 0, sharding: table,\n"                                              \
    "     shards: [{rank: 0, row: 0, rows: 1000, column: 0, columns: 16}]}\n"                      \
    "  - {name: t_item, tower: 1, sharding: column,\n"                                             \
    "     shards: [{rank: 2, row: 0, rows: 500, column: 0, columns: 4},\n"                         \
    "       {rank: 3, row: 0, rows: 500, column: 4, columns: 4}]}\n"                               \
    "  - {name: t_geo, tower: 0, sharding: row,\n"                                                 \
    "     shards: [{rank: 0, row: 0, rows: 6, column: 0, columns: 16},\n"                          \
    "       {rank: 1, row: 6, rows: 5, column: 0, columns: 16}]}\n"                                \
    "  - {name: t_device, tower: 1, sharding: table,\n"                                            \
    "     shards: [{rank: 3, row: 0, rows: 50, column: 0, columns: 8}]}\n"                         \
    "  - {name: t_day, tower: 0, sharding: table,\n"                                               \
    "     shards: [{rank: 1, row: 0, rows: 7, column: 0, columns: 16}]}\n"                         \
    "  - {name: t_ad, tower: 1, sharding: table,\n"                                                \
    "     shards: [{rank: 2, row: 0, rows: 40, column: 0, columns: 16}]}\n"

/* t_day has 7 rows: row blocks of 2 on 4 ranks, the last one short. */
#define SMALL_TWO_HOSTS                                                                            \
    "towers:\n"                                                                                    \
    "  - {id: 0, hosts: [0, 1], ranks: [0, 1, 2, 3], features: [user, geo, day], output_dim: 0}\n" \
    "  - {id: 1, hosts: [2, 3], ranks: [4, 5, 6, 7], features: [item, history, device, ad],\n"     \
    "     output_dim: 0}\n"                                                                        \
    "tables:\n"                                                                                    \
    "  - {name: t_user, tower: 0, sharding: column,\n"                                             \
    "     shards: [{rank: 0, row: 0, rows: 1000, column: 0, columns: 8},\n"                        \
    "       {rank: 3, row: 0, rows: 1000, column: 8, columns: 8}]}\n"                              \
    "  - {name: t_item, tower: 1, sharding: table,\n"                                              \
    "     shards: [{rank: 6, row: 0, rows: 500, column: 0, columns: 8}]}\n"                        \
    "  - {name: t_geo, tower: 0, sharding: table,\n"                                               \
    "     shards: [{rank: 1, row: 0, rows: 11, column: 0, columns: 16}]}\n"                        \
    "  - {name: t_device, tower: 1, sharding: table,\n"                                            \
    "     shards: [{rank: 7, row: 0, rows: 50, column: 0, columns: 8}]}\n"                         \
    "  - {name: t_day, tower: 0, sharding: row,\n"                                                 \
    "     shards: [{rank: 0, row: 0, rows: 2, column: 0, columns: 16},\n"                          \
    "       {rank: 1, row: 2, rows: 2, column: 0, columns: 16},\n"                                 \
    "       {rank: 2, row: 4, rows: 2, column: 0, columns: 16},\n"                                 \
    "       {rank: 3, row: 6, rows: 1, column: 0, columns: 16}]}\n"                                \
    "  - {name: t_ad, tower: 1, sharding: table,\n"                                                \
    "     shards: [{rank: 4, row: 0, rows: 40, column: 0, columns: 16}]}\n"

/* The digest: printf 'user\t0\nitem\t1\nhistory\t1\ngeo\t0\ndevice\t1\nday\t0\nad\t1\n' | sha256sum */
#define SMALL_TAIL                                                                                 \
    "ranks: []\n"                                                                                  \
    "quality:\n"                                                                                   \
    "  inside_affinity: 0.5\n"                                                                     \
    "  assignment: \"ccc57f5bfb6f21dd7c507a348c0063b1135d7ba86f9f0d68d28868f8e2e0ccf7\"\n"         \
    "  baselines: {stride: 0.25, metis_kway: 0.75}\n"                                              \
    "  baselines_over_limit: [metis_kway]\n"                                                       \
    "  balance: {features: 0.0, memory: 0.0, lookup: 0.0, output: 0.0}\n"                          \
    "cost:\n"                                                                                      \
    "  flat: {seconds: 0.0, phases: {}}\n"                                                         \
    "  sptt: {seconds: 0.0, phases: {}}\n"                                                         \
    "  dmt: {seconds: 0.0, phases: {}}\n"                                                          \
    "  recommended: flat\n"                                                                        \
    "  recommended_if_quality_allows: flat\n"

static const char small_plan_one_host[] =
    SMALL_HEAD SMALL_TOPOLOGY("2", "1") SMALL_ONE_HOST SMALL_TAIL;
static const char small_plan_two_hosts[] =
    SMALL_HEAD SMALL_TOPOLOGY("4", "2") SMALL_TWO_HOSTS SMALL_TAIL;

static inline struct tp_plan *plan_of(const char *text)
{
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    enum tp_status status = tp_plan_parse(text, strlen(text), "plan", &plan, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    return plan;
}

static inline void fill_figures(struct tp_plan *plan)
{
    struct tp_placement *placement = NULL;
    struct tp_error err = {0};
    double flat_free_seconds = 0;
    enum tp_status status = tp_plan_placement(plan, &placement, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    ck_assert_int_eq(
        tp_flat_free_seconds(plan->model, plan->topology, &flat_free_seconds, &err), TP_OK);
    ck_assert_int_eq(tp_plan_figures(plan, placement, flat_free_seconds, &err), TP_OK);
    tp_placement_free(placement);
}

/* One of the two, with its figures. */
static inline struct tp_plan *small_plan(const char *text)
{
    struct tp_plan *plan = plan_of(text);
    fill_figures(plan);
    return plan;
}

/* The document; caller frees. */
static inline char *text_of(const struct tp_plan *plan)
{
    struct tp_text text = {0};
    struct tp_error err = {0};
    enum tp_status status = tp_plan_format(plan, &text, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    return text.data;
}

#endif
