/* SPDX-License-Identifier: Apache-2.0 */
/* A plan document: what is read and written again gives the same bytes, and whatever it says, it can be
 * checked, reported and recosted. */
#include "fuzz.h"

#include "plan/document.h"

#include <towerpart/report.h>

#include <stdlib.h>
#include <string.h>

#define RANKS_MAX 256 /* of plans that are judged: one of a million ranks takes a second */

static void check_again(const struct tp_plan *plan)
{
    struct tp_error err = {0};
    struct tp_plan *again = NULL;
    struct tp_text first = {0}, second = {0};
    if (tp_plan_format(plan, &first, &err) ||
        tp_plan_parse(first.data, first.length, "again", &again, &err) ||
        tp_plan_format(again, &second, &err) || strcmp(first.data, second.data) != 0)
        abort();
    tp_plan_free(again);
    tp_text_release(&second);
    tp_text_release(&first);
}

static void judge(struct tp_plan *plan)
{
    struct tp_error err = {0};
    struct tp_findings findings = {0};
    enum tp_status status = tp_plan_check(plan, NULL, NULL, &findings, &err);
    fuzz_expect(status, &err);
    fuzz_expect(tp_report_text(plan, &findings, NULL, "/dev/null", &err), &err);
    fuzz_expect(tp_report_json(plan, &findings, NULL, "/dev/null", &err), &err);
    tp_findings_release(&findings);
    fuzz_expect(tp_plan_recost(plan, NULL, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct tp_error err = {0};
    struct tp_plan *plan = NULL;
    fuzz_expect(tp_plan_parse((const char *)data, length, "input", &plan, &err), &err);
    if (plan && plan->topology->rank_count <= RANKS_MAX) {
        check_again(plan);
        judge(plan);
    }
    tp_plan_free(plan);
    return 0;
}
