// Long stretches of bytes made short for a bit-reflected CRC, by carry-less multiplication.
//
// 1. Sixteen bytes are 128 coefficients; the low half stands 64 powers of x above the high one.
// 2. Moved up by D bits, the two halves are worth their products with x^(D+64) and x^D, of which
//    only the remainders by the CRC's polynomial count.
// 3. So four such blocks swallow 64 bytes a round, then fold into one, which swallows what is left in
//    steps of 16. Its 16 bytes have the CRC of all, begun at zero.

#include "CIntrinsics.h"

#if defined(__x86_64__)

#include <emmintrin.h>
#include <wmmintrin.h>

#define FOLDING __attribute__((target("pclmul,sse2")))
typedef __m128i block;

bool tapline_has_polynomial_fold(void) { return __builtin_cpu_supports("pclmul"); }

FOLDING static inline block load(const unsigned char *bytes) {
  return _mm_loadu_si128((const __m128i *)bytes);
}

FOLDING static inline block pair(uint64_t low, uint64_t high) {
  return _mm_set_epi64x((long long)high, (long long)low);
}

FOLDING static inline block sum(block one, block other) { return _mm_xor_si128(one, other); }

FOLDING static inline block moved(block value, block powers) {
  return sum(_mm_clmulepi64_si128(value, powers, 0x00), _mm_clmulepi64_si128(value, powers, 0x11));
}

FOLDING static inline void store(block value, unsigned char *bytes) {
  _mm_storeu_si128((__m128i *)bytes, value);
}

#elif defined(__aarch64__) && (defined(__linux__) || defined(__ARM_FEATURE_AES))

#include <arm_neon.h>

#define FOLDING __attribute__((target("aes")))
typedef uint64x2_t block;

#if defined(__linux__)
#include <sys/auxv.h>
// HWCAP_PMULL of asm/hwcap.h.
bool tapline_has_polynomial_fold(void) { return (getauxval(AT_HWCAP) & (1UL << 4)) != 0; }
#else
bool tapline_has_polynomial_fold(void) { return true; }
#endif

FOLDING static inline block load(const unsigned char *bytes) {
  return vreinterpretq_u64_u8(vld1q_u8(bytes));
}

FOLDING static inline block pair(uint64_t low, uint64_t high) {
  return vcombine_u64(vcreate_u64(low), vcreate_u64(high));
}

FOLDING static inline block sum(block one, block other) { return veorq_u64(one, other); }

FOLDING static inline block moved(block value, block powers) {
  poly128_t low = vmull_p64(
      (poly64_t)vgetq_lane_u64(value, 0), (poly64_t)vgetq_lane_u64(powers, 0));
  poly128_t high = vmull_high_p64(vreinterpretq_p64_u64(value), vreinterpretq_p64_u64(powers));
  return sum(vreinterpretq_u64_p128(low), vreinterpretq_u64_p128(high));
}

FOLDING static inline void store(block value, unsigned char *bytes) {
  vst1q_u8(bytes, vreinterpretq_u8_u64(value));
}

#endif

#if defined(FOLDING)

FOLDING
void tapline_polynomial_fold(
    uint64_t first, const void *bytes, size_t count, const uint64_t powers[4],
    unsigned char remainder[16]) {
  const unsigned char *next = bytes;
  const block far = pair(powers[0], powers[1]);
  const block near = pair(powers[2], powers[3]);
  block a = sum(load(next), pair(first, 0));
  block b = load(next + 16);
  block c = load(next + 32);
  block d = load(next + 48);
  for (next += 64, count -= 64; count >= 64; next += 64, count -= 64) {
    a = sum(moved(a, far), load(next));
    b = sum(moved(b, far), load(next + 16));
    c = sum(moved(c, far), load(next + 32));
    d = sum(moved(d, far), load(next + 48));
  }
  b = sum(moved(a, near), b);
  c = sum(moved(b, near), c);
  d = sum(moved(c, near), d);
  for (; count >= 16; next += 16, count -= 16) d = sum(moved(d, near), load(next));
  store(d, remainder);
}

#else

bool tapline_has_polynomial_fold(void) { return false; }

void tapline_polynomial_fold(
    uint64_t first, const void *bytes, size_t count, const uint64_t powers[4],
    unsigned char remainder[16]) {
  (void)first; (void)bytes; (void)count; (void)powers; (void)remainder;
}

#endif
