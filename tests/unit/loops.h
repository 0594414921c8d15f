/* SPDX-License-Identifier: Apache-2.0 */
/* How often a test is repeated with other numbers: less often under a sanitizer, which takes several times as long
 * and looks at the code, not at the answers. */
#ifndef TP_TESTS_LOOPS_H
#define TP_TESTS_LOOPS_H

#ifdef __SANITIZE_ADDRESS__
#define LOOPS(count) (((count) + 3) / 4)
#else
#define LOOPS(count) (count)
#endif

#endif
