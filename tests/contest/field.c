/* SPDX-License-Identifier: Apache-2.0 */
/* Settings are dealt out by the index, with periods that have little in common. */
#include "field.h"

#include "../property/complaints.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMALL_INSTANCES = 200,
    TOWER_COUNTS = 4,
    LARGE_SIZES = 4,
    LARGE_EACH = 20,
    PROVEN = 30,
    PATH_BYTES = 1024
};

static const int small_towers[TOWER_COUNTS] = {2, 4, 8, 13};

static const unsigned limit_sets[] = {LIMIT_BALANCE | LIMIT_RATIO,
    LIMIT_BALANCE | LIMIT_RATIO | LIMIT_MEMORY,
    LIMIT_BALANCE | LIMIT_RATIO | LIMIT_MEMORY | LIMIT_UNEVEN,
    LIMIT_BALANCE | LIMIT_RATIO | LIMIT_APART | LIMIT_PIN, LIMIT_RATIO | LIMIT_MEMORY,
    LIMIT_BALANCE | LIMIT_RATIO | LIMIT_MEMORY | LIMIT_UNEVEN | LIMIT_APART | LIMIT_PIN};

enum { LIMIT_SETS = sizeof limit_sets / sizeof limit_sets[0] };

int field_count(enum field field)
{
    static const int counts[FIELDS] = {
        [FIELD_SMALL] = SMALL_INSTANCES * TOWER_COUNTS,
        [FIELD_REAL] = REAL_MATRICES * TOWER_COUNTS,
        [FIELD_LARGE] = LARGE_SIZES * LARGE_EACH,
        [FIELD_PROVEN] = PROVEN,
    };
    return counts[field];
}

static struct key small_key(int i)
{
    return (struct key){.n = 26 + i % 9,
        .kind = (enum kind)(i % KINDS),
        .weights = (enum weights)(i / 5 % WEIGHTS),
        .limits = limit_sets[i / 15 % LIMIT_SETS],
        .seed = 1000 + (uint64_t)i};
}

static struct key large_key(int i)
{
    static const int sizes[LARGE_SIZES] = {100, 300, 1000, 3000};
    static const int towers[LARGE_SIZES][TOWER_COUNTS] = {
        {8, 12, 20, 32}, {8, 16, 32, 64}, {8, 16, 32, 64}, {8, 16, 32, 64}};
    int size = i / LARGE_EACH, j = i % LARGE_EACH;
    return (struct key){.n = sizes[size],
        .k = towers[size][j / KINDS],
        .kind = (enum kind)(j % KINDS),
        .weights = (enum weights)((j + j / KINDS) % WEIGHTS),
        .limits = limit_sets[j % LIMIT_SETS],
        .seed = 5000 + (uint64_t)i};
}

static struct key proven_key(int i)
{
    bool planted = i >= 21;
    return (struct key){.n = planted ? 20 + (i - 21) / 2 : 10 + i % 7,
        .k = 2 + i % 3,
        .kind = planted ? KIND_PLANTED_CKA : (enum kind)(i % KINDS),
        .weights = (enum weights)(i / 2 % WEIGHTS),
        .limits = limit_sets[i % LIMIT_SETS],
        .seed = 9000 + (uint64_t)i};
}

enum field field_named(const char *name)
{
    static const char *const names[FIELDS] = {"small", "real", "large", "proven"};
    int field = 0;
    while (field < FIELDS && strcmp(names[field], name) != 0)
        field++;
    return (enum field)field;
}

const char *real_name(int matrix)
{
    static const char *const names[REAL_MATRICES] = {"diabetes130_seed0_cka",
        "diabetes130_seed1_cka", "diabetes130_seed0_cosine", "diabetes130_seed1_cosine"};
    return names[matrix];
}

struct entry field_entry(enum field field, int index)
{
    struct entry e = {.matrix = -1};
    if (field == FIELD_LARGE) {
        e.key = large_key(index);
    } else if (field == FIELD_PROVEN) {
        e.key = proven_key(index);
    } else {
        int instance = index / TOWER_COUNTS;
        e.key = small_key(instance);
        e.key.k = small_towers[index % TOWER_COUNTS];
        if (field == FIELD_REAL) {
            e.matrix = instance;
            e.key.n = REAL_UNITS;
            e.key.weights = (enum weights)(index % WEIGHTS);
            e.key.limits = limit_sets[index % LIMIT_SETS];
        }
    }
    snprintf(e.name, sizeof e.name, "%s-n%d-k%d-%s-limits%u-seed%d",
        field == FIELD_REAL ? real_name(e.matrix) : kind_name(e.key.kind), e.key.n, e.key.k,
        weights_name(e.key.weights), e.key.limits, (int)e.key.seed);
    return e;
}

static FILE *open_or_stop(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file) {
        perror(path);
        exit(3);
    }
    return file;
}

/* The lower triangle, row by row. */
static void read_matrix(const char *folder, int matrix, float *affinity)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.txt", folder, real_name(matrix));
    FILE *file = open_or_stop(path, "r");
    for (int i = 0; i < REAL_UNITS; i++)
        for (int j = 0; j < i; j++) {
            int value;
            if (fscanf(file, "%d", &value) != 1) {
                fprintf(stderr, "%s: too short\n", path);
                exit(3);
            }
            affinity[i * REAL_UNITS + j] = affinity[j * REAL_UNITS + i] = (float)(value / 1e4);
        }
    fclose(file);
}

struct instance *entry_instance(const struct entry *entry, const char *folder)
{
    float affinity[REAL_UNITS * REAL_UNITS] = {0};
    if (entry->matrix < 0)
        return instance_new(&entry->key);
    read_matrix(folder, entry->matrix, affinity);
    return instance_new_of(&entry->key, affinity);
}

struct records records_read(const char *path)
{
    struct records records = {0};
    struct record r;
    char line[256];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%63s %" SCNx64 " %lf %lf %d", r.name, &r.digest, &r.value, &r.seconds,
                &r.count) != 5)
            continue; /* a comment, or the line that a killed run did not finish */
        struct record *list = need((size_t)records.count + 1, sizeof *list);
        if (records.count)
            memcpy(list, records.list, (size_t)records.count * sizeof *list);
        free(records.list);
        records.list = list;
        list[records.count++] = r;
    }
    if (file)
        fclose(file);
    return records;
}

int records_find(const struct records *records, const char *name, struct record *record)
{
    int lines = 0;
    for (int i = 0; i < records->count; i++) {
        const struct record *r = &records->list[i];
        if (strcmp(r->name, name) != 0)
            continue;
        double value = lines && record->value > r->value ? record->value : r->value;
        double seconds = (lines ? record->seconds : 0) + r->seconds;
        *record = *r;
        record->value = value;
        record->seconds = seconds;
        lines++;
    }
    return lines;
}

void record_write(const struct record *r, const char *path)
{
    FILE *file = open_or_stop(path, "a");
    fprintf(file, "%s %016" PRIx64 " %.17g %.1f %d\n", r->name, r->digest, r->value, r->seconds,
        r->count);
    fclose(file);
}
