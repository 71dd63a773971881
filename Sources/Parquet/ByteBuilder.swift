// Growing raw bytes for pages and dictionaries, without the checks of `[UInt8]` per value.

/// Bytes that grow at their end; belongs to one column writer.
final class ByteBuilder {
  private(set) var count = 0
  private var capacity: Int
  private(set) var address: UnsafeMutableRawPointer

  init(capacity: Int = 4_096) {
    self.capacity = capacity
    address = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { address.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: address, count: count) }

  func removeAll() { count = 0 }

  /// Makes room for `extra` bytes and counts them in; answers where they begin.
  @inline(__always)
  func grow(by extra: Int) -> UnsafeMutableRawPointer {
    if count + extra > capacity { reallocate(count + extra) }
    defer { count += extra }
    return address + count
  }

  /// A PLAIN byte array: its size in four bytes, then itself.
  @inline(__always)
  func appendSized(_ value: UnsafeRawBufferPointer) {
    let target = grow(by: 4 + value.count)
    target.storeBytes(of: UInt32(truncatingIfNeeded: value.count).littleEndian, as: UInt32.self)
    if let source = value.baseAddress {
      (target + 4).copyMemory(from: source, byteCount: value.count)
    }
  }

  func append(_ value: UnsafeRawBufferPointer) {
    guard let source = value.baseAddress else { return }
    grow(by: value.count).copyMemory(from: source, byteCount: value.count)
  }

  private func reallocate(_ needed: Int) {
    capacity = max(needed, capacity * 2)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: address, byteCount: count)
    address.deallocate()
    address = larger
  }
}
