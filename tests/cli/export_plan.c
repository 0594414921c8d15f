/* SPDX-License-Identifier: Apache-2.0 */
/* export_plan PLAN [without-towers]: the plan as JSON of a TorchRec plan, on standard output. */
#include "../unit/export_json.h"

#include <string.h>

int main(int argc, char **argv)
{
    struct tp_plan *plan = NULL;
    struct tp_error err;
    if (argc < 2 || tp_plan_load(argv[1], &plan, &err)) {
        fprintf(stderr, "%s\n", argc < 2 ? "usage: export_plan PLAN [without-towers]" : err.text);
        return EXIT_FAILURE;
    }
    export_plan(stdout, plan, argc < 3 || strcmp(argv[2], "without-towers") != 0);
    tp_plan_free(plan);
    return EXIT_SUCCESS;
}
