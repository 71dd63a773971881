/// Text kept past the batch it came from: long values are copied into chunks that never move.
///
/// Chunks double from 4 KB to 1 MB, and become the data buffers of a column without another copy
/// by `finish()`.
public struct TextArena: ~Copyable {
  @usableFromInline var chunks: [UnsafeMutableRawPointer] = []
  @usableFromInline var sizes: [Int] = []
  @usableFromInline var used = 0
  @usableFromInline var last: UnsafeMutableRawPointer?
  @usableFromInline var lastSize = 0
  /// Bytes allocated.
  public private(set) var byteCount = 0

  public init() {}

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  /// Keeps `bytes` and gives their view; what fits a view is not copied.
  @inlinable
  public mutating func store(_ bytes: UnsafeRawBufferPointer) -> TextView {
    guard bytes.count > TextView.inlineMax, let source = bytes.baseAddress else {
      return TextView(bytes, bufferIndex: 0, byteOffset: 0)
    }
    if used + bytes.count > lastSize { grow(bytes.count) }
    if let last { (last + used).copyMemory(from: source, byteCount: bytes.count) }
    let view = TextView(bytes, bufferIndex: chunks.count - 1, byteOffset: used)
    used += bytes.count
    return view
  }

  @usableFromInline
  mutating func grow(_ wanted: Int) {
    if !sizes.isEmpty { sizes[sizes.count - 1] = used }
    let size = max(wanted, min(1 << 20, max(4_096, byteCount)))
    let chunk = Buffer.allocate(size)
    chunks.append(chunk)
    sizes.append(size)
    last = chunk
    lastSize = size
    byteCount += size
    used = 0
  }

  /// The bytes of a view that `store` gave; valid as long as the arena, for long ones.
  @inlinable
  public func withBytes<Result>(
    _ view: TextView, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    if view.isInline {
      var copy = view
      return withUnsafeBytes(of: &copy) {
        body(UnsafeRawBufferPointer(start: $0.baseAddress.map { $0 + 4 }, count: view.count))
      }
    }
    return body(
      UnsafeRawBufferPointer(start: chunks[view.bufferIndex] + view.byteOffset, count: view.count))
  }

  /// The first byte of a long view's text.
  @inlinable
  public func address(_ view: TextView) -> UnsafeRawPointer {
    UnsafeRawPointer(chunks[view.bufferIndex]) + view.byteOffset
  }

  /// The chunks as data buffers; the arena begins again, empty.
  public mutating func finish() -> [Buffer] {
    if !sizes.isEmpty { sizes[sizes.count - 1] = used }
    let buffers = chunks.indices.map { Buffer(adopting: chunks[$0], byteCount: sizes[$0]) }
    chunks.removeAll()
    sizes.removeAll()
    last = nil
    lastSize = 0
    used = 0
    byteCount = 0
    return buffers
  }

  /// Copies of the chunks, for a column, while the arena stays.
  public func buffers() -> [Buffer] {
    chunks.indices.map {
      let size = $0 == chunks.count - 1 ? used : sizes[$0]
      return Buffer(copying: UnsafeRawBufferPointer(start: chunks[$0], count: size))
    }
  }
}
