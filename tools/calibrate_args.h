/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of towerpart-calibrate. */
#ifndef TP_TOOLS_CALIBRATE_ARGS_H
#define TP_TOOLS_CALIBRATE_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "opt.h"

struct calibrate_args {
    struct opt_seen seen;
    const char *model;
    const char *output; /* "-": standard output, and no table */
    const char *base;   /* NULL: none */
    int32_t per_host;   /* ranks; 0: as they run */
    double seconds;
    int32_t threads;
    bool json, quiet;
};

/* Reads the command line. Ends the program after --help, --version and errors. */
void calibrate_args_parse(struct calibrate_args *args, int argc, char **argv);

#endif
