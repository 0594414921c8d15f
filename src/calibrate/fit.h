/* SPDX-License-Identifier: Apache-2.0 */
/* From timed transfers to a latency or a rate, with its spread. */
#ifndef TP_CALIBRATE_FIT_H
#define TP_CALIBRATE_FIT_H

#include <stdint.h>

#define TP_SIZES_MAX 24
#define TP_ROUNDS_MAX 100

/* The same transfers, timed round by round: a round has each size once, so that whatever disturbs
 * the machine for a while disturbs all sizes alike. */
struct tp_timings {
    double bytes[TP_SIZES_MAX]; /* (size_count) ascending; what one transfer moves */
    double seconds[TP_ROUNDS_MAX][TP_SIZES_MAX]; /* above 0 */
    int32_t size_count, round_count;             /* at least 1 */
};

struct tp_quartiles {
    double low, median, high;
};

struct tp_fit {
    struct tp_quartiles value;   /* over rounds */
    double from_bytes, to_bytes; /* sizes that it rests on */
    /* Seconds of the longest transfer, which took no part, over what the fit foretells; 0: all took
     * part. */
    double check;
};

/* @param values  (count >= 1); sorted by the call. */
struct tp_quartiles tp_quartiles_of(double *values, int32_t count);

/* Seconds of small messages: sizes up to TP_SMALL_BYTES, or the smallest one. */
#define TP_SMALL_BYTES 1024
struct tp_fit tp_fit_latency(const struct tp_timings *timings);

/* The same seconds less a known part, never below 0. */
struct tp_fit tp_fit_less(struct tp_fit fit, double seconds);

/* Bytes per second of long messages, whatever time they begin with. */
struct tp_fit tp_fit_rate(const struct tp_timings *timings);

/* The same of operations whose fixed part is known: bytes / (seconds - latency_s). */
struct tp_fit tp_fit_share(const struct tp_timings *timings, double latency_s);

#endif
