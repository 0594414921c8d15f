/* SPDX-License-Identifier: Apache-2.0 */
/* One question to the partitioner, with the placement as the judge: towers for these tables on these
 * ranks within these limits. Plan making asks it, and the explanation of a refusal asks it again with
 * one thing changed. */
#ifndef TP_PLAN_SOLVE_H
#define TP_PLAN_SOLVE_H

#include <towerpart/plan.h>

#include "partition/partition.h"

/* Steps of the exhaustive placement when there are few units; beyond them a verdict is unsure, not
 * wrong. */
#define TP_JUDGE_STEPS 200000

/* One question may have so many verdicts that used all of these up; later ones get few, so that sets
 * of tables at the edge of what fits cost seconds, not minutes. */
#define TP_JUDGE_HARD_VERDICTS 16
#define TP_JUDGE_FEW_STEPS 2000

struct tp_question {
    const struct tp_model *model;
    const struct tp_topology *topology;
    int32_t hosts_per_tower;            /* K */
    const struct tp_affinity *affinity; /* NULL: none */
    enum tp_strategy strategy;
    double balance, ratio; /* NAN: automatic */
    uint64_t seed;
    int32_t effort;
    double deadline;                   /* of tp_seconds_now(), for the search; 0: none */
    const volatile sig_atomic_t *stop; /* not 0: it ends with the best so far; NULL: never */
    bool quick;                        /* a fair answer soon: no METIS starts, no baselines */
    const int32_t
        *legal; /* (U) legal within balance and ratio, which are then given; NULL: none known */
    const double
        *pull; /* (U, T) of tp_problem_tie(): the units that it adds follow in `legal` and in
                           the towers of the answer; NULL: none */
    bool progress;
};

struct tp_solution {
    struct tp_problem *problem;    /* NULL: the question contradicts itself, see `why` */
    struct tp_partition partition; /* .answer says whether there is one */
    struct tp_error why;           /* of a contradiction found before any search */
};

/* What a strategy is after. */
enum tp_goal tp_goal_of(enum tp_strategy strategy);

/* @param solution  out, to be released with tp_solution_release().
 * @return TP_OK also when the answer is no; TP_EINPUT when model and topology do not fit together;
 *         TP_ENOMEM. */
enum tp_status tp_solve(
    const struct tp_question *question, struct tp_solution *solution, struct tp_error *err);
void tp_solution_release(struct tp_solution *solution);

/* The partitioning problem of a question, with the limits given set and the automatic ones open.
 * @param problem  out, to be freed with tp_problem_free(); NULL: the constraints contradict each other
 *                 or name a tower that does not exist, as `why` says.
 * @return TP_OK also then; TP_EINPUT when model and topology do not fit together; TP_ENOMEM. */
enum tp_status tp_question_problem(const struct tp_question *question, struct tp_problem **problem,
    struct tp_error *why, struct tp_error *err);

/* Whether there is any legal assignment, without looking for a good one.
 * @param effort  of tp_settle_limits(): TP_LIMITS_EFFORT is what planning takes; less is quicker and
 *                misses more.
 * @param limits  out: as settled, when the answer is yes. NULL: automatic limits are not tightened, which
 *                is quicker. */
enum tp_status tp_feasible(const struct tp_question *question, int32_t effort,
    enum tp_answer *answer, struct tp_limits *limits, struct tp_error *err);

/* Whether a unit, alone in a tower, can be placed on its ranks; the other units weigh what they must
 * wherever they are.
 * @param fits  out: 1 it fits, 0 it does not (exhaustive search), -1 no way was found. */
enum tp_status tp_fits_alone(const struct tp_question *question, const struct tp_problem *problem,
    int32_t unit, int32_t tower, int *fits, struct tp_error *err);

/* Why the answer is no, or that the search was stopped before it knew: the limit that binds, the units that force it, and the nearest settings that
 * work, each of them tried.
 * @return TP_EINFEASIBLE with the explanation; another status when that could not be found out. */
enum tp_status tp_explain_refusal(
    const struct tp_question *question, const struct tp_solution *solution, struct tp_error *err);

#endif
