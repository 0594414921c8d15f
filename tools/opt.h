/* SPDX-License-Identifier: Apache-2.0 */
/* What all commands share: reading options strictly, and messages on standard error.
 *
 * The opt_ functions that take an argp_state end the program with exit status 2 and a message when the
 * command line is wrong. */
#ifndef TP_TOOLS_OPT_H
#define TP_TOOLS_OPT_H

#include <stdbool.h>
#include <stdint.h>

#include <argp.h>

#include <towerpart/affinity.h>
#include <towerpart/status.h>

#include "base/fail.h"

/* Keys of options that have no letter: OPT_LONG + n. */
#define OPT_LONG 0x100
#define OPT_MANY 0x800 /* the same, of options that may be given several times */

#define OPT_DUMP 'd' /* the one option with a letter that may be given several times */

#define OPT_KEYS_MAX 32

/* Which options were given so far; all zero at the start. */
struct opt_seen {
    int keys[OPT_KEYS_MAX];
    int count;
};

/* Reads the command line. Ends the program after --help, --version and errors. */
void opt_parse(const struct argp *argp, int argc, char **argv, void *input);

/* To be called first by every parser: refuses an option that is given twice.
 * @param options  the command's; argp keeps them out of reach. */
void opt_begin(const struct argp_state *state, const struct argp_option *options,
    struct opt_seen *seen, int key);

bool opt_given(const struct opt_seen *seen, int key);

/* The one file argument of a command; refuses a second. */
void opt_argument(const struct argp_state *state, const char **target, const char *text);

/* Refuses a value that was not given. @param what  "option -m MODEL" */
void opt_need(const struct argp_state *state, const char *value, const char *what);

/* Refuses the command line. The message is cleaned like opt_say()'s. */
void opt_error(const struct argp_state *state, const char *format, ...) TP_PRINTF(2, 3);

/* Refuses an output that would replace an input or change a dump, before any work.
 * @param option  of the input: "-m". @param input  NULL: not given. */
void opt_spare(
    const struct argp_state *state, const char *output, const char *option, const char *input);

/* Refuses an input whose base name a plan cannot hold: not UTF-8, or with a control character. */
void opt_recordable(const struct argp_state *state, const char *option, const char *input);

/* Refuses more than one input on standard input. @param paths  (count); NULL entries are skipped. */
void opt_one_pipe(const struct argp_state *state, const char *const *paths, int count);

/* Values of options. @param name  as the user wrote it: "--seed". */
int64_t opt_integer(
    const struct argp_state *state, const char *name, const char *text, int64_t min, int64_t max);
int32_t opt_int32(
    const struct argp_state *state, const char *name, const char *text, int32_t min, int32_t max);
/* At least `min`; "auto" gives NAN if it is allowed. */
double opt_real(
    const struct argp_state *state, const char *name, const char *text, double min, bool automatic);

/* A dump: any path but '-'. @param name  "-d", "--null" */
const char *opt_dump(const struct argp_state *state, const char *name, const char *text);

/* The measure of affinity. */
enum tp_measure opt_measure(const struct argp_state *state, const char *text);

/* What to do about features without a dump; refuses anything but neutral. */
bool opt_missing(const struct argp_state *state, const char *text);

/* What stands between the ids of one field of a log. */
char opt_separator(const struct argp_state *state, const char *text);

int32_t opt_threads(const struct argp_state *state, const char *text);

/* Whether to ask for progress: not if it should be quiet, nor on a terminal that only knows lines
 * (TERM is dumb or missing), where rewriting one leaves rubbish. That standard error is a terminal at all
 * is for the one who shows it to see. */
bool opt_progress(bool quiet);

/* One line on standard error, cleaned. */
void opt_say(const char *format, ...) TP_PRINTF(1, 2);

/* The same for each line of a text that holds several. */
void opt_say_lines(const char *lines);

/* Prints what went wrong, if anything. @return the exit status of the program. */
int opt_end(const char *command, enum tp_status status, const struct tp_error *err);

#endif
