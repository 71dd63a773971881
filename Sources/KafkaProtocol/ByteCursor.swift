// Reads the variable-length fields of a record from bytes that nobody vouches for.

internal import Codecs

/// A position in untrusted bytes; every read checks its bounds and throws, never traps.
struct ByteCursor {
  let bytes: UnsafeRawBufferPointer
  var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var remaining: Int { bytes.count - position }

  mutating func byte(_ what: StaticString) throws -> UInt8 {
    guard position < bytes.count else { throw truncated(what) }
    defer { position += 1 }
    return bytes[position]
  }

  /// A zigzag varint of up to 64 bits.
  mutating func varlong(_ what: StaticString) throws -> Int64 {
    if position < bytes.count {
      let first = bytes[position]
      if first < 0x80 {
        position += 1
        return Varint.unzigzag(UInt64(first))
      }
    }
    guard let value = Varint.readZigzag(bytes, &position) else {
      throw remaining < 10
        ? truncated(what)
        : KafkaProtocolError(.corrupt, byteOffset: position, "the \(what) is longer than 64 bits")
    }
    return value
  }

  /// A zigzag varint that must fit 32 bits.
  mutating func varint(_ what: StaticString) throws -> Int {
    let start = position
    let value = try varlong(what)
    guard value >= Int64(Int32.min), value <= Int64(Int32.max) else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: start,
        "the \(what) \(value) does not fit 32 bits"
      )
    }
    return Int(value)
  }

  /// Bytes after their length; nil where the length is -1.
  mutating func field(_ what: StaticString) throws -> UnsafeRawBufferPointer? {
    let start = position
    let count = try varint(what)
    if count == -1 { return nil }
    guard count >= 0 else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: start,
        "the \(what) has the negative length \(count)"
      )
    }
    guard count <= remaining else { throw truncated(what) }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  func truncated(_ what: StaticString) -> KafkaProtocolError {
    KafkaProtocolError(.truncated, byteOffset: position, "the bytes end inside the \(what)")
  }
}
