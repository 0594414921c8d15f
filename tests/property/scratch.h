/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for one test's files, removed with everything in it. */
#ifndef PROPERTY_SCRATCH_H
#define PROPERTY_SCRATCH_H

#include <stdbool.h>

enum { SCRATCH_PATH_BYTES = 512 };

struct scratch {
    char folder[SCRATCH_PATH_BYTES];
};

void scratch_init(struct scratch *scratch); /* under $TMPDIR, or /tmp */
void scratch_remove(const struct scratch *scratch);

/* Path of a file in it. @param path  out. @return path. */
char *scratch_path(const struct scratch *scratch, const char *name, char path[SCRATCH_PATH_BYTES]);

/* Whether two files hold the same bytes. */
bool same_files(const char *a, const char *b);

#endif
