/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured.
 *
 * In: of each step and rank the seconds of its phases, its loss and its lookups; of the whole run
 * the bytes that were exchanged. Out, on rank 0: spreads over ranks. A rank's figure for the run is
 * the median over its last steps, which one slow step does not move. The loss is summed in the
 * order of the ranks, so it has the same bits in every run.
 * Cost: a gather of 18 numbers per step and rank. */
#include "train/tally.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum tp_status tp_tally_init(
    struct tp_tally *tally, const struct tp_comm *comm, struct tp_error *err)
{
    *tally = (struct tp_tally){0};
    tally->laps = TP_NEW(TP_STEPS_KEPT, struct tp_lap);
    tally->all = TP_NEW(tp_comm_size(comm), struct tp_lap);
    tally->scratch = TP_NEW(tp_comm_size(comm), double);
    return tally->laps && tally->all && tally->scratch ? TP_OK : tp_fail_memory(err);
}

void tp_tally_release(struct tp_tally *tally)
{
    free(tally->laps);
    free(tally->all);
    free(tally->scratch);
    *tally = (struct tp_tally){0};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. @return NAN: there is none. */
static double median(double *values, int64_t count)
{
    if (count == 0)
        return NAN;
    qsort(values, (size_t)count, sizeof *values, compare);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

static struct tp_spread spread_of(double *values, int32_t count)
{
    double middle = median(values, count);
    return (struct tp_spread){values[0], middle, values[count - 1]};
}

/* What one number of a lap is for all ranks. @param values  (ranks) scratch. */
static struct tp_spread spread_over_ranks(
    const struct tp_lap *all, int32_t ranks, int phase, double *values)
{
    for (int32_t g = 0; g < ranks; g++)
        values[g] = phase < TP_PHASE_COUNT ? all[g].phases[phase] : all[g].seconds;
    return spread_of(values, ranks);
}

void tp_tally_step(struct tp_tally *tally, struct tp_comm *comm, const struct tp_plan *plan,
    enum tp_mode mode, int64_t batch, const struct tp_lap *lap, const struct tp_ids_load *load,
    struct tp_step_result *result)
{
    int32_t ranks = tp_comm_size(comm);
    double *values = tally->scratch;
    tally->laps[tally->steps++ % TP_STEPS_KEPT] = *lap;
    tally->seconds += lap->seconds;
    tally->load.ids += load->ids;
    tally->load.id_bytes += load->id_bytes;
    tally->load.lookup_bytes += load->lookup_bytes;
    tp_comm_gather(comm, lap, sizeof *lap, tally->all);
    if (tp_comm_rank(comm) != 0)
        return;
    double loss = 0;
    for (int32_t g = 0; g < ranks; g++)
        loss += tally->all[g].loss;
    double seconds = spread_over_ranks(tally->all, ranks, TP_PHASE_COUNT, values).max;
    result->loss = loss / (double)batch;
    result->samples_per_s = (double)batch / seconds;
    for (int i = 0; i < TP_PHASE_COUNT; i++) {
        result->phases[i] = (struct tp_phase_result){0};
        result->phases[i].present = plan->cost.modes[mode].phases[i].present;
        result->phases[i].seconds = spread_over_ranks(tally->all, ranks, i, values);
    }
}

/* The medians over the steps that are kept. */
static enum tp_status middle_lap(
    const struct tp_tally *tally, struct tp_lap *lap, struct tp_error *err)
{
    int64_t kept = tally->steps < TP_STEPS_KEPT ? tally->steps : TP_STEPS_KEPT;
    double *values = TP_NEW(kept, double);
    if (!values)
        return tp_fail_memory(err);
    for (int phase = 0; phase <= TP_PHASE_COUNT; phase++) {
        for (int64_t i = 0; i < kept; i++)
            values[i] =
                phase < TP_PHASE_COUNT ? tally->laps[i].phases[phase] : tally->laps[i].seconds;
        *(phase < TP_PHASE_COUNT ? &lap->phases[phase] : &lap->seconds) = median(values, kept);
    }
    free(values);
    return TP_OK;
}

/* Of one rank, for the whole run. */
struct report {
    struct tp_lap lap;
    struct tp_ids_load load;
    struct tp_comm_bytes bytes;
};

/* Per step: the larger direction, the busiest rank. */
static double bytes_at(const struct report *all, int32_t ranks, int phase, int level, int64_t steps)
{
    int64_t most = 0;
    for (int32_t g = 0; g < ranks; g++) {
        int64_t sent = all[g].bytes.sent[phase][level];
        int64_t received = all[g].bytes.received[phase][level];
        most = sent > most ? sent : most;
        most = received > most ? received : most;
    }
    return (double)most / (double)steps;
}

static void merge(const struct tp_tally *tally, const struct report *all, int32_t ranks,
    double *values, struct tp_run_result *result)
{
    double steps = (double)tally->steps;
    for (int phase = 0; phase < TP_PHASE_COUNT; phase++) {
        for (int32_t g = 0; g < ranks; g++)
            values[g] = all[g].lap.phases[phase];
        result->phases[phase].seconds = spread_of(values, ranks);
        for (int level = 0; level < TP_LEVELS_MAX; level++)
            result->phases[phase].bytes[level] = bytes_at(all, ranks, phase, level, tally->steps);
    }
    for (int32_t g = 0; g < ranks; g++) {
        values[g] = all[g].lap.seconds;
        result->ranks[g] = (struct tp_rank_result){
            .ids = (double)all[g].load.ids / steps,
            .id_bytes = (double)all[g].load.id_bytes / steps,
            .lookup_bytes = (double)all[g].load.lookup_bytes / steps,
        };
    }
    result->step_seconds = spread_of(values, ranks).max;
    result->samples_per_s = (double)result->batch / result->step_seconds;
}

enum tp_status tp_tally_result(const struct tp_tally *tally, struct tp_comm *comm,
    const struct tp_plan *plan, struct tp_run_result *result, struct tp_error *err)
{
    int32_t ranks = tp_comm_size(comm);
    struct report own = {.load = tally->load};
    struct report *all = TP_NEW(ranks, struct report);
    double *values = TP_NEW(ranks, double);
    result->ranks = TP_NEW(ranks, struct tp_rank_result);
    enum tp_status status = all && values && result->ranks ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK)
        status = middle_lap(tally, &own.lap, err);
    status = tp_comm_agree(comm, status, err);
    if (status)
        goto out;
    tp_comm_take_bytes(comm, &own.bytes);
    tp_comm_gather(comm, &own, sizeof own, all);
    result->seconds = tally->seconds;
    result->step_seconds = result->samples_per_s = NAN;
    for (int i = 0; i < TP_PHASE_COUNT; i++)
        result->phases[i].present = plan->cost.modes[result->mode].phases[i].present;
    if (tp_comm_rank(comm) == 0 && tally->steps > 0)
        merge(tally, all, ranks, values, result);
out:
    free(values);
    free(all);
    return status;
}
