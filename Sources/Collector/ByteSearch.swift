// Finding one byte among many, eight at a time: strings and lines are most of what a collector skips.

/// The first index from `start` on that holds `wanted`; the count of the bytes where none does.
@inline(__always)
func firstIndex(
  of wanted: UInt8,
  in bytes: UnsafeRawBufferPointer,
  from start: Int
) -> Int {
  firstIndex(of: wanted, or: wanted, in: bytes, from: start)
}

/// The first index from `start` on that holds one of two bytes; the count where none does.
///
/// A byte equals `b` where it is zero after an exclusive or with `b`; `(x - 1) & ~x & 0x80` finds the
/// lowest zero byte of a word exactly, and the lowest is all that is asked for.
@inline(__always)
func firstIndex(
  of first: UInt8,
  or second: UInt8,
  in bytes: UnsafeRawBufferPointer,
  from start: Int
) -> Int {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let highs: UInt64 = 0x8080_8080_8080_8080
  let firsts = ones &* UInt64(first)
  let seconds = ones &* UInt64(second)
  var index = start
  let end = bytes.count
  while index &+ 8 <= end {
    let word = UInt64(
      littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    )
    let left = word ^ firsts
    let right = word ^ seconds
    let found = ((left &- ones) & ~left | (right &- ones) & ~right) & highs
    if found != 0 { return index &+ (found.trailingZeroBitCount &>> 3) }
    index &+= 8
  }
  while index < end {
    let byte = bytes[index]
    if byte == first || byte == second { return index }
    index &+= 1
  }
  return end
}
