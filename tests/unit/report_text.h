/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for words in the text report of a sample plan. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <towerpart/report.h>

#include "sample_plan.h"

static inline enum tp_status brief_report(const struct tp_plan *plan,
    const struct tp_findings *findings, const char *path, struct tp_error *err)
{
    return tp_report_text(plan, findings, NULL, path, err);
}

static inline enum tp_status whole_report(const struct tp_plan *plan,
    const struct tp_findings *findings, const char *path, struct tp_error *err)
{
    struct tp_report_options options = {.all = true};
    return tp_report_text(plan, findings, &options, path, err);
}

/* The report of a sample, which it releases. Caller frees. */
static inline char *report_of(struct sample *s)
{
    char *text = sample_report(&s->plan, brief_report);
    sample_release(s);
    free(s);
    return text;
}

/* What a blank in a pattern matches: blanks, also across the end of a wrapped line. */
static inline size_t blanks(const char *p)
{
    size_t length = strspn(p, " ");
    return strncmp(p + length, "\n  ", 3) ? length : length + 1 + strspn(p + length + 1, " ");
}

/* Whether the text begins with these words, blanks of any length between them. */
static inline bool begins(const char *text, const char *words)
{
    const char *p = text, *w = words;
    while (*p && *w) {
        if (*w == ' ') {
            w++;
            if (!blanks(p))
                return false;
            p += blanks(p);
        } else if (*p++ != *w++) {
            return false;
        }
    }
    return !*w;
}

static inline const char *find(const char *text, const char *words)
{
    for (const char *p = text; *p; p++)
        if (begins(p, words))
            return p;
    return NULL;
}

static inline void has(const char *text, const char *words)
{
    ck_assert_msg(find(text, words) != NULL, "the report lacks '%s'", words);
}

static inline void has_not(const char *text, const char *words)
{
    ck_assert_msg(find(text, words) == NULL, "the report has '%s'", words);
}

#endif
