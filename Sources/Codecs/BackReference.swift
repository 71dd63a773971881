// The step that every LZ77 codec shares: copying from what has been unpacked already.

/// Copies inside one output, where source and target may overlap.
enum BackReference {
  /// Copies `length` bytes from `offset` before `target` to `target`.
  ///
  /// Eight bytes at a time where source and target do not overlap within eight and `room`, the bytes
  /// left from `target` on, allows writing past the end. The caller has checked that `offset` bytes
  /// lie before `target` and `length` bytes after it.
  @inline(__always)
  static func copy(
    _ target: UnsafeMutableRawPointer,
    offset: Int,
    length: Int,
    room: Int
  ) {
    let source = UnsafeRawPointer(target - offset)
    if offset >= 8, length + 8 <= room {
      var index = 0
      while index < length {
        target.storeBytes(
          of: source.loadUnaligned(fromByteOffset: index, as: UInt64.self),
          toByteOffset: index,
          as: UInt64.self
        )
        index += 8
      }
    } else if offset == 1 {
      let byte = source.load(as: UInt8.self)
      target.initializeMemory(as: UInt8.self, repeating: byte, count: length)
    } else {
      for index in 0..<length {
        target.storeBytes(
          of: source.load(fromByteOffset: index, as: UInt8.self),
          toByteOffset: index,
          as: UInt8.self
        )
      }
    }
  }
}
