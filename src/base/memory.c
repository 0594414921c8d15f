/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation with checked sizes. A count of zero allocates one byte, so NULL always means failure. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT ((size_t)64)

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

void *tp_new_aligned(size_t count, size_t item_bytes)
{
    size_t bytes;
    if (!tp_multiply(count, item_bytes, &bytes) || bytes > SIZE_MAX - ALIGNMENT)
        return NULL;
    bytes = (bytes / ALIGNMENT + 1) * ALIGNMENT; /* as aligned_alloc() wants it */
    void *memory = aligned_alloc(ALIGNMENT, bytes);
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
