/// Collects the values of one column and seals them into a flat `ColumnVector`.
///
/// Used where values come one at a time (parsers, system tables, tests); kernels write buffers
/// directly. Not thread-safe; `finish()` empties it for the next batch.
public final class ColumnBuilder {
  public let type: DataType
  public private(set) var count = 0

  private var fixed8: [UInt64] = []
  private var fixed4: [UInt32] = []
  private var fixed1: [UInt8] = []
  private var views: [TextView] = []
  private var text: [UInt8] = []
  private var valid: [Bool] = []
  private var nulls = 0
  private let layout: PhysicalLayout

  public init(type: DataType, capacity: Int = 0) {
    self.type = type
    self.layout = type.layout
    valid.reserveCapacity(capacity)
    switch layout {
    case .text: views.reserveCapacity(capacity)
    case .fixed(width: 8): fixed8.reserveCapacity(capacity)
    case .fixed(width: 4): fixed4.reserveCapacity(capacity)
    case .fixed: fixed1.reserveCapacity(capacity)
    }
  }

  public func appendNull() {
    switch layout {
    case .text: views.append(TextView(low: 0, high: 0))
    case .fixed(width: 8): fixed8.append(0)
    case .fixed(width: 4): fixed4.append(0)
    case .fixed: fixed1.append(0)
    }
    valid.append(false)
    nulls += 1
    count += 1
  }

  /// An `integer`, `date`, `bigint`, `decimal` (unscaled) or timestamp value.
  public func append(_ value: Int64) {
    switch layout {
    case .fixed(width: 8): fixed8.append(UInt64(bitPattern: value))
    case .fixed(width: 4): fixed4.append(UInt32(bitPattern: Int32(truncatingIfNeeded: value)))
    default: preconditionFailure("append(Int64) on a \(type) column")
    }
    valid.append(true)
    count += 1
  }

  public func append(_ value: Double) {
    precondition(type == .double, "append(Double) on a \(type) column")
    fixed8.append(value.bitPattern)
    valid.append(true)
    count += 1
  }

  public func append(_ value: Bool) {
    precondition(type == .boolean, "append(Bool) on a \(type) column")
    fixed1.append(value ? 1 : 0)
    valid.append(true)
    count += 1
  }

  /// UTF-8 text, or the bytes of a `varbinary`.
  public func append(bytes: UnsafeRawBufferPointer) {
    precondition(layout == .text, "append(bytes:) on a \(type) column")
    views.append(TextView(bytes, bufferIndex: 0, byteOffset: text.count))
    if bytes.count > TextView.inlineMax { text.append(contentsOf: bytes) }
    valid.append(true)
    count += 1
  }

  public func append(_ value: String) {
    var copy = value
    copy.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
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
    case .double(let value): append(value)
    case .text(let value): append(value)
    case .binary(let value): value.withUnsafeBytes { append(bytes: $0) }
    }
  }

  /// Seals what was appended and begins again.
  public func finish() -> ColumnVector {
    let values: Buffer
    switch layout {
    case .text: values = views.withUnsafeBytes { Buffer(copying: $0) }
    case .fixed(width: 8): values = fixed8.withUnsafeBytes { Buffer(copying: $0) }
    case .fixed(width: 4): values = fixed4.withUnsafeBytes { Buffer(copying: $0) }
    case .fixed: values = fixed1.withUnsafeBytes { Buffer(copying: $0) }
    }
    let data = text.isEmpty ? [] : [text.withUnsafeBytes { Buffer(copying: $0) }]
    let bitmap = nulls == 0 ? nil : ValidityBitmap.make(count: count) { valid[$0] }
    let vector = ColumnVector(
      type: type,
      count: count,
      values: values,
      textData: data,
      validity: bitmap
    )
    fixed8.removeAll(keepingCapacity: true)
    fixed4.removeAll(keepingCapacity: true)
    fixed1.removeAll(keepingCapacity: true)
    views.removeAll(keepingCapacity: true)
    text.removeAll(keepingCapacity: true)
    valid.removeAll(keepingCapacity: true)
    nulls = 0
    count = 0
    return vector
  }
}
