// How kernels read and write columns: lanes over flat or constant vectors, and fixed-width outputs.
//
// A lane reads row `i` as `base[i & mask]`: the mask is -1 for a flat vector and 0 for a constant,
// so that one loop serves both without a branch. Dictionary vectors are flattened first (`plain`),
// except where a kernel uses their codes.

public import Columnar

extension ColumnVector {
  /// The same rows, flat or constant: only a dictionary is copied.
  @inlinable
  public var plain: ColumnVector {
    if case .dictionary = encoding { return flattened() }
    return self
  }
}

/// Reads values of one trivial type; `owner` keeps the memory alive as long as the lane is used.
struct Lane<Value: BitwiseCopyable> {
  let owner: Buffer
  let base: UnsafePointer<Value>
  let mask: Int

  /// `vector` must be flat or constant.
  @inline(__always)
  init(_ vector: ColumnVector) {
    owner = vector.values
    base = vector.values.address.assumingMemoryBound(to: Value.self)
    mask = vector.isConstant ? 0 : -1
  }

  @inline(__always)
  subscript(row: Int) -> Value { base[row & mask] }
}

/// Reads text and binary values as byte ranges.
struct TextLane {
  let vector: ColumnVector
  let views: UnsafePointer<TextView>
  /// The addresses of the data buffers; `table` owns the list, and the vector the buffers.
  let data: UnsafePointer<UnsafeRawPointer>
  private let table: Buffer
  let mask: Int

  init(_ vector: ColumnVector) {
    self.vector = vector
    views = vector.values.address.assumingMemoryBound(to: TextView.self)
    let addresses = vector.textData.map(\.address)
    table = addresses.withUnsafeBytes { Buffer(copying: $0) }
    data = table.address.assumingMemoryBound(to: UnsafeRawPointer.self)
    mask = vector.isConstant ? 0 : -1
  }

  @inline(__always)
  subscript(row: Int) -> UnsafeRawBufferPointer {
    let index = row & mask
    let view = views[index]
    if view.isInline {
      return UnsafeRawBufferPointer(
        start: UnsafeRawPointer(views + index) + 4,
        count: view.count
      )
    }
    return UnsafeRawBufferPointer(
      start: data[view.bufferIndex] + view.byteOffset,
      count: view.count
    )
  }
}

/// A flat column of `count` values that `fill` writes.
@inline(__always)
func makeFixed<Value: BitwiseCopyable>(
  _ type: DataType,
  _ count: Int,
  _ validity: ValidityBitmap?,
  as: Value.Type,
  _ fill: (UnsafeMutablePointer<Value>) throws -> Void
) rethrows -> ColumnVector {
  let buffer = try Buffer(byteCount: count * MemoryLayout<Value>.stride) { memory in
    guard let start = memory.baseAddress else { return }
    try fill(start.assumingMemoryBound(to: Value.self))
  }
  return ColumnVector(type: type, count: count, values: buffer, validity: validity)
}

/// Rows valid in both; nil where nothing is NULL.
public func mergedValidity(
  _ left: ValidityBitmap?,
  _ right: ValidityBitmap?,
  count: Int
) -> ValidityBitmap? {
  ValidityBitmap.intersection(left, right, count: count)
}

/// Rows valid in all of `vectors`.
public func mergedValidity(_ vectors: [ColumnVector], count: Int) -> ValidityBitmap? {
  var result: ValidityBitmap?
  for vector in vectors { result = mergedValidity(result, vector.validity, count: count) }
  return result
}

/// A column of NULLs.
public func nullColumn(_ type: DataType, count: Int) -> ColumnVector {
  ColumnVector(constant: .null, type: type, count: count)
}

/// Packs one byte a row (1 = valid) into a bitmap.
func bitmap(fromBytes bytes: UnsafePointer<UInt8>, count: Int) -> ValidityBitmap? {
  ValidityBitmap.make(count: count) { bytes[$0] != 0 }
}

/// Builds a text column; long values go to an arena.
struct TextOutput: ~Copyable {
  private var views: GrowingMemory
  private var arena = TextArena()
  private var count = 0
  /// Scratch of the row being built.
  var row: [UInt8] = []

  init(capacity: Int) { views = GrowingMemory(capacityBytes: capacity * 16) }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    views.append(arena.store(bytes))
    count += 1
  }

  /// Appends what was written to `row` and empties it.
  mutating func finishRow() {
    row.withUnsafeBytes { append($0) }
    row.removeAll(keepingCapacity: true)
  }

  mutating func appendEmpty() {
    views.append(TextView.empty)
    count += 1
  }

  /// The column; the output begins again, empty.
  mutating func column(_ type: DataType = .varchar, validity: ValidityBitmap?) -> ColumnVector {
    let vector = ColumnVector(
      type: type, count: count, values: views.finish(), textData: arena.finish(),
      validity: validity)
    count = 0
    return vector
  }
}
