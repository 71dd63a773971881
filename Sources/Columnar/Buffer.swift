/// Immutable bytes at a 64-byte boundary, shared by reference and freed with the last one.
///
/// `@unchecked Sendable`: the memory is written only inside `init(byteCount:initialize:)`, before
/// the reference can be shared, and never after.
public final class Buffer: @unchecked Sendable {
  /// The first byte; valid as long as this object lives.
  public let address: UnsafeRawPointer
  /// The bytes that hold values; the allocation is rounded up to 64.
  public let byteCount: Int

  /// Allocates `byteCount` zeroed bytes and lets `initialize` write them once.
  @inlinable
  public init(
    byteCount: Int,
    initialize: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    let capacity = max(64, (byteCount + 63) & ~63)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
    self.address = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    try initialize(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
  }

  /// A copy of `bytes`.
  @inlinable
  public convenience init(copying bytes: UnsafeRawBufferPointer) {
    self.init(byteCount: bytes.count) { memory in
      if bytes.count > 0 { memory.copyMemory(from: bytes) }
    }
  }

  deinit {
    UnsafeMutableRawPointer(mutating: address).deallocate()
  }

  @inlinable
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: address, count: byteCount)
  }

  /// The bytes as values of one trivial type.
  @inlinable
  public func values<Value: BitwiseCopyable>(as type: Value.Type) -> UnsafeBufferPointer<Value> {
    UnsafeBufferPointer(
      start: address.assumingMemoryBound(to: type),
      count: byteCount / MemoryLayout<Value>.stride
    )
  }
}
