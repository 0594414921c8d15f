/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a target every file of its corpus, one TAP line each: what fuzzing has found interesting or
 * broken stays tested without a fuzzer. Arguments: the folders. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return alphasort(a, b);
}

static uint8_t *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file || fstat(fileno(file), &info) || !S_ISREG(info.st_mode))
        return NULL;
    *length = (size_t)info.st_size;
    uint8_t *data = malloc(*length + 1);
    if (data && fread(data, 1, *length, file) != *length)
        *length = 0;
    fclose(file);
    return data;
}

static int replay_folder(const char *folder, int count)
{
    struct dirent **names;
    int found = scandir(folder, &names, NULL, by_name);
    for (int i = 0; i < found; free(names[i]), i++) {
        char path[4096];
        size_t length = 0;
        if (names[i]->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        uint8_t *data = read_file(path, &length);
        if (!data) {
            printf("not ok %d - %s cannot be read\n", ++count, names[i]->d_name);
            continue;
        }
        LLVMFuzzerTestOneInput(data, length); /* aborts when something is wrong */
        printf("ok %d - %s\n", ++count, names[i]->d_name);
        fflush(stdout);
        free(data);
    }
    if (found >= 0)
        free(names);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count = replay_folder(argv[i], count);
    if (count == 0)
        printf("not ok %d - the corpus is empty\n", ++count);
    printf("1..%d\n", count);
    return 0;
}
