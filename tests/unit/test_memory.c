/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation: zeroed, aligned, and refused when sizes overflow. */
#include <check.h>
#include <stdlib.h>

#include "base/memory.h"

typedef void *(*allocator)(size_t count, size_t item_bytes);

static const struct {
    allocator allocate;
    size_t alignment;
} allocators[] = {{tp_new, 1}, {tp_new_aligned, 64}, {tp_new_large, 64}};

/* 5 MiB: above what tp_new_large() gets in huge pages. */
static const size_t counts[] = {0, 1, 1000, 5 << 20};

START_TEST(memory_is_zeroed_and_aligned)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        unsigned char *memory = allocators[_i].allocate(counts[i], 1);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % allocators[_i].alignment, 0);
        size_t others = 0;
        for (size_t at = 0; at < counts[i]; at++)
            others += memory[at] != 0;
        ck_assert_uint_eq(others, 0);
        free(memory);
    }
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    ck_assert_ptr_null(allocators[_i].allocate(SIZE_MAX, 2));
    ck_assert_ptr_null(allocators[_i].allocate(SIZE_MAX / 4 + 1, 4)); /* 2^64 exactly */
}
END_TEST

START_TEST(sizes_that_overflow_when_rounded_up_are_refused)
{
    ck_assert_ptr_null(tp_new_aligned(SIZE_MAX - 10, 1));
    ck_assert_ptr_null(tp_new_large(SIZE_MAX - 10, 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tcase = tcase_create("memory");
    int count = sizeof allocators / sizeof *allocators;
    tcase_add_loop_test(tcase, memory_is_zeroed_and_aligned, 0, count);
    tcase_add_loop_test(tcase, sizes_that_overflow_are_refused, 0, count);
    tcase_add_test(tcase, sizes_that_overflow_when_rounded_up_are_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
