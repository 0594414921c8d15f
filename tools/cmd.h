/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, one function each in cmd_<name>.c. argv[0] is "towerpart <name>". The value is the exit
 * status of the program. */
#ifndef TP_TOOLS_CMD_H
#define TP_TOOLS_CMD_H

int cmd_synth(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_affinity(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_recost(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_export(int argc, char **argv);

#endif
