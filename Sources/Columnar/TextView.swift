/// Sixteen bytes that stand for one text or binary value.
///
/// ```
///  0        4                                  16
///  ┌────────┬──────────────────────────────────┐
///  │ length │ up to 12 bytes, zero-padded       │  length ≤ 12
///  ├────────┼───────────┬──────────┬───────────┤
///  │ length │ first 4 B │ buffer # │ byte offset│  length > 12
///  └────────┴───────────┴──────────┴───────────┘
/// ```
/// Two values of at most 12 bytes are equal exactly when their 16 bytes are.
public struct TextView: BitwiseCopyable, Sendable {
  public var low: UInt64
  public var high: UInt64

  @inlinable
  public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// The empty text.
  @inlinable
  public static var empty: TextView { TextView(low: 0, high: 0) }

  /// The view of `bytes`, which lie in data buffer `bufferIndex` at `byteOffset` where they are
  /// longer than 12. Length and offset must fit 32 bits.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer, bufferIndex: Int, byteOffset: Int) {
    let count = bytes.count
    guard let start = bytes.baseAddress, count > 0 else {
      self.init(low: 0, high: 0)
      return
    }
    let length = UInt64(UInt32(truncatingIfNeeded: count))
    if count > 12 {
      let prefix = UInt64(start.loadUnaligned(as: UInt32.self))
      self.init(
        low: length | prefix << 32,
        high: UInt64(UInt32(truncatingIfNeeded: bufferIndex))
          | UInt64(truncatingIfNeeded: byteOffset) << 32)
    } else if count >= 8 {
      let head = start.loadUnaligned(as: UInt64.self)
      // The last four bytes overlap the first eight; what is new moves down.
      let last = UInt64(start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
      let tail = last >> (8 * UInt64(12 - count))
      self.init(low: length | head << 32, high: head >> 32 | tail << 32)
    } else if count >= 4 {
      let head = UInt64(start.loadUnaligned(as: UInt32.self))
      let last = UInt64(start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
      self.init(low: length | head << 32, high: last >> (8 * UInt64(8 - count)))
    } else {
      var head: UInt64 = 0
      for index in 0..<count { head |= UInt64(bytes[index]) << (8 * UInt64(index)) }
      self.init(low: length | head << 32, high: 0)
    }
  }

  @inlinable
  public static var inlineMax: Int { 12 }
  @inlinable
  public var count: Int { Int(UInt32(truncatingIfNeeded: low)) }
  @inlinable
  public var isInline: Bool { UInt32(truncatingIfNeeded: low) <= 12 }
  @inlinable
  public var bufferIndex: Int { Int(UInt32(truncatingIfNeeded: high)) }
  @inlinable
  public var byteOffset: Int { Int(high >> 32) }

  /// The same text where its data buffers come after `count` others.
  @inlinable
  public func shifted(buffers count: Int) -> TextView {
    isInline ? self : TextView(low: low, high: high &+ UInt64(truncatingIfNeeded: count))
  }
}
