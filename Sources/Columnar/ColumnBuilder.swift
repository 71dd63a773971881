/// Collects the values of one column and seals them into a flat `ColumnVector`.
///
/// Used where values come one at a time (parsers, system tables, tests); kernels write buffers
/// directly. Not thread-safe; `finish()` empties it for the next batch.
///
/// Nested values are written from the inside out:
///
/// ```
/// array   builder.children[0].append(1) …              builder.closeList()
/// map     children[0] a key, children[1] its value …   builder.closeList()
/// row     one value into each of children              builder.closeRow()
/// ```
public final class ColumnBuilder {
  public let type: DataType
  public private(set) var count = 0
  /// The builders of elements, of keys and values, or of fields; empty for scalar types.
  public let children: [ColumnBuilder]

  private var values: GrowingMemory
  private var arena = TextArena()
  private var invalid: GrowingMemory
  private var nulls = 0
  private let layout: PhysicalLayout

  public init(type: DataType, capacity: Int = 0) {
    self.type = type
    self.layout = type.layout
    children = type.childTypes.map { ColumnBuilder(type: $0, capacity: capacity) }
    invalid = GrowingMemory()
    switch layout {
    case .text: values = GrowingMemory(capacityBytes: capacity * 16)
    case .fixed(let width): values = GrowingMemory(capacityBytes: capacity * width)
    case .list, .map: values = GrowingMemory(capacityBytes: (capacity + 1) * 4)
    case .row: values = GrowingMemory()
    }
  }

  public func appendNull() {
    switch layout {
    case .text: values.append(TextView.empty)
    case .fixed(width: 16): values.append(Int128(0))
    case .fixed(width: 8): values.append(UInt64(0))
    case .fixed(width: 4): values.append(UInt32(0))
    case .fixed(width: 2): values.append(UInt16(0))
    case .fixed: values.append(UInt8(0))
    case .list, .map: appendOffset()
    case .row: for child in children { child.appendNull() }
    }
    invalid.append(Int32(truncatingIfNeeded: count))
    nulls += 1
    count += 1
  }

  /// A whole number of any width: `tinyint` to `bigint`, `date`, `time`, a timestamp, an interval,
  /// an unscaled decimal, a `uuid`'s bits. It must fit.
  public func append(_ value: Int64) {
    switch layout {
    case .fixed(width: 16): values.append(Int128(value))
    case .fixed(width: 8): values.append(value)
    case .fixed(width: 4): values.append(Int32(truncatingIfNeeded: value))
    case .fixed(width: 2): values.append(Int16(truncatingIfNeeded: value))
    case .fixed: values.append(Int8(truncatingIfNeeded: value))
    default: preconditionFailure("append(Int64) on a \(type) column")
    }
    count += 1
  }

  /// A whole number of up to 128 bits; it must fit the type.
  public func append(_ value: Int128) {
    if layout == .fixed(width: 16) {
      values.append(value)
      count += 1
    } else {
      append(Int64(truncatingIfNeeded: value))
    }
  }

  /// A `double`, or a `real` after rounding to the nearest.
  public func append(_ value: Double) {
    if type == .real {
      values.append(Float(value))
    } else {
      precondition(type == .double, "append(Double) on a \(type) column")
      values.append(value)
    }
    count += 1
  }

  public func append(_ value: Bool) {
    precondition(type == .boolean, "append(Bool) on a \(type) column")
    values.append(UInt8(value ? 1 : 0))
    count += 1
  }

  /// UTF-8 text, or the bytes of a `varbinary`.
  public func append(bytes: UnsafeRawBufferPointer) {
    precondition(layout == .text, "append(bytes:) on a \(type) column")
    values.append(arena.store(bytes))
    count += 1
  }

  public func append(_ value: String) {
    var copy = value
    copy.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// Ends an array or a map: it holds what was appended to the children since the last one.
  public func closeList() {
    precondition(layout == .list || layout == .map, "closeList() on a \(type) column")
    appendOffset()
    count += 1
  }

  /// Ends a row: each child must have got one value.
  public func closeRow() {
    precondition(layout == .row, "closeRow() on a \(type) column")
    count += 1
  }

  private func appendOffset() {
    if values.byteCount == 0 { values.append(Int32(0)) }
    values.append(Int32(children[0].count))
  }

  public func append(_ value: Int64?) {
    if let value { append(value) } else { appendNull() }
  }

  public func append(_ value: Double?) {
    if let value { append(value) } else { appendNull() }
  }

  public func append(_ value: Bool?) {
    if let value { append(value) } else { appendNull() }
  }

  public func append(_ value: String?) {
    if let value { append(value) } else { appendNull() }
  }

  /// A scalar of this column's type; anything else is our own mistake and stops the program.
  public func append(_ scalar: Scalar) {
    switch scalar {
    case .null: appendNull()
    case .boolean(let value): append(value)
    case .integer(let value): append(value)
    case .wide(let value): append(value)
    case .double(let value): append(value)
    case .text(let value): append(value)
    case .binary(let value): value.withUnsafeBytes { append(bytes: $0) }
    case .list(let elements):
      for element in elements { children[0].append(element) }
      closeList()
    case .map(let keys, let values):
      for key in keys { children[0].append(key) }
      for value in values { children[1].append(value) }
      closeList()
    case .row(let fields):
      for (child, field) in zip(children, fields) { child.append(field) }
      closeRow()
    }
  }

  /// Seals what was appended and begins again.
  public func finish() -> ColumnVector {
    if layout == .list || layout == .map, values.byteCount == 0 { values.append(Int32(0)) }
    let vector = ColumnVector(
      type: type,
      count: count,
      values: values.finish(),
      textData: arena.finish(),
      children: children.map { $0.finish() },
      validity: nulls == 0 ? nil : finishValidity()
    )
    nulls = 0
    count = 0
    return vector
  }

  private func finishValidity() -> ValidityBitmap {
    let nullRows = invalid.finish()
    let buffer = Buffer(byteCount: (count + 7) / 8) { memory in
      for byte in 0..<memory.count { memory[byte] = 0xFF }
      if count & 7 != 0 { memory[memory.count - 1] = (1 << UInt8(count & 7)) - 1 }
      for row in nullRows.values(as: Int32.self) {
        memory[Int(row) >> 3] &= ~(1 << UInt8(row & 7))
      }
    }
    return ValidityBitmap(buffer: buffer, count: count, nullCount: nulls)
  }
}
