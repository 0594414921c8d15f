/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of many ranks share: one of them speaks, and they end together. */
#ifndef TP_TOOLS_RANKS_H
#define TP_TOOLS_RANKS_H

#include <stdbool.h>

#include <towerpart/status.h>

#include "base/text.h"
#include "train/comm.h"

/* Reads the command line on every rank; only rank 0 says what is wrong with it.
 * @param parse  ends the program after errors and --help. */
void ranks_parse(const struct tp_comm *comm, void (*parse)(void *args, int argc, char **argv),
    void *args, int argc, char **argv);

/* Whether somebody looks at standard error. */
bool ranks_watched(void);

/* To standard output, at once; releases the text. */
void ranks_print(struct tp_text *text);

/* The end of a program: says once what went wrong, by rank 0 if they agreed on it, else by the one
 * that found it, which ends the others. @return the exit status. */
int ranks_end(
    struct tp_comm *comm, const char *name, enum tp_status status, const struct tp_error *err);

#endif
