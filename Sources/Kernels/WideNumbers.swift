// Steps between 64 and 128 bits by their bits.
//
// The standard library's generic conversions of `Int128` are calls through witness tables, many a
// row: a sum of decimals spent two thirds of its time there (measured). These are two registers.

/// The halves of an `Int128`, as they lie on little-endian machines.
private struct WideBits: BitwiseCopyable {
  var low: UInt64
  var high: Int64
}

/// A whole number in 128 bits; `Value` is signed or narrower than 64 bits, or `Int128` itself.
@inline(__always)
func widened<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) -> Int128 {
  if Value.self == Int128.self { return unsafeBitCast(value, to: Int128.self) }
  let narrow = Int64(truncatingIfNeeded: value)
  return unsafeBitCast(
    WideBits(low: UInt64(bitPattern: narrow), high: narrow >> 63), to: Int128.self)
}

/// The lower 64 bits.
@inline(__always)
func lowerHalf(_ value: Int128) -> Int64 {
  Int64(bitPattern: unsafeBitCast(value, to: WideBits.self).low)
}

/// True where the value fits 64 bits.
@inline(__always)
func fitsHalf(_ value: Int128) -> Bool {
  let bits = unsafeBitCast(value, to: WideBits.self)
  return bits.high == Int64(bitPattern: bits.low) >> 63
}

/// The whole product of two numbers of 64 bits: one instruction.
@inline(__always)
func wideProduct(_ a: Int64, _ b: Int64) -> Int128 {
  let product = a.multipliedFullWidth(by: b)
  return unsafeBitCast(WideBits(low: product.low, high: product.high), to: Int128.self)
}

/// A whole number as another width, cut where it is longer.
@inline(__always)
func converted<From: FixedWidthInteger & BitwiseCopyable, To: FixedWidthInteger & BitwiseCopyable>(
  _ value: From, to: To.Type
) -> To {
  if To.self == Int128.self { return unsafeBitCast(widened(value), to: To.self) }
  if From.self == Int128.self {
    return To(truncatingIfNeeded: lowerHalf(unsafeBitCast(value, to: Int128.self)))
  }
  return To(truncatingIfNeeded: value)
}
