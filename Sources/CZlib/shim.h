// zlib, with its macros as functions: Swift cannot call `deflateInit2`.
#pragma once
#include <string.h>
#include <zlib.h>

static inline int tapline_deflateInit2(z_streamp stream, int level, int window_bits) {
  return deflateInit2(stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}

static inline int tapline_inflateInit2(z_streamp stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}
