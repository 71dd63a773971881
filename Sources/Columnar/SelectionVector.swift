/// Row numbers of a batch, as Int32, in the order in which they are wanted: the outcome of a filter,
/// a sort or a join.
public struct SelectionVector: Sendable {
  public let buffer: Buffer
  public let count: Int

  /// The row numbers; valid as long as `buffer` lives: keep the selection in a variable, never read
  /// them off a temporary.
  @inlinable
  public var rows: UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(rebasing: buffer.values(as: Int32.self)[0..<count])
  }

  /// The first `count` Int32 of `buffer`.
  @inlinable
  public init(buffer: Buffer, count: Int) {
    self.buffer = buffer
    self.count = count
  }

  /// The given rows.
  public init(_ rows: [Int32]) {
    buffer = rows.withUnsafeBytes { Buffer(copying: $0) }
    count = rows.count
  }

  /// The rows `range`, ascending.
  public init(_ range: Range<Int>) {
    count = range.count
    buffer = Buffer(uninitializedByteCount: range.count * 4) { memory in
      let target = memory.bindMemory(to: Int32.self)
      for index in 0..<range.count {
        target[index] = Int32(truncatingIfNeeded: range.lowerBound + index)
      }
    }
  }

  /// The rows that `other` picks out of these: `self[other[i]]`.
  public func composed(_ other: SelectionVector) -> SelectionVector {
    let source = rows
    let picked = other.rows
    return SelectionVector(
      buffer: Buffer(uninitializedByteCount: other.count * 4) { memory in
        let target = memory.bindMemory(to: Int32.self)
        for index in 0..<picked.count { target[index] = source[Int(picked[index])] }
      }, count: other.count)
  }
}
