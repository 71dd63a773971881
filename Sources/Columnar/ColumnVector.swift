/// A column of values of one type, immutable and shared by reference to its buffers.
///
/// Three encodings, told apart once per batch and never per row:
///
/// - **flat**: `values` holds one value a row.
/// - **dictionary**: `codes` holds one Int32 a row, an index into `dictionary`.
/// - **constant**: `values` holds one value for all rows, or the vector is all NULL.
///
/// `validity` is always by row (nil: no NULLs); what lies under a NULL row is any valid value.
/// Fixed-width values lie in `values` as little-endian integers or IEEE doubles; text as `TextView`s
/// in `values` over `textData`.
public struct ColumnVector: Sendable {
  public enum Encoding: Sendable {
    case flat
    case dictionary(codes: Buffer, VectorDictionary)
    case constant
  }

  public let type: DataType
  /// Rows.
  public let count: Int
  public let encoding: Encoding
  public let values: Buffer
  public let textData: [Buffer]
  public let validity: ValidityBitmap?

  public init(
    type: DataType,
    count: Int,
    encoding: Encoding = .flat,
    values: Buffer,
    textData: [Buffer] = [],
    validity: ValidityBitmap? = nil
  ) {
    self.type = type
    self.count = count
    self.encoding = encoding
    self.values = values
    self.textData = textData
    self.validity = validity
  }

  /// A vector of codes into shared values; the codes of NULL rows must still be in range or 0.
  public init(
    dictionary: VectorDictionary,
    codes: Buffer,
    count: Int,
    validity: ValidityBitmap? = nil
  ) {
    self.init(
      type: dictionary.values.type,
      count: count,
      encoding: .dictionary(codes: codes, dictionary),
      values: dictionary.values.values,
      textData: dictionary.values.textData,
      validity: validity
    )
  }

  /// `count` rows of one value; `.null` gives a column of NULLs.
  public init(constant scalar: Scalar, type: DataType, count: Int) {
    let builder = ColumnBuilder(type: type, capacity: 1)
    builder.append(scalar)
    let one = builder.finish()
    self.init(
      type: type,
      count: count,
      encoding: .constant,
      values: one.values,
      textData: one.textData,
      validity: scalar.isNull ? ValidityBitmap.make(count: count) { _ in false } : nil
    )
  }

  /// True where the row is NULL.
  @inlinable
  public func isNull(_ row: Int) -> Bool {
    guard let validity else { return false }
    return !validity.isValid(row)
  }

  public var nullCount: Int { validity?.nullCount ?? 0 }

  /// The index into `values` of a row: the row itself, its code, or 0.
  @inlinable
  public func valueIndex(_ row: Int) -> Int {
    switch encoding {
    case .flat: row
    case .dictionary(let codes, _): Int(codes.values(as: Int32.self)[row])
    case .constant: 0
    }
  }

  /// The bytes of a text or binary value at an index into `values`; valid inside `body` only.
  @inlinable
  public func withTextValue<Result>(
    at valueIndex: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let address = values.address + valueIndex * MemoryLayout<TextView>.stride
    let view = address.load(as: TextView.self)
    if view.isInline {
      return try body(UnsafeRawBufferPointer(start: address + 4, count: view.count))
    }
    let data = textData[view.bufferIndex].address + view.byteOffset
    return try body(UnsafeRawBufferPointer(start: data, count: view.count))
  }

  /// One cell, for printing and for statistics; allocates, so never in a row loop.
  public func scalar(_ row: Int) -> Scalar {
    if isNull(row) { return .null }
    let index = valueIndex(row)
    switch type {
    case .boolean: return .boolean(values.values(as: UInt8.self)[index] != 0)
    case .integer, .date: return .integer(Int64(values.values(as: Int32.self)[index]))
    case .bigint, .decimal, .timestamp, .timestampWithTimeZone:
      return .integer(values.values(as: Int64.self)[index])
    case .double: return .double(values.values(as: Double.self)[index])
    case .varchar:
      return .text(withTextValue(at: index) { String(decoding: $0, as: UTF8.self) })
    case .varbinary: return .binary(withTextValue(at: index) { Array($0) })
    case .unknown: return .null
    }
  }

  /// The same rows, flat: copies unless it is flat already.
  public func flattened() -> ColumnVector {
    if case .flat = encoding { return self }
    let rows = Buffer(byteCount: count * 4) { memory in
      let target = memory.bindMemory(to: Int32.self)
      for row in 0..<count { target[row] = Int32(truncatingIfNeeded: row) }
    }
    return gather(rows.values(as: Int32.self), flatten: true)
  }

  /// The rows at `rows`, in that order. A dictionary keeps its encoding, a constant stays one.
  ///
  /// `rows.count` rows out; text is shared, not copied.
  public func gather(_ rows: UnsafeBufferPointer<Int32>) -> ColumnVector {
    gather(rows, flatten: false)
  }

  private func gather(_ rows: UnsafeBufferPointer<Int32>, flatten: Bool) -> ColumnVector {
    let gathered = validity.flatMap { bitmap in
      ValidityBitmap.make(count: rows.count) { bitmap.isValid(Int(rows[$0])) }
    }
    switch encoding {
    case .constant where !flatten:
      return ColumnVector(
        type: type,
        count: rows.count,
        encoding: .constant,
        values: values,
        textData: textData,
        validity: gathered
      )
    case .dictionary(let codes, let dictionary) where !flatten:
      let source = codes.values(as: Int32.self)
      let picked = Buffer(byteCount: rows.count * 4) { memory in
        let target = memory.bindMemory(to: Int32.self)
        for index in 0..<rows.count { target[index] = source[Int(rows[index])] }
      }
      return ColumnVector(
        dictionary: dictionary,
        codes: picked,
        count: rows.count,
        validity: gathered
      )
    default:
      let picked: Buffer
      switch type.layout {
      case .text: picked = gatherValues(rows, as: TextView.self)
      case .fixed(width: 8): picked = gatherValues(rows, as: UInt64.self)
      case .fixed(width: 4): picked = gatherValues(rows, as: UInt32.self)
      case .fixed: picked = gatherValues(rows, as: UInt8.self)
      }
      return ColumnVector(
        type: type,
        count: rows.count,
        values: picked,
        textData: textData,
        validity: gathered
      )
    }
  }

  private func gatherValues<Value: BitwiseCopyable>(
    _ rows: UnsafeBufferPointer<Int32>,
    as type: Value.Type
  ) -> Buffer {
    let source = values.values(as: Value.self)
    return Buffer(byteCount: rows.count * MemoryLayout<Value>.stride) { memory in
      let target = memory.bindMemory(to: Value.self)
      switch encoding {
      case .flat:
        for index in 0..<rows.count { target[index] = source[Int(rows[index])] }
      case .dictionary(let codes, _):
        let code = codes.values(as: Int32.self)
        for index in 0..<rows.count { target[index] = source[Int(code[Int(rows[index])])] }
      case .constant:
        for index in 0..<rows.count { target[index] = source[0] }
      }
    }
  }
}

/// The distinct values that dictionary vectors share; two vectors with the same object may compare
/// codes instead of values.
public final class VectorDictionary: Sendable {
  /// Flat and without NULLs.
  public let values: ColumnVector

  public init(_ values: ColumnVector) {
    self.values = values
  }
}
