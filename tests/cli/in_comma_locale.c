/* SPDX-License-Identifier: Apache-2.0 */
/* The program towerpart under the locale of the environment, which must have decimal commas.
 *
 * towerpart itself never sets a locale; a program that uses the library may. Built from the same sources,
 * with their main() renamed. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

int towerpart_main(int argc, char **argv);

int main(int argc, char **argv)
{
    char text[16];
    if (!setlocale(LC_ALL, "") || snprintf(text, sizeof text, "%.1f", 0.5) < 0 ||
        strcmp(text, "0,5") != 0) {
        fputs("no locale with decimal commas is in force\n", stderr);
        return 99;
    }
    return towerpart_main(argc, argv);
}
