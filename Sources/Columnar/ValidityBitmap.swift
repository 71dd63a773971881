/// One bit a row, lowest bit first: 1 where the row has a value, 0 where it is NULL.
public struct ValidityBitmap: Sendable {
  public let buffer: Buffer
  /// Rows, not bytes.
  public let count: Int
  public let nullCount: Int

  /// Packs `isValid` by row; `nil` comes back where nothing is NULL, which is how a vector without
  /// NULLs is stored.
  public static func make(count: Int, isValid: (Int) -> Bool) -> ValidityBitmap? {
    var nulls = 0
    let buffer = Buffer(byteCount: (count + 7) / 8) { memory in
      for row in 0..<count {
        if isValid(row) {
          memory[row >> 3] |= 1 << UInt8(row & 7)
        } else {
          nulls += 1
        }
      }
    }
    guard nulls > 0 else { return nil }
    return ValidityBitmap(buffer: buffer, count: count, nullCount: nulls)
  }

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
}
