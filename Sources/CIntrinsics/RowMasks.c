// Comparisons of whole columns with a constant, as one bit a row, and the step from bits to row
// numbers. A C compiler makes no such loops of its own; AVX2 has the instructions.

#include "CIntrinsics.h"

#if defined(__x86_64__)

#include <immintrin.h>

// For each byte, the places of its set bits, in order.
static uint8_t places[256][8];

__attribute__((constructor)) static void fill_places(void) {
  for (int byte = 0; byte < 256; byte += 1) {
    int next = 0;
    for (int bit = 0; bit < 8; bit += 1) {
      if (byte >> bit & 1) places[byte][next++] = (uint8_t)bit;
    }
  }
}

bool tapline_has_row_masks(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

#define AVX2 __attribute__((target("avx2,popcnt")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2,popcnt")))

AVX2_INLINE uint64_t word_int64(
    const int64_t *values, __m256i bound, enum tapline_comparison comparison) {
  uint64_t word = 0;
  for (int part = 0; part < 16; part += 1) {
    __m256i four = _mm256_loadu_si256((const __m256i *)(values + part * 4));
    __m256i hit;
    switch (comparison) {
    case TAPLINE_EQUAL:
    case TAPLINE_NOT_EQUAL: hit = _mm256_cmpeq_epi64(four, bound); break;
    case TAPLINE_LESS:
    case TAPLINE_GREATER_OR_EQUAL: hit = _mm256_cmpgt_epi64(bound, four); break;
    default: hit = _mm256_cmpgt_epi64(four, bound); break;
    }
    word |= (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(hit)) << (part * 4);
  }
  return word;
}

AVX2_INLINE uint64_t word_int32(
    const int32_t *values, __m256i bound, enum tapline_comparison comparison) {
  uint64_t word = 0;
  for (int part = 0; part < 8; part += 1) {
    __m256i eight = _mm256_loadu_si256((const __m256i *)(values + part * 8));
    __m256i hit;
    switch (comparison) {
    case TAPLINE_EQUAL:
    case TAPLINE_NOT_EQUAL: hit = _mm256_cmpeq_epi32(eight, bound); break;
    case TAPLINE_LESS:
    case TAPLINE_GREATER_OR_EQUAL: hit = _mm256_cmpgt_epi32(bound, eight); break;
    default: hit = _mm256_cmpgt_epi32(eight, bound); break;
    }
    word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(hit)) << (part * 8);
  }
  return word;
}

AVX2_INLINE uint64_t word_double(
    const double *values, __m256d bound, enum tapline_comparison comparison) {
  uint64_t word = 0;
  for (int part = 0; part < 16; part += 1) {
    __m256d four = _mm256_loadu_pd(values + part * 4);
    __m256d hit;
    switch (comparison) {
    case TAPLINE_EQUAL: hit = _mm256_cmp_pd(four, bound, _CMP_EQ_OQ); break;
    case TAPLINE_NOT_EQUAL: hit = _mm256_cmp_pd(four, bound, _CMP_NEQ_UQ); break;
    case TAPLINE_LESS: hit = _mm256_cmp_pd(four, bound, _CMP_LT_OQ); break;
    case TAPLINE_LESS_OR_EQUAL: hit = _mm256_cmp_pd(four, bound, _CMP_LE_OQ); break;
    case TAPLINE_GREATER: hit = _mm256_cmp_pd(four, bound, _CMP_GT_OQ); break;
    default: hit = _mm256_cmp_pd(four, bound, _CMP_GE_OQ); break;
    }
    word |= (uint64_t)(uint32_t)_mm256_movemask_pd(hit) << (part * 4);
  }
  return word;
}

// Whole words by `word`, the values of the last one by `test`.
#define NARROW(type, word, test, flip)                                              \
  for (; index + 64 <= count; index += 64) mask[index / 64] &= (word) ^ (flip);     \
  if (index < count) {                                                              \
    uint64_t last = 0;                                                              \
    for (size_t place = index; place < count; place += 1) {                         \
      type value = values[place];                                                   \
      last |= (uint64_t)(test) << (place - index);                                  \
    }                                                                               \
    mask[index / 64] &= last;                                                       \
  }                                                                                 \
  return;

#define FOR_EACH_COMPARISON(type, call, flips)                                      \
  size_t index = 0;                                                                 \
  switch (comparison) {                                                             \
  case TAPLINE_EQUAL: NARROW(type, call(TAPLINE_EQUAL), value == bound, 0)          \
  case TAPLINE_NOT_EQUAL: NARROW(type, call(TAPLINE_NOT_EQUAL), value != bound, flips) \
  case TAPLINE_LESS: NARROW(type, call(TAPLINE_LESS), value < bound, 0)             \
  case TAPLINE_LESS_OR_EQUAL:                                                       \
    NARROW(type, call(TAPLINE_LESS_OR_EQUAL), value <= bound, flips)                \
  case TAPLINE_GREATER: NARROW(type, call(TAPLINE_GREATER), value > bound, 0)       \
  case TAPLINE_GREATER_OR_EQUAL:                                                    \
    NARROW(type, call(TAPLINE_GREATER_OR_EQUAL), value >= bound, flips)             \
  }

#define ALL_BITS (~(uint64_t)0)

AVX2 void tapline_narrow_int64(
    const int64_t *values, size_t count, enum tapline_comparison comparison, int64_t bound,
    uint64_t *mask) {
  __m256i wide = _mm256_set1_epi64x(bound);
#define CALL(comparison) word_int64(values + index, wide, comparison)
  FOR_EACH_COMPARISON(int64_t, CALL, ALL_BITS)
#undef CALL
}

AVX2 void tapline_narrow_int32(
    const int32_t *values, size_t count, enum tapline_comparison comparison, int32_t bound,
    uint64_t *mask) {
  __m256i wide = _mm256_set1_epi32(bound);
#define CALL(comparison) word_int32(values + index, wide, comparison)
  FOR_EACH_COMPARISON(int32_t, CALL, ALL_BITS)
#undef CALL
}

AVX2 void tapline_narrow_double(
    const double *values, size_t count, enum tapline_comparison comparison, double bound,
    uint64_t *mask) {
  __m256d wide = _mm256_set1_pd(bound);
#define CALL(comparison) word_double(values + index, wide, comparison)
  // NaN: each comparison has an instruction of its own, none is another's opposite.
  FOR_EACH_COMPARISON(double, CALL, 0)
#undef CALL
}

AVX2 void tapline_narrow_flags(const uint8_t *flags, size_t count, uint64_t *mask) {
  size_t index = 0;
  const __m256i zero = _mm256_setzero_si256();
  for (; index + 64 <= count; index += 64) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(flags + index));
    __m256i high = _mm256_loadu_si256((const __m256i *)(flags + index + 32));
    uint64_t clear = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, zero))
        | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, zero)) << 32;
    mask[index / 64] &= ~clear;
  }
  if (index < count) {
    uint64_t last = 0;
    for (size_t place = index; place < count; place += 1) {
      last |= (uint64_t)(flags[place] != 0) << (place - index);
    }
    mask[index / 64] &= last;
  }
}

AVX2 size_t tapline_rows_of_mask(const uint64_t *mask, size_t words, int32_t *rows) {
  int32_t *next = rows;
  for (size_t index = 0; index < words; index += 1) {
    uint64_t word = mask[index];
    if (word == 0) continue;
    int32_t first = (int32_t)(index * 64);
    for (int part = 0; part < 8; part += 1, word >>= 8, first += 8) {
      unsigned byte = (unsigned)(word & 0xFF);
      __m256i found = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)places[byte]));
      _mm256_storeu_si256((__m256i *)next, _mm256_add_epi32(found, _mm256_set1_epi32(first)));
      next += __builtin_popcount(byte);
    }
  }
  return (size_t)(next - rows);
}

#else

bool tapline_has_row_masks(void) { return false; }

void tapline_narrow_int64(
    const int64_t *values, size_t count, enum tapline_comparison comparison, int64_t bound,
    uint64_t *mask) {
  (void)values; (void)count; (void)comparison; (void)bound; (void)mask;
}

void tapline_narrow_int32(
    const int32_t *values, size_t count, enum tapline_comparison comparison, int32_t bound,
    uint64_t *mask) {
  (void)values; (void)count; (void)comparison; (void)bound; (void)mask;
}

void tapline_narrow_double(
    const double *values, size_t count, enum tapline_comparison comparison, double bound,
    uint64_t *mask) {
  (void)values; (void)count; (void)comparison; (void)bound; (void)mask;
}

void tapline_narrow_flags(const uint8_t *flags, size_t count, uint64_t *mask) {
  (void)flags; (void)count; (void)mask;
}

size_t tapline_rows_of_mask(const uint64_t *mask, size_t words, int32_t *rows) {
  (void)mask; (void)words; (void)rows;
  return 0;
}

#endif
