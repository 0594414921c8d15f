/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the records, a line per case, appended; may be stopped and started again.
 *   contest_record anneal FOLDER FIRST LAST SECONDS   the large cases FIRST..LAST-1
 *   contest_record starts FOLDER COUNT                the small and real cases, COUNT starts each
 *   contest_record metis FOLDER                       all cases
 * A case that has had as much already is left out. */
#include "anneal.h"
#include "field.h"
#include "metis_answers.h"
#include "referee.h"
#include "starts.h"

#include "../property/complaints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_BYTES = 1024 };

enum task { ANNEAL, STARTS, METIS };

struct job {
    enum task task;
    const char *folder;
    double seconds;
    int starts;
};

static const char *const names[] = {"anneal", "starts", "metis"};

/* Whole program and its children: METIS runs in those. */
static double seconds_used(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void compute(const struct job *job, const struct instance *in, int lines, struct record *r)
{
    int32_t *tower = need((size_t)in->n, sizeof *tower);
    memcpy(tower, in->witness, (size_t)in->n * sizeof *tower);
    if (job->task == ANNEAL)
        r->value = anneal(in, job->seconds, 1 + (uint64_t)lines, tower);
    else if (job->task == STARTS)
        r->value = search_from_starts(in, job->starts, 1, tower, &r->count);
    else
        r->value = best_of_metis(in, tower, &r->count);
    char text[128];
    if (r->count + (job->task == ANNEAL) > 0 && breaks_limit(in, tower, text)) {
        fprintf(stderr, "%s: %s\n", r->name, text);
        exit(4);
    }
    free(tower);
}

static void record_case(const struct job *job, enum field field, int index)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.txt", job->folder, names[job->task]);
    struct entry entry = field_entry(field, index);
    struct records records = records_read(path);
    struct record r = {0};
    int lines = records_find(&records, entry.name, &r);
    free(records.list);
    if (lines && (job->task != ANNEAL || r.seconds >= job->seconds))
        return;
    r = (struct record){0};
    memcpy(r.name, entry.name, sizeof r.name);
    struct instance *in = entry_instance(&entry, job->folder);
    double start = seconds_used();
    r.digest = instance_digest(in);
    compute(job, in, lines, &r);
    r.seconds = job->task == ANNEAL ? job->seconds : seconds_used() - start;
    record_write(&r, path);
    instance_free(in);
}

static void record_field(const struct job *job, enum field field)
{
    for (int i = 0; i < field_count(field); i++)
        record_case(job, field, i);
}

int main(int argc, char **argv)
{
    struct job job = {.folder = argc > 2 ? argv[2] : ""};
    if (argc == 6 && strcmp(argv[1], "anneal") == 0) {
        job.seconds = atof(argv[5]);
        for (int i = atoi(argv[3]); i < atoi(argv[4]) && i < field_count(FIELD_LARGE); i++)
            record_case(&job, FIELD_LARGE, i);
    } else if (argc == 4 && strcmp(argv[1], "starts") == 0) {
        job.task = STARTS;
        job.starts = atoi(argv[3]);
        record_field(&job, FIELD_REAL);
        record_field(&job, FIELD_SMALL);
    } else if (argc == 3 && strcmp(argv[1], "metis") == 0) {
        job.task = METIS;
        for (int field = 0; field < FIELDS; field++)
            record_field(&job, (enum field)field);
    } else {
        fprintf(stderr, "usage: contest_record anneal FOLDER FIRST LAST SECONDS | starts FOLDER "
                        "COUNT | metis FOLDER\n");
        return 2;
    }
    return 0;
}
