/* SPDX-License-Identifier: Apache-2.0 */
/* Plans made while the n-th allocation fails, for all n: out of memory is said, nothing leaks, nothing
 * crashes. Linked with --wrap, so that the library's calls of malloc, calloc, realloc and free, but not
 * those of other libraries, come through here. */
#include <towerpart/plan.h>

#include "loops.h"
#include "workload.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void __real_free(void *memory);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *memory);

static bool watching;
static int64_t calls, failing_call, live; /* since watching began; live: allocated and not freed */

static bool fails(void)
{
    return watching && calls++ == failing_call;
}

static void *count(void *memory)
{
    live += watching && memory;
    return memory;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : count(__real_malloc(bytes));
}

void *__wrap_calloc(size_t items, size_t bytes)
{
    return fails() ? NULL : count(__real_calloc(items, bytes));
}

void *__wrap_realloc(void *old, size_t bytes)
{
    if (fails())
        return NULL;
    void *memory = __real_realloc(old, bytes);
    return old ? memory : count(memory);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return fails() ? NULL : count(__real_aligned_alloc(alignment, bytes));
}

void __wrap_free(void *memory)
{
    live -= watching && memory;
    __real_free(memory);
}

/* Five tables on two hosts of two ranks, of which one rank is nearly full; a constraint of each kind. */
static struct tp_affinity *make_tiny(struct workload *w)
{
    workload_begin(w, 2, 2, 400000);
    workload_table(w, 1000, 16, 2, 1);
    workload_table(w, 4000, 16, 1, 1);
    workload_tables(w, 3, 1000, 16);
    workload_bind(w, TP_TOGETHER, 3, 4, -1);
    workload_bind(w, TP_APART, 0, 2, -1);
    workload_pin(w, 5, 1);
    return workload_relate_randomly(w, 1);
}

/* Strategies, and one question that is refused. */
static const struct {
    enum tp_strategy strategy;
    double balance;
    enum tp_status status; /* when memory holds out */
} cases[] = {{TP_STRATEGY_COHERENT, (double)NAN, TP_OK}, {TP_STRATEGY_STRIDE, 3, TP_OK},
    {TP_STRATEGY_PAPER, 3, TP_OK}, {TP_STRATEGY_FLAT, (double)NAN, TP_OK},
    {TP_STRATEGY_LOAD, 0, TP_EINFEASIBLE}};

static enum tp_status make_watched(const struct workload *w, const struct tp_affinity *affinity,
    const struct tp_plan_options *options, int64_t failing)
{
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    calls = live = 0;
    failing_call = failing;
    watching = true;
    enum tp_status status = tp_plan_make(&w->model, &w->topology, affinity, options, &plan, &err);
    tp_plan_free(plan);
    watching = false;
    ck_assert_msg(live == 0, "call %d: %d blocks leak", (int)failing, (int)live);
    ck_assert_int_eq(status == TP_OK, plan != NULL);
    return status;
}

enum { EACH = LOOPS(300), STEP_MOST = 301 };

START_TEST(test_every_allocation_may_fail)
{
    struct workload w;
    struct tp_affinity *affinity = make_tiny(&w);
    struct tp_plan_options options = tp_plan_options_default();
    options.strategy = cases[_i].strategy;
    options.balance = cases[_i].balance;
    options.effort = 1;
    if (options.strategy == TP_STRATEGY_STRIDE)
        w.model.constraint_count = 0;
    ck_assert_int_eq(make_watched(&w, affinity, &options, -1), cases[_i].status);
    int64_t all = calls;
    ck_assert_int_gt(all, 50);
    /* Every one at both ends; between, the rounds of the search make the same ones again and again. */
    for (int64_t n = 0, step; n < all; n += step) {
        step = n < EACH || n >= all - EACH ? 1 : 1 + n % STEP_MOST;
        enum tp_status status = make_watched(&w, affinity, &options, n);
        ck_assert_msg(
            status == TP_ENOMEM, "call %d of %d: status %d", (int)n, (int)all, (int)status);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("make_memory");
    TCase *tcase = tcase_create("make_memory");
    tcase_set_timeout(tcase, 110);
    tcase_add_loop_test(
        tcase, test_every_allocation_may_fail, 0, (int)(sizeof cases / sizeof *cases));
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
