/* SPDX-License-Identifier: Apache-2.0 */
/* The program `towerpart`: finds the command and runs it.
 *
 * In: the command line. Out: the exit status, an enum tp_status. Results go to standard output or to the
 * file named by -o, messages to standard error. A result that cannot be written ends in exit status 4,
 * also when it was only --help into a full disk. */
#include "cmd.h"

#include <towerpart/status.h>
#include <towerpart/version.h>

#include "opt.h"

#include "base/nearest.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *does;
};

static const struct command commands[] = {
    {"synth", cmd_synth, "write a synthetic model, topology and embedding dump to try things on"},
    {"import", cmd_import, "make a model spec of a list of tables, or a plan of a TorchRec plan"},
    {"profile", cmd_profile, "measure on a click log how skewed the lookups of each feature are"},
    {"affinity", cmd_affinity, "measure on an embedding dump which features belong together"},
    {"plan", cmd_plan, "make a sharding plan with towers"},
    {"check", cmd_check, "check a plan against every rule, and list what is wrong"},
    {"recost", cmd_recost, "compute loads and costs anew after a plan was edited by hand"},
    {"report", cmd_report, "show a plan: towers, load balance, quality, cost"},
    {"diff", cmd_diff, "compare two plans: what moves, how many bytes travel, what it gains"},
    {"explain", cmd_explain, "say why a feature is where it is, and what other places would cost"},
    {"sweep", cmd_sweep,
        "predict step times in other settings, and from where on towers are worth it"},
    {"export", cmd_export, "write a plan in the form that TorchRec or HugeCTR takes"},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *to)
{
    fputs("Usage: towerpart COMMAND [OPTION...]\n"
          "Groups the sparse features of a recommendation model into towers, and makes and checks\n"
          "sharding plans for them.\n\nCommands, in the order they are used:\n",
        to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].does);
    fputs("\nA plan is run by towerpart-train, over MPI: towerpart-train --help\n"
          "Options and an example of a command: towerpart help COMMAND\n\n"
          "Options:\n"
          "  --help     show this\n"
          "  --version  show name and version\n\n"
          "Exit status: 0 fine; 1 the answer is no; 2 wrong usage; 3 bad input; 4 failed write,\n"
          "out of memory or internal error.\n"
          "Example: towerpart plan -m model.yaml -t topology.yaml -d dump -o plan.yaml\n",
        to);
}

static int usage_error(const char *message, const char *what)
{
    opt_say("towerpart: %s %s", message, what);
    opt_say("Try 'towerpart --help' for the commands.");
    return TP_EUSAGE;
}

static const char *command_name(const void *names, size_t i)
{
    return ((const struct command *)names)[i].name;
}

static int unknown_command(const char *name)
{
    const char *near = tp_nearest(name, commands, COMMAND_COUNT, command_name);
    opt_say("towerpart: unknown command: %s", name);
    if (near)
        opt_say("Did you mean '%s'? 'towerpart help %s' says what it does.", near, near);
    else
        opt_say("Try 'towerpart --help' for the commands.");
    return TP_EUSAGE;
}

static int run_command(const char *name, int argc, char **argv)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        char program[64];
        snprintf(program, sizeof program, "towerpart %s", name);
        argv[0] = program;
        return commands[i].run(argc, argv);
    }
    return unknown_command(name);
}

/* `towerpart help X` is `towerpart X --help`. */
static int help(int argc, char **argv)
{
    if (argc > 3)
        return usage_error("too many arguments for help:", argv[3]);
    if (argc == 3) {
        char option[] = "--help";
        char *help_argv[] = {argv[2], option, NULL};
        return run_command(argv[2], 2, help_argv);
    }
    print_help(stdout);
    return TP_OK;
}

/* A closed standard stream would lend its number to an output file, and messages would land in it.
 * Opened the wrong way round, so that using it still fails. */
static bool open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    }
    return true;
}

/* A mapped dump that somebody cuts meanwhile has no bytes any more where it is read. */
static void end_at_missing_bytes(int number)
{
    static const char text[] = "towerpart: a dump became shorter while it was read\n";
    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(TP_EINTERNAL);
    _exit(TP_EINPUT);
}

static void flush_standard_output(void)
{
    bool failed = ferror(stdout);
    if (fflush(stdout) || failed) {
        fprintf(stderr, "towerpart: standard output: cannot be written: %s\n", strerror(errno));
        _exit(TP_EINTERNAL);
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file beyond the limit */
    signal(SIGBUS, end_at_missing_bytes);
    if (!open_standard_streams() || atexit(flush_standard_output))
        return TP_EINTERNAL;
    argp_program_version = "towerpart " TP_VERSION;
    argp_err_exit_status = TP_EUSAGE;
    if (argc < 2) {
        print_help(stderr);
        return TP_EUSAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0)
        return help(argc, argv);
    if (strcmp(word, "--version") == 0 && argc == 2) {
        puts(argp_program_version);
        return TP_OK;
    }
    if (word[0] == '-')
        return usage_error("expected a command, found", word);
    return run_command(word, argc - 1, argv + 1);
}
