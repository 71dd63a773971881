#include "CIntrinsics.h"

static inline uint64_t load64(const unsigned char *bytes) {
  uint64_t word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return word;
}

#if defined(__x86_64__)

#include <nmmintrin.h>

bool tapline_has_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }

__attribute__((target("sse4.2")))
uint32_t tapline_crc32c(uint32_t crc, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
  uint64_t sum = crc;
  for (; count >= 8; count -= 8, next += 8) sum = _mm_crc32_u64(sum, load64(next));
  crc = (uint32_t)sum;
  for (; count > 0; count -= 1, next += 1) crc = _mm_crc32_u8(crc, *next);
  return crc;
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
// HWCAP_CRC32 of asm/hwcap.h.
bool tapline_has_crc32c(void) { return (getauxval(AT_HWCAP) & (1UL << 7)) != 0; }
#elif defined(__ARM_FEATURE_CRC32)
bool tapline_has_crc32c(void) { return true; }
#else
bool tapline_has_crc32c(void) { return false; }
#endif

__attribute__((target("crc")))
uint32_t tapline_crc32c(uint32_t crc, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
  for (; count >= 8; count -= 8, next += 8) crc = __builtin_arm_crc32cd(crc, load64(next));
  for (; count > 0; count -= 1, next += 1) crc = __builtin_arm_crc32cb(crc, *next);
  return crc;
}

#else

bool tapline_has_crc32c(void) { return false; }

uint32_t tapline_crc32c(uint32_t crc, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return crc;
}

#endif
