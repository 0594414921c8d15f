/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a suite so that no file survives it, whatever fails. */
#ifndef PROPERTY_RUNNER_H
#define PROPERTY_RUNNER_H

#include <check.h>

/* Consumes the suite. @return the exit status of the program. */
int run_suite(Suite *suite);

#endif
