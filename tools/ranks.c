/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of many ranks share.
 *
 * In: the same command line on every rank, and in the end a status. Out: messages that are said
 * once, and an exit status. MPI's launcher ends the other ranks when the first is gone, so nobody
 * leaves before what is wrong was said. */
#include "ranks.h"

#include "opt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void ranks_parse(const struct tp_comm *comm, void (*parse)(void *args, int argc, char **argv),
    void *args, int argc, char **argv)
{
    int out = -1, err = -1, null = -1;
    bool mute = tp_comm_rank(comm) != 0;
    if (mute) {
        null = open("/dev/null", O_WRONLY);
        out = dup(STDOUT_FILENO);
        err = dup(STDERR_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    parse(args, argc, argv);
    if (mute) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        close(out);
        close(err);
        close(null);
    }
}

/* Standard error of a rank is a pipe to the launcher, its parent, which passes it on to where its
 * own leads. */
bool ranks_watched(void)
{
    char path[64];
    if (isatty(STDERR_FILENO))
        return true;
    snprintf(path, sizeof path, "/proc/%ld/fd/2", (long)getppid());
    int launcher = open(path, O_WRONLY | O_NOCTTY);
    bool terminal = launcher >= 0 && getenv("OMPI_COMM_WORLD_SIZE") && isatty(launcher);
    if (launcher >= 0)
        close(launcher);
    return terminal;
}

void ranks_print(struct tp_text *text)
{
    if (text->data)
        fwrite(text->data, 1, text->length, stdout);
    fflush(stdout);
    tp_text_release(text);
}

/* A result that was not written is a failure. */
static int end_output(const char *name)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return TP_OK;
    opt_say("%s: standard output: cannot be written", name);
    return TP_EINTERNAL;
}

int ranks_end(
    struct tp_comm *comm, const char *name, enum tp_status status, const struct tp_error *err)
{
    if (status == TP_OK)
        return end_output(name);
    bool agreed = tp_comm_agreed(comm);
    /* The first rank that is gone makes the launcher end the others. */
    if (agreed)
        signal(SIGTERM, SIG_IGN);
    int exit_status = status == TP_ENOMEM ? TP_EINTERNAL : (int)status;
    if (!agreed || tp_comm_rank(comm) == 0)
        opt_end(name, status, err);
    fflush(NULL);
    if (!agreed)
        tp_comm_abort(comm, exit_status);
    tp_comm_barrier(comm); /* nobody leaves before it is said */
    return exit_status;
}
