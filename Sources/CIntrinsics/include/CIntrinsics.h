// Instructions of the processor that Swift cannot name, as plain functions.
//
// Each has a check beside it. The caller asks once and keeps a portable way for processors without.

#ifndef TAPLINE_CINTRINSICS_H
#define TAPLINE_CINTRINSICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// True where the processor has an instruction for CRC-32C: SSE 4.2, or ARM's CRC extension.
bool tapline_has_crc32c(void);

/// The CRC-32C register after `count` bytes, without the inversions at both ends.
///
/// Only where `tapline_has_crc32c()` is true.
uint32_t tapline_crc32c(uint32_t crc, const void *bytes, size_t count);

/// True where the processor multiplies without carries: x86's PCLMULQDQ, ARM's PMULL.
bool tapline_has_polynomial_fold(void);

/// Folds bytes into 16 that have the same bit-reflected CRC, begun at zero.
///
/// `count` is 64 or more and a multiple of 16. `first` is the CRC's register so far, without the
/// inversions at both ends. `powers` are the remainders of x^575, x^511, x^191 and x^127 by the CRC's
/// polynomial, reflected in 64 bits: the highest bit is x^0. Only where
/// `tapline_has_polynomial_fold()` is true.
void tapline_polynomial_fold(
    uint64_t first, const void *bytes, size_t count, const uint64_t powers[4],
    unsigned char remainder[16]);

/// True where the processor has AVX2, which the functions below need.
bool tapline_has_row_masks(void);

/// The comparisons of a value with a bound.
enum tapline_comparison {
  TAPLINE_EQUAL,
  TAPLINE_NOT_EQUAL,
  TAPLINE_LESS,
  TAPLINE_LESS_OR_EQUAL,
  TAPLINE_GREATER,
  TAPLINE_GREATER_OR_EQUAL,
};

/// Clears bit `i % 64` of word `i / 64` of `mask` where value `i` does not compare so with `bound`.
///
/// `mask` has a word for every 64 values or part of them. NaN compares as IEEE 754 says.
void tapline_narrow_int64(
    const int64_t *values, size_t count, enum tapline_comparison comparison, int64_t bound,
    uint64_t *mask);
void tapline_narrow_int32(
    const int32_t *values, size_t count, enum tapline_comparison comparison, int32_t bound,
    uint64_t *mask);
void tapline_narrow_double(
    const double *values, size_t count, enum tapline_comparison comparison, double bound,
    uint64_t *mask);

/// Clears the bits of flags that are 0.
void tapline_narrow_flags(const uint8_t *flags, size_t count, uint64_t *mask);

/// The places of the set bits, ascending; returns how many there are.
///
/// Writes up to 8 places more than it counts: `rows` must have room for them.
size_t tapline_rows_of_mask(const uint64_t *mask, size_t words, int32_t *rows);

#endif
