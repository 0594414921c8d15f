/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan keeps of its affinity, broken one way at a time: one finding each, and no other. */
#include "scratch.h"
#include "small_plan.h"
#include "spec_text.h"

/* Sound: every key that there is. */
#define TRUST                                                                                      \
    "stability: 0.9, dumps: 2, reproducibility: 0.75, null_rho: 0.125, learned: 0.5,\n"            \
    "    movers: {ad: 1.0, geo: 0.25}, constant: [device], neutral: [day, user], verdict: trusted"

/* The plan with `from` replaced, "": as it is. */
static struct tp_plan *trust_plan(const char *from, const char *to)
{
    char *whole = replaced(small_plan_one_host, "stability: 0.9, verdict: trusted", TRUST);
    char *text = *from ? replaced(whole, from, to) : NULL;
    struct tp_plan *plan = small_plan(text ? text : whole);
    free(text);
    free(whole);
    return plan;
}

static const struct {
    const char *from, *to, *finding; /* finding NULL: none */
} cases[] = {
    {"", "", NULL},
    {"reproducibility: 0.75", "reproducibility: 0.5", NULL},
    {"dumps: 2, reproducibility: 0.75, ", "", NULL},
    {"learned: 0.5", "learned: 1.0", NULL},
    {"null_rho: 0.125", "null_rho: -1.0", NULL},
    {"ad: 1.0", "ad: 1.5", "movers: ad: found 1.5, expected a share above 0, to 1"},
    {"ad: 1.0", "ad: 0.0", "movers: ad: found 0, expected a share above 0, to 1"},
    {"ad: 1.0", "add: 1.0", "movers: feature add is not in the model"},
    {"[device]", "[t_device]", "constant: feature t_device is not in the model"},
    {"[day, user]", "[day, user, hour]", "neutral: feature hour is not in the model"},
    {"[day, user]", "[day, day]", "neutral: feature day is listed more than once"},
    {"[device]", "[item, device, item]", "constant: feature item is listed more than once"},
    {"[day, user]", "[day, device]",
        "neutral: feature device is listed as constant too, expected one of the two"},
    {"dumps: 2", "dumps: 1", "reproducibility: found 0.75, expected none: there is one dump only"},
    {"reproducibility: 0.75", "reproducibility: 1.25",
        "reproducibility: found 1.25, expected a number from -1 to 1"},
    {"null_rho: 0.125", "null_rho: -1.5", "null_rho: found -1.5, expected a number from -1 to 1"},
    {"learned: 0.5", "learned: -0.5", "learned: found -0.5, expected a share from 0 to 1"},
    {"std_error: 0.002", "std_error: 2.0", "std_error: found 2, expected a share from 0 to 1"},
    {"stability: 0.9", "stability: 9.0", "stability: found 9, expected a number from -1 to 1"},
    {"stability: 0.9, ", "", "movers: found 2, expected none without stability"},
    {"reproducibility: 0.75", "reproducibility: 0.49", "verdict: found trusted, expected weak"},
    {"above_floor: 0.75", "above_floor: 0.0", "verdict: found trusted, expected weak"},
};

START_TEST(test_a_broken_rule_of_trust_is_found)
{
    struct tp_plan *plan = trust_plan(cases[_i].from, cases[_i].to);
    struct tp_findings findings = {0};
    struct tp_error err;
    char expected[256];
    if (isnan(plan->affinity.stability))
        plan->affinity.verdict = TP_VERDICT_NONE; /* else that would be a finding too */
    ck_ok(tp_plan_check(plan, NULL, NULL, &findings, &err), err);
    ck_assert_msg(findings.count == (cases[_i].finding ? 1 : 0), "%d findings, first: %s",
        findings.count, findings.count ? findings.lines[0] : "");
    if (cases[_i].finding) {
        snprintf(expected, sizeof expected, "inputs: affinity: %s", cases[_i].finding);
        ck_assert_msg(strncmp(findings.lines[0], expected, strlen(expected)) == 0,
            "found '%s', expected '%s'", findings.lines[0], expected);
    }
    tp_findings_release(&findings);
    tp_plan_free(plan);
}
END_TEST

/* What may stand after `inside_affinity: 0.5` in a plan. */
static const struct {
    const char *bound, *finding; /* finding NULL: none */
} bounds[] = {
    {"upper_bound: 0.5", NULL},
    {"upper_bound: 1.0", NULL},
    {"upper_bound: 0.5\n  proven_optimal: true", NULL},
    {"upper_bound: 0.75\n  proven_optimal: false", NULL},
    {"upper_bound: 1.5", "upper_bound: found 1.5, expected a share from 0 to 1"},
    {"upper_bound: 0.25", "upper_bound: found 0.25, expected at least inside_affinity, 0.5"},
    {"upper_bound: 0.75\n  proven_optimal: true",
        "proven_optimal: found true, expected false: inside_affinity, 0.5, does not reach"},
    {"lower_bound: 0.25", NULL},
    {"lower_bound: 0.75", "lower_bound: found 0.75, expected at most inside_affinity, 0.5"},
};

START_TEST(test_a_bound_lies_beyond_what_it_bounds)
{
    char with[128], expected[256];
    snprintf(with, sizeof with, "inside_affinity: 0.5\n  %s", bounds[_i].bound);
    char *whole = replaced(small_plan_one_host, "inside_affinity: 0.5", with);
    char *text = bounds[_i].bound[0] == 'l'
                     ? replaced(whole, "strategy: coherent", "strategy: diverse")
                     : NULL;
    struct tp_plan *plan = small_plan(text ? text : whole);
    struct tp_findings findings = {0};
    struct tp_error err;
    ck_ok(tp_plan_check(plan, NULL, NULL, &findings, &err), err);
    ck_assert_msg(findings.count == (bounds[_i].finding ? 1 : 0), "%d findings, first: %s",
        findings.count, findings.count ? findings.lines[0] : "");
    if (bounds[_i].finding) {
        snprintf(expected, sizeof expected, "quality: %s", bounds[_i].finding);
        ck_assert_msg(strncmp(findings.lines[0], expected, strlen(expected)) == 0,
            "found '%s', expected '%s'", findings.lines[0], expected);
    }
    tp_findings_release(&findings);
    tp_plan_free(plan);
    free(text);
    free(whole);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("check trust");
    tcase_add_loop_test(
        tcase, test_a_broken_rule_of_trust_is_found, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_loop_test(
        tcase, test_a_bound_lies_beyond_what_it_bounds, 0, (int)(sizeof bounds / sizeof *bounds));
    return run_suite("check trust", tcase);
}
