/* SPDX-License-Identifier: Apache-2.0 */
/* The contest's cases: few units, many units, and real matrices; and the records about them.
 *
 * small   200 instances of 26..34 units, each with 2, 4, 8 and 13 towers: 800 cases
 * real    diabetes130, two dumps, cka and cosine, with 2, 4, 8 and 13 towers: 16 cases
 * large   20 instances of each of 100, 300, 1,000 and 3,000 units, 8..64 towers: 80 cases
 * proven  10..16 units, planted ones to 24, in 2..4 towers: 30 cases that a solver can settle
 *
 * Real matrices are kept as integers in units of 1e-4, so that no rounding of another machine's
 * sums can change an instance. */
#ifndef CONTEST_FIELD_H
#define CONTEST_FIELD_H

#include "instance.h"

#include <stdbool.h>

enum field { FIELD_SMALL, FIELD_REAL, FIELD_LARGE, FIELD_PROVEN, FIELDS };

enum { REAL_UNITS = 27, REAL_MATRICES = 4, NAME_BYTES = 64 };

struct entry {
    char name[NAME_BYTES]; /* without spaces */
    struct key key;
    int matrix; /* of the real ones; -1: made from the key */
};

/* "small", "real", "large", "proven"; FIELDS if it is none of them. */
enum field field_named(const char *name);
int field_count(enum field field);
struct entry field_entry(enum field field, int index);

/* "diabetes130_seed0_cka" and so on; also the file's name, with ".txt". */
const char *real_name(int matrix);

/* @param folder  of the recorded files. */
struct instance *entry_instance(const struct entry *entry, const char *folder);

/* A line of a record: "name digest value seconds count", the digest in hexadecimal. What count means
 * is up to the file: starts, METIS answers that were legal. */
struct record {
    char name[NAME_BYTES];
    uint64_t digest;
    double value, seconds;
    int count;
};

struct records {
    struct record *list;
    int count;
};

/* A file that is not there is an empty record. To be released with free(records.list). */
struct records records_read(const char *path);

/* The lines of a name put together: the best value, the sum of the seconds, the last digest and
 * count, and how many lines there are. @return 0: none. */
int records_find(const struct records *records, const char *name, struct record *record);
void record_write(const struct record *record, const char *path); /* appended */

#endif
