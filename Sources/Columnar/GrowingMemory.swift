/// Memory of one value after another that doubles as it fills and becomes a `Buffer` uncopied.
public struct GrowingMemory: ~Copyable {
  @usableFromInline var start: UnsafeMutableRawPointer
  @usableFromInline var capacity: Int
  /// Bytes written.
  public private(set) var byteCount = 0

  public init(capacityBytes: Int = 0) {
    capacity = max(64, capacityBytes)
    start = Buffer.allocate(capacity)
  }

  deinit { start.deallocate() }

  /// Appends one value.
  @inlinable
  public mutating func append<Value: BitwiseCopyable>(_ value: Value) {
    let size = MemoryLayout<Value>.stride
    if byteCount + size > capacity { grow(size) }
    (start + byteCount).storeBytes(of: value, as: Value.self)
    advance(size)
  }

  /// Appends bytes.
  @inlinable
  public mutating func append(bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if byteCount + bytes.count > capacity { grow(bytes.count) }
    (start + byteCount).copyMemory(from: source, byteCount: bytes.count)
    advance(bytes.count)
  }

  @usableFromInline
  mutating func advance(_ bytes: Int) { byteCount += bytes }

  @usableFromInline
  mutating func grow(_ bytes: Int) {
    let larger = max(capacity * 2, byteCount + bytes)
    let fresh = Buffer.allocate(larger)
    fresh.copyMemory(from: start, byteCount: byteCount)
    start.deallocate()
    start = fresh
    capacity = larger
  }

  /// The values as a buffer; begins again with room for as many.
  public mutating func finish() -> Buffer {
    if capacity - byteCount > capacity / 2 {
      // Mostly empty: a tight copy rather than pinning the room.
      let copy = Buffer(copying: UnsafeRawBufferPointer(start: start, count: byteCount))
      byteCount = 0
      return copy
    }
    let buffer = Buffer(adopting: start, byteCount: byteCount)
    capacity = max(64, byteCount)
    start = Buffer.allocate(capacity)
    byteCount = 0
    return buffer
  }
}
