/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the known name that is nearest to one that is not known. */
#ifndef TP_BASE_NEAREST_H
#define TP_BASE_NEAREST_H

#include <stddef.h>

/* A list of `count` names in any form. @return the i-th, borrowed. */
typedef const char *(*tp_name_of)(const void *names, size_t i);

/* The first of the names with the fewest edits to `name` (a character put in, taken out or replaced, or
 * two neighbours swapped), if they are few: at most a third of its length, at least one.
 * @return one of the names; NULL: none is near, or `name` is longer than any name would be.
 * Cost: O(sum of the names' lengths * length). */
const char *tp_nearest(const char *name, const void *names, size_t count, tp_name_of name_of);

/* The same for an array of strings. */
const char *tp_nearest_of(const char *name, const char *const *names, size_t count);

#endif
