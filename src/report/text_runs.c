/* SPDX-License-Identifier: Apache-2.0 */
/* Section RUNS: runs of one plan side by side, a column each, then in words.
 *
 * In: a view that has several runs. Out: speed, phases, bytes across the outermost level, quality.
 * The best of a row is marked where more or less of it is better by itself and the runs did the
 * same work: not the seconds of a phase, which a mode may have moved into another one, and not the
 * loss of one batch. Quality is never said to be better: one run is one draw. Cost: O(runs * phases).
 */
#include "report/compare.h"
#include "report/sections.h"

#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 28 /* of "embedding_alltoall_backward", and a blank */
#define VALUE_COLUMNS 16 /* then the mark */
#define INDENT TP_HEADLINE_INDENT
#define LARGE 1e8 /* what has more digits is rounded, to fit */

enum unit { UNIT_COUNT, UNIT_TIMES, UNIT_SECONDS, UNIT_BYTES, UNIT_DIGITS };
enum better { BETTER_NEITHER, BETTER_LESS, BETTER_MORE };

static struct tp_shown make_value(double value, enum unit unit)
{
    struct tp_text text = {0};
    char number[16];
    if (!isfinite(value)) {
        tp_text_add(&text, "-");
    } else if (unit == UNIT_SECONDS) {
        tp_format_seconds(number, value);
        tp_text_add(&text, "%s", number);
    } else if (unit == UNIT_BYTES) {
        tp_format_bytes(number, value);
        tp_text_add(&text, "%s", number);
    } else if (fabs(value) >= LARGE) {
        tp_text_add(&text, "%.3g", value);
    } else if (unit == UNIT_DIGITS) {
        tp_text_add(&text, "%.6f", value);
    } else {
        tp_text_add(&text, unit == UNIT_TIMES ? "%.2fx" : "%.0f", value);
    }
    struct tp_shown shown = tp_shown(text.data, VALUE_COLUMNS);
    tp_text_release(&text);
    return shown;
}

/* The first that no other betters; -1: none is known, or better by itself. */
static int32_t find_best(const double *values, int32_t count, enum better better)
{
    int32_t best = -1;
    for (int32_t i = 0; i < count && better != BETTER_NEITHER; i++)
        if (isfinite(values[i]) && (best < 0 || (better == BETTER_MORE ? values[i] > values[best]
                                                                       : values[i] < values[best])))
            best = i;
    return best;
}

static void add_label(struct tp_text *text, const char *label)
{
    tp_text_add(text, " %-*s", LABEL_COLUMNS, label);
}

/* Marks the best and what prints like it; a difference that nobody sees is no reason for a mark. */
static void add_row(struct tp_text *text, const char *label, const double *values, int32_t count,
    enum unit unit, enum better better)
{
    int32_t best = find_best(values, count, better);
    struct tp_shown shown[TP_RUNS_MAX];
    bool differ = false;
    for (int32_t i = 0; i < count; i++)
        shown[i] = make_value(values[i], unit);
    for (int32_t i = 0; i < count && best >= 0; i++)
        differ |= isfinite(values[i]) && strcmp(shown[i].text, shown[best].text) != 0;
    add_label(text, label);
    for (int32_t i = 0; i < count; i++)
        tp_text_add(text, "%*s%c", VALUE_COLUMNS, shown[i].text,
            differ && strcmp(shown[i].text, shown[best].text) == 0 ? '*' : ' ');
    tp_text_add(text, "\n");
}

static void add_seeds(const struct tp_view *view, struct tp_text *text)
{
    bool same = true;
    for (int32_t i = 1; i < view->run_count; i++)
        same &= tp_compare_same_seed(view, 0, i);
    if (same)
        return;
    add_label(text, "seed");
    for (int32_t i = 0; i < view->run_count; i++) {
        char digits[24]; /* a larger seed than fits is cut in the middle */
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)view->measured[i].run.seed);
        tp_text_add(text, "%*s ", VALUE_COLUMNS, tp_shown(digits, VALUE_COLUMNS).text);
    }
    tp_text_add(text, "\n");
}

/* The files, where modes alone do not tell the runs apart; seeds that differ; the steps. */
static void add_head(const struct tp_view *view, struct tp_text *text)
{
    bool numbered = false;
    add_label(text, "");
    for (int32_t i = 0; i < view->run_count; i++) {
        struct tp_run_name name = tp_compare_name(view, i);
        numbered |= strchr(name.text, ' ') != NULL;
        tp_text_add(text, "%*s ", VALUE_COLUMNS, name.text);
    }
    tp_text_add(text, "\n");
    if (numbered) {
        add_label(text, "file");
        for (int32_t i = 0; i < view->run_count; i++)
            tp_text_add(
                text, "%*s ", VALUE_COLUMNS, tp_shown(view->measured[i].file, VALUE_COLUMNS).text);
        tp_text_add(text, "\n");
    }
    add_seeds(view, text);
    add_label(text, "steps");
    for (int32_t i = 0; i < view->run_count; i++) {
        const struct tp_run_result *run = &view->measured[i].run;
        struct tp_text steps = {0};
        if (run->last_step >= run->first_step)
            tp_text_add(
                &steps, "%lld to %lld", (long long)run->first_step, (long long)run->last_step);
        tp_text_add(text, "%*s ", VALUE_COLUMNS, tp_shown(steps.data, VALUE_COLUMNS).text);
        text->failed |= steps.failed;
        tp_text_release(&steps);
    }
    tp_text_add(text, "\n");
}

static bool same_batch(const struct tp_view *view)
{
    bool same = true;
    for (int32_t i = 1; i < view->run_count; i++)
        same &= view->measured[i].run.batch == view->measured[0].run.batch;
    return same;
}

static void add_speed(const struct tp_view *view, struct tp_text *text)
{
    double batch[TP_RUNS_MAX], rate[TP_RUNS_MAX] = {0}, times[TP_RUNS_MAX], step[TP_RUNS_MAX],
                               predicted[TP_RUNS_MAX];
    int32_t count = view->run_count;
    for (int32_t i = 0; i < count; i++) {
        struct tp_view one = tp_view_run(view, i);
        const struct tp_run_result *run = &one.measured->run;
        batch[i] = (double)run->batch;
        rate[i] = run->samples_per_s;
        times[i] = rate[i] / rate[0];
        step[i] = run->step_seconds;
        predicted[i] = tp_view_has_costs(view->plan) ? tp_compare_predicted(&one)->seconds : NAN;
    }
    if (!same_batch(view))
        add_row(text, "samples per step", batch, count, UNIT_COUNT, BETTER_NEITHER);
    add_row(text, "samples/s", rate, count, UNIT_COUNT, BETTER_MORE);
    add_row(text, "times those of the first", times, count, UNIT_TIMES, BETTER_NEITHER);
    add_row(text, "one step", step, count, UNIT_SECONDS,
        same_batch(view) ? BETTER_LESS : BETTER_NEITHER);
    add_row(text, "one step, predicted", predicted, count, UNIT_SECONDS, BETTER_NEITHER);
}

static void add_phases(const struct tp_view *view, struct tp_text *text)
{
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        double seconds[TP_RUNS_MAX];
        bool present = false;
        for (int32_t i = 0; i < view->run_count; i++) {
            const struct tp_phase_result *phase = &view->measured[i].run.phases[p];
            present |= phase->present;
            seconds[i] = phase->present ? phase->seconds.max : NAN;
        }
        if (present)
            add_row(text, tp_phase_name((enum tp_phase)p), seconds, view->run_count, UNIT_SECONDS,
                BETTER_NEITHER);
    }
}

/* Of all phases together; NAN if none told. */
static double sum_bytes(const struct tp_run_result *run, int32_t level)
{
    double sum = 0;
    bool told = false;
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        if (run->phases[p].present && !isnan(run->phases[p].bytes[level])) {
            sum += run->phases[p].bytes[level];
            told = true;
        }
    return told ? sum : NAN;
}

static void add_bytes(const struct tp_view *view, struct tp_text *text)
{
    int32_t outermost = view->plan->topology->level_count - 1;
    double bytes[TP_RUNS_MAX];
    struct tp_text label = {0};
    for (int32_t i = 0; i < view->run_count; i++)
        bytes[i] = sum_bytes(&view->measured[i].run, outermost);
    tp_text_add(
        &label, "bytes across %s", tp_shown(view->plan->topology->levels[outermost].name, 14).text);
    add_row(text, label.data ? label.data : "", bytes, view->run_count, UNIT_BYTES,
        same_batch(view) ? BETTER_LESS : BETTER_NEITHER);
    text->failed |= label.failed;
    tp_text_release(&label);
}

static void add_quality(const struct tp_view *view, struct tp_text *text)
{
    double loss[TP_RUNS_MAX] = {0}, samples[TP_RUNS_MAX] = {0}, figures[3][TP_RUNS_MAX] = {{0}};
    int32_t count = view->run_count;
    bool held_out = false, alike = true;
    for (int32_t i = 0; i < count; i++) {
        const struct tp_metrics *metrics = &view->measured[i].run.held_out;
        bool known = metrics->samples > 0;
        loss[i] = view->measured[i].run.loss;
        samples[i] = (double)metrics->samples;
        figures[0][i] = known ? metrics->logloss : NAN;
        figures[1][i] = known ? metrics->normalised_entropy : NAN;
        figures[2][i] = known ? metrics->auc : NAN;
        held_out |= known;
        alike &= tp_compare_quality(&view->measured[0], &view->measured[i]) != TP_QUALITY_UNLIKE;
    }
    add_row(text, "loss of the last step", loss, count, UNIT_DIGITS, BETTER_NEITHER);
    if (!held_out)
        return;
    add_row(text, "held-out samples", samples, count, UNIT_COUNT, BETTER_NEITHER);
    add_row(text, "log loss", figures[0], count, UNIT_DIGITS, alike ? BETTER_LESS : BETTER_NEITHER);
    add_row(text, "normalised entropy", figures[1], count, UNIT_DIGITS,
        alike ? BETTER_LESS : BETTER_NEITHER);
    add_row(text, "AUC", figures[2], count, UNIT_DIGITS, alike ? BETTER_MORE : BETTER_NEITHER);
}

/* Of the runs that made a step; -1: none. */
static int32_t find_fastest(const struct tp_view *view)
{
    int32_t fastest = -1;
    for (int32_t i = 0; i < view->run_count; i++) {
        double rate = view->measured[i].run.samples_per_s;
        if (!isnan(rate) && (fastest < 0 || rate > view->measured[fastest].run.samples_per_s))
            fastest = i;
    }
    return fastest;
}

/* Whether the plan agrees on which is fastest; its modes may be as fast as each other. */
static void add_predicted_order(const struct tp_view *view, int32_t fastest, struct tp_text *words)
{
    const struct tp_step_cost *modes = view->plan->cost.modes;
    enum tp_mode found = view->measured[fastest].run.mode, best = found;
    if (!tp_view_has_costs(view->plan))
        return;
    for (int32_t i = 0; i < view->run_count; i++)
        if (modes[view->measured[i].run.mode].seconds < modes[best].seconds)
            best = view->measured[i].run.mode;
    if (!tp_same_pace(modes[best].seconds, modes[found].seconds))
        tp_text_add(words, " The plan predicts otherwise: %s %s %s.", tp_mode_name(best),
            tp_pace(modes[best].seconds, modes[found].seconds).text, tp_mode_name(found));
}

static void add_speed_words(const struct tp_view *view, struct tp_text *text)
{
    struct tp_text words = {0};
    int32_t fastest = find_fastest(view);
    if (fastest < 0)
        return;
    double best = 1 / view->measured[fastest].run.samples_per_s;
    struct tp_run_name name = tp_compare_name(view, fastest);
    for (int32_t i = 0; i < view->run_count; i++)
        if (i != fastest && !isnan(view->measured[i].run.samples_per_s))
            tp_text_add(&words, "%s %s %s %s", words.length ? "," : "",
                tp_compare_name(view, i).text,
                tp_pace(1 / view->measured[i].run.samples_per_s, best).text, name.text);
    if (words.length) { /* or there is nothing to be faster than */
        tp_text_add(&words, ".");
        add_predicted_order(view, fastest, &words);
        tp_line_wrap(
            text, " speed", INDENT, "Fastest: %s.%s", name.text, words.data ? words.data : "");
    }
    text->failed |= words.failed;
    tp_text_release(&words);
}

/* How run i differs from run j: "log loss -0.002, AUC +0.01"; only if it is not in the quality of
 * what was held out, in the loss. */
static void add_difference(
    const struct tp_view *view, int32_t i, int32_t j, struct tp_text *difference)
{
    const struct tp_run_result *run = &view->measured[i].run, *other = &view->measured[j].run;
    const struct tp_metrics *a = &run->held_out, *b = &other->held_out;
    const struct {
        const char *name;
        double by;
    } figures[] = {{"log loss", a->logloss - b->logloss},
        {"normalised entropy", a->normalised_entropy - b->normalised_entropy},
        {"AUC", a->auc - b->auc}};
    for (int k = 0; k < 3 && a->samples; k++)
        if (figures[k].by < 0 || figures[k].by > 0)
            tp_text_add(difference, "%s%s %+.2g", difference->length ? ", " : "", figures[k].name,
                figures[k].by);
    if (!difference->length)
        tp_text_add(difference, "loss of the last step %+.2g", run->loss - other->loss);
}

/* Whether run i has to be as good as run j of another mode and the same seed, and is not; nor is it
 * as good as any other, which would tell that it merely has other options than j. */
static bool is_wrong(const struct tp_view *view, int32_t i, int32_t j)
{
    const struct tp_measured *runs = view->measured;
    for (int32_t k = 0; k < view->run_count; k++)
        if (k != i && tp_compare_same_function(view, i, k) &&
            tp_compare_quality(&runs[i], &runs[k]) == TP_QUALITY_EQUAL)
            return false;
    return runs[i].run.mode != runs[j].run.mode && tp_compare_same_function(view, i, j) &&
           tp_compare_same_seed(view, i, j) && tp_compare_exact(view->plan) &&
           tp_compare_quality(&runs[i], &runs[j]) == TP_QUALITY_DIFFERS;
}

void tp_line_unequal(
    const struct tp_view *view, const char *label, int indent, struct tp_text *text)
{
    for (int32_t i = 1; i < view->run_count; i++) {
        int32_t j = tp_compare_partner(view, i);
        struct tp_text difference = {0};
        if (!is_wrong(view, i, j))
            continue;
        add_difference(view, i, j, &difference);
        tp_line_wrap(text, label, indent,
            "%s AND %s DIFFER IN QUALITY (%s), though they compute the same function from the "
            "same seed. Unless they had other data or options, one of them computes something "
            "wrong.",
            tp_compare_name(view, i).text, tp_compare_name(view, j).text,
            difference.data ? difference.data : "");
        text->failed |= difference.failed;
        tp_text_release(&difference);
    }
}

/* Why two runs of the same function may differ. */
static const char *reason(const struct tp_view *view, int32_t i, int32_t j)
{
    if (!tp_compare_same_seed(view, i, j))
        return ", but they had other seeds";
    if (tp_compare_exact(view->plan))
        return ", so data or options differ";
    return " but for rounding: sums of row shards are sent in bfloat16";
}

/* @param i  from 1. */
static void add_quality_pair(const struct tp_view *view, int32_t i, struct tp_text *text)
{
    const char *label = i == 1 ? " quality" : "";
    int32_t j = tp_compare_partner(view, i);
    struct tp_run_name name = tp_compare_name(view, i), other = tp_compare_name(view, j);
    enum tp_compare_quality quality = tp_compare_quality(&view->measured[i], &view->measured[j]);
    bool same_function = tp_compare_same_function(view, i, j);
    bool same_seed = tp_compare_same_seed(view, i, j);
    struct tp_text difference = {0};
    add_difference(view, i, j, &difference);
    const char *by = difference.data ? difference.data : "";
    if (quality == TP_QUALITY_UNLIKE)
        tp_line_wrap(text, label, INDENT,
            "%s and %s: quality cannot be compared, since last step, samples or version of the "
            "plan differ.",
            name.text, other.text);
    else if (quality != TP_QUALITY_UNKNOWN && !same_function)
        tp_line_wrap(text, label, INDENT,
            "%s beside %s: %s. They compute different functions%s, and this is one run of each: "
            "train with other seeds before you believe a difference.",
            name.text, other.text, by, same_seed ? "" : " from other seeds");
    else if (quality == TP_QUALITY_EQUAL)
        tp_line_wrap(text, label, INDENT,
            "%s and %s are equally good to the last digit: the same function%s.", name.text,
            other.text, same_seed ? " from the same seed" : ", though they had other seeds");
    else if (quality == TP_QUALITY_DIFFERS && !is_wrong(view, i, j))
        tp_line_wrap(text, label, INDENT, "%s beside %s: %s. The same function%s.", name.text,
            other.text, by, reason(view, i, j));
    text->failed |= difference.failed;
    tp_text_release(&difference);
}

void tp_words_runs(const struct tp_view *view, struct tp_text *text)
{
    add_speed_words(view, text);
    tp_line_other_machine(view, " rates", INDENT, text);
    for (int32_t i = 1; i < view->run_count; i++)
        add_quality_pair(view, i, text);
    tp_line_unequal(view, " WARNING", INDENT, text);
}

void tp_section_runs(const struct tp_view *view, struct tp_text *text)
{
    tp_text_add(text,
        "\nRUNS     side by side; seconds (medians of steps) of the slowest rank; *: best of its "
        "row\n");
    add_head(view, text);
    add_speed(view, text);
    add_phases(view, text);
    add_bytes(view, text);
    add_quality(view, text);
    tp_words_runs(view, text);
}
