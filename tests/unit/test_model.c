/* SPDX-License-Identifier: Apache-2.0 */
/* The model spec: what is read, what is refused and where, what is written. The lines and columns of
 * the bad cases are counted by hand in `good`. */
#include "spec/spec.h"

#include "spec_text.h"

#include <stdio.h>

static struct tp_model *model;
static struct tp_error err;

static void set_up(void)
{
    model = NULL;
    memset(&err, 0, sizeof err);
}

static void tear_down(void)
{
    tp_model_free(model);
}

static enum tp_status read_bytes(const char *text, size_t length, struct tp_model **to)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = tp_yaml_parse(text, length, "m", &yaml, &err);
    if (status == TP_OK)
        status = tp_model_read(yaml, tp_yaml_root(yaml), to, &err);
    tp_yaml_free(yaml);
    return status;
}

static void read_good(const char *text, struct tp_model **to)
{
    enum tp_status status = read_bytes(text, strlen(text), to);
    ck_assert_msg(status == TP_OK, "%s", err.text);
}

static char *written(const struct tp_model *from)
{
    struct tp_text text = {0};
    struct tp_yaml_out *out = tp_yaml_out_new();
    ck_assert_ptr_nonnull(out);
    tp_model_write(from, out);
    ck_assert_int_eq(tp_yaml_out_finish(out, &text, &err), TP_OK);
    return text.data;
}

static const char good[] = "towerpart_model: 1\n"     /* line 1 */
                           "name: small\n"            /* 2 */
                           "dense_features: 13\n"     /* 3 */
                           "batch_size: 1024\n"       /* 4 */
                           "embedding:\n"             /* 5 */
                           "  dtype: float16\n"       /* 6 */
                           "  optimizer: adam\n"      /* 7 */
                           "communication:\n"         /* 8 */
                           "  forward: float32\n"     /* 9 */
                           "  backward: bfloat16\n"   /* 10 */
                           "tables:\n"                /* 11 */
                           "  - name: t0\n"           /* 12 */
                           "    rows: 1000\n"         /* 13 */
                           "    dim: 16\n"            /* 14 */
                           "    features:\n"          /* 15 */
                           "      - a\n"              /* 16 */
                           "  - name: t1\n"           /* 17 */
                           "    rows: 500\n"          /* 18 */
                           "    dim: 24\n"            /* 19 */
                           "    features:\n"          /* 20 */
                           "      - name: b\n"        /* 21 */
                           "        pooling: 2.5\n"   /* 22 */
                           "      - c\n"              /* 23 */
                           "arch:\n"                  /* 24 */
                           "  interaction: dcn\n"     /* 25 */
                           "  bottom_mlp: [64, 20]\n" /* 26 */
                           "  top_mlp: [32, 1]\n"     /* 27 */
                           "  cross_layers: 2\n"      /* 28 */
                           "  cross_rank: 8\n"        /* 29 */
                           "tower_module:\n"          /* 30 */
                           "  kind: dlrm\n"           /* 31 */
                           "  c: 1\n"                 /* 32 */
                           "  p: 2\n"                 /* 33 */
                           "  dim: 4\n"               /* 34 */
                           "constraints:\n"           /* 35 */
                           "  - together: [b, c]\n"   /* 36 */
                           "  - apart: [a, b]\n"      /* 37 */
                           "  - pin:\n"               /* 38 */
                           "      feature: a\n"       /* 39 */
                           "      tower: 3\n";        /* 40 */

START_TEST(everything_in_the_file_is_read)
{
    read_good(good, &model);
    ck_assert_str_eq(model->name, "small");
    ck_assert_int_eq(model->dense_features, 13);
    ck_assert_int_eq(model->batch_size, 1024);
    ck_assert_int_eq(model->local_batch_size, 0);
    ck_assert_int_eq(model->embedding_dtype, TP_FLOAT16);
    ck_assert_int_eq(model->optimizer, TP_ADAM);
    ck_assert_int_eq(model->forward, TP_FLOAT32);
    ck_assert_int_eq(model->backward, TP_BFLOAT16);
    ck_assert_int_eq(model->table_count, 2);
    ck_assert_str_eq(model->tables[1].name, "t1");
    ck_assert_int_eq(model->tables[1].rows, 500);
    ck_assert_int_eq(model->tables[1].dim, 24);
    ck_assert_int_eq(model->tables[1].first_feature, 1);
    ck_assert_int_eq(model->tables[1].feature_count, 2);
    ck_assert_int_eq(model->feature_count, 3);
    ck_assert_str_eq(model->features[1].name, "b");
    ck_assert_int_eq(model->features[1].table, 1);
    ck_assert(model->features[1].pooling == 2.5);
    ck_assert(model->features[2].pooling == 1.0);
    ck_assert_int_eq(model->interaction, TP_DCN);
    ck_assert_int_eq(model->bottom_mlp.layer_count, 2);
    ck_assert_int_eq(model->bottom_mlp.width[1], 20);
    ck_assert_int_eq(model->top_mlp.width[0], 32);
    ck_assert_int_eq(model->cross_layers, 2);
    ck_assert_int_eq(model->cross_rank, 8);
    ck_assert_int_eq(model->tower_module.kind, TP_MODULE_DLRM);
    ck_assert_int_eq(model->tower_module.c, 1);
    ck_assert_int_eq(model->tower_module.p, 2);
    ck_assert_int_eq(model->tower_module.dim, 4);
}
END_TEST

START_TEST(constraints_hold_feature_indices)
{
    read_good(good, &model);
    ck_assert_int_eq(model->constraint_count, 3);
    ck_assert_int_eq(model->constraints[0].kind, TP_TOGETHER);
    ck_assert_int_eq(model->constraints[0].feature_count, 2);
    ck_assert_int_eq(model->constraints[0].features[0], 1);
    ck_assert_int_eq(model->constraints[0].features[1], 2);
    ck_assert_int_eq(model->constraints[1].kind, TP_APART);
    ck_assert_int_eq(model->constraints[1].features[0], 0);
    ck_assert_int_eq(model->constraints[2].kind, TP_PIN);
    ck_assert_int_eq(model->constraints[2].feature_count, 1);
    ck_assert_int_eq(model->constraints[2].features[0], 0);
    ck_assert_int_eq(model->constraints[2].tower, 3);
}
END_TEST

#define MINIMAL                                                                                    \
    "{towerpart_model: 1, name: m, local_batch_size: 32, tables: [{name: t, rows: 5, dim: 8, "     \
    "features: [f]}, {name: u, rows: 6, dim: 40, features: [g]}]"

START_TEST(what_is_left_out_gets_its_default)
{
    static const int32_t top[] = {1024, 1024, 512, 256, 1};
    read_good(MINIMAL "}", &model);
    ck_assert_int_eq(model->dense_features, 0);
    ck_assert_int_eq(model->batch_size, 0);
    ck_assert_int_eq(model->local_batch_size, 32);
    ck_assert_int_eq(model->embedding_dtype, TP_FLOAT32);
    ck_assert_int_eq(model->optimizer, TP_ROWWISE_ADAGRAD);
    ck_assert_int_eq(model->forward, TP_FLOAT32);
    ck_assert_int_eq(model->backward, TP_FLOAT32);
    ck_assert_int_eq(model->interaction, TP_DLRM);
    ck_assert_int_eq(model->bottom_mlp.layer_count, 3);
    ck_assert_int_eq(model->bottom_mlp.width[0], 512);
    ck_assert_int_eq(model->bottom_mlp.width[1], 256);
    ck_assert_int_eq(model->bottom_mlp.width[2], 40); /* the largest dim */
    ck_assert_int_eq(model->top_mlp.layer_count, 5);
    ck_assert_int_eq(memcmp(model->top_mlp.width, top, sizeof top), 0);
    ck_assert_int_eq(model->tower_module.kind, TP_MODULE_NONE);
    ck_assert_int_eq(model->constraint_count, 0);
}
END_TEST

START_TEST(no_tower_module_can_be_said_in_two_ways)
{
    static const char *const ways[] = {"none", "{kind: none}"};
    for (int i = 0; i < 2; i++) {
        char text[400];
        snprintf(text, sizeof text, "%s, tower_module: %s}", MINIMAL, ways[i]);
        read_good(text, &model);
        ck_assert_int_eq(model->tower_module.kind, TP_MODULE_NONE);
        tp_model_free(model);
    }
    model = NULL;
}
END_TEST

START_TEST(the_rank_of_a_dcn_module_defaults_to_that_of_arch)
{
    read_good(MINIMAL
        ", arch: {interaction: dcn, cross_rank: 7}, tower_module: {kind: dcn, dim: 3}}",
        &model);
    ck_assert_int_eq(model->tower_module.rank, 7);
    tp_model_free(model);
    read_good(MINIMAL ", tower_module: {kind: dcn, dim: 3}}", &model);
    ck_assert_int_eq(model->tower_module.rank, 512);
}
END_TEST

#define ROWS "an integer in decimal digits from 1 to 1099511627776" /* 2^40 */
#define WIDTH "an integer in decimal digits from 1 to 65536"
#define BAG "a finite number such as 2.5 or 1.0e+9, above 0, at most 1000000"
#define SUMMED "mean and weighted pooling are not supported"

static const struct {
    const char *from, *to, *message;
} bad[] = {
    /* the version, and the root */
    {"towerpart_model: 1", "towerpart_model: 2",
        "m:1:18: towerpart_model: found '2', expected 1, "},
    {"towerpart_model: 1", "towerpart_model: '1'",
        "m:1:18: towerpart_model: found '1' in quotes, expected 1, "},
    {"towerpart_model: 1\n", "",
        "m:1:1: found no key 'towerpart_model', expected towerpart_model: 1"},
    {"towerpart_model: 1", "towerpart_topology: 1", "m:1:1: found no key 'towerpart_model'"},
    {"name: small\n", "", "m:1:1: found no key 'name', expected name: a text"},
    {"name: small", "name: ''",
        "m:2:7: name: found '' in quotes, expected a text that is not empty"},
    {"name: small", "name: ~", "m:2:7: name: found '~', expected a text that is not empty"},
    {"name: small", "title: small",
        "m:2:1: title: found an unknown key, expected one of these: towerpart_model, name, "
        "dense_features, batch_size, local_batch_size, embedding, communication, tables, arch, "
        "tower_module and constraints"},
    {"name: small", "name: [small]", "m:2:7: name: found a list, expected a text"},
    {"name: small\n", "name: small\nname: large\n", "m:3:1: name: found the key a second time"},
    {"dense_features: 13", "dense_features: -1",
        "m:3:17: dense_features: found '-1', expected an integer in decimal digits from 0 to "
        "65536"},
    {"batch_size: 1024", "batch_size: 0", "m:4:13: batch_size: found '0', expected " ROWS},
    {"batch_size: 1024\n", "",
        "m:1:1: found neither batch_size nor local_batch_size, expected one"},
    {"batch_size: 1024\n", "batch_size: 8\nlocal_batch_size: 1\n",
        "m:5:19: local_batch_size: found both batch_size and local_batch_size, expected one"},
    {"dtype: float16", "dtype: float64",
        "m:6:10: embedding.dtype: found 'float64', expected float32, float16 or bfloat16"},
    {"optimizer: adam", "optimizer: lamb",
        "m:7:14: embedding.optimizer: found 'lamb', expected sgd, rowwise_adagrad, adagrad or "
        "adam"},
    {"forward: float32", "forward: float16",
        "m:9:12: communication.forward: found 'float16', expected float32 or bfloat16"},
    /* numbers that other readers mangle */
    {"rows: 1000", "rows: 4e7", "m:13:11: tables[0].rows: found '4e7', expected " ROWS},
    {"rows: 1000", "rows: 40M", "m:13:11: tables[0].rows: found '40M', expected " ROWS},
    {"rows: 1000", "rows: 1_000", "m:13:11: tables[0].rows: found '1_000', expected " ROWS},
    {"rows: 1000", "rows: \"40,000\"",
        "m:13:11: tables[0].rows: found '40,000' in quotes, expected " ROWS},
    {"rows: 1000", "rows: 40,000", "m:13:11: tables[0].rows: found '40,000', expected " ROWS},
    {"rows: 1000", "rows: 1.9", "m:13:11: tables[0].rows: found '1.9', expected " ROWS},
    {"rows: 1000", "rows: 010", "m:13:11: tables[0].rows: found '010', expected " ROWS},
    {"rows: 1000", "rows: 5GB", "m:13:11: tables[0].rows: found '5GB', expected " ROWS},
    {"rows: 1000", "rows: nan", "m:13:11: tables[0].rows: found 'nan', expected " ROWS},
    {"rows: 1000", "rows: 1e999", "m:13:11: tables[0].rows: found '1e999', expected " ROWS},
    {"rows: 1000", "rows: 0x10", "m:13:11: tables[0].rows: found '0x10', expected " ROWS},
    {"rows: 1000", "rows: +5", "m:13:11: tables[0].rows: found '+5', expected " ROWS},
    {"rows: 1000", "rows: 0", "m:13:11: tables[0].rows: found '0', expected " ROWS},
    {"rows: 1000", "rows: 1099511627777", "m:13:11: tables[0].rows: found '1099511627777', "},
    {"rows: 1000", "rows: [1000]", "m:13:11: tables[0].rows: found a list, expected " ROWS},
    {"pooling: 2.5", "pooling: nan",
        "m:22:18: tables[1].features[0].pooling: found 'nan', expected " BAG},
    {"pooling: 2.5", "pooling: .inf",
        "m:22:18: tables[1].features[0].pooling: found '.inf', expected " BAG},
    {"pooling: 2.5", "pooling: 1e999",
        "m:22:18: tables[1].features[0].pooling: found '1e999', expected " BAG},
    {"pooling: 2.5", "pooling: 010",
        "m:22:18: tables[1].features[0].pooling: found '010', expected " BAG},
    {"pooling: 2.5", "pooling: 1_0",
        "m:22:18: tables[1].features[0].pooling: found '1_0', expected " BAG},
    {"pooling: 2.5", "pooling: 2,5",
        "m:22:18: tables[1].features[0].pooling: found '2,5', expected " BAG},
    {"pooling: 2.5", "pooling: 0.0",
        "m:22:18: tables[1].features[0].pooling: found '0.0', expected " BAG},
    {"pooling: 2.5", "pooling: -1.0",
        "m:22:18: tables[1].features[0].pooling: found '-1.0', expected " BAG},
    {"pooling: 2.5", "pooling: 1000001.0",
        "m:22:18: tables[1].features[0].pooling: found '1000001.0', "},
    /* tables and features */
    {"dim: 16", "dim: 65537", "m:14:10: tables[0].dim: found '65537', expected " WIDTH},
    {"    rows: 1000\n", "", "m:12:5: tables[0]: found no key 'rows', expected rows: " ROWS},
    {"    dim: 16\n", "    dmi: 16\n",
        "m:14:5: tables[0].dmi: found an unknown key, expected one of these: name, rows, dim, "
        "row_order and features"},
    {"name: t1", "name: t0",
        "m:17:11: tables[1].name: found the table 't0' a second time (first in line 12)"},
    {"name: b", "name: a",
        "m:21:15: tables[1].features[0].name: found the feature 'a' a second time (first in line "
        "16)"},
    {"      - c\n", "      - b\n",
        "m:23:9: tables[1].features[1]: found the feature 'b' a second time (first in line 21)"},
    /* of several repeats the first in the file */
    {"      - c\n", "      - b\n      - a\n",
        "m:23:9: tables[1].features[1]: found the feature 'b' a second time (first in line 21)"},
    {"      - c\n", "      - ''\n",
        "m:23:9: tables[1].features[1]: found '' in quotes, expected a text"},
    {"      - c\n", "      - [c]\n",
        "m:23:9: tables[1].features[1]: found a list, expected a mapping with the keys name, "
        "pooling, pooling_p99, distinct and hot_rows"},
    {"      - c\n", "      - \"c\\e[31m\"\n",
        "m:23:9: tables[1].features[1]: found a control character, expected a name without any"},
    {"      - c\n", "      - \"c\\x85\"\n",
        "m:23:9: tables[1].features[1]: found a control character, expected a name without any"},
    {"    features:\n      - a\n", "    features: []\n",
        "m:15:15: tables[0].features: found a list of 0, expected at least 1"},
    {"    features:\n      - a\n", "    features: a\n",
        "m:15:15: tables[0].features: found 'a', expected a list"},
    /* the dense part */
    {"interaction: dcn", "interaction: cat",
        "m:25:16: arch.interaction: found 'cat', expected dlrm or dcn"},
    {"interaction: dcn", "interaction: dlrm",
        "m:28:3: arch.cross_layers: found a key that belongs to interaction: dcn, expected none "
        "here"},
    {"[64, 20]", "[]", "m:26:15: arch.bottom_mlp: found a list of 0, expected at least 1"},
    {"[64, 20]", "[64, 0]", "m:26:20: arch.bottom_mlp[1]: found '0', expected " WIDTH},
    {"[64, 20]", "64-20", "m:26:15: arch.bottom_mlp: found '64-20', expected a list"},
    {"[64, 20]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
        "m:26:15: arch.bottom_mlp: found 33 layers, expected at most 32"},
    {"[32, 1]", "[32, 2]", "m:27:17: arch.top_mlp[1]: found '2', expected 1: the last layer"},
    {"cross_rank: 8", "cross_rank: 8.0", "m:29:15: arch.cross_rank: found '8.0', expected " WIDTH},
    {"kind: dlrm", "kind: mlp",
        "m:31:9: tower_module.kind: found 'mlp', expected none, dlrm or dcn"},
    {"kind: dlrm", "kind: dcn",
        "m:32:3: tower_module.c: found a key that belongs to kind: dlrm, expected none here"},
    {"kind: dlrm", "kind: none",
        "m:32:3: tower_module.c: found a key that belongs to kind: dlrm or kind: dcn, expected "
        "none"},
    {"  c: 1\n", "  rank: 1\n",
        "m:32:3: tower_module.rank: found a key that belongs to kind: dcn, expected none here"},
    {"  c: 1\n  p: 2\n", "  c: 0\n  p: 0\n",
        "m:31:3: tower_module: found c: 0 and p: 0, expected c + p of at least 1"},
    {"  p: 2\n", "  p: -1\n", "m:33:6: tower_module.p: found '-1', expected an integer"},
    {"  p: 2\n", "", "m:31:3: tower_module: found no key 'p', expected p: an integer"},
    {"  dim: 4\n", "", "m:31:3: tower_module: found no key 'dim', expected dim: " WIDTH},
    /* constraints */
    {"[b, c]", "[b]", "m:36:15: constraints[0].together: found a list of 1, expected at least 2"},
    {"[b, c]", "[b, z]",
        "m:36:19: constraints[0].together[1]: found 'z', expected the name of a feature in tables"},
    {"[b, c]", "[b, c, b]",
        "m:36:15: constraints[0].together: found the feature 'b' twice, expected every feature "
        "once"},
    {"[b, c]", "b", "m:36:15: constraints[0].together: found 'b', expected a list"},
    {"apart: [a, b]", "near: [a, b]",
        "m:37:5: constraints[1].near: found an unknown key, expected one of these: together, apart "
        "and pin"},
    {"- apart: [a, b]", "- {apart: [a, b], together: [a, b]}",
        "m:37:5: constraints[1]: found a mapping with 2 keys, expected exactly one of together, "},
    {"- apart: [a, b]", "- {}",
        "m:37:5: constraints[1]: found a mapping with 0 keys, expected exactly one"},
    {"feature: a", "feature: t0",
        "m:39:16: constraints[2].pin.feature: found 't0', expected the name of a"},
    {"tower: 3", "tower: -1",
        "m:40:14: constraints[2].pin.tower: found '-1', expected an integer in decimal digits from "
        "0 "},
    /* what towerpart does not do, by its own name */
    {"pooling: 2.5", "pooling: mean",
        "m:22:18: tables[1].features[0].pooling: found 'mean', expected the mean number of ids per "
        "sample: " SUMMED},
    {"pooling: 2.5", "pooling_type: mean",
        "m:22:9: tables[1].features[0].pooling_type: found a key that cannot be honoured, expected "
        "none: " SUMMED},
    {"    dim: 16\n", "    dim: 16\n    is_weighted: true\n",
        "m:15:5: tables[0].is_weighted: found a key"},
    {"    dim: 16\n", "    dim: 16\n    per_sample_weights: w\n", SUMMED},
    {"    dim: 16\n", "    dim: 16\n    sequence: true\n",
        "sequence (unpooled) embeddings are not supported"},
    {"    dim: 16\n", "    dim: 16\n    pooled: false\n",
        "sequence (unpooled) embeddings are not supported"},
    {"    dim: 16\n", "    dim: 16\n    location: host\n",
        "host-memory (UVM) tiers and caches are not supported"},
    {"    dim: 16\n", "    dim: 16\n    cache_load_factor: 0.1\n", "host-memory (UVM) tiers"},
    {"    dim: 16\n", "    dim: 16\n    compute_kernel: fused_uvm\n", "host-memory (UVM) tiers"},
    {"  dtype: float16\n", "  uvm: true\n",
        "m:6:3: embedding.uvm: found a key that cannot be honoured"},
    {"    dim: 16\n", "    dim: 16\n    sharding: data_parallel\n",
        "data-parallel tables are not supported"},
    {"    dim: 16\n", "    dim: 16\n    data_parallel: true\n",
        "data-parallel tables are not supported"},
    {"name: small\n", "name: small\nembedding_collection: x\n",
        "m:3:1: embedding_collection: found a key"},
};

START_TEST(a_broken_rule_is_refused_with_place_found_and_expected)
{
    char *text = replaced(good, bad[_i].from, bad[_i].to);
    enum tp_status status = read_bytes(text, strlen(text), &model);
    free(text);
    ck_assert_int_eq(status, TP_EINPUT);
    ck_assert_ptr_null(model);
    ck_assert_msg(
        strstr(err.text, bad[_i].message) != NULL, "%s\nis not in\n%s", bad[_i].message, err.text);
    ck_assert_ptr_nonnull(strstr(err.text, "found "));
}
END_TEST

START_TEST(a_file_that_is_no_model_is_refused)
{
    static const char *const texts[] = {"5", "[]", "- a", "{}", "---", "towerpart_plan: 1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_int_eq(read_bytes(texts[i], strlen(texts[i]), &model), TP_EINPUT);
        ck_assert_ptr_nonnull(strstr(err.text, "towerpart_model: 1"));
    }
}
END_TEST

START_TEST(names_are_any_utf8_of_up_to_255_bytes)
{
    char name[260];
    char to[300];
    memset(name, 'x', sizeof name);
    name[255] = '\0';
    snprintf(to, sizeof to, "name: %s", name);
    char *text = replaced(good, "name: small", to);
    read_good(text, &model);
    ck_assert_str_eq(model->name, name);
    free(text);
    snprintf(to, sizeof to, "name: %sx", name);
    text = replaced(good, "name: small", to);
    ck_assert_int_eq(read_bytes(text, strlen(text), &model), TP_EINPUT);
    ck_assert_ptr_nonnull(
        strstr(err.text, "m:2:7: name: found a name of 256 bytes, expected at most 255"));
    free(text);
}
END_TEST

/* 2^40 rows * 65536 columns * 8 bytes = 2^59: eight tables are 2^62, a ninth is too much. */
START_TEST(all_tables_together_stay_in_2_to_the_62_bytes)
{
    for (int count = 8; count <= 9; count++) {
        char text[2000] = "{towerpart_model: 1, name: m, batch_size: 1, tables: [\n";
        for (int i = 0; i < count; i++)
            sprintf(text + strlen(text),
                "{name: t%d, rows: 1099511627776, dim: 65536, features: [f%d]},\n", i, i);
        strcat(text, "]}");
        enum tp_status status = read_bytes(text, strlen(text), &model);
        ck_assert_int_eq(status, count == 8 ? TP_OK : TP_EINPUT);
    }
    ck_assert_ptr_nonnull(
        strstr(err.text, "m:10:1: tables[8]: found tables of more than 2^62 bytes"));
}
END_TEST

/* Ends only behind the last table, behind arch and behind the constraints leave a whole document. */
START_TEST(a_file_cut_anywhere_is_refused_unless_whole)
{
    static const char text[] = "towerpart_model: 1\n"
                               "name: small\n"
                               "batch_size: 64\n"
                               "tables:\n"
                               "  - {name: t0, rows: 1000, dim: 16, features: [a]}\n"
                               "arch: {top_mlp: [32, 1]}\n"
                               "constraints: [{pin: {feature: a, tower: 0}}]\n";
    static const char *const whole[] = {"features: [a]}", "[32, 1]}", "tower: 0}}]", NULL};
    int whole_count = 0;
    for (size_t length = 0; length <= strlen(text); length++) {
        /* A copy of its own, so that reading beyond the cut is seen. */
        char *part = malloc(length + 1);
        memcpy(part, text, length);
        part[length] = '\0';
        enum tp_status status = read_bytes(part, length, &model);
        int expected = ends_behind(text, length, whole);
        ck_assert_msg((status == TP_OK) == expected, "cut at %zu: %s", length, err.text);
        ck_assert(status == TP_OK || status == TP_EINPUT);
        whole_count += expected;
        tp_model_free(model);
        model = NULL;
        free(part);
    }
    ck_assert_int_eq(whole_count, 6);
}
END_TEST

START_TEST(a_resolved_model_is_written_in_full)
{
    read_good(MINIMAL ", constraints: [{apart: [f, g]}]}", &model);
    char *text = written(model);
    ck_assert_str_eq(text, "towerpart_model: 1\n"
                           "name: m\n"
                           "dense_features: 0\n"
                           "local_batch_size: 32\n"
                           "embedding: {dtype: float32, optimizer: rowwise_adagrad}\n"
                           "communication: {forward: float32, backward: float32}\n"
                           "tables:\n"
                           "- {name: t, rows: 5, dim: 8, features: [{name: f, pooling: 1.0}]}\n"
                           "- {name: u, rows: 6, dim: 40, features: [{name: g, pooling: 1.0}]}\n"
                           "arch:\n"
                           "  interaction: dlrm\n"
                           "  bottom_mlp: [512, 256, 40]\n"
                           "  top_mlp: [1024, 1024, 512, 256, 1]\n"
                           "tower_module: {kind: none}\n"
                           "constraints:\n"
                           "- {apart: [f, g]}\n");
    free(text);
}
END_TEST

static const char *const round_trips[] = {good, MINIMAL "}",
    MINIMAL ", arch: {interaction: dcn}, tower_module: {kind: dcn, dim: 5, rank: 9}}",
    "{towerpart_model: 1, name: 'no', batch_size: 7, tables: [{name: '1e3', rows: 1, dim: 1, "
    "features: ['~', {name: 'a: b', pooling: 0.1}, \xc3\xa4]}], constraints: [{pin: {feature: '~', "
    "tower: 0}}, {together: ['a: b', \xc3\xa4]}]}"};

/* The same bytes when written again, and no difference that drift can see. */
START_TEST(what_is_written_reads_back_the_same)
{
    struct tp_text lines = {0};
    struct tp_model *again = NULL;
    read_good(round_trips[_i], &model);
    char *text = written(model);
    read_good(text, &again);
    char *text_again = written(again);
    ck_assert_str_eq(text, text_again);
    tp_model_drift(model, again, &lines);
    ck_assert_uint_eq(lines.length, 0);
    tp_model_free(again);
    free(text);
    free(text_again);
}
END_TEST

START_TEST(a_copy_is_equal_and_independent)
{
    struct tp_model *copy;
    read_good(good, &model);
    char *text = written(model);
    ck_assert_int_eq(tp_model_copy(model, &copy, &err), TP_OK);
    tp_model_free(model);
    model = copy;
    char *text_of_copy = written(copy);
    ck_assert_str_eq(text, text_of_copy);
    free(text);
    free(text_of_copy);
}
END_TEST

static const struct {
    const char *from, *to, *lines;
} drifts[] = {
    {"rows: 1000", "rows: 2000", "table t0: rows 1000 -> 2000\n"},
    {"dim: 24", "dim: 32", "table t1: dim 24 -> 32\n"},
    {"name: t1", "name: t2",
        "table t1: dropped\ntable t2: added (500 rows, dim 24)\n"
        "feature b: table t1 -> t2\nfeature c: table t1 -> t2\n"},
    {"- c\n", "- c\n      - d\n", "feature d: added (table t1)\n"},
    {"      - a\n", "      - a\n      - d\n", "feature d: added (table t0)\n"},
    {"pooling: 2.5", "pooling: 3.0", "feature b: pooling 2.5 -> 3.0\n"},
    {"name: small", "name: big", "name small -> big\n"},
    {"dense_features: 13", "dense_features: 0", "dense_features 13 -> 0\n"},
    {"batch_size: 1024", "local_batch_size: 16",
        "batch_size 1024 -> 0\nlocal_batch_size 0 -> 16\n"},
    {"float16", "float32", "embedding: dtype float16 -> float32\n"},
    {"adam", "sgd", "embedding: optimizer adam -> sgd\n"},
    {"backward: bfloat16", "backward: float32", "communication: backward bfloat16 -> float32\n"},
    {"[64, 20]", "[64, 32, 20]", "arch: bottom_mlp [64, 20] -> [64, 32, 20]\n"},
    {"[32, 1]", "[16, 1]", "arch: top_mlp [32, 1] -> [16, 1]\n"},
    {"cross_rank: 8", "cross_rank: 9", "arch: cross_rank 8 -> 9\n"},
    {"  p: 2", "  p: 0", "tower_module: p 2 -> 0\n"},
    {"together: [b, c]", "together: [c, b]", ""},
    {"together: [b, c]", "apart: [b, c]",
        "constraint dropped: together b, c\nconstraint added: apart b, c\n"},
    {"tower: 3", "tower: 4",
        "constraint dropped: pin a to tower 3\nconstraint added: pin a to tower 4\n"},
    {"  - name: t0\n    rows: 1000\n    dim: 16\n    features:\n      - a\n  - name: t1\n    rows: "
     "500\n"
     "    dim: 24\n    features:\n      - name: b\n        pooling: 2.5\n      - c\n",
        "  - {name: t1, rows: 500, dim: 24, features: [c, {name: b, pooling: 2.5}]}\n"
        "  - {name: t0, rows: 1000, dim: 16, features: [a]}\n",
        ""},
};

START_TEST(drift_lists_what_changed)
{
    struct tp_text lines = {0};
    struct tp_model *changed = NULL;
    char *text = replaced(good, drifts[_i].from, drifts[_i].to);
    read_good(good, &model);
    read_good(text, &changed);
    tp_model_drift(model, changed, &lines);
    ck_assert_str_eq(lines.data ? lines.data : "", drifts[_i].lines);
    tp_model_free(changed);
    tp_text_release(&lines);
    free(text);
}
END_TEST

START_TEST(features_and_tables_are_found_by_name)
{
    read_good(good, &model);
    ck_assert_int_eq(tp_model_feature(model, "c"), 2);
    ck_assert_int_eq(tp_model_feature(model, "t0"), -1);
    ck_assert_int_eq(tp_model_table(model, "t1"), 1);
    ck_assert_int_eq(tp_model_table(model, "a"), -1);
}
END_TEST

START_TEST(the_global_batch_must_divide_over_the_ranks)
{
    int64_t batch = 0;
    read_good(good, &model);
    ck_assert_int_eq(tp_model_global_batch(model, 64, &batch, &err), TP_OK);
    ck_assert_int_eq(batch, 1024);
    ck_assert_int_eq(tp_model_global_batch(model, 24, &batch, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "found 1024, expected a multiple of the 24 ranks"));
}
END_TEST

/* 2^30 samples on each of 1024 ranks are 2^40, the most there may be. */
START_TEST(a_local_batch_is_multiplied_by_the_ranks)
{
    int64_t batch = 0;
    char *text = replaced(good, "batch_size: 1024", "local_batch_size: 1073741824");
    read_good(text, &model);
    free(text);
    ck_assert_int_eq(tp_model_global_batch(model, 1024, &batch, &err), TP_OK);
    ck_assert_int_eq(batch, (int64_t)1 << 40);
    ck_assert_int_eq(tp_model_global_batch(model, 1025, &batch, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "expected at most 2^40 samples in all"));
}
END_TEST

/* bottom_mlp ends in 20; a dcn whose tables all have one dim keeps that dim. */
START_TEST(the_common_dim_is_the_last_bottom_width_or_the_one_dim_of_a_dcn)
{
    char *dcn = replaced(good, "dim: 24", "dim: 16");
    char *dlrm = replaced(dcn, "dcn\n", "dlrm\n");
    char *plain = replaced(dlrm, "  cross_layers: 2\n  cross_rank: 8\n", "");
    read_good(good, &model);
    ck_assert_int_eq(tp_model_common_dim(model), 20);
    tp_model_free(model);
    read_good(dcn, &model);
    ck_assert_int_eq(tp_model_common_dim(model), 16);
    tp_model_free(model);
    read_good(plain, &model);
    ck_assert_int_eq(tp_model_common_dim(model), 20);
    free(dcn);
    free(dlrm);
    free(plain);
}
END_TEST

START_TEST(a_missing_file_is_refused_by_name)
{
    ck_assert_int_eq(tp_model_load("no/such/model.yaml", &model, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "no/such/model.yaml"));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
    TCase *tcase = tcase_create("model");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, everything_in_the_file_is_read);
    tcase_add_test(tcase, constraints_hold_feature_indices);
    tcase_add_test(tcase, what_is_left_out_gets_its_default);
    tcase_add_test(tcase, no_tower_module_can_be_said_in_two_ways);
    tcase_add_test(tcase, the_rank_of_a_dcn_module_defaults_to_that_of_arch);
    tcase_add_loop_test(
        tcase, a_broken_rule_is_refused_with_place_found_and_expected, 0, COUNT(bad));
    tcase_add_test(tcase, a_file_that_is_no_model_is_refused);
    tcase_add_test(tcase, names_are_any_utf8_of_up_to_255_bytes);
    tcase_add_test(tcase, all_tables_together_stay_in_2_to_the_62_bytes);
    tcase_add_test(tcase, a_file_cut_anywhere_is_refused_unless_whole);
    tcase_add_test(tcase, a_resolved_model_is_written_in_full);
    tcase_add_loop_test(tcase, what_is_written_reads_back_the_same, 0, COUNT(round_trips));
    tcase_add_test(tcase, a_copy_is_equal_and_independent);
    tcase_add_loop_test(tcase, drift_lists_what_changed, 0, COUNT(drifts));
    tcase_add_test(tcase, features_and_tables_are_found_by_name);
    tcase_add_test(tcase, the_global_batch_must_divide_over_the_ranks);
    tcase_add_test(tcase, a_local_batch_is_multiplied_by_the_ranks);
    tcase_add_test(tcase, the_common_dim_is_the_last_bottom_width_or_the_one_dim_of_a_dcn);
    tcase_add_test(tcase, a_missing_file_is_refused_by_name);
    Suite *suite = suite_create("model");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
