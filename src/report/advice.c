/* SPDX-License-Identifier: Apache-2.0 */
/* What to do next, from the plan's own figures.
 *
 * In: a view of a plan. Out: sentences and commands, most urgent first: memory that does not
 * suffice, an affinity that cannot be trusted, towers that do not pay, limits that cost affinity, a
 * table that forces the imbalance, and last what always comes: check, edit, recost. A plan with
 * findings gets only these. One function per reason; each adds nothing when its reason does not
 * hold. What was not tried is named as something to try, without a number. Commands name the files
 * that the plan was made from, by base name, where a shell takes their names as they are. */
#include "report/advice.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/verdict.h"
#include "report/line.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 16
#define NAMES_SHOWN 3
#define FILE_COLUMNS 24    /* longer names would hide the command */
#define MEMORY_TIGHT 0.9   /* share of capacity above which tables have no room to grow */
#define AFFINITY_GAIN 0.05 /* share of all affinity that is worth a looser limit */
#define UNEVEN 1.1         /* max over mean above which the cause is named */

static void add(struct tp_advice *advice, const char *sentence, ...) TP_PRINTF(2, 3);
static void add(struct tp_advice *advice, const char *sentence, ...)
{
    va_list args, again;
    va_start(args, sentence);
    va_copy(again, args);
    int length = tp_format(NULL, 0, sentence, args);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text)
        tp_format(text, (size_t)length + 1, sentence, again);
    advice->items[advice->count++].sentence = text;
    va_end(again);
    va_end(args);
}

/* The file's name, or another word where a shell would not take the name as it is. */
static const char *file_or(const struct tp_plan_input *input, const char *otherwise)
{
    if (!input->file || !*input->file || *input->file == '-' ||
        input->file[strspn(input->file, TP_SHELL_PLAIN)] || strlen(input->file) > FILE_COLUMNS)
        return otherwise;
    return input->file;
}

/* Gives the item added last a command: plan, with these files. */
static void add_command(struct tp_advice *advice, const struct tp_plan *plan, const char *rest)
{
    struct tp_text text = {0};
    tp_text_add(&text, "towerpart plan -m %s -t %s%s", file_or(&plan->model_input, "MODEL"),
        file_or(&plan->topology_input, "TOPOLOGY"), rest);
    advice->items[advice->count - 1].command = text.data;
}

/* Whether the plan was made from an affinity file, not from a dump. */
static bool from_affinity_file(const struct tp_plan *plan)
{
    return plan->affinity.dumps > 0 && !plan->affinity.from_dump;
}

/* " -d A -d B" of the plan's dumps, whose names are one text, "A, B"; " -d DUMP" if a shell would not
 * take them as they are. */
static void add_dumps(struct tp_text *text, const struct tp_plan *plan)
{
    const char *files = plan->affinity.input.file;
    if (plan->affinity.dumps < 2 || !files || strlen(files) > 2 * FILE_COLUMNS ||
        files[strspn(files, TP_SHELL_PLAIN ", ")]) {
        tp_text_add(text, " -d %s", file_or(&plan->affinity.input, "DUMP"));
        return;
    }
    while (*files) {
        size_t length = strcspn(files, ", ");
        tp_text_add(text, " -d %.*s", (int)length, files);
        files += length;
        files += strspn(files, ", ");
    }
}

/* The same with the plan's affinity, and then the rest. */
static void add_affine_command(
    struct tp_advice *advice, const struct tp_plan *plan, const char *rest)
{
    struct tp_text text = {0};
    if (from_affinity_file(plan))
        tp_text_add(&text, " -a %s", file_or(&plan->affinity.input, "AFFINITY"));
    else
        add_dumps(&text, plan);
    if (!from_affinity_file(plan) && plan->affinity.measure == TP_MEASURE_COSINE)
        tp_text_add(&text, " --measure cosine");
    tp_text_add(&text, "%s", rest);
    add_command(advice, plan, text.data ? text.data : "");
    tp_text_release(&text);
}

/* "a, b, c" of up to three names, and how many more. */
static void add_names(
    struct tp_text *list, const struct tp_plan_mover *movers, char *const *names, int32_t count)
{
    int32_t shown = count > NAMES_SHOWN + 1 ? NAMES_SHOWN : count;
    for (int32_t i = 0; i < shown; i++)
        tp_text_add(list, "%s%s", i ? ", " : "",
            tp_shown(movers ? movers[i].feature : names[i], FILE_COLUMNS).text);
    tp_line_more(list, count - shown);
}

static void advise_memory(struct tp_advice *advice, const struct tp_view *view)
{
    int32_t fullest = -1;
    double most = 0;
    for (int32_t r = 0; r < view->rank_count; r++) {
        double share =
            (double)view->ranks[r].load.memory_bytes / (double)view->ranks[r].capacity_bytes;
        if (share > most) {
            most = share;
            fullest = r;
        }
    }
    if (most > 1)
        add(advice, "Rank %d needs %.0f %% of its memory: this plan does not fit; plan again.",
            (int)fullest, 100 * most);
    else if (most > MEMORY_TIGHT)
        add(advice,
            "Rank %d is %.0f %% full: tables have little room to grow. More hosts or a smaller "
            "optimizer state can make some.",
            (int)fullest, 100 * most);
}

/* One check failed: what mends that one. */
static void advise_weak(struct tp_advice *advice, const struct tp_plan *plan)
{
    const struct tp_plan_affinity *affinity = &plan->affinity;
    unsigned failed = tp_failed_checks(plan);
    bool is_cosine = affinity->measure == TP_MEASURE_COSINE;
    if (failed & TP_FAILED_AGREEMENT) {
        add(advice,
            "The affinity is weak: training runs disagree on it. %s, or give more dumps of longer "
            "training: their matrices are averaged.",
            is_cosine ? "Measure it with cka, which does not see how a run happened to rotate its "
                        "spaces"
                      : "Train the dumped models for longer");
        add_command(advice, plan,
            is_cosine ? " -d A -d B --measure cka -o plan.yaml" : " -d A -d B -d C -o plan.yaml");
    } else if (failed & TP_FAILED_STABILITY) {
        add(advice,
            "The affinity is weak: its errors decide between towers. Dump %.0f samples instead of "
            "%lld, which would about halve them, and plan again. If it stays so, several ways to "
            "make towers are equally good.",
            4.0 * (double)affinity->samples, (long long)affinity->samples);
    } else {
        add(advice,
            "The affinity is weak: too few pairs stand out from the noise. Train the dumped model "
            "for longer, or dump %.0f samples instead of %lld, which lowers the noise floor.",
            4.0 * (double)affinity->samples, (long long)affinity->samples);
    }
}

static void advise_affinity(struct tp_advice *advice, const struct tp_plan *plan)
{
    const struct tp_plan_affinity *affinity = &plan->affinity;
    if (plan->strategy == TP_STRATEGY_IMPORTED) {
        add(advice,
            "These towers were made elsewhere. Plan for the same model and cluster here, and "
            "compare the two reports.");
        add_affine_command(advice, plan, " -o own.yaml");
    } else if (affinity->dumps == 0) {
        add(advice, "These towers ignore which features belong together. Dump the pooled "
                    "embeddings of a trained model and plan on their affinity.");
        add_affine_command(advice, plan, " -o plan.yaml");
    } else if (affinity->verdict == TP_VERDICT_NOISE) {
        add(advice,
            "The affinity is noise: do not build on it. Balance is all there is to gain from it; "
            "train the dumped model for longer, or dump more samples than %lld, and look again.",
            (long long)affinity->samples);
        add_command(advice, plan, " --strategy load -o load.yaml");
    } else if (affinity->verdict == TP_VERDICT_WEAK) {
        advise_weak(advice, plan);
    }
}

/* Another training run would tell more than any number of samples. */
static void advise_dumps(struct tp_advice *advice, const struct tp_plan *plan)
{
    const struct tp_plan_affinity *affinity = &plan->affinity;
    bool is_good = affinity->verdict == TP_VERDICT_TRUSTED || affinity->verdict == TP_VERDICT_WEAK;
    if (affinity->dumps != 1 || !is_good)
        return;
    add(advice, "Whether another training run would give these towers is not known: there is one "
                "dump. Train the model again with another seed, dump that too, and give both.");
    add_command(advice, plan,
        affinity->measure == TP_MEASURE_COSINE ? " -d A -d B --measure cosine -o plan.yaml"
                                               : " -d A -d B -o plan.yaml");
}

static void advise_movers(struct tp_advice *advice, const struct tp_plan *plan)
{
    const struct tp_plan_affinity *affinity = &plan->affinity;
    struct tp_text list = {0};
    if (affinity->mover_count == 0 || affinity->verdict == TP_VERDICT_NOISE)
        return;
    add_names(&list, affinity->movers, NULL, affinity->mover_count);
    add(advice,
        "%s: resampled matrices put them elsewhere, so the affinity hardly decides their tower; "
        "more "
        "samples may, where the limits leave a choice. Where you know better, say so in the model "
        "spec (constraints together, apart, pin) and plan again.",
        list.data ? list.data : "");
    tp_text_release(&list);
}

/* Features that the dump says nothing about. */
static void advise_features(struct tp_advice *advice, const struct tp_plan *plan)
{
    const struct tp_plan_affinity *affinity = &plan->affinity;
    struct tp_text list = {0};
    if (affinity->constant_count + affinity->neutral_count == 0)
        return;
    add_names(&list, NULL, affinity->constant, affinity->constant_count);
    if (affinity->constant_count && affinity->neutral_count)
        tp_text_add(&list, "; ");
    add_names(&list, NULL, affinity->neutral, affinity->neutral_count);
    add(advice,
        "The affinity says nothing of %s: %s. See that the dump holds their trained embeddings.",
        affinity->constant_count + affinity->neutral_count == 1 ? "one feature" : "some features",
        list.data ? list.data : "");
    tp_text_release(&list);
}

static void advise_one_tower(struct tp_advice *advice, const struct tp_plan *plan)
{
    if (plan->topology->host_count > 1) {
        add(advice, "One tower holds everything, so towers change nothing. Plan with fewer hosts "
                    "per tower to see what they do here.");
        add_affine_command(advice, plan, " --hosts-per-tower K -o towers.yaml");
    } else {
        add(advice, "One tower holds everything, so towers change nothing: they need more than one "
                    "host.");
    }
}

/* Towers may not pay, or not without modules. */
static void advise_mode(struct tp_advice *advice, const struct tp_plan *plan)
{
    double best = tp_view_seconds(plan, plan->cost.recommended);
    double dmt = tp_view_seconds(plan, TP_USE_DMT);
    if (plan->cost.recommended == TP_USE_FLAT_FREE) {
        add(advice, "Towers alone gain nothing on this cluster: the fastest way that computes the "
                    "same function has none. Make that plan too.");
        add_command(advice, plan, " --flat -o flat.yaml");
    } else if (plan->cost.recommended == TP_USE_FLAT) {
        add(advice, "Towers alone gain nothing on this cluster: run this placement in mode flat, "
                    "or see whether dmt or more hosts change that.");
    }
    if (plan->model->tower_module.kind == TP_MODULE_NONE)
        add(advice,
            "The model has no tower module, so dmt gains nothing. To try one, add it to the model "
            "spec, for example tower_module: {kind: dlrm, c: 1, p: 0, dim: %d}, and plan again.",
            plan->model->table_count > 0 ? (int)(plan->model->tables[0].dim + 1) / 2 : 1);
    else if (plan->cost.recommended_if_quality_allows == TP_USE_DMT && !tp_same_pace(dmt, best))
        add(advice, "dmt is the fastest but changes the model: train it and the flat one on the "
                    "same data and compare their quality before you rely on it.");
}

/* What was kept may cost affinity. */
static void advise_more_bytes(struct tp_advice *advice, const struct tp_plan *plan)
{
    const struct tp_plan_quality *quality = &plan->quality;
    if (plan->strategy != TP_STRATEGY_COHERENT ||
        !(quality->bound > quality->inside_affinity + AFFINITY_GAIN))
        return;
    add(advice,
        "Tables were kept where %s has them, which may cost affinity: this plan holds %.1f %% of "
        "it inside "
        "towers, and no more than %.1f %% is possible. See what more bytes buy: plan --from again, "
        "with "
        "--max-move-bytes.",
        tp_shown(plan->older.file, 40).text, 100 * quality->inside_affinity, 100 * quality->bound);
}

/* A baseline that breaks a limit holds more: looser limits may let the plan do so too. */
static void advise_limits(struct tp_advice *advice, const struct tp_plan *plan)
{
    const struct tp_plan_quality *quality = &plan->quality;
    const struct tp_plan_baseline *best = NULL;
    struct tp_text looser = {0};
    if (plan->older.file) { /* it was kept, whatever limits would let */
        advise_more_bytes(advice, plan);
        return;
    }
    for (int32_t i = 0; i < quality->baseline_count; i++) {
        const struct tp_plan_baseline *baseline = &quality->baselines[i];
        if (!baseline->within_limits &&
            (!best || baseline->inside_affinity > best->inside_affinity))
            best = baseline;
    }
    if (plan->strategy != TP_STRATEGY_COHERENT || !best ||
        !(best->inside_affinity > quality->inside_affinity + AFFINITY_GAIN))
        return;
    add(advice,
        "The limits cost affinity: %s, which breaks them, holds %.1f %% of it inside towers, this "
        "plan %.1f %%. If similar features together matter more than even towers, try a larger "
        "--ratio (features per tower, now %.3g), a larger --balance (loads, now %.3g), or both.",
        tp_shown(best->name, 24).text, 100 * best->inside_affinity, 100 * quality->inside_affinity,
        plan->ratio, plan->balance);
    tp_text_add(&looser, " --ratio %g --balance %g -o looser.yaml", ceil(4 * plan->ratio + 1) / 4,
        plan->balance);
    add_affine_command(advice, plan, looser.data ? looser.data : "");
    tp_text_release(&looser);
}

static double worst_ratio(const struct tp_plan *plan, enum tp_resource *resource)
{
    const struct tp_plan_balance *balance = &plan->quality.balance;
    *resource = TP_RESOURCE_LOOKUP;
    if (balance->output > balance->lookup)
        *resource = TP_RESOURCE_OUTPUT;
    return fmax(balance->lookup, balance->output);
}

/* A table stays in one tower, so one that weighs more than a mean tower forces an imbalance. */
static void advise_balance(struct tp_advice *advice, const struct tp_view *view)
{
    const struct tp_plan *plan = view->plan;
    enum tp_resource resource;
    double ratio = worst_ratio(plan, &resource);
    const struct tp_view_peak *peak = &view->peaks[resource];
    if (!(ratio > UNEVEN) || peak->tower < 0 || peak->table < 0)
        return;
    int tower = (int)plan->towers[peak->tower].id;
    struct tp_shown table = tp_shown(plan->tables[peak->table].name, TP_NAME_COLUMNS);
    if (peak->table_share * ratio > UNEVEN)
        add(advice,
            "Table %s alone weighs %.2f times a mean tower by %s, and a table cannot be divided "
            "between towers; its tower %d has %.2f times the mean.%s",
            table.text, peak->table_share * ratio, tp_resource_name(resource), tower, ratio,
            plan->tower_count > 2 ? " Larger towers (--hosts-per-tower) even it out, at the price "
                                    "of more traffic between hosts."
                                  : "");
    else
        add(advice,
            "The %s of tower %d is %.2f times the mean, and no single table forces that (%s, the "
            "largest, brings %.0f %% of it). %s",
            tp_resource_name(resource), tower, ratio, table.text, 100 * peak->table_share,
            plan->strategy == TP_STRATEGY_IMPORTED
                ? "A plan made here may be more even."
                : "A larger --ratio or, if you gave one, a smaller --balance can be tried.");
}

static void advise_check(struct tp_advice *advice, const struct tp_view *view)
{
    const struct tp_plan *plan = view->plan;
    struct tp_text text = {0};
    if (view->findings.count > 0)
        add(advice, "See all that is wrong with this plan, and mend it; figures that are only "
                    "stale are mended by recost.");
    else
        add(advice, "Check the plan against the files that it was made from; do so again whenever "
                    "tables grow.");
    tp_text_add(&text, "towerpart check %s -m %s -t %s", tp_view_name(view),
        file_or(&plan->model_input, "MODEL"), file_or(&plan->topology_input, "TOPOLOGY"));
    advice->items[advice->count - 1].command = text.data;
}

static void advise_recost(struct tp_advice *advice, const struct tp_view *view)
{
    const struct tp_plan *plan = view->plan;
    const struct tp_plan_input *affinity = &plan->affinity.input;
    struct tp_text text = {0};
    add(advice, "To move tables by hand, edit %s and have its figures computed anew.%s",
        tp_view_name(view),
        plan->affinity.dumps > 0 && !from_affinity_file(plan)
            ? " AFFINITY is what towerpart affinity measures on the dump."
            : "");
    tp_text_add(&text, "towerpart recost %s", tp_view_name(view));
    if (plan->affinity.dumps > 0)
        tp_text_add(
            &text, " -a %s", from_affinity_file(plan) ? file_or(affinity, "AFFINITY") : "AFFINITY");
    tp_text_add(&text, " -o edited.yaml");
    advice->items[advice->count - 1].command = text.data;
}

/* From sound figures only. */
static void advise_plan(struct tp_advice *advice, const struct tp_view *view)
{
    const struct tp_plan *plan = view->plan;
    advise_memory(advice, view);
    if (plan->strategy == TP_STRATEGY_FLAT) {
        add(advice, "This is the competitor without towers. Plan with towers to compare.");
        add_command(advice, plan, " -d DUMP -o plan.yaml");
    } else if (view->one_tower) {
        advise_one_tower(advice, plan);
    } else {
        advise_affinity(advice, plan);
        advise_mode(advice, plan);
        advise_limits(advice, plan);
        advise_balance(advice, view);
        advise_features(advice, plan);
        advise_movers(advice, plan);
        advise_dumps(advice, plan);
    }
}

enum tp_status tp_advice_init(
    struct tp_advice *advice, const struct tp_view *view, struct tp_error *err)
{
    memset(advice, 0, sizeof *advice);
    advice->items = TP_NEW(ITEMS_MAX, struct tp_advice_item);
    if (!advice->items)
        return tp_fail_memory(err);
    if (view->findings.count == 0)
        advise_plan(advice, view);
    advise_check(advice, view);
    advise_recost(advice, view);
    for (int32_t i = 0; i < advice->count; i++)
        if (!advice->items[i].sentence)
            return tp_fail_memory(err);
    return TP_OK;
}

void tp_advice_release(struct tp_advice *advice)
{
    for (int32_t i = 0; i < advice->count; i++) {
        free(advice->items[i].command);
        free(advice->items[i].sentence);
    }
    free(advice->items);
    memset(advice, 0, sizeof *advice);
}
