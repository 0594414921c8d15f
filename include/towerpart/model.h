/* SPDX-License-Identifier: Apache-2.0 */
/* The model spec: what is trained. Loaded and resolved once (every default filled in), read-only
 * afterwards. Features are numbered in the order of the file, so the features of one table are
 * consecutive. */
#ifndef TOWERPART_MODEL_H
#define TOWERPART_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

enum tp_dtype { TP_FLOAT32, TP_FLOAT16, TP_BFLOAT16, TP_FLOAT64 };
enum tp_optimizer { TP_SGD, TP_ROWWISE_ADAGRAD, TP_ADAGRAD, TP_ADAM };
enum tp_interaction { TP_DLRM, TP_DCN };
enum tp_tower_module_kind { TP_MODULE_NONE, TP_MODULE_DLRM, TP_MODULE_DCN };
enum tp_constraint_kind { TP_TOGETHER, TP_APART, TP_PIN };

#define TP_MLP_LAYERS_MAX 32

/* The most looked-up `rows` rows get that share of a feature's lookups. */
struct tp_hot_point {
    int64_t rows;
    double share; /* in (0, 1] */
};

struct tp_feature {
    char *name;
    int32_t table;
    double pooling;     /* mean ids per sample, > 0; default 1 */
    double pooling_p99; /* 99th percentile of ids per sample; 0: not known. For people only */
    int64_t distinct;   /* different ids seen in a log; 0: not known. For people only */
    struct tp_hot_point *hot_rows; /* (hot_count) both strictly ascending, share per row falling;
                                      NULL: lookups are even */
    int32_t hot_count;
};

/* How ids were turned into row numbers, which decides what a row shard gets of the hot rows. */
enum tp_row_order {
    TP_ROWS_HASHED, /* hot rows lie anywhere (default) */
    TP_ROWS_RANKED  /* hottest first: a dictionary sorted by count */
};

struct tp_table {
    char *name;
    int64_t rows;
    int32_t dim;           /* columns */
    int32_t first_feature; /* its features are first_feature .. first_feature + feature_count - 1 */
    int32_t feature_count; /* >= 1 */
    enum tp_row_order row_order;
};

struct tp_mlp {
    int32_t layer_count;
    int32_t width[TP_MLP_LAYERS_MAX];
};

struct tp_tower_module {
    enum tp_tower_module_kind kind; /* default none: dmt then equals sptt */
    int32_t c, p;                   /* dlrm: c vectors per feature, p per tower; c + p >= 1 */
    int32_t dim;                    /* D, width of one output vector */
    int32_t rank;                   /* dcn: rank of its cross layer; default arch.cross_rank */
};

struct tp_constraint {
    enum tp_constraint_kind kind;
    int32_t *features; /* together, apart: two or more; pin: one */
    int32_t feature_count;
    int32_t tower; /* pin only */
};

struct tp_model {
    char *name;
    int32_t dense_features;        /* 0: no bottom MLP */
    int64_t batch_size;            /* B, global samples per step; 0 if local_batch_size is given */
    int64_t local_batch_size;      /* b, samples per rank and step; 0 if batch_size is given */
    enum tp_dtype embedding_dtype; /* default float32 */
    enum tp_optimizer optimizer;   /* of the tables; default rowwise_adagrad */
    enum tp_dtype forward, backward; /* what an exchanged value is sent as; default float32 */
    struct tp_table *tables;
    int32_t table_count;
    struct tp_feature *features;
    int32_t feature_count;
    enum tp_interaction interaction; /* default dlrm */
    struct tp_mlp bottom_mlp;        /* default [512, 256, largest dim] */
    struct tp_mlp top_mlp;           /* default [1024, 1024, 512, 256, 1] */
    int32_t cross_layers;            /* dcn; default 3 */
    int32_t cross_rank;              /* dcn; default 512 */
    struct tp_tower_module tower_module;
    struct tp_constraint *constraints;
    int32_t constraint_count;
};

/* Reads and resolves a model spec.
 * @param path   a YAML file, "-" for standard input.
 * @param model  out, to be freed with tp_model_free().
 * @return TP_OK; TP_EINPUT with file, line and column when the file breaks a rule; TP_ENOMEM. */
enum tp_status tp_model_load(const char *path, struct tp_model **model, struct tp_error *err);

/* Writes a resolved spec, every default written out; "-" is standard output. Loading it gives the same
 * model.
 * @return TP_EINTERNAL when it cannot be written; TP_ENOMEM. */
enum tp_status tp_model_save(const struct tp_model *model, const char *path, struct tp_error *err);

void tp_model_free(struct tp_model *model);

/* Index of the feature (table) of that name, or -1. Cost: a linear scan. */
int32_t tp_model_feature(const struct tp_model *model, const char *name);
int32_t tp_model_table(const struct tp_model *model, const char *name);

/* Bytes of one value. */
int32_t tp_dtype_bytes(enum tp_dtype dtype);

/* B, global samples per step, on that many ranks.
 * @return TP_EINPUT when batch_size is not a multiple of rank_count or B exceeds 2^40. */
enum tp_status tp_model_global_batch(
    const struct tp_model *model, int32_t rank_count, int64_t *batch, struct tp_error *err);

/* The names used in files: "float32", "rowwise_adagrad", "dlrm", ... */
const char *tp_dtype_name(enum tp_dtype dtype);
const char *tp_optimizer_name(enum tp_optimizer optimizer);
const char *tp_interaction_name(enum tp_interaction interaction);
const char *tp_tower_module_name(enum tp_tower_module_kind kind);
const char *tp_row_order_name(enum tp_row_order order);

#endif
