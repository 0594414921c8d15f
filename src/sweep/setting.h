/* SPDX-License-Identifier: Apache-2.0 */
/* The specs as they are in a setting of a sweep. */
#ifndef TP_SWEEP_SETTING_H
#define TP_SWEEP_SETTING_H

#include <towerpart/sweep.h>

/* Whether a topology of that many ranks exists: the levels stay, and the outermost that the ranks
 * reach joins fewer groups, or more. */
bool tp_setting_has_ranks(const struct tp_topology *topology, int64_t ranks);

/* A copy with the setting's ranks, hosts per tower and bandwidth. Hosts that are added are as
 * device and levels say; of a setting without towers K is 1.
 * @param copy  out, to be freed with tp_topology_free(). @return TP_ENOMEM. */
enum tp_status tp_setting_topology(const struct tp_topology *topology,
    const struct tp_sweep_setting *setting, struct tp_topology **copy, struct tp_error *err);

/* The model with the setting's batch, module and dtypes; shares all arrays with it. */
struct tp_model tp_setting_model(
    const struct tp_model *model, const struct tp_sweep_setting *setting);

#endif
