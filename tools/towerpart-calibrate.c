/* SPDX-License-Identifier: Apache-2.0 */
/* The program `towerpart-calibrate`: measures the machine that its ranks run on.
 *
 * In: MPI, a model, and perhaps a topology that says what is not measured. Out: a topology spec; on standard
 * output a table or one JSON object; on standard error messages and, where a terminal shows it,
 * progress. Where the topology goes is tried before anything is measured. The exit status is an enum
 * tp_status; what goes wrong is said once. */
#include <towerpart/model.h>
#include <towerpart/topology.h>
#include <towerpart/version.h>

#include "calibrate/calibration.h"
#include "train/comm.h"
#include "train/gemm.h"
#include "train/probe.h"

#include "calibrate_args.h"
#include "opt.h"
#include "ranks.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME "towerpart-calibrate"
#define NODES_SHOWN 8

static struct tp_comm *the_comm; /* for exit(), which the reading of options may call */

static void end_mpi(void)
{
    tp_comm_free(the_comm);
}

static void parse(void *args, int argc, char **argv)
{
    calibrate_args_parse(args, argc, argv);
}

/* Writes the names of the first hosts. */
static void list_nodes(
    const struct tp_calibration *calibration, const char *const *names, struct tp_text *nodes)
{
    int32_t each = calibration->ranks_per_host, hosts = calibration->ranks / each;
    for (int32_t h = 0; h < hosts && h < NODES_SHOWN; h++)
        tp_text_add(nodes, "%s%s", h ? ", " : "", names[h * each]);
    if (hosts > NODES_SHOWN)
        tp_text_add(nodes, ", and %d more", (int)(hosts - NODES_SHOWN));
}

/* Who runs where; all ranks call it. @param nodes  out, text. */
static enum tp_status find_hosts(const struct calibrate_args *args,
    struct tp_calibration *calibration, struct tp_text *nodes, struct tp_error *err)
{
    int32_t ranks = tp_comm_size(the_comm);
    int32_t *node = TP_NEW(ranks, int32_t);
    char(*names)[TP_NODE_NAME_BYTES] = tp_new((size_t)ranks, sizeof *names);
    const char **name_of = TP_NEW(ranks, const char *);
    enum tp_status status = node && names && name_of ? TP_OK : tp_fail_memory(err);
    status = tp_comm_agree(the_comm, status, err);
    if (status)
        goto out;
    tp_comm_nodes(the_comm, node, names);
    for (int32_t g = 0; g < ranks; g++)
        name_of[g] = names[g];
    calibration->ranks = ranks;
    calibration->ranks_per_host = args->per_host;
    if (!args->per_host)
        status = tp_calibration_hosts(node, name_of, ranks, &calibration->ranks_per_host, err);
    else if (ranks % args->per_host)
        status = tp_fail(err, TP_EUSAGE,
            "--hosts-size: found %d, expected a divisor of the %d "
            "rank%s that run",
            (int)args->per_host, (int)ranks, tp_plural(ranks));
    if (status == TP_OK)
        list_nodes(calibration, name_of, nodes);
    status = tp_comm_agree(the_comm, status, err);
out:
    free(name_of);
    free(names);
    free(node);
    return status;
}

#define BOOT_ID_BYTES 64

/* Which start of which kernel this is: the same for all that share its cores, in containers and
 * network namespaces too. */
static void read_boot_id(char id[BOOT_ID_BYTES])
{
    memset(id, 0, BOOT_ID_BYTES);
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (!file)
        return;
    if (!fgets(id, BOOT_ID_BYTES, file))
        id[0] = '\0';
    fclose(file);
}

/* The ranks from 0 on that run on one machine; those of a host where that is not known. On rank 0. */
static enum tp_status count_machine(struct tp_calibration *calibration, struct tp_error *err)
{
    char own[BOOT_ID_BYTES];
    char(*all)[BOOT_ID_BYTES] = tp_new((size_t)calibration->ranks, sizeof *all);
    enum tp_status status = tp_comm_agree(the_comm, all ? TP_OK : tp_fail_memory(err), err);
    if (status == TP_OK) {
        read_boot_id(own);
        tp_comm_gather(the_comm, own, sizeof own, all);
        int32_t count = own[0] ? 1 : calibration->ranks_per_host;
        while (own[0] && count < calibration->ranks && strcmp(all[count], own) == 0)
            count++;
        tp_comm_broadcast(the_comm, &count, sizeof count);
        calibration->machine_ranks = count;
    }
    free(all);
    return status;
}

/* A host's memory, shared among its ranks. */
static int64_t rank_memory(const struct tp_calibration *calibration)
{
    int64_t pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return pages * page_bytes / calibration->ranks_per_host;
}

static void show_stage(void *context, const char *what, double share)
{
    (void)context;
    fprintf(stderr, "\r" NAME ": %s  %.0f %% \033[K", what, 100 * share);
    fflush(stderr);
}

/* Tries inputs and output before minutes are spent. What cannot be made of the base shows in a
 * topology of nothing measured. */
static enum tp_status prepare(const struct calibrate_args *args,
    const struct tp_calibration *calibration, struct tp_model **model, struct tp_topology **base,
    struct tp_file_out **out, struct tp_error *err)
{
    struct tp_topology *tried = NULL;
    enum tp_status status = tp_model_load(args->model, model, err);
    if (status == TP_OK && args->base)
        status = tp_topology_load(args->base, base, err);
    if (status == TP_OK) {
        status = tp_calibration_topology(calibration, *base, &tried, err);
        if (status == TP_EINPUT)
            tp_fail_prefix(err, status, "%s: ", args->base);
    }
    if (status == TP_OK && tp_comm_rank(the_comm) == 0)
        status = tp_file_out_open(args->output, out, err);
    tp_topology_free(tried);
    return tp_comm_agree(the_comm, status, err);
}

static enum tp_status write_yaml(const struct tp_calibration *calibration,
    const struct tp_topology *topology, const char *nodes, struct tp_file_out *out,
    struct tp_error *err)
{
    struct tp_text text = {0};
    char date[32] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts))
        strftime(date, sizeof date, "%Y-%m-%d", &parts);
    enum tp_status status = tp_calibration_yaml(calibration, topology, date, nodes, &text, err);
    if (status == TP_OK)
        status =
            text.failed ? tp_fail_memory(err) : tp_file_out_add(out, text.data, text.length, err);
    tp_text_release(&text);
    return status;
}

static void tell(const struct calibrate_args *args, const struct tp_calibration *calibration,
    const struct tp_topology *topology)
{
    struct tp_text text = {0};
    if (args->json)
        tp_calibration_json(calibration, topology, &text);
    else
        tp_calibration_table(calibration, topology, &text);
    if (!args->json)
        tp_text_add(&text, "topology written to %s; next: towerpart plan -m MODEL -t %s\n",
            args->output, args->output);
    ranks_print(&text);
}

/* Writes what was measured; rank 0 alone. @param out  ended by the call. */
static enum tp_status finish(const struct calibrate_args *args,
    const struct tp_calibration *calibration, const struct tp_topology *base, const char *nodes,
    struct tp_file_out *out, struct tp_error *err)
{
    struct tp_topology *topology = NULL;
    enum tp_status status = tp_calibration_topology(calibration, base, &topology, err);
    if (status == TP_OK)
        status = write_yaml(calibration, topology, nodes, out, err);
    status = tp_file_out_end(out, status, err);
    if (status == TP_OK && strcmp(args->output, "-") != 0)
        tell(args, calibration, topology);
    tp_topology_free(topology);
    return status;
}

static enum tp_status run(const struct calibrate_args *args, struct tp_error *err)
{
    struct tp_calibration calibration = {.threads = args->threads};
    struct tp_model *model = NULL;
    struct tp_topology *base = NULL;
    struct tp_file_out *out = NULL;
    int64_t batch = 0;
    struct tp_text nodes = {0};
    bool root = tp_comm_rank(the_comm) == 0,
         show = root && opt_progress(args->quiet) && ranks_watched();
    enum tp_status status = find_hosts(args, &calibration, &nodes, err);
    if (status)
        goto out;
    calibration.memory_bytes = rank_memory(&calibration);
    status = count_machine(&calibration, err);
    if (status == TP_OK)
        status = prepare(args, &calibration, &model, &base, &out, err);
    if (status == TP_OK)
        status = tp_model_global_batch(model, calibration.ranks, &batch, err);
    if (status)
        goto out;
    const struct tp_probe_options options = {.seconds = args->seconds,
        .model = model,
        .samples = (int32_t)(batch / calibration.ranks < INT32_MAX ? batch / calibration.ranks
                                                                   : INT32_MAX),
        .memory_bytes = calibration.memory_bytes,
        .on_stage = show ? show_stage : NULL};
    tp_gemm_threads(args->threads);
    status = tp_probe(the_comm, &options, &calibration, err);
    if (show)
        fputs("\r\033[K", stderr);
    if (status == TP_OK && root) {
        status = finish(args, &calibration, base, nodes.data, out, err);
        out = NULL;
    }
    status = tp_comm_agree(the_comm, status, err);
out:
    if (out)
        (void)tp_file_out_end(out, status, NULL);
    tp_text_release(&nodes);
    tp_topology_free(base);
    tp_model_free(model);
    return status;
}

int main(int argc, char **argv)
{
    struct calibrate_args args;
    struct tp_error err = {0};
    char name[] = NAME;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (tp_comm_new(&the_comm, &err) || atexit(end_mpi))
        return TP_EINTERNAL;
    argp_program_version = NAME " " TP_VERSION;
    argp_err_exit_status = TP_EUSAGE;
    argv[0] = name;
    ranks_parse(the_comm, parse, &args, argc, argv);
    return ranks_end(the_comm, name, run(&args, &err), &err);
}
