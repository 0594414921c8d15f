/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about the frame of a plan: does the batch divide over the ranks, do the towers exist, each once,
 * on consecutive hosts, with the ranks of those hosts, and does the list of ranks hold every rank.
 *
 * With L ranks per host and K hosts per tower, tower t has hosts tK .. tK+K-1 and rank g is on host
 * g / L. A tower whose id is wrong or double is not judged further: nobody can tell which one is
 * meant. Cost: O(hosts + ranks). */
#include "plan/check.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>

bool tp_check_tower_exists(const struct tp_check *check, int32_t tower)
{
    return check->tower_count == 0 || (tower >= 0 && tower < check->tower_count);
}

static void check_hosts_per_tower(struct tp_check *check)
{
    const struct tp_topology *topology = check->plan->topology;
    int32_t k = topology->hosts_per_tower, hosts = topology->host_count;
    if (k < 1 || hosts % k) {
        tp_finding(&check->found,
            "topology: hosts_per_tower: found %d, expected a divisor of the %d host%s", k, hosts,
            tp_plural(hosts));
        return;
    }
    check->tower_count = hosts / k;
    check->ranks_per_tower = topology->ranks_per_host * k;
    if (check->plan->strategy == TP_STRATEGY_FLAT && check->tower_count != 1)
        tp_finding(&check->found,
            "topology: hosts_per_tower: found %d, expected all %d hosts, because the strategy is "
            "flat",
            k, hosts);
}

void tp_check_frame(struct tp_check *check)
{
    const struct tp_plan *plan = check->plan;
    struct tp_error err;
    int64_t batch;
    enum tp_status status =
        tp_model_global_batch(plan->model, plan->topology->rank_count, &batch, &err);
    check->batch_divides = status == TP_OK;
    if (!check->batch_divides)
        tp_finding(&check->found, "%s", err.text);
    check_hosts_per_tower(check);
    if (!(plan->balance >= 0))
        tp_finding(
            &check->found, "limits: balance: found %.15g, expected at least 0", plan->balance);
    if (!(plan->ratio >= 1))
        tp_finding(&check->found, "limits: ratio: found %.15g, expected at least 1", plan->ratio);
}

enum { MISSING = -1, TWICE = -2 };

/* A run of missing ids is one finding: half a cluster may be gone. */
static void find_missing(struct tp_check *check, const char *what, int32_t count, int32_t expected,
    const int32_t *entry_of_id)
{
    for (int32_t id = 0; id < expected; id++) {
        int32_t first = id;
        if (entry_of_id[id] != MISSING)
            continue;
        while (id + 1 < expected && entry_of_id[id + 1] == MISSING)
            id++;
        if (first == id)
            tp_finding(&check->found, "%s %d is missing, expected all of 0 to %d, found %d entr%s",
                what, id, expected - 1, count, count == 1 ? "y" : "ies");
        else
            tp_finding(&check->found,
                "%ss %d to %d are missing, expected all of 0 to %d, found %d entr%s", what, first,
                id, expected - 1, count, count == 1 ? "y" : "ies");
    }
}

void tp_check_ids(struct tp_check *check, const char *what, const int32_t *ids, int32_t count,
    int32_t expected, int32_t *entry_of_id)
{
    bool in_order = true, once = count == expected;
    for (int32_t id = 0; id < expected; id++)
        entry_of_id[id] = MISSING;
    for (int32_t i = 0; i < count; i++) {
        int32_t id = ids[i];
        in_order = in_order && id == i;
        if (id < 0 || id >= expected) {
            tp_finding(
                &check->found, "%s %d does not exist, expected 0 to %d", what, id, expected - 1);
            once = false;
        } else if (entry_of_id[id] == MISSING) {
            entry_of_id[id] = i;
        } else {
            if (entry_of_id[id] != TWICE)
                tp_finding(&check->found, "%s %d is listed more than once", what, id);
            entry_of_id[id] = TWICE;
            once = false;
        }
    }
    find_missing(check, what, count, expected, entry_of_id);
    for (int32_t id = 0; id < expected; id++)
        if (entry_of_id[id] == TWICE)
            entry_of_id[id] = -1;
    if (once && !in_order)
        tp_finding(&check->found, "the list of %ss is out of order, expected 0 to %d in that order",
            what, expected - 1);
}

/* "0, 1, 2" or, of a long list, its beginning. */
static void add_list(struct tp_text *text, const int32_t *values, int32_t count)
{
    int32_t shown = count <= 16 ? count : 14;
    for (int32_t i = 0; i < shown; i++)
        tp_text_add(text, "%s%d", i ? ", " : "", values[i]);
    if (shown < count)
        tp_text_add(text, ", ... (%d in all)", count);
}

static void fail_list(struct tp_check *check, int32_t tower, const char *what,
    const int32_t *values, int32_t count, const char *why, int32_t first, int32_t expected)
{
    struct tp_text list = {0};
    add_list(&list, values, count);
    if (list.failed)
        check->found.failed = true;
    else if (expected == 1)
        tp_finding(&check->found, "tower %d: %s: found [%s], expected [%d], %s", tower, what,
            list.data ? list.data : "", first, why);
    else
        tp_finding(&check->found, "tower %d: %s: found [%s], expected %d to %d, %s", tower, what,
            list.data ? list.data : "", first, first + expected - 1, why);
    tp_text_release(&list);
}

static bool is_run(const int32_t *values, int32_t count, int32_t first, int32_t expected)
{
    if (count != expected)
        return false;
    for (int32_t i = 0; i < count; i++)
        if (values[i] != first + i)
            return false;
    return true;
}

/* Hosts against the tower's id, ranks against the hosts if those are consecutive: a tower moved to the
 * wrong hosts, ranks and all, is one mistake. */
static void check_tower(struct tp_check *check, const struct tp_plan_tower *tower)
{
    const struct tp_topology *topology = check->plan->topology;
    int32_t k = topology->hosts_per_tower, first = tower->id * k;
    bool hosts_right = is_run(tower->hosts, tower->host_count, first, k);
    if (!hosts_right)
        fail_list(check, tower->id, "hosts", tower->hosts, tower->host_count,
            "consecutive, each host in one tower", first, k);
    bool consecutive = tower->host_count > 0 && tower->hosts[0] >= 0 &&
                       tower->hosts[0] <= topology->host_count - k &&
                       is_run(tower->hosts, tower->host_count, tower->hosts[0], k);
    if (consecutive)
        first = tower->hosts[0];
    int32_t rank = first * topology->ranks_per_host;
    bool ranks_right =
        is_run(tower->ranks, tower->rank_count, rank, check->ranks_per_tower) ||
        (!hosts_right && is_run(tower->ranks, tower->rank_count, tower->id * check->ranks_per_tower,
                             check->ranks_per_tower));
    if (!ranks_right)
        fail_list(check, tower->id, "ranks", tower->ranks, tower->rank_count,
            "the ranks of its hosts", rank, check->ranks_per_tower);
    if (tower->feature_count == 0)
        tp_finding(&check->found, "tower %d has no features, expected at least one", tower->id);
}

void tp_check_towers(struct tp_check *check)
{
    const struct tp_plan *plan = check->plan;
    if (check->tower_count == 0)
        return;
    int32_t *ids = TP_NEW(plan->tower_count, int32_t);
    if (!ids) {
        check->found.failed = true;
        return;
    }
    for (int32_t i = 0; i < plan->tower_count; i++)
        ids[i] = plan->towers[i].id;
    tp_check_ids(check, "tower", ids, plan->tower_count, check->tower_count, check->tower_entry);
    for (int32_t t = 0; t < check->tower_count; t++)
        if (check->tower_entry[t] >= 0)
            check_tower(check, &plan->towers[check->tower_entry[t]]);
    free(ids);
}
