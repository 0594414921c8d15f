/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes and the error that goes with them.
 *
 * Every function that can fail returns an enum tp_status and takes a struct tp_error * last, which
 * may be NULL. The function that detects a failure writes the message; callers pass the status on
 * unchanged, adding at most the path of the file, once, where it is known. Outputs are untouched on
 * failure. The values are the exit codes of the programs. */
#ifndef TOWERPART_STATUS_H
#define TOWERPART_STATUS_H

enum tp_status {
    TP_OK = 0,
    TP_EINFEASIBLE = 1, /* the answer is no: nothing meets the limits */
    TP_EUSAGE = 2,      /* an option or an argument is wrong */
    TP_EINPUT = 3,      /* a file is wrong: missing, damaged, or not what was expected */
    TP_EINTERNAL = 4,   /* our fault, or a library's; also a failed write */
    TP_ENOMEM = 5       /* out of memory; programs exit with 4 */
};

#define TP_ERROR_TEXT_BYTES 4096

struct tp_error {
    enum tp_status status;
    char text[TP_ERROR_TEXT_BYTES]; /* UTF-8, no newline at the end; may hold several
                                       lines; longer messages are cut and end in "..." */
};

#endif
