/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart plan`: the main job, from model, topology and affinity to a sharding plan.
 *
 * In: the two specs, and a dump or a measured affinity unless the strategy does without. Out: a plan
 * file, and a summary of a few lines. All the work is tp_plan_make()'s; here the options are checked
 * against each other, and the inputs' names and digests put into the plan. */
#include "cmd.h"

#include <towerpart/plan.h>
#include <towerpart/replan.h>
#include <towerpart/report.h>

#include "base/text.h"
#include "input.h"
#include "opt.h"
#include "plan_args.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* The one way in which two right specs do not fit together; said with the file's name. */
static enum tp_status check_batch(const struct plan_args *args, const struct tp_model *model,
    const struct tp_topology *topology, struct tp_error *err)
{
    int64_t batch = 0;
    enum tp_status status = tp_model_global_batch(model, topology->rank_count, &batch, err);
    return status == TP_OK ? TP_OK : tp_fail_prefix(err, status, "%s: ", args->model);
}

/* What is not given is as in the older plan. */
static enum tp_status follow_older(struct plan_args *args, const struct tp_plan *old,
    const struct tp_topology *topology, struct tp_error *err)
{
    struct tp_plan_options *o = &args->options;
    bool has_affinity = args->dumps.count > 0 || args->affinity;
    bool by_affinity =
        old->strategy == TP_STRATEGY_COHERENT || old->strategy == TP_STRATEGY_DIVERSE;
    int32_t per_tower = old->topology->hosts_per_tower;
    if (!args->strategy_given && o->strategy != TP_STRATEGY_FLAT) {
        o->strategy = old->strategy;
        if (has_affinity && !by_affinity)
            o->strategy = TP_STRATEGY_COHERENT;
        else if (!by_affinity && old->strategy != TP_STRATEGY_FLAT)
            o->strategy = TP_STRATEGY_LOAD;
    }
    if (!has_affinity &&
        (o->strategy == TP_STRATEGY_COHERENT || o->strategy == TP_STRATEGY_DIVERSE))
        return tp_fail(err, TP_EUSAGE,
            "strategy %s, as in %s, needs an affinity: give -d DUMP or -a FILE, or take --strategy "
            "load, which needs none",
            tp_strategy_name(o->strategy), args->from);
    if (o->strategy == TP_STRATEGY_FLAT || args->towers || o->hosts_per_tower ||
        old->strategy == TP_STRATEGY_FLAT)
        return TP_OK;
    if (topology->host_count % per_tower)
        return tp_fail(err, TP_EUSAGE,
            "%s has %" PRId32 " hosts per tower, which do not divide the %" PRId32
            " of %s: say with --hosts-per-tower how many it shall be",
            args->from, per_tower, topology->host_count, args->topology);
    o->hosts_per_tower = per_tower;
    return TP_OK;
}

/* K from --towers, or from --hosts-per-tower; both must divide the hosts. */
static enum tp_status set_hosts_per_tower(
    struct plan_args *args, const struct tp_topology *topology, struct tp_error *err)
{
    int32_t hosts = topology->host_count;
    bool by_towers = args->towers > 0;
    int32_t wanted = by_towers ? args->towers : args->options.hosts_per_tower;
    if (wanted == 0 || hosts % wanted == 0) {
        if (by_towers)
            args->options.hosts_per_tower = hosts / wanted;
        return TP_OK;
    }
    return tp_fail(err, TP_EUSAGE,
        "--%s: found %" PRId32 ", expected a divisor of the %" PRId32 " host%s in %s",
        by_towers ? "towers" : "hosts-per-tower", wanted, hosts, tp_plural(hosts), args->topology);
}

/* @param old  the older plan; NULL: none. */
static enum tp_status get_affinity(const char *command, struct plan_args *args,
    const struct tp_model *model, const struct tp_plan *old, struct tp_affinity **affinity,
    struct tp_error *err)
{
    if (args->affinity && (old || args->dumps.may_miss))
        return input_known_affinity(
            command, args->affinity, model, old, args->dumps.may_miss, affinity, err);
    if (args->affinity)
        return input_affinity(command, args->affinity, model, affinity, err);
    if (args->dumps.count == 0)
        return TP_OK;
    args->dumps.options.seed = args->options.seed;
    args->dumps.options.progress = opt_progress(args->quiet);
    return input_measure(command, &args->dumps, model, affinity, err);
}

/* Name and digest of what the affinity was made from. */
static enum tp_status record_affinity(const struct plan_args *args,
    const struct tp_affinity *affinity, struct tp_plan_affinity *record, struct tp_error *err)
{
    if (!affinity)
        return TP_OK;
    record->from_dump = !args->affinity;
    if (args->affinity)
        return input_record(&args->affinity, 1, affinity, &record->input, err);
    return input_record(args->dumps.paths, args->dumps.count, affinity, &record->input, err);
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    interrupted = signal;
}

/* What a plan is made of. */
struct sources {
    struct tp_model *model;
    struct tp_topology *topology;
    struct tp_affinity *affinity; /* NULL: none */
    struct tp_plan *old;          /* NULL: none */
};

static enum tp_status replan(const struct plan_args *args, const struct sources *sources,
    struct tp_replan **replan, struct tp_plan **plan, struct tp_error *err)
{
    enum tp_status status = tp_replan_make(sources->old, sources->model, sources->topology,
        sources->affinity, &args->options, &args->replan, replan, err);
    if (status != TP_OK)
        return status;
    *plan = (*replan)->plan; /* which stays its own */
    return TP_OK;
}

/* The first Ctrl-C ends the search, not the program; a second one does. */
static enum tp_status make_plan(struct plan_args *args, const struct sources *sources,
    struct tp_replan **as_replan, struct tp_plan **plan, struct tp_error *err)
{
    struct sigaction ending = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, before;
    sigaction(SIGINT, NULL, &before);
    if (before.sa_handler != SIG_IGN) /* as in the background of a shell */
        sigaction(SIGINT, &ending, NULL);
    args->options.stop = &interrupted;
    enum tp_status status = sources->old ? replan(args, sources, as_replan, plan, err)
                                         : tp_plan_make(sources->model, sources->topology,
                                               sources->affinity, &args->options, plan, err);
    sigaction(SIGINT, &before, NULL);
    return status;
}

/* What there is to say of the share inside towers: how good it is, and what it rests on. */
static void summarize_quality(const struct tp_plan *plan)
{
    const struct tp_plan_quality *quality = &plan->quality;
    struct tp_text bound = {0};
    if (quality->proven_optimal)
        tp_text_add(&bound, ", proven best");
    else if (!isnan(quality->bound))
        tp_text_add(&bound, ", of at %s %.1f %%",
            plan->strategy == TP_STRATEGY_DIVERSE ? "least" : "most", 100 * quality->bound);
    opt_say("%" PRId32 " features in %" PRId32 " towers; %.1f %% of the affinity inside%s"
            " (affinity: %s)",
        plan->model->feature_count, plan->tower_count, 100 * quality->inside_affinity,
        bound.data ? bound.data : "", tp_verdict_name(plan->affinity.verdict));
    tp_text_release(&bound);
}

static void summarize(const struct plan_args *args, const struct tp_plan *plan)
{
    const struct tp_plan_cost *cost = &plan->cost;
    char recommended[16], flat[16];
    double seconds = cost->recommended == TP_USE_FLAT_FREE ? cost->flat_free_seconds
                     : cost->recommended == TP_USE_SPTT    ? cost->modes[TP_MODE_SPTT].seconds
                                                           : cost->modes[TP_MODE_FLAT].seconds;
    tp_format_seconds(recommended, seconds);
    tp_format_seconds(flat, cost->modes[TP_MODE_FLAT].seconds);
    if (interrupted)
        opt_say("interrupted: this is the best plan so far");
    if (isnan(plan->quality.inside_affinity) || plan->tower_count == 1)
        opt_say("%" PRId32 " feature%s in %" PRId32 " tower%s", plan->model->feature_count,
            tp_plural(plan->model->feature_count), plan->tower_count, tp_plural(plan->tower_count));
    else
        summarize_quality(plan);
    opt_say("recommended: %s, %s per step (flat on this placement: %s); if quality allows: %s",
        tp_recommendation_name(cost->recommended), recommended, flat,
        tp_recommendation_name(cost->recommended_if_quality_allows));
    bool renumbered = args->replan.lost_count > 0; /* diff would see other hosts */
    bool is_there = args->from && strcmp(args->from, "-") != 0;
    if (is_there && !renumbered && strcmp(args->output, "-") != 0)
        opt_say("plan written to %s; next: towerpart diff %s %s", args->output, args->from,
            args->output);
    else if (strcmp(args->output, "-") != 0)
        opt_say("plan written to %s; next: towerpart report %s", args->output, args->output);
}

/* Which hosts were taken to be gone, where the command line did not say it. */
static void say_gone(
    const struct plan_args *args, const struct tp_plan *old, const struct tp_topology *topology)
{
    int32_t before = old->topology->host_count, now = topology->host_count;
    int32_t more = before - args->replan.lost_count - now;
    if (more > 0)
        opt_say("%" PRId32 " hosts where the older plan has %" PRId32 ": %" PRId32
                " at its end %s taken to be gone%s; --lost-host says otherwise",
            now, before, more, more == 1 ? "is" : "are", args->replan.lost_count ? ", too" : "");
}

static enum tp_status summarize_replan(
    const struct tp_replan *replan, bool all, struct tp_error *err)
{
    char *text = NULL;
    enum tp_status status = tp_report_replan(replan, all, &text, err);
    if (status == TP_OK)
        opt_say_lines(text);
    free(text);
    return status;
}

static void release(struct sources *sources)
{
    tp_plan_free(sources->old);
    tp_affinity_free(sources->affinity);
    tp_topology_free(sources->topology);
    tp_model_free(sources->model);
}

int cmd_plan(int argc, char **argv)
{
    static struct plan_args args; /* large */
    struct tp_error err = {0};
    struct sources from = {0};
    struct tp_plan_input model_input = {0}, topology_input = {0}, older = {0};
    struct tp_replan *replan = NULL;
    struct tp_plan *plan = NULL;
    plan_args_begin(&args);
    opt_parse(&plan_argp, argc, argv, &args);
    args.options.progress = opt_progress(args.quiet);

    enum tp_status status = input_model(args.model, &from.model, &model_input, &err);
    if (status == TP_OK)
        status = input_topology(args.topology, &from.topology, &topology_input, &err);
    if (status == TP_OK)
        status = check_batch(&args, from.model, from.topology, &err);
    if (status == TP_OK)
        status = set_hosts_per_tower(&args, from.topology, &err);
    if (status == TP_OK && args.from)
        status = input_older(args.from, &from.old, &older, &err);
    if (status == TP_OK && args.from)
        status = follow_older(&args, from.old, from.topology, &err);
    if (status == TP_OK)
        status = get_affinity(argv[0], &args, from.model, from.old, &from.affinity, &err);
    if (status == TP_OK)
        status = make_plan(&args, &from, &replan, &plan, &err);
    if (status == TP_OK) {
        input_move(&model_input, &plan->model_input);
        input_move(&topology_input, &plan->topology_input);
        input_move(&older, &plan->older);
        status = record_affinity(&args, from.affinity, &plan->affinity, &err);
    }
    if (status == TP_OK)
        status = tp_plan_save(plan, args.output, &err);
    if (status == TP_OK && !args.quiet && replan) {
        say_gone(&args, from.old, from.topology);
        status = summarize_replan(replan, args.all, &err);
    }
    if (status == TP_OK && !args.quiet)
        summarize(&args, plan);
    if (!replan)
        tp_plan_free(plan);
    tp_replan_free(replan);
    release(&from);
    input_release(&topology_input);
    input_release(&model_input);
    input_release(&older);
    return opt_end(argv[0], status, &err);
}
