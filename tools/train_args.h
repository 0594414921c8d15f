/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of towerpart-train. */
#ifndef TP_TOOLS_TRAIN_ARGS_H
#define TP_TOOLS_TRAIN_ARGS_H

#include <stdbool.h>

#include "train/run.h"

#include "opt.h"

struct train_args {
    struct opt_seen seen;
    const char *plan;
    struct tp_run_options run;
    bool mode_given;
    int threads; /* of the dense layers of a rank */
    bool json, quiet;
};

/* Reads the command line. Ends the program after --help, --version and errors. Rates of 0: not given. */
void train_args_parse(struct train_args *args, int argc, char **argv);

/* Fills in the learning rates that were not given. @param sparse  optimizer of the model's tables. */
void train_args_rates(struct train_args *args, enum tp_optimizer sparse);

#endif
