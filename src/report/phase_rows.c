/* SPDX-License-Identifier: Apache-2.0 */
/* A row is a phase with its backward: what does the same work on the way there and on the way back.
 *
 * In: the phases of a mode that a plan predicts. Out: their sums by row; seconds are those of the
 * slowest rank, bytes those across the outermost level, which towers are there to save. */
#include "report/phase_rows.h"

const struct tp_phase_row tp_phase_rows[TP_PHASE_ROWS] = {
    {"ids_alltoall", TP_PHASE_IDS_ALLTOALL, TP_PHASE_COUNT},
    {"lookup +sparse_update", TP_PHASE_LOOKUP, TP_PHASE_SPARSE_UPDATE},
    {"peer_permute +b", TP_PHASE_PEER_PERMUTE, TP_PHASE_PEER_PERMUTE_BACKWARD},
    {"tower_exchange +b", TP_PHASE_TOWER_EXCHANGE, TP_PHASE_TOWER_EXCHANGE_BACKWARD},
    {"tower_module +b", TP_PHASE_TOWER_MODULE, TP_PHASE_TOWER_MODULE_BACKWARD},
    {"embedding_alltoall +b", TP_PHASE_EMBEDDING_ALLTOALL, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD},
    {"bottom_mlp +b", TP_PHASE_BOTTOM_MLP, TP_PHASE_BOTTOM_MLP_BACKWARD},
    {"over_arch +b", TP_PHASE_OVER_ARCH, TP_PHASE_OVER_ARCH_BACKWARD},
    {"dense_allreduce", TP_PHASE_DENSE_ALLREDUCE, TP_PHASE_COUNT},
};

static void add_phase(struct tp_phase_cell *cell, const struct tp_phase_cost *phase, int32_t level)
{
    cell->present |= phase->present;
    if (!phase->present)
        return;
    cell->seconds += phase->seconds;
    if (phase->moves) {
        cell->moves = true;
        cell->bytes += (double)phase->bytes[level];
    }
}

struct tp_phase_cell tp_phase_cell(
    const struct tp_plan *plan, int mode, const struct tp_phase_row *row)
{
    struct tp_phase_cell cell = {0};
    const struct tp_phase_cost *phases = plan->cost.modes[mode].phases;
    int32_t outermost = plan->topology->level_count - 1;
    add_phase(&cell, &phases[row->forward], outermost);
    if (row->backward != TP_PHASE_COUNT)
        add_phase(&cell, &phases[row->backward], outermost);
    cell.hidden = cell.present && cell.bytes > 0 && cell.seconds <= 0;
    return cell;
}

const struct tp_phase_row *tp_phase_slowest(const struct tp_plan *plan, int mode)
{
    const struct tp_phase_row *most = &tp_phase_rows[0];
    for (int i = 1; i < TP_PHASE_ROWS; i++)
        if (tp_phase_cell(plan, mode, &tp_phase_rows[i]).seconds >
            tp_phase_cell(plan, mode, most).seconds)
            most = &tp_phase_rows[i];
    return most;
}
