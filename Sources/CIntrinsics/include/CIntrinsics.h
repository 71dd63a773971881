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

#endif
