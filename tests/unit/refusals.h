/* SPDX-License-Identifier: Apache-2.0 */
/* Reads refusals: what they must say, and every setting that they name is tried. */
#ifndef TP_TESTS_REFUSALS_H
#define TP_TESTS_REFUSALS_H

#include <towerpart/plan.h>

#include <ctype.h>
#include <inttypes.h>

#include "workload.h"

#define GIB (INT64_C(1) << 30)
#define CONFLICT "these cannot hold together"
#define REMEDIES "nearest settings that work, each tried:\n"
#define WITHOUT "without --balance and --ratio the "

struct refused {
    struct workload *w;
    struct tp_plan_options options;
    struct tp_error err;
    int tried; /* settings named and tried */
};

static inline void begin(struct refused *r, struct workload *w)
{
    *r = (struct refused){.w = w, .options = tp_plan_options_default()};
    r->options.strategy = TP_STRATEGY_LOAD;
    r->options.effort = 1;
}

static inline enum tp_status plan(
    const struct workload *w, const struct tp_plan_options *options, struct tp_error *err)
{
    struct tp_plan *made = NULL;
    enum tp_status status = tp_plan_make(&w->model, &w->topology, NULL, options, &made, err);
    ck_assert_int_eq(status == TP_OK, made != NULL);
    tp_plan_free(made);
    return status;
}

/* Leaves out the constraint that a line describes, the way it was asked for: by its features. */
static inline void leave_out(struct workload *w, const char *line)
{
    static const char *const kinds[] = {"together", "apart", "pin"};
    int32_t kept = 0, dropped = 0;
    for (int32_t i = 0; i < w->model.constraint_count; i++) {
        const struct tp_constraint *c = &w->constraints[i];
        char tower[32];
        snprintf(tower, sizeof tower, "] to tower %d", (int)c->tower);
        bool named = strstr(line, kinds[c->kind]) != NULL;
        named = named && (c->kind != TP_PIN || strstr(line, tower));
        for (int32_t f = 0; f < c->feature_count; f++) {
            const char *at = strstr(line, w->feature_name[c->features[f]]);
            size_t length = strlen(w->feature_name[c->features[f]]);
            named = named && at && !isdigit((unsigned char)at[length]);
        }
        if (named)
            dropped++;
        else
            w->constraints[kept++] = *c;
    }
    ck_assert_msg(dropped == 1, "%s", line);
    w->model.constraint_count = kept;
}

static inline void add_hosts(struct workload *w, int32_t hosts)
{
    struct tp_topology *t = &w->topology;
    ck_assert_int_le(hosts, WORKLOAD_HOSTS_MAX);
    for (int32_t h = t->host_count; h < hosts; h++)
        w->hosts[h] = (struct tp_host){t->device.memory_bytes, 0};
    t->host_count = t->levels[1].fanout = hosts;
    t->rank_count = hosts * t->ranks_per_host;
}

static inline void add_memory(struct workload *w, int64_t bytes)
{
    for (int32_t h = 0; h < w->topology.host_count; h++)
        if (w->hosts[h].memory_bytes < bytes)
            w->hosts[h].memory_bytes = bytes;
}

static inline void set_optimizer(struct workload *w, const char *name)
{
    for (int o = TP_SGD; o <= TP_ADAM; o++) {
        const char *other = tp_optimizer_name((enum tp_optimizer)o);
        if (!strncmp(name, other, strlen(other)) && name[strlen(other)] == ' ')
            w->model.optimizer = (enum tp_optimizer)o;
    }
}

/* Edits the specs as a line says. @return false when it is about options. */
static inline bool edit_specs(struct workload *w, const char *line)
{
    int hosts, table, all;
    int64_t number;
    char name[32];
    if (sscanf(line, " %d hosts instead of", &hosts) == 1)
        add_hosts(w, hosts);
    else if (sscanf(line, " local_batch_size %" SCNd64 " instead of", &number) == 1)
        w->model.local_batch_size = number;
    else if (sscanf(line, " batch_size %" SCNd64 " instead of", &number) == 1)
        w->model.batch_size = number;
    else if (sscanf(line, " memory_bytes %" SCNd64 " instead of", &number) == 1)
        add_memory(w, number);
    else if (sscanf(line, " table t%d: rows %" SCNd64 " instead of", &table, &number) == 2)
        w->tables[table].rows = number;
    else if (sscanf(line, " optimizer %31s instead of", name) == 1)
        set_optimizer(w, strstr(line, name));
    else if (sscanf(line, " leave out all %d constraints", &all) == 1)
        w->model.constraint_count = 0;
    else if (strstr(line, "leave out the constraint "))
        leave_out(w, strstr(line, "constraint ") + strlen("constraint "));
    else
        return false;
    return true;
}

/* Turns the options that a line names. @return false when there are none. */
static inline bool turn_options(struct tp_plan_options *options, const char *line)
{
    const char *balance = strstr(line, "--balance "), *ratio = strstr(line, "--ratio ");
    const char *per_tower = strstr(line, "--hosts-per-tower ");
    const char *strategy = strstr(line, "--strategy load");
    if (balance)
        options->balance = strtod(balance + strlen("--balance "), NULL);
    if (ratio)
        options->ratio = strtod(ratio + strlen("--ratio "), NULL);
    if (per_tower)
        options->hosts_per_tower = atoi(per_tower + strlen("--hosts-per-tower "));
    if (strategy)
        options->strategy = TP_STRATEGY_LOAD;
    return balance || ratio || per_tower || strategy;
}

/* A copy whose parts are its own. */
static inline struct workload *workload_copy(const struct workload *from)
{
    struct workload *w = malloc(sizeof *w);
    ck_assert_ptr_nonnull(w);
    *w = *from;
    w->model.tables = w->tables;
    w->model.features = w->features;
    w->model.constraints = w->constraints;
    w->topology.hosts = w->hosts;
    return w;
}

/* Does what one line says and plans again. */
static inline void try_line(struct refused *r, const char *line)
{
    struct workload *w = workload_copy(r->w);
    struct tp_plan_options options = r->options;
    struct tp_error err = {0};
    if (strstr(r->err.text, WITHOUT REMEDIES))
        options.balance = options.ratio = (double)NAN;
    ck_assert_msg(
        edit_specs(w, line) || turn_options(&options, line), "what to do with '%s'?", line);
    ck_assert_msg(plan(w, &options, &err) == TP_OK, "'%s' does not work: %s", line, err.text);
    r->tried++;
    free(w);
}

/* Refused, with all these words in the message, and all settings in it work.
 * @param remedies  how many of them there must be at least. */
static inline void assert_refused(struct refused *r, int remedies, const char *const *words)
{
    char text[TP_ERROR_TEXT_BYTES];
    ck_assert_int_eq(plan(r->w, &r->options, &r->err), TP_EINFEASIBLE);
    if (getenv("TOWERPART_SHOW"))
        fprintf(stderr, "%s\n\n", r->err.text);
    for (; *words; words++)
        ck_assert_msg(strstr(r->err.text, *words), "no '%s' in: %s", *words, r->err.text);
    size_t length = strlen(r->err.text);
    ck_assert(length > 0 && r->err.text[length - 1] != '\n');
    ck_assert_ptr_nonnull(strstr(r->err.text, CONFLICT));
    const char *list = strstr(r->err.text, REMEDIES);
    strcpy(text, list ? list + strlen(REMEDIES) : "");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        try_line(r, line);
    ck_assert_msg(r->tried >= remedies, "%d settings in: %s", r->tried, r->err.text);
}

/* Lines of facts in the message. */
static inline int fact_count(const struct tp_error *err)
{
    int count = 0;
    const char *line = strstr(err->text, CONFLICT);
    for (line = line ? strchr(line, '\n') : NULL; line && line[1] == ' ';
         line = strchr(line + 1, '\n'))
        count++;
    return count;
}

#endif
