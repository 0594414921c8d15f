/* SPDX-License-Identifier: Apache-2.0 */
/* Model specs from the JSON of TorchRec's EmbeddingBagConfigs. */
#include <towerpart/import.h>

#include "scratch.h"
#include "spec_text.h"

static struct tp_error err;
static struct tp_model *model;
static char *notes;

static enum tp_status import(const char *text)
{
    struct tp_import_options options = {.batch_size = 128};
    put_text("ebc.json", text);
    model = NULL;
    notes = NULL;
    return tp_import_torchrec_config(in_scratch("ebc.json"), &options, &notes, &model, &err);
}

static void release(void)
{
    tp_model_free(model);
    free(notes);
}

/* As dataclasses.asdict() gives it, init_fn as text. */
static const char whole[] =
    "[{\"num_embeddings\": 1000, \"embedding_dim\": 16, \"name\": \"t_user\",\n"
    "  \"data_type\": \"DataType.FP16\", \"feature_names\": [\"user\"],\n"
    "  \"weight_init_max\": null, \"weight_init_min\": null,\n"
    "  \"num_embeddings_post_pruning\": null, \"init_fn\": \"functools.partial(...)\",\n"
    "  \"need_pos\": false, \"input_dim\": null, \"total_num_buckets\": null,\n"
    "  \"use_virtual_table\": false, \"virtual_table_eviction_policy\": null,\n"
    "  \"pooling\": \"PoolingType.SUM\"},\n"
    " {\"num_embeddings\": 50, \"embedding_dim\": 8, \"name\": \"t_item\",\n"
    "  \"data_type\": \"FP16\", \"feature_names\": [\"item\", \"history\"], \"pooling\": \"SUM\",\n"
    "  \"pooling_factors\": [1, 37.5]}]\n";

static const char bare[] = "[{\"num_embeddings\": 10, \"embedding_dim\": 4, \"name\": \"t\"}]";

START_TEST(configs_become_a_model)
{
    ck_ok(import(whole), err);
    ck_assert_str_eq(model->name, "ebc");
    ck_assert_int_eq(model->embedding_dtype, TP_FLOAT16);
    ck_assert_int_eq(model->table_count, 2);
    ck_assert_int_eq(model->tables[0].rows, 1000);
    ck_assert_int_eq(model->tables[0].dim, 16);
    ck_assert_str_eq(model->features[0].name, "user");
    ck_assert_str_eq(model->features[2].name, "history");
    ck_assert_double_eq(model->features[1].pooling, 1);
    ck_assert_double_eq(model->features[2].pooling, 37.5);
    ck_assert_str_eq(notes,
        "ignored: weight_init_max, weight_init_min, num_embeddings_post_pruning, init_fn, "
        "need_pos, input_dim, total_num_buckets, use_virtual_table, "
        "virtual_table_eviction_policy\n");
    release();
}
END_TEST

static const char *const forms[] = {"{\"tables\": %s}", "{\"embedding_bag_configs\": %s}",
    "{\"is_weighted\": false, \"tables\": %s, \"device\": \"meta\"}"};

START_TEST(the_list_may_stand_in_an_object)
{
    char text[256];
    snprintf(text, sizeof text, forms[_i], bare);
    ck_ok(import(text), err);
    ck_assert_int_eq(model->table_count, 1);
    release();
}
END_TEST

START_TEST(what_is_not_said_is_as_in_torchrec)
{
    ck_ok(import(bare), err);
    ck_assert_int_eq(model->embedding_dtype, TP_FLOAT32);
    ck_assert_str_eq(model->features[0].name, "t");
    ck_assert_str_eq(notes, "");
    release();
    ck_ok(import("[{\"num_embeddings\": 10, \"embedding_dim\": 4, \"name\": \"t\", "
                 "\"feature_names\": [], \"pooling_factor\": 3}]"),
        err);
    ck_assert_str_eq(model->features[0].name, "t");
    ck_assert_double_eq(model->features[0].pooling, 3);
    release();
}
END_TEST

static const struct {
    const char *text;
    enum tp_dtype dtype;
} types[] = {{"FP32", TP_FLOAT32}, {"torch.float32", TP_FLOAT32}, {"DataType.FP16", TP_FLOAT16},
    {"BF16", TP_BFLOAT16}, {"DataType.BF16", TP_BFLOAT16}, {"torch.bfloat16", TP_BFLOAT16}};

START_TEST(data_types_are_known_by_their_names)
{
    char text[256];
    snprintf(text, sizeof text,
        "[{\"num_embeddings\": 10, \"embedding_dim\": 4, \"name\": \"t\", \"data_type\": \"%s\"}]",
        types[_i].text);
    ck_ok(import(text), err);
    ck_assert_int_eq(model->embedding_dtype, types[_i].dtype);
    release();
}
END_TEST

/* Edits of the whole document. */
static const struct {
    const char *from, *to, *message;
} bad[] = {
    {"PoolingType.SUM", "PoolingType.MEAN",
        "ebc.json: tables[0], t_user: pooling: found 'PoolingType.MEAN', expected SUM"},
    {"\"SUM\"", "\"NONE\"", "tables[1], t_item: pooling: found 'NONE'"},
    {"\"SUM\"", "1", "pooling: found 1, expected a text"},
    {"\"need_pos\": false", "\"need_pos\": true", "need_pos: found true, which cannot be honoured"},
    {"\"need_pos\": false", "\"is_weighted\": true", "is_weighted: found true"},
    {"\"use_virtual_table\": false", "\"use_virtual_table\": true",
        "use_virtual_table: found true"},
    {"post_pruning\": null", "post_pruning\": 500", "num_embeddings_post_pruning: found 500"},
    {"DataType.FP16", "DataType.INT8", "data_type: found 'DataType.INT8', expected FP32"},
    {"DataType.FP16", "FP32", "data_type: found 'FP16', expected float32 as table t_user has"},
    {"1000", "1000.0", "num_embeddings: found 1000.0, expected an integer"},
    {"1000", "\"1000\"", "num_embeddings: found '1000' in quotes"},
    {"1000", "0", "num_embeddings: found 0, expected 1 to"},
    {"1000", "2000000000000", "num_embeddings: found 2000000000000, expected 1 to"},
    {"1000", "99999999999999999999", "ebc.json:1:"},
    {"\"embedding_dim\": 16", "\"dim\": 16", "embedding_dim: found nothing"},
    {"\"embedding_dim\": 16", "\"embedding_dim\": 65537", "embedding_dim: found 65537"},
    {"\"name\": \"t_user\"", "\"title\": \"t_user\"", "tables[0]: name: found nothing"},
    {"\"t_user\"", "\"t\\u001b[2J\"", "tables[0]: name: found a control character"},
    {"\"t_user\"", "\"\"", "tables[0]: name: found an empty text"},
    {"\"t_item\"", "\"t_user\"",
        "tables[1]: found the table 't_user' a second time (first in entry 0"},
    {"\"history\"", "\"user\"", "tables[1]: found the feature 'user' a second time"},
    {"[\"user\"]", "\"user\"", "feature_names: found 'user' in quotes, expected a list"},
    {"[\"user\"]", "[7]", "feature_names: found 7, expected a text"},
    {"[1, 37.5]", "[1]", "pooling_factors: found 1 numbers, expected one for each of the 2"},
    {"[1, 37.5]", "[1, 0]", "pooling_factors: found 0, expected the mean number"},
    {"[1, 37.5]", "[1, \"2\"]", "pooling_factors: found '2' in quotes"},
    {"[1, 37.5]", "[1, 2], \"pooling_factor\": 1", "found both pooling_factor"},
    {"\"pooling\": \"SUM\"", "\"pooling\": \"SUM\", \"pooling\": \"SUM\"", "duplicate object key"},
    {"[{", "[7, {", "tables[0]: found 7, expected an EmbeddingBagConfig"},
};

START_TEST(what_cannot_be_honoured_is_refused_by_name)
{
    char *text = replaced(whole, bad[_i].from, bad[_i].to);
    ck_assert_int_eq(import(text), TP_EINPUT);
    ck_message_has(&err, (const char *[]){bad[_i].message, NULL});
    ck_assert_ptr_null(model);
    free(text);
}
END_TEST

static const struct {
    const char *text, *message;
} bad_roots[] = {
    {"[]", "ebc.json: found no tables"},
    {"{}", "found none of the keys tables and embedding_bag_configs"},
    {"{\"tables\": [], \"embedding_bag_configs\": []}", "found both"},
    {"{\"tables\": {}}", "tables: found an object, expected a list"},
    {"{\"is_weighted\": true, \"tables\": []}", "is_weighted: found true"},
    {"{\"embedding_configs\": [{}]}", "embedding_configs: found a list, which cannot be honoured"},
    {"", "ebc.json:1:0: found bad JSON"},
};

START_TEST(another_document_is_refused)
{
    ck_assert_int_eq(import(bad_roots[_i].text), TP_EINPUT);
    ck_message_has(&err, (const char *[]){bad_roots[_i].message, NULL});
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    TCase *tcase = tcase_create("model_torchrec");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, configs_become_a_model);
    tcase_add_loop_test(tcase, the_list_may_stand_in_an_object, 0, COUNT(forms));
    tcase_add_test(tcase, what_is_not_said_is_as_in_torchrec);
    tcase_add_loop_test(tcase, data_types_are_known_by_their_names, 0, COUNT(types));
    tcase_add_loop_test(tcase, what_cannot_be_honoured_is_refused_by_name, 0, COUNT(bad));
    tcase_add_loop_test(tcase, another_document_is_refused, 0, COUNT(bad_roots));
    return run_suite("model_torchrec", tcase);
}
