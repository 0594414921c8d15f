/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary folders. A folder that cannot be made ends the test. */
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void scratch_init(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");
    snprintf(scratch->folder, sizeof scratch->folder, "%s/towerpart-XXXXXX",
        base && *base ? base : "/tmp");
    if (!mkdtemp(scratch->folder)) {
        perror(scratch->folder);
        abort();
    }
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[SCRATCH_PATH_BYTES + 257];
        struct stat status;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (!lstat(path, &status) && S_ISDIR(status.st_mode))
            remove_folder(path);
        else
            unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

void scratch_remove(const struct scratch *scratch)
{
    remove_folder(scratch->folder);
}

char *scratch_path(const struct scratch *scratch, const char *name, char path[SCRATCH_PATH_BYTES])
{
    snprintf(path, SCRATCH_PATH_BYTES, "%s/%s", scratch->folder, name);
    return path;
}

bool same_files(const char *a, const char *b)
{
    FILE *x = fopen(a, "rb"), *y = fopen(b, "rb");
    bool same = x && y;
    for (int c = 0; same && c != EOF;) {
        c = getc(x);
        same = c == getc(y);
    }
    if (x)
        fclose(x);
    if (y)
        fclose(y);
    return same;
}
