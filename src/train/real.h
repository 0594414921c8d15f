/* SPDX-License-Identifier: Apache-2.0 */
/* The type that the trainer computes with. Everything in this room is compiled twice: in float,
 * which is what users run, and in double, with which the tests tell rounding from mistakes. */
#ifndef TP_TRAIN_REAL_H
#define TP_TRAIN_REAL_H

#ifdef TP_REAL_DOUBLE
typedef double tp_real;
#define TP_REAL_NAME "double"
#else
typedef float tp_real;
#define TP_REAL_NAME "float"
#endif

#endif
