/* SPDX-License-Identifier: Apache-2.0 */
/* The defaults of planning, and what of its options is out of range. */
#include "plan/options.h"

#include "base/fail.h"
#include "base/progress.h"
#include "base/text.h"
#include "plan/fill.h"

#include <inttypes.h>
#include <math.h>

struct tp_plan_options tp_plan_options_default(void)
{
    return (struct tp_plan_options){.strategy = TP_STRATEGY_COHERENT,
        .balance = (double)NAN,
        .ratio = (double)NAN,
        .hosts_per_tower = 0,
        .seed = 1,
        .effort = 10};
}

enum tp_status tp_check_plan_options(const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_plan_options *options, struct tp_error *err)
{
    int32_t hosts = topology->host_count, per_tower = options->hosts_per_tower;
    if (options->strategy >= TP_STRATEGY_IMPORTED)
        return tp_fail(err, TP_EUSAGE, "strategy imported is for plans that were made elsewhere");
    if (tp_strategy_needs_affinity(options->strategy) && !affinity)
        return tp_fail(err, TP_EUSAGE,
            "strategy %s needs an affinity or a dump to measure it from; load and stride do not",
            tp_strategy_name(options->strategy));
    if (options->balance < 0 || isinf(options->balance))
        return tp_fail(
            err, TP_EUSAGE, "balance %g is out of range, expected a number >= 0", options->balance);
    if (options->ratio < 1 || isinf(options->ratio))
        return tp_fail(
            err, TP_EUSAGE, "ratio %g is out of range, expected a number >= 1", options->ratio);
    if (options->effort < 0 || options->effort > TP_EFFORT_MAX)
        return tp_fail(err, TP_EUSAGE, "effort %d is out of range, expected 0..%d", options->effort,
            TP_EFFORT_MAX);
    if (options->effort == 0 && options->seconds <= 0 && !options->stop)
        return tp_fail(err, TP_EUSAGE, "effort 0 has no end without a limit in seconds or a stop");
    if (!(options->seconds >= 0 && options->seconds < INFINITY))
        return tp_fail(err, TP_EUSAGE,
            "seconds %g is out of range, expected a number above 0, or 0 for no limit",
            options->seconds);
    if (options->seed > INT64_MAX) /* integers of a plan file are signed */
        return tp_fail(err, TP_EUSAGE,
            "seed %" PRIu64 " is out of range, expected at most 2^63 - 1", options->seed);
    if (per_tower < 0 || per_tower > hosts || (per_tower && hosts % per_tower))
        return tp_fail(err, TP_EUSAGE,
            "%d hosts per tower do not divide the %d host%s of topology %s", per_tower, hosts,
            tp_plural(hosts), topology->name);
    return TP_OK;
}

struct tp_question tp_question_of(const struct tp_plan *plan, const struct tp_affinity *affinity,
    const struct tp_plan_options *options)
{
    return (struct tp_question){.model = plan->model,
        .topology = plan->topology,
        .hosts_per_tower = plan->topology->hosts_per_tower,
        .affinity = affinity,
        .strategy = options->strategy,
        .balance = options->balance,
        .ratio = options->ratio,
        .seed = options->seed,
        .effort = options->effort,
        .deadline = options->seconds > 0 ? tp_seconds_now() + options->seconds : 0,
        .stop = options->stop,
        .progress = options->progress};
}
