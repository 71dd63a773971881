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

  /// The view of `bytes`, which lie in data buffer `bufferIndex` at `byteOffset` where they are
  /// longer than 12.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer, bufferIndex: Int, byteOffset: Int) {
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { target in
      target.storeBytes(of: UInt32(bytes.count), toByteOffset: 0, as: UInt32.self)
      if bytes.count <= TextView.inlineMax {
        for index in 0..<bytes.count { target[4 + index] = bytes[index] }
      } else {
        for index in 0..<4 { target[4 + index] = bytes[index] }
        target.storeBytes(of: UInt32(bufferIndex), toByteOffset: 8, as: UInt32.self)
        target.storeBytes(of: UInt32(byteOffset), toByteOffset: 12, as: UInt32.self)
      }
    }
    low = words.0
    high = words.1
  }

  public static var inlineMax: Int { 12 }
  @inlinable
  public var count: Int { Int(UInt32(truncatingIfNeeded: low)) }
  @inlinable
  public var isInline: Bool { count <= 12 }
  @inlinable
  public var bufferIndex: Int { Int(UInt32(truncatingIfNeeded: high)) }
  @inlinable
  public var byteOffset: Int { Int(high >> 32) }
}
