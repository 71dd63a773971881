// The bytes of one column chunk, read from the file a window at a time: a chunk may be larger than
// what anyone wants to hold, and pages that nobody needs are not read at all.

/// A window that moves forward over the wanted parts of a chunk; belongs to one reader.
struct ChunkBytes {
  private let file: any RandomAccessBytes
  /// What may be read, in order; a window does not reach past the one it begins in.
  private var extents: ArraySlice<Range<Int>>
  private(set) var window: [UInt8] = []
  private(set) var windowStart = 0
  let end: Int

  /// What one read asks for; a larger page asks for itself.
  static let windowByteCount = 4 << 20

  /// Reads nothing yet; `extents` are sorted and lie in `chunk`.
  init(_ file: any RandomAccessBytes, chunk: Range<Int>, extents: [Range<Int>]) {
    self.file = file
    self.extents = extents[...]
    end = chunk.upperBound
  }

  /// Makes the bytes from `position` on be in the window: `count` of them, or all to the end.
  ///
  /// Answers how many are there.
  mutating func load(_ position: Int, count: Int, _ counters: ParquetScanCounters) throws -> Int {
    let there = windowStart + window.count - position
    if position >= windowStart, there >= count { return there }
    let wanted = min(count, end - position)
    if position >= windowStart, there >= wanted { return there }
    while let first = extents.first, first.upperBound <= position { extents.removeFirst() }
    let limit = extents.first.map { max($0.upperBound, position + wanted) } ?? end
    let size = min(min(limit, end) - position, max(wanted, Self.windowByteCount))
    let range = position..<(position + max(0, size))
    window = []
    window = try file.read(range)
    windowStart = position
    counters.bytesRead += window.count
    return window.count
  }

  /// The window's bytes from `position` on; valid inside `body` only.
  func withBytes<Result>(
    from position: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try window.withUnsafeBytes { try body($0[(position - windowStart)...].rebased) }
  }
}
