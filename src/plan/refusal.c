/* SPDX-License-Identifier: Apache-2.0 */
/* Why nothing fits, and what would: the message of a refusal.
 *
 * Its shape: whether it is proven; the facts that cannot hold together, the fewest that do not, each
 * with its numbers (conflict, reason); the nearest settings that work, each of them tried (remedy). The
 * number of searches is bounded, so a refusal of many tables takes seconds, not minutes. */
#include "plan/solve.h"

#include "base/fail.h"
#include "plan/conflict.h"
#include "plan/reason.h"
#include "plan/remedy.h"

#include <math.h>
#include <string.h>

/* Searches for the conflict, and after it for remedies. */
#define CONFLICT_SEARCHES 40
#define REMEDY_SEARCHES 60

static void say_head(struct tp_text *out, const struct tp_conflict *conflict)
{
    tp_text_add(out, "%s\nthese cannot hold together%s:\n",
        conflict->proven ? "no plan fits (proven)"
                         : "no plan was found (not proven that there is none)",
        conflict->minimal ? "" : " (not proven minimal)");
}

/* Cuts off whole lines, so that no setting is named by halves. */
static void cut_lines(struct tp_text *text, size_t length)
{
    if (!text->data || text->length <= length)
        return;
    while (length > 0 && text->data[length - 1] != '\n')
        length--;
    text->data[length] = '\0';
    text->length = length;
}

/* Looks for single changes; where none works because limits were given that are too tight on top, for
 * changes with these left to the planner.
 * @param head  out: the line above the settings. */
static enum tp_status find_settings(struct tp_inquiry *inquiry, const struct tp_conflict *conflict,
    struct tp_text *lines, const char **head, struct tp_error *err)
{
    *head = "nearest settings that work, each tried:\n";
    inquiry->left = REMEDY_SEARCHES;
    enum tp_status status = tp_find_remedies(inquiry, conflict, lines, err);
    bool given = !isnan(inquiry->asked.balance) || !isnan(inquiry->asked.ratio);
    if (!status && !lines->length && given) {
        *head = "no single change works; without --balance and --ratio the nearest settings that "
                "work, each tried:\n";
        inquiry->asked.balance = inquiry->asked.ratio = (double)NAN;
        inquiry->left = REMEDY_SEARCHES;
        status = tp_find_remedies(inquiry, conflict, lines, err);
    }
    if (!status && !lines->length)
        *head = "no single change of limits, constraints, towers, model or cluster was found that "
                "works\n";
    return status;
}

static enum tp_status fail_with(
    struct tp_text *facts, const char *head, struct tp_text *remedies, struct tp_error *err)
{
    if (facts->failed || remedies->failed)
        return tp_fail_memory(err);
    cut_lines(facts, TP_ERROR_TEXT_BYTES * 3 / 4);
    cut_lines(remedies, TP_ERROR_TEXT_BYTES - 1 - facts->length - strlen(head));
    tp_text_add(facts, "%s%s", head, remedies->length ? remedies->data : "");
    if (facts->failed)
        return tp_fail_memory(err);
    /* The last line end goes: messages have none. */
    facts->data[facts->length - 1] = '\0';
    return tp_fail_lines(err, TP_EINFEASIBLE, facts->data);
}

enum tp_status tp_explain_refusal(
    const struct tp_question *question, const struct tp_solution *solution, struct tp_error *err)
{
    struct tp_inquiry inquiry = tp_inquiry_of(question, CONFLICT_SEARCHES);
    struct tp_conflict conflict = {.count = 0};
    struct tp_text facts = {.length = 0}, remedies = {.length = 0};
    const char *head;
    bool proven = solution->partition.answer == TP_ANSWER_NO;
    if (solution->partition
            .stopped) /* proves nothing, and explaining it takes longer than it may */
        return tp_fail(err, TP_EINFEASIBLE,
            "stopped before any plan was found that keeps memory, limits and constraints: give it "
            "more time");
    enum tp_status status = tp_conflict_find(&inquiry, proven, &conflict, err);
    if (status)
        goto out;
    say_head(&facts, &conflict);
    tp_say_conflict(&facts, &inquiry.asked, &conflict);
    status = find_settings(&inquiry, &conflict, &remedies, &head, err);
    if (!status)
        status = fail_with(&facts, head, &remedies, err);
out:
    tp_text_release(&facts);
    tp_text_release(&remedies);
    tp_conflict_release(&conflict);
    return status;
}
