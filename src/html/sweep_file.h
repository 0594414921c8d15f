/* SPDX-License-Identifier: Apache-2.0 */
/* What `towerpart sweep --format json` wrote, as far as pictures of it need. */
#ifndef TP_HTML_SWEEP_FILE_H
#define TP_HTML_SWEEP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

enum tp_sweep_way { TP_WAY_FLAT_FREE, TP_WAY_FLAT, TP_WAY_SPTT, TP_WAY_DMT, TP_WAY_COUNT };

const char *tp_sweep_way_name(enum tp_sweep_way way);

struct tp_sweep_line {
    int64_t ranks, towers, hosts_per_tower;
    int64_t batch;                /* of a sweep; 0: not known */
    double bytes_per_s;           /* of a sweep; NAN: not known */
    double balance;               /* of a frontier; NAN: automatic */
    double inside_affinity;       /* of a frontier; NAN: no plan */
    bool dominated;               /* of a frontier */
    double seconds[TP_WAY_COUNT]; /* NAN: this way does not fit */
    char *why;                    /* no towers: what is in the way; NULL */
    char *setting;                /* of a sweep: what differs besides ranks and towers; owned */
};

struct tp_sweep_run {
    int32_t first, count; /* lines that differ in their ranks only, fewest first */
};

struct tp_sweep_file {
    char *name; /* base name */
    bool frontier;
    struct tp_sweep_line *lines;
    int32_t line_count;
    struct tp_sweep_run *series; /* of a sweep */
    int32_t series_count;
};

/* @param sweep  out, to be released also on failure.
 * @return TP_EINPUT when it is no sweep: file, place, found, expected; TP_ENOMEM. */
enum tp_status tp_sweep_file_load(
    const char *path, struct tp_sweep_file *sweep, struct tp_error *err);
void tp_sweep_file_release(struct tp_sweep_file *sweep);

#endif
