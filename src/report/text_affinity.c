/* SPDX-License-Identifier: Apache-2.0 */
/* Section AFFINITY: how far it can be trusted, one line per question. What was not assessed is said to
 * be so, with what it takes to assess it. Cost: O(names). */
#include "report/sections.h"

#include "plan/verdict.h"
#include "report/line.h"

#include <math.h>

#define INDENT TP_TRUST_INDENT

/* The failed checks with their figures, "a is below b, ... and ...". */
static void add_reasons(const struct tp_plan *plan, struct tp_text *out)
{
    const struct tp_plan_affinity *affinity = &plan->affinity;
    unsigned left = tp_failed_checks(plan);
    for (unsigned bit = TP_FAILED_SIGNAL; bit <= TP_FAILED_AGREEMENT; bit <<= 1) {
        if (!(left & bit))
            continue;
        left &= ~bit;
        if (out->length)
            tp_text_add(out, left ? ", " : " and ");
        if (bit == TP_FAILED_SIGNAL)
            tp_text_add(out, "signal %.3g %% is below %.3g %%", 100 * affinity->above_floor,
                100 * tp_signal_asked(plan));
        else if (bit == TP_FAILED_STABILITY)
            tp_text_add(out, "stability %.3g is below %.2f", affinity->stability, TP_STABLE_LEAST);
        else
            tp_text_add(out, "agreement between dumps, rho %.3g, is below %.2f",
                affinity->reproducibility, TP_AGREE_LEAST);
    }
}

static void add_failure(
    const struct tp_view *view, const char *verdict, const char *advice, struct tp_text *text)
{
    struct tp_text reasons = {0};
    add_reasons(view->plan, &reasons);
    if (reasons.failed)
        text->failed = true;
    else if (reasons.data)
        tp_line_wrap(text, " verdict", INDENT, "%s: %s%s", verdict, reasons.data, advice);
    else
        tp_line_wrap(text, " verdict", INDENT,
            "%s: checks failed when the plan was made, and the figures have changed since.",
            verdict);
    tp_text_release(&reasons);
}

static const char *why_not_assessed(enum tp_strategy strategy)
{
    switch (strategy) {
    case TP_STRATEGY_COHERENT:
    case TP_STRATEGY_DIVERSE:
        return "were changed after planning, and only plan can assess them";
    case TP_STRATEGY_PAPER:
        return "follow the affinity by a method whose stability is not measured";
    default:
        return "do not follow the affinity";
    }
}

static void add_verdict(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    switch (plan->affinity.verdict) {
    case TP_VERDICT_TRUSTED:
        tp_line_wrap(text, " verdict", INDENT, "%s",
            isnan(plan->affinity.reproducibility)
                ? "TRUSTED: signal and stability pass; agreement between training runs was not "
                  "assessed."
                : "TRUSTED: signal, stability and agreement between dumps pass.");
        break;
    case TP_VERDICT_WEAK:
        add_failure(view, "WEAK", "; take these towers as a suggestion.", text);
        break;
    case TP_VERDICT_NOISE:
        add_failure(view, "NOISE",
            ". Unrelated features could give these numbers; do not build on them.", text);
        break;
    default:
        tp_line_wrap(text, " verdict", INDENT, "NOT ASSESSED: these towers %s",
            why_not_assessed(plan->strategy));
    }
}

/* What it is, on what, and what it can see. */
static void add_measure(const struct tp_plan_affinity *affinity, struct tp_text *text)
{
    struct tp_shown file = tp_shown(affinity->input.file, TP_NAME_COLUMNS);
    const char *sees = affinity->measure == TP_MEASURE_COSINE
                           ? "It is blind to features whose spaces are rotated against each other, "
                             "which training leaves to chance; cka is not"
                           : "It sees through rotations and takes any dims";
    if (affinity->dumps > 1)
        tp_line_wrap(text, " measured", INDENT,
            "%s on %lld sample%s (the fewest of %d dumps: %s): %s. %s",
            tp_measure_name(affinity->measure), (long long)affinity->samples,
            tp_plural(affinity->samples), (int)affinity->dumps, file.text,
            tp_view_measure(affinity->measure), sees);
    else
        tp_line_wrap(text, " measured", INDENT, "%s on %lld sample%s (%s): %s. %s",
            tp_measure_name(affinity->measure), (long long)affinity->samples,
            tp_plural(affinity->samples), file.text, tp_view_measure(affinity->measure), sees);
}

static void add_signal(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan_affinity *affinity = &view->plan->affinity;
    struct tp_text floor = {0};
    if (affinity->noise_floor > 0)
        tp_text_add(&floor, "%.3g", affinity->noise_floor);
    else
        tp_text_add(&floor, "rounded away");
    if (floor.failed)
        text->failed = true;
    else if (view->plan->model->feature_count < 2)
        tp_line_wrap(text, " signal", INDENT, "none: a single feature has no pairs");
    else
        tp_line_wrap(text, " signal", INDENT,
            "%.3g %% of the pairs lie above the noise floor (%s); of unrelated features 1 %% "
            "would; trusted: %.3g %% or more (that, its spread, and a quarter of the pairs inside "
            "towers)",
            100 * affinity->above_floor, floor.data, 100 * tp_signal_asked(view->plan));
    tp_text_release(&floor);
}

/* A standard error falls with the root of the samples. */
static void add_precision(const struct tp_plan_affinity *affinity, struct tp_text *text)
{
    if (affinity->std_error > 0)
        tp_line_wrap(text, " precision", INDENT,
            "typical standard error %.2g; %.0f samples instead of %lld would about halve it",
            affinity->std_error, 4.0 * (double)affinity->samples, (long long)affinity->samples);
    else
        tp_line_wrap(text, " precision", INDENT, "typical standard error: rounded away");
    if (isnan(affinity->stability))
        tp_line_wrap(text, " stability", INDENT,
            "not assessed: whether other samples would give the same towers");
    else
        tp_line_wrap(text, " stability", INDENT,
            "%.2f (adjusted Rand index between the towers of resampled matrices; 1 is the same "
            "towers, 0 is chance; trusted: %.2f or more)",
            affinity->stability, TP_STABLE_LEAST);
}

static void add_movers(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan_affinity *affinity = &view->plan->affinity;
    int32_t shown = tp_view_listed(view, affinity->mover_count, TP_NAMES_LISTED);
    struct tp_text list = {0};
    if (isnan(affinity->stability))
        return;
    for (int32_t i = 0; i < shown; i++)
        tp_text_add(&list, "%s%s (%.0f %%)", i ? ", " : "",
            tp_shown(affinity->movers[i].feature, TP_NAME_COLUMNS).text,
            100 * affinity->movers[i].share);
    tp_line_more(&list, affinity->mover_count - shown);
    if (list.failed)
        text->failed = true;
    else if (shown == 0)
        tp_line_wrap(text, " movers", INDENT,
            "none: no feature changes tower in a quarter of the resampled matrices");
    else
        tp_line_wrap(text, " movers", INDENT,
            "%d feature%s change%s tower in a quarter of the resampled matrices or more: %s",
            (int)affinity->mover_count, tp_plural(affinity->mover_count),
            affinity->mover_count == 1 ? "s" : "", list.data);
    tp_text_release(&list);
}

static void add_reproducibility(const struct tp_plan_affinity *affinity, struct tp_text *text)
{
    if (affinity->dumps <= 1)
        tp_line_wrap(text, " reproducibility", INDENT,
            "not assessed: one dump. To assess it, train the model again with another seed, dump "
            "that too, and give both: -d A -d B");
    else if (isnan(affinity->reproducibility))
        tp_line_wrap(text, " reproducibility", INDENT,
            "not assessed: the pairs of a dump are all alike, so there is nothing to compare");
    else
        tp_line_wrap(text, " reproducibility", INDENT,
            "rho %.2f between %d dumps (rank correlation of their pairs; 1 is the same order, 0 is "
            "chance); trusted: %.2f or more",
            affinity->reproducibility, (int)affinity->dumps, TP_AGREE_LEAST);
}

static void add_learned(const struct tp_plan_affinity *affinity, struct tp_text *text)
{
    if (isnan(affinity->null_rho) && isnan(affinity->learned))
        tp_line_wrap(text, " learned", INDENT,
            "not assessed: no --null dump. One of the untrained model shows how much comes from "
            "ids that occur together, without any training");
    else
        tp_line_wrap(text, " learned", INDENT,
            "%.3g %% of the pairs lie above the untrained model's by over 2 standard errors: that "
            "much was learned. rho %.2f with the untrained model; near 1, ids that occur together "
            "explain the affinity without any training",
            100 * affinity->learned, affinity->null_rho);
}

/* Features that the figures say little about; nothing if there are none. */
static void add_features(const struct tp_view *view, const char *label, char *const *names,
    int32_t count, const char *what, struct tp_text *text)
{
    int32_t shown = tp_view_listed(view, count, TP_NAMES_LISTED);
    struct tp_text list = {0};
    for (int32_t i = 0; i < shown; i++)
        tp_text_add(&list, "%s%s", i ? ", " : "", tp_shown(names[i], TP_NAME_COLUMNS).text);
    tp_line_more(&list, count - shown);
    if (list.failed)
        text->failed = true;
    else if (count > 0)
        tp_line_wrap(text, label, INDENT, "%d feature%s %s: %s", (int)count, tp_plural(count), what,
            list.data);
    tp_text_release(&list);
}

void tp_section_affinity(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan_affinity *affinity = &view->plan->affinity;
    tp_text_add(text, "\nAFFINITY how far it can be trusted\n");
    if (affinity->dumps == 0) {
        if (view->plan->strategy == TP_STRATEGY_IMPORTED)
            tp_line_wrap(text, "", 1, "none was given when the plan was imported");
        else
            tp_line_wrap(text, "", 1, "none was used: strategy %s needs no dump",
                tp_strategy_name(view->plan->strategy));
        return;
    }
    add_verdict(view, text);
    add_measure(affinity, text);
    add_signal(view, text);
    add_precision(affinity, text);
    add_movers(view, text);
    add_reproducibility(affinity, text);
    add_learned(affinity, text);
    add_features(view, " constant", affinity->constant, affinity->constant_count,
        affinity->measure == TP_MEASURE_CKA
            ? "without any variation in a dump, taken as unrelated to all"
            : "without any variation in a dump, whose cosines say nothing",
        text);
    add_features(view, " neutral", affinity->neutral, affinity->neutral_count,
        "in no dump, taken at the mean affinity", text);
}
