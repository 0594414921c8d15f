/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation with the product of the sizes checked. All return NULL when it overflows or memory is
 * out; free() releases. */
#ifndef TP_BASE_MEMORY_H
#define TP_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* count * item_bytes zeroed bytes; a count of 0 gives a valid pointer. */
void *tp_new(size_t count, size_t item_bytes);

/* The same, at an address that is a multiple of 64: a cache line, a vector register. */
void *tp_new_aligned(size_t count, size_t item_bytes);

/* The same, in huge pages where the system has them: for large arrays that are read at random, where
 * half the time would go into looking up pages. */
void *tp_new_large(size_t count, size_t item_bytes);

/* realloc() to count * item_bytes; the grown part is not zeroed. */
void *tp_resize(void *old, size_t count, size_t item_bytes);

/* A copy of the first `length` bytes, NUL-terminated. */
char *tp_copy_text(const char *text, size_t length);

/* *product = a * b; false if it does not fit. */
bool tp_multiply(size_t a, size_t b, size_t *product);

#define TP_NEW(count, type) ((type *)tp_new((size_t)(count), sizeof(type)))

#endif
