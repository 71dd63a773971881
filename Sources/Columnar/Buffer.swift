/// Immutable bytes at a 64-byte boundary, shared by reference and freed with the last one.
///
/// A buffer made inside `MemoryReservation.withBuffersCharged` counts there until it is freed.
/// The allocation is rounded up to 64 bytes, and the bytes after the last are zero, so that a loop
/// may read whole words.
///
/// `@unchecked Sendable`: the memory is written only inside an initializer, before the reference
/// can be shared, and never after.
public final class Buffer: @unchecked Sendable {
  /// The first byte; valid as long as this object lives.
  public let address: UnsafeRawPointer
  /// The bytes that hold values; the allocation is rounded up to 64.
  public let byteCount: Int
  @usableFromInline let reservation: MemoryReservation?

  /// Allocates `byteCount` zeroed bytes and lets `initialize` write them once.
  @inlinable
  public init(
    byteCount: Int,
    initialize: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    let memory = Buffer.allocate(byteCount)
    self.address = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    self.reservation = Buffer.charge(byteCount)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: Buffer.capacity(byteCount))
    try initialize(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
  }

  /// Allocates `byteCount` bytes of any content and lets `initialize` write every one of them.
  @inlinable
  public init(
    uninitializedByteCount byteCount: Int,
    initialize: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    let memory = Buffer.allocate(byteCount)
    self.address = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    self.reservation = Buffer.charge(byteCount)
    let tail = byteCount & ~63
    (memory + tail).initializeMemory(
      as: UInt8.self, repeating: 0, count: Buffer.capacity(byteCount) - tail)
    try initialize(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
  }

  /// Takes over memory that `Buffer.allocate` gave; its bytes after `byteCount` are cleared.
  @inlinable
  init(adopting memory: UnsafeMutableRawPointer, byteCount: Int) {
    self.address = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    self.reservation = Buffer.charge(byteCount)
    (memory + byteCount).initializeMemory(
      as: UInt8.self, repeating: 0, count: Buffer.capacity(byteCount) - byteCount)
  }

  /// A copy of `bytes`.
  @inlinable
  public convenience init(copying bytes: UnsafeRawBufferPointer) {
    self.init(uninitializedByteCount: bytes.count) { memory in
      if bytes.count > 0 { memory.copyMemory(from: bytes) }
    }
  }

  deinit {
    reservation?.release(Buffer.capacity(byteCount))
    UnsafeMutableRawPointer(mutating: address).deallocate()
  }

  /// No bytes.
  public static let empty = Buffer(byteCount: 0) { _ in }

  @inlinable
  static func capacity(_ byteCount: Int) -> Int { max(64, (byteCount + 63) & ~63) }

  @inlinable
  static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer.allocate(byteCount: capacity(byteCount), alignment: 64)
  }

  @usableFromInline
  static func charge(_ byteCount: Int) -> MemoryReservation? {
    guard let reservation = MemoryReservation.charged else { return nil }
    reservation.charge(capacity(byteCount))
    return reservation
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
