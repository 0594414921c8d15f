/* SPDX-License-Identifier: Apache-2.0 */
/* A cache of pieces of files. A dump that is not mapped is read some hundred bytes at a time, a few rows
 * of one feature and then of its neighbours; a system call for each would take longer than what is done
 * with the bytes.
 *
 * A chunk has one slot where it can be, found by a hash. It is loaded at its second use in a row among
 * those that share the slot: readings at random places (permuted samples) touch chunks once and go by,
 * so they read no more than they ask for; and of two chunks that dispute a slot neither is loaded.
 * Each slot has its own lock; threads seldom meet in one. */
#include "base/chunks.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)1 << 15)
#define SLOTS 256 /* 8 MiB in all */

struct slot {
    pthread_mutex_t lock;
    const struct tp_source *source,
        *touched_source; /* of what is kept, and was used last; NULL: none */
    size_t chunk, touched_chunk;
    unsigned char bytes[CHUNK_BYTES];
};

struct tp_chunks {
    struct slot slots[SLOTS];
};

struct tp_chunks *tp_chunks_new(void)
{
    struct tp_chunks *chunks = TP_NEW(1, struct tp_chunks);
    for (int i = 0; chunks && i < SLOTS; i++)
        pthread_mutex_init(&chunks->slots[i].lock, NULL);
    return chunks;
}

void tp_chunks_free(struct tp_chunks *chunks)
{
    for (int i = 0; chunks && i < SLOTS; i++)
        pthread_mutex_destroy(&chunks->slots[i].lock);
    free(chunks);
}

/* Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4): rows are at equal
 * distances, often a power of two. */
static struct slot *slot_of(struct tp_chunks *chunks, const struct tp_source *source, size_t chunk)
{
    uint64_t key = ((uint64_t)(uintptr_t)source >> 4) * 0x100000001b3u + chunk;
    return &chunks->slots[key * 0x9e3779b97f4a7c15u >> 56];
}

/* Whether the slot now holds the chunk. A chunk that cannot be read is not kept. */
static bool hold(struct slot *slot, struct tp_source *source, size_t chunk)
{
    if (slot->source == source && slot->chunk == chunk)
        return true;
    bool again = slot->touched_source == source && slot->touched_chunk == chunk;
    slot->touched_source = source;
    slot->touched_chunk = chunk;
    if (!again)
        return false;
    size_t start = chunk * CHUNK_BYTES, left = source->length - start;
    slot->source = NULL;
    if (!tp_source_read(source, start, left < CHUNK_BYTES ? left : CHUNK_BYTES, slot->bytes))
        return false;
    slot->source = source;
    slot->chunk = chunk;
    return true;
}

void tp_chunks_read(
    struct tp_chunks *chunks, struct tp_source *source, size_t offset, size_t length, void *out)
{
    unsigned char *to = out;
    while (length) {
        size_t chunk = offset / CHUNK_BYTES, at = offset % CHUNK_BYTES;
        size_t few = length < CHUNK_BYTES - at ? length : CHUNK_BYTES - at;
        struct slot *slot = slot_of(chunks, source, chunk);
        pthread_mutex_lock(&slot->lock);
        bool held = hold(slot, source, chunk);
        if (held)
            memcpy(to, slot->bytes + at, few);
        pthread_mutex_unlock(&slot->lock);
        if (!held)
            tp_source_read(source, offset, few, to);
        to += few;
        offset += few;
        length -= few;
    }
}
