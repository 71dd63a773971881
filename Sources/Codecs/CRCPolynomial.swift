internal import CIntrinsics

/// The polynomial of a bit-reflected CRC, and arithmetic by its remainders.
///
/// A remainder is as wide as the CRC; its highest bit stands for x^0, its lowest for the highest power.
struct CRCPolynomial<Register: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
  /// The polynomial without its highest power.
  let feedback: Register

  /// Remainders of x^8, x^16, x^32 and so on: what 2^k zero bytes multiply a register by.
  private let powersOfBytes: [Register]

  /// What `tapline_polynomial_fold` asks for.
  private let foldPowers: [UInt64]

  init(feedback: Register) {
    self.feedback = feedback
    var square = Self.powerOfX(8, feedback)
    var squares: [Register] = []
    for _ in 0..<64 {
      squares.append(square)
      square = Self.product(square, square, feedback)
    }
    powersOfBytes = squares
    let shift = UInt64(64 - Register.bitWidth)
    foldPowers = [575, 511, 191, 127].map { UInt64(Self.powerOfX($0, feedback)) << shift }
  }

  /// The CRC of two stretches from the CRC of each; both inversions cancel out.
  ///
  /// - Precondition: `secondByteCount` is not negative.
  func combine(_ first: Register, _ second: Register, secondByteCount: Int) -> Register {
    precondition(secondByteCount >= 0, "a stretch of bytes has no negative length")
    var moved = first
    var rest = UInt64(secondByteCount)
    while rest != 0 {
      moved = Self.product(moved, powersOfBytes[rest.trailingZeroBitCount], feedback)
      rest &= rest - 1
    }
    return moved ^ second
  }

  /// Tables for `slices` bytes at a time: entry `s * 256 + b` is byte `b` followed by `s` zero bytes.
  func tables(slices: Int) -> [Register] {
    var tables = [Register](repeating: 0, count: slices * 256)
    for index in 0..<256 {
      var value = Register(index)
      for _ in 0..<8 { value = Self.timesX(value, feedback) }
      tables[index] = value
    }
    for index in 256..<(slices * 256) {
      let previous = tables[index - 256]
      tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }

  /// The shortest stretch that is worth folding.
  static var foldedBytesMin: Int { 128 }

  /// Folds the whole blocks of 16 in `bytes` into `remainder` and returns how many bytes they have.
  ///
  /// The remainder's CRC, begun at zero, is the register after them.
  /// Only where the processor has the instruction, and for at least `foldedBytesMin` bytes.
  func fold(
    _ bytes: UnsafeRawBufferPointer,
    from register: Register,
    into remainder: UnsafeMutablePointer<UInt8>
  ) -> Int {
    guard let start = bytes.baseAddress else { return 0 }
    let count = bytes.count & ~15
    foldPowers.withUnsafeBufferPointer {
      tapline_polynomial_fold(UInt64(register), start, count, $0.baseAddress, remainder)
    }
    return count
  }

  @inline(__always)
  private static func timesX(_ value: Register, _ feedback: Register) -> Register {
    value & 1 == 1 ? value >> 1 ^ feedback : value >> 1
  }

  private static func product(_ one: Register, _ other: Register, _ feedback: Register) -> Register
  {
    var result: Register = 0
    var bits = one
    var shifted = other
    while bits != 0 {
      if bits.leadingZeroBitCount == 0 { result ^= shifted }
      bits <<= 1
      shifted = timesX(shifted, feedback)
    }
    return result
  }

  private static func powerOfX(_ exponent: Int, _ feedback: Register) -> Register {
    var value: Register = 1 << (Register.bitWidth - 1)
    for _ in 0..<exponent { value = timesX(value, feedback) }
    return value
  }
}
