/* SPDX-License-Identifier: Apache-2.0 */
/* Recently used pieces of files that are not mapped, for many small readings near each other. */
#ifndef TP_BASE_CHUNKS_H
#define TP_BASE_CHUNKS_H

#include "base/source.h"

struct tp_chunks;

/* NULL: out of memory. */
struct tp_chunks *tp_chunks_new(void);
void tp_chunks_free(struct tp_chunks *chunks);

/* tp_source_read(), through the pieces that are kept. Any number of threads.
 * @param source  one of an array that stays where it is; it is told apart by its address. */
void tp_chunks_read(
    struct tp_chunks *chunks, struct tp_source *source, size_t offset, size_t length, void *out);

#endif
