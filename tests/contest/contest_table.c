/* SPDX-License-Identifier: Apache-2.0 */
/* The table of docs/partitioning.md: contest_table FOLDER EFFORT FIELD... plays every case of the fields and
 * prints a line per number of units and kind of affinity, in Markdown. Columns: ours over the record,
 * least and mean; the best legal METIS answer over ours and in how many cases there was one; the gap
 * to the bound in percent of ours, least and most; processor seconds, mean and most. */
#include "bridge.h"
#include "field.h"
#include "referee.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_BYTES = 1024, ROWS_MOST = 64 };

/* Least, most, sum of some numbers. */
struct spread {
    int count;
    double least, most, sum;
};

struct row {
    int cases, illegal, optimal;
    uint64_t towers; /* bit k - 1: there is a case with k */
    char units[NAME_BYTES], kind[NAME_BYTES];
    struct spread ours, metis, gap, seconds;
};

static void spread_add(struct spread *s, double value)
{
    s->least = s->count ? fmin(s->least, value) : value;
    s->most = s->count ? fmax(s->most, value) : value;
    s->sum += value;
    s->count++;
}

static bool find(const char *folder, const char *file, const char *name, struct record *record)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.txt", folder, file);
    struct records records = records_read(path);
    int lines = records_find(&records, name, record);
    free(records.list);
    return lines > 0;
}

/* The best that any search recorded; 0: nothing. */
static double best_recorded(const char *folder, const char *name)
{
    static const char *const files[] = {"starts", "anneal", "milp"};
    struct record r;
    double best = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (find(folder, files[i], name, &r))
            best = fmax(best, r.value);
    return best;
}

/* Few units make one row per kind, whatever their number. */
static struct row *row_of(struct row *rows, enum field field, const struct entry *entry)
{
    static const char *const units[FIELDS] = {"26-34", "27", "", "10-24"};
    const char *kind = entry->matrix < 0 ? kind_name(entry->key.kind) : real_name(entry->matrix);
    char name[NAME_BYTES];
    struct row *row = rows;
    snprintf(name, sizeof name, "%s", units[field]);
    if (field == FIELD_LARGE)
        snprintf(name, sizeof name, "%d", entry->key.n);
    while (row->cases && (strcmp(row->units, name) != 0 || strcmp(row->kind, kind) != 0))
        row++;
    memcpy(row->units, name, sizeof name);
    snprintf(row->kind, sizeof row->kind, "%s", kind);
    row->towers |= UINT64_C(1) << (entry->key.k - 1);
    row->cases++;
    return row;
}

static double seconds_used(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void play_case(
    const char *folder, int effort, enum field field, const struct entry *entry, struct row *rows)
{
    struct instance *in = entry_instance(entry, folder);
    struct row *row = row_of(rows, field, entry);
    struct tp_partition partition;
    struct record metis;
    double start = seconds_used();
    play(in, effort, &partition);
    spread_add(&row->seconds, seconds_used() - start);
    if (!partition.tower || breaks_limit(in, partition.tower, NULL)) {
        row->illegal++;
    } else {
        double ours = inside_affinity(in, partition.tower),
               best = best_recorded(folder, entry->name);
        if (best > 0)
            spread_add(&row->ours, ours / best);
        if (find(folder, "metis", entry->name, &metis) && metis.count > 0)
            spread_add(&row->metis, metis.value / ours);
        if (!isnan(partition.bound))
            spread_add(&row->gap, 100 * (partition.bound / ours - 1));
        row->optimal += partition.optimal;
        fprintf(stderr, "%s %.9g %.9g %.6f\n", entry->name, ours, best, ours / best);
    }
    tp_partition_release(&partition);
    instance_free(in);
}

static void print_spread(const struct spread *s, const char *format, double first)
{
    printf(" | ");
    if (s->count)
        printf(format, first, s->sum / s->count);
    else
        printf("-");
}

static void print_row(const struct row *r)
{
    const char *comma = "";
    printf("| %s | %s | ", r->units, r->kind);
    for (int k = 1; k <= 64; k++)
        if (r->towers >> (k - 1) & 1) {
            printf("%s%d", comma, k);
            comma = ", ";
        }
    print_spread(&r->ours, "%.4f, %.4f", r->ours.least);
    printf(" | %d of %d", r->metis.count, r->cases);
    print_spread(&r->metis, "%.3f, %.3f", r->metis.most);
    print_spread(&r->gap, "%.2f, %.2f", r->gap.most);
    print_spread(&r->seconds, "%.2f, %.2f", r->seconds.most);
    printf(" | %d | %d |\n", r->optimal, r->illegal);
}

int main(int argc, char **argv)
{
    static struct row rows[ROWS_MOST];
    int effort = argc > 2 ? atoi(argv[2]) : 0;
    if (effort < 1) {
        fprintf(stderr, "usage: contest_table FOLDER EFFORT FIELD...\n");
        return 2;
    }
    for (int i = 3; i < argc; i++) {
        enum field field = field_named(argv[i]);
        if (field == FIELDS) {
            fprintf(stderr, "%s: expected small, real, large or proven\n", argv[i]);
            return 2;
        }
        for (int c = 0; c < field_count(field); c++) {
            struct entry entry = field_entry(field, c);
            play_case(argv[1], effort, field, &entry, rows);
        }
    }
    printf("| units | affinity | towers | ours / record: least, mean | METIS legal | METIS / ours: "
           "most, mean | gap to the bound, %%: most, mean | seconds: most, mean | proven | illegal "
           "|\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (const struct row *r = rows; r < rows + ROWS_MOST && r->cases; r++)
        print_row(r);
    return 0;
}
