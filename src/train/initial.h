/* SPDX-License-Identifier: Apache-2.0 */
/* Initial values of parameters: a function of (seed, name, row, column) alone, so that no layout of
 * ranks changes them. tests/reference/ computes the same. */
#ifndef TP_TRAIN_INITIAL_H
#define TP_TRAIN_INITIAL_H

#include <stdint.h>

/* The 64 bits that stand for a tensor: mix(FNV-1a of the name, xor seed * 0x9e3779b97f4a7c15). */
uint64_t tp_initial_stream(uint64_t seed, const char *name);

/* Uniform in [-bound, bound): bound * ((h >> 11) * 2^-52 - 1) with h = mix(mix(stream + row) +
 * column), where mix is the finaliser of splitmix64 (Steele, Lea & Flood 2014,
 * doi:10.1145/2660193.2660195). */
double tp_initial_value(uint64_t stream, int64_t row, int64_t column, double bound);

#endif
