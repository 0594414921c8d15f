/* SPDX-License-Identifier: Apache-2.0 */
/* Where a run will write.
 *
 * In: paths. Out: folders that are made, a lock that is held, or a message before hours were spent.
 * The dump is written into DIR.partial, which is made now and renamed when it is complete: so a
 * folder that is there is either whole or says by its name that it is not. The lock of a checkpoint
 * is the kernel's (fcntl), which a killed run leaves behind by itself. */
#include "train/run_outputs.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "train/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another process that has it: the only reason why a lock is not given. */
static enum tp_status take_lock(
    struct tp_outputs *outputs, const char *checkpoint, struct tp_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = tp_path_join(checkpoint, "lock");
    if (!path)
        return tp_fail_memory(err);
    outputs->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    enum tp_status status = TP_OK;
    if (outputs->lock < 0)
        status = tp_fail(err, TP_EINPUT, "%s: cannot be written: %s", path, strerror(errno));
    else if (fcntl(outputs->lock, F_SETLK, &whole) && (errno == EACCES || errno == EAGAIN))
        status = tp_fail(err, TP_EINPUT,
            "%s: another run uses this folder, expected one of its own for each run", checkpoint);
    free(path);
    return status;
}

static enum tp_status open_checkpoint(
    struct tp_outputs *outputs, const char *checkpoint, bool resume, struct tp_error *err)
{
    enum tp_status status = resume ? TP_OK : tp_checkpoint_vacant(checkpoint, err);
    if (status == TP_OK && !resume)
        status = tp_folder_make(checkpoint, err);
    if (status == TP_OK && tp_path_is_folder(checkpoint))
        status = take_lock(outputs, checkpoint, err);
    return status;
}

/* The dump may not be there yet, or be an empty folder. */
static enum tp_status check_dump(const char *dump, struct tp_error *err)
{
    struct tp_folder folder = {0};
    struct stat info;
    if (lstat(dump, &info))
        return TP_OK; /* making the other one will tell what is wrong with the path */
    if (!S_ISDIR(info.st_mode))
        return tp_fail(
            err, TP_EINPUT, "%s: found a file, expected a new or empty folder for the dump", dump);
    enum tp_status status = tp_folder_list(dump, &folder, err);
    if (status == TP_OK && folder.count > 0)
        status = tp_fail(err, TP_EINPUT,
            "%s: found a folder with %zu entries, expected none or an empty one for the dump", dump,
            folder.count);
    tp_folder_release(&folder);
    return status;
}

static enum tp_status open_dump(struct tp_outputs *outputs, const char *dump, struct tp_error *err)
{
    struct tp_text partial = {0};
    size_t length = strlen(dump);
    while (length > 1 && dump[length - 1] == '/')
        length--;
    outputs->dump = tp_copy_text(dump, length);
    if (!outputs->dump)
        return tp_fail_memory(err);
    enum tp_status status = check_dump(outputs->dump, err);
    if (status)
        return status;
    tp_text_add(&partial, "%s.partial", outputs->dump);
    if (partial.failed)
        return tp_fail_memory(err);
    if (mkdir(partial.data, 0777) == 0) {
        outputs->partial = partial.data;
        return TP_OK;
    }
    if (errno == EEXIST)
        status = tp_fail(err, TP_EINPUT,
            "%s: is there already, left by a dump that did not end: remove it", partial.data);
    else
        status = tp_fail(
            err, TP_EINPUT, "%s: the folder cannot be made: %s", partial.data, strerror(errno));
    tp_text_release(&partial);
    return status;
}

static enum tp_status check_predictions(const char *path, struct tp_error *err)
{
    struct stat info;
    char *folder = tp_path_folder(path);
    enum tp_status status = folder ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK && stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        status = tp_fail(err, TP_EINPUT,
            "%s: is no regular file, expected one, or none yet, for the predictions", path);
    if (status == TP_OK && access(folder, W_OK | X_OK))
        status = tp_fail(err, TP_EINPUT, "%s: no file can be made in the folder %s: %s", path,
            folder, strerror(errno));
    free(folder);
    return status;
}

enum tp_status tp_outputs_open(struct tp_outputs *outputs, const char *checkpoint, bool resume,
    const char *dump, const char *predictions, struct tp_error *err)
{
    *outputs = (struct tp_outputs){.lock = -1};
    enum tp_status status = predictions ? check_predictions(predictions, err) : TP_OK;
    if (status == TP_OK && checkpoint)
        status = open_checkpoint(outputs, checkpoint, resume, err);
    if (status == TP_OK && dump)
        status = open_dump(outputs, dump, err);
    return status;
}

enum tp_status tp_outputs_publish_dump(struct tp_outputs *outputs, struct tp_error *err)
{
    if (rename(outputs->partial, outputs->dump))
        return tp_fail(err, TP_EINTERNAL,
            "%s: the dump is complete, but cannot be renamed to %s: %s", outputs->partial,
            outputs->dump, strerror(errno));
    return TP_OK;
}

void tp_outputs_close(struct tp_outputs *outputs)
{
    if (outputs->partial)
        rmdir(outputs->partial);
    free(outputs->partial);
    free(outputs->dump);
    if (outputs->lock > 0)
        close(outputs->lock);
    *outputs = (struct tp_outputs){.lock = -1};
}
