/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation with checked sizes. A count of zero allocates one byte, so NULL always means failure. */
#define _DEFAULT_SOURCE /* madvise() */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT ((size_t)64)
#define HUGE_PAGE ((size_t)1 << 21) /* of x86-64, and of ARM with pages of 4 KiB */

bool tp_multiply(size_t a, size_t b, size_t *product)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *product = a * b;
    return true;
}

void *tp_new(size_t count, size_t item_bytes)
{
    size_t bytes;
    if (!tp_multiply(count, item_bytes, &bytes))
        return NULL;
    return calloc(bytes ? bytes : 1, 1);
}

/* @param bytes  out: a multiple of the alignment, as aligned_alloc() wants it. */
static void *allocate(size_t count, size_t item_bytes, size_t alignment, size_t *bytes)
{
    if (!tp_multiply(count, item_bytes, bytes) || *bytes > SIZE_MAX - alignment)
        return NULL;
    *bytes = (*bytes / alignment + 1) * alignment;
    return aligned_alloc(alignment, *bytes);
}

void *tp_new_aligned(size_t count, size_t item_bytes)
{
    size_t bytes;
    void *memory = allocate(count, item_bytes, ALIGNMENT, &bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *tp_new_large(size_t count, size_t item_bytes)
{
    size_t bytes;
    if (!tp_multiply(count, item_bytes, &bytes) || bytes < HUGE_PAGE)
        return tp_new_aligned(count, item_bytes);
    void *memory = allocate(count, item_bytes, HUGE_PAGE, &bytes);
#ifdef MADV_HUGEPAGE
    if (memory)
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: fine if it is not granted */
#endif
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *tp_resize(void *old, size_t count, size_t item_bytes)
{
    size_t bytes;
    if (!tp_multiply(count, item_bytes, &bytes))
        return NULL;
    return realloc(old, bytes ? bytes : 1);
}

char *tp_copy_text(const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? malloc(length + 1) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
