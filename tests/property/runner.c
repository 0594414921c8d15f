/* SPDX-License-Identifier: Apache-2.0 */
/* Check runs every test case in a process of its own, which a failed assertion ends on the spot. So
 * all temporary folders are made inside one that belongs to the parent. */
#include "runner.h"

#include "scratch.h"

#include <stdlib.h>

int run_suite(Suite *suite)
{
    struct scratch scratch;
    scratch_init(&scratch);
    setenv("TMPDIR", scratch.folder, 1);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    scratch_remove(&scratch);
    return failed ? 1 : 0;
}
