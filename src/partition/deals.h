/* SPDX-License-Identifier: Apache-2.0 */
/* What crowds that share no unit are worth together: each alone may be thought to get the roomiest towers, all
 * of them share these. */
#ifndef TP_PARTITION_DEALS_H
#define TP_PARTITION_DEALS_H

#include <stdint.h>

#include "partition/crowds.h"

struct tp_deals;

/* @param tower   (U) a legal assignment, to begin at.
 * @param crowds  those just planted; only read here.
 * @param deals   out, to be freed with tp_deals_free(). NULL: there is one crowd, or too many for programs that are
 *                solved in no time. @return TP_ENOMEM. */
enum tp_status tp_deals_new(const struct tp_problem *problem, const int32_t *tower,
    const struct tp_crowds *crowds, struct tp_deals **deals, struct tp_error *err);
void tp_deals_free(struct tp_deals *deals);

/* The most that pairs together are worth at the prices of the crowds that were planted, in any legal assignment; the
 * crowds not listed any more have none.
 * Cost: some linear programs, fewer where prices are like those before; and as often O(U * towers * units of a
 * tower).
 * @param crowds  out: `dealt` of those, in the best mix.
 * @param worth   out. @return TP_ENOMEM. */
enum tp_status tp_deals_worth(
    struct tp_deals *deals, struct tp_crowds *crowds, double *worth, struct tp_error *err);

#endif
