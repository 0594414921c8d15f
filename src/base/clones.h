/* SPDX-License-Identifier: Apache-2.0 */
/* For loops over values that are worth wider vectors than every x86-64 has: the function is
 * compiled for several kinds of processors, and the loader takes the best that the machine
 * knows. Results may differ in the last bits from machine to machine, never on one. */
#ifndef TP_BASE_CLONES_H
#define TP_BASE_CLONES_H

#include <stdint.h> /* defines __GLIBC__ where there is one */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define TP_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef TP_CLONES
#define TP_CLONES
#endif

/* For the parts of such a function: only what is inlined is compiled with it. */
#if defined(__GNUC__)
#define TP_PART static inline __attribute__((always_inline))
#else
#define TP_PART static inline
#endif

#endif
