/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest of many names.
 *
 * In: a name that is wrong, and those that are right. Out: the one that was probably meant. The distance
 * is that of optimal string alignment (Damerau 1964, doi:10.1145/363958.363994, in the restricted form):
 * characters put in, taken out or replaced, and neighbours swapped, each counted once. Bytes stand for
 * characters; a letter outside ASCII then counts twice, which only makes it farther. Three rows of the
 * table are kept, on the stack, so nothing can fail. */
#include "base/nearest.h"

#include <string.h>

#define LENGTH_MAX 255 /* of a name that somebody typed */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits between the two texts of at most LENGTH_MAX bytes. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LENGTH_MAX + 1]; /* row i: from the first i bytes of a to the first k of b */
    for (size_t k = 0; k <= b_length; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t k = 1; k <= b_length; k++) {
            row[k] = least(least(row[k - 1], last[k]) + 1, last[k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = least(row[k], before[k - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *tp_nearest(const char *name, const void *names, size_t count, tp_name_of name_of)
{
    size_t length = strlen(name), fewest = length / 3 > 1 ? length / 3 + 1 : 2;
    const char *best = NULL;
    for (size_t i = 0; i < count && length <= LENGTH_MAX; i++) {
        const char *other = name_of(names, i);
        size_t other_length = strlen(other);
        if (other_length > LENGTH_MAX)
            continue;
        size_t edits = distance(name, length, other, other_length);
        if (edits >= fewest || edits >= length)
            continue;
        fewest = edits;
        best = other;
    }
    return best;
}

static const char *string_at(const void *names, size_t i)
{
    return ((const char *const *)names)[i];
}

const char *tp_nearest_of(const char *name, const char *const *names, size_t count)
{
    return tp_nearest(name, names, count, string_at);
}
