/// Variable-length integers: seven bits a byte, the lowest first.
public enum Varint {
  /// Appends an unsigned integer (LEB128), 1 to 10 bytes.
  @inlinable
  public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a signed integer in zigzag form, so that small negatives stay short.
  @inlinable
  public static func appendZigzag(_ value: Int64, to bytes: inout [UInt8]) {
    append(zigzag(value), to: &bytes)
  }

  /// Reads an unsigned integer at `position` and moves past it.
  ///
  /// Nil, with `position` unchanged, where the bytes end early or more than 64 bits are given.
  @inlinable
  public static func read(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var index = position
    while index < bytes.count, shift < 64 {
      let byte = bytes[index]
      if shift == 63, byte > 1 { return nil }
      value |= UInt64(byte & 0x7F) << shift
      index += 1
      if byte < 0x80 {
        position = index
        return value
      }
      shift += 7
    }
    return nil
  }

  @inlinable
  public static func readZigzag(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int64? {
    read(bytes, &position).map(unzigzag)
  }

  @inlinable
  public static func zigzag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value << 1) ^ (value >> 63))
  }

  @inlinable
  public static func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
}
