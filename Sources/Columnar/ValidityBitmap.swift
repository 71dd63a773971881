/// One bit a row, lowest bit first: 1 where the row has a value, 0 where it is NULL.
public struct ValidityBitmap: Sendable {
  public let buffer: Buffer
  /// Rows, not bytes.
  public let count: Int
  public let nullCount: Int

  /// Packs `isValid` by row; `nil` comes back where nothing is NULL, which is how a vector without
  /// NULLs is stored.
  @inlinable
  public static func make(count: Int, isValid: (Int) -> Bool) -> ValidityBitmap? {
    var valid = 0
    let buffer = Buffer(uninitializedByteCount: (count + 7) / 8) { memory in
      let full = count >> 3
      for byte in 0..<full {
        var bits: UInt8 = 0
        for bit in 0..<8 where isValid(byte << 3 + bit) { bits |= 1 << UInt8(bit) }
        memory[byte] = bits
        valid += bits.nonzeroBitCount
      }
      if count & 7 != 0 {
        var bits: UInt8 = 0
        for bit in 0..<(count & 7) where isValid(full << 3 + bit) { bits |= 1 << UInt8(bit) }
        memory[full] = bits
        valid += bits.nonzeroBitCount
      }
    }
    guard valid < count else { return nil }
    return ValidityBitmap(buffer: buffer, count: count, nullCount: count - valid)
  }

  @inlinable
  public init(buffer: Buffer, count: Int, nullCount: Int) {
    self.buffer = buffer
    self.count = count
    self.nullCount = nullCount
  }

  @inlinable
  public func isValid(_ row: Int) -> Bool {
    let byte = buffer.address.load(fromByteOffset: row >> 3, as: UInt8.self)
    return byte & (1 << UInt8(row & 7)) != 0
  }

  /// All rows NULL.
  public static func allNull(count: Int) -> ValidityBitmap? {
    guard count > 0 else { return nil }
    return ValidityBitmap(
      buffer: Buffer(byteCount: (count + 7) / 8) { _ in }, count: count, nullCount: count)
  }

  /// The bits of `rows`, in that order; nil where none is NULL.
  public func gather(_ rows: UnsafeBufferPointer<Int32>) -> ValidityBitmap? {
    ValidityBitmap.make(count: rows.count) { isValid(Int(rows[$0])) }
  }

  /// The bits of `range`; nil where none is NULL.
  public func slice(_ range: Range<Int>) -> ValidityBitmap? {
    ValidityBitmap.make(count: range.count) { isValid(range.lowerBound + $0) }
  }

  /// Rows valid in both; nil where nothing is NULL.
  public static func intersection(
    _ left: ValidityBitmap?, _ right: ValidityBitmap?, count: Int
  ) -> ValidityBitmap? {
    guard let left else { return right }
    guard let right else { return left }
    var valid = 0
    let buffer = Buffer(byteCount: (count + 7) / 8) { memory in
      guard let start = memory.baseAddress else { return }
      // Buffers are 64-byte blocks, zero after their last byte: whole words may be read and written.
      let target = start.assumingMemoryBound(to: UInt64.self)
      let a = left.buffer.address.assumingMemoryBound(to: UInt64.self)
      let b = right.buffer.address.assumingMemoryBound(to: UInt64.self)
      for word in 0..<((memory.count + 7) / 8) {
        let both = a[word] & b[word]
        target[word] = both
        valid += both.nonzeroBitCount
      }
    }
    guard valid < count else { return nil }
    return ValidityBitmap(buffer: buffer, count: count, nullCount: count - valid)
  }
}
