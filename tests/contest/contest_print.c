/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a case for milp.py: contest_print FOLDER FIELD INDEX. Numbers by blanks:
 *   name digest n k least; per tower the upper limits of its weights (a negative one: none);
 *   per unit its pin, its weights, its affinity to the units before it; the number of pairs apart, the
 *   pairs. */
#include "field.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void print_limits(const struct instance *in)
{
    for (int t = 0; t < in->k; t++) {
        for (int r = 0; r < BALANCED; r++)
            printf("%.17g ", balanced_most(in, r));
        printf("%.17g %d\n", isinf(in->memory[t]) ? -1 : in->memory[t], features_most(in));
    }
}

int main(int argc, char **argv)
{
    enum field field = argc == 4 ? field_named(argv[2]) : FIELDS;
    if (field == FIELDS || atoi(argv[3]) >= field_count(field)) {
        fprintf(stderr, "usage: contest_print FOLDER small|real|large|proven INDEX\n");
        return 2;
    }
    struct entry entry = field_entry(field, atoi(argv[3]));
    struct instance *in = entry_instance(&entry, argv[1]);
    printf("%s %016" PRIx64 " %d %d %d\n", entry.name, instance_digest(in), in->n, in->k,
        features_least(in));
    print_limits(in);
    for (int u = 0; u < in->n; u++) {
        printf("%d", in->pin[u]);
        for (int r = 0; r < WEIGHT_COUNT; r++)
            printf(" %.17g", in->weight[u][r]);
        for (int v = 0; v < u; v++)
            printf(" %.17g", (double)in->affinity[u * in->n + v]);
        printf("\n");
    }
    printf("%d\n", in->aparts);
    for (int i = 0; i < in->aparts; i++)
        printf("%d %d\n", in->apart[i][0], in->apart[i][1]);
    instance_free(in);
    return 0;
}
