/// A column of values of one type, immutable and shared by reference to its buffers.
///
/// Three encodings, told apart once per batch and never per row:
///
/// - **flat**: one value a row.
/// - **dictionary**: `codes` holds one Int32 a row, an index into the values of `dictionary`.
/// - **constant**: one value for all rows, or the vector is all NULL.
///
/// Where values lie, by `type.layout`, at a value index (the row, its code, or 0):
///
/// ```
/// fixed   values[i]                                little-endian integers, IEEE floats
/// text    TextView at values[16 i]                 long texts in textData
/// list    children[0], rows offset[i] ..< offset[i + 1]; Int32 offsets in values
/// map     children[0] keys and children[1] values, offsets as a list's
/// row     children[f], row i                       values is empty
/// ```
/// `validity` is always by row (nil: no NULLs); what lies under a NULL row is any valid value.
/// Offsets ascend, and may begin above 0. A child may have NULLs and encodings of its own.
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
  /// The elements of lists, the keys and values of maps, the fields of rows.
  public let children: [ColumnVector]
  public let validity: ValidityBitmap?

  public init(
    type: DataType,
    count: Int,
    encoding: Encoding = .flat,
    values: Buffer,
    textData: [Buffer] = [],
    children: [ColumnVector] = [],
    validity: ValidityBitmap? = nil
  ) {
    self.type = type
    self.count = count
    self.encoding = encoding
    self.values = values
    self.textData = textData
    self.children = children
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
      children: dictionary.values.children,
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
      children: one.children,
      validity: scalar.isNull ? ValidityBitmap.allNull(count: count) : nil
    )
  }

  /// A flat column of rows: one child a field, all of `count` rows.
  public init(row fields: [ColumnVector], type: DataType, count: Int, validity: ValidityBitmap?) {
    self.init(
      type: type, count: count, values: .empty, children: fields, validity: validity)
  }

  /// True where the row is NULL.
  @inlinable
  public func isNull(_ row: Int) -> Bool {
    guard let validity else { return false }
    return !validity.isValid(row)
  }

  public var nullCount: Int { validity?.nullCount ?? 0 }

  @inlinable
  public var isFlat: Bool {
    if case .flat = encoding { return true }
    return false
  }

  @inlinable
  public var isConstant: Bool {
    if case .constant = encoding { return true }
    return false
  }

  /// The index into `values` of a row: the row itself, its code, or 0.
  @inlinable
  public func valueIndex(_ row: Int) -> Int {
    switch encoding {
    case .flat: row
    case .dictionary(let codes, _): Int(codes.values(as: Int32.self)[row])
    case .constant: 0
    }
  }

  /// The elements of a list or map at an index into `values`, as rows of its children.
  @inlinable
  public func elementRange(at valueIndex: Int) -> Range<Int> {
    let offsets = values.address.assumingMemoryBound(to: Int32.self)
    return Int(offsets[valueIndex])..<Int(offsets[valueIndex + 1])
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

  /// The same values under another type of the same layout: `varchar(5)` as `varchar`.
  ///
  /// Nothing is converted or checked. A dictionary loses its identity.
  public func retyped(_ type: DataType) -> ColumnVector {
    if type == self.type { return self }
    precondition(type.layout == self.type.layout, "\(self.type) does not lie as \(type) does")
    if case .dictionary(let codes, let dictionary) = encoding {
      return ColumnVector(
        dictionary: VectorDictionary(dictionary.values.retyped(type)), codes: codes, count: count,
        validity: validity)
    }
    return ColumnVector(
      type: type, count: count, encoding: encoding, values: values, textData: textData,
      children: children, validity: validity)
  }

  /// The same values with other NULLs; what lies under a NULL is kept.
  public func withValidity(_ validity: ValidityBitmap?) -> ColumnVector {
    ColumnVector(
      type: type, count: count, encoding: encoding, values: values, textData: textData,
      children: children, validity: validity)
  }

  /// The bytes held in memory, about; a shared dictionary counts nothing, other shared buffers each
  /// time.
  public var byteCount: Int {
    var bytes = validity?.buffer.byteCount ?? 0
    switch encoding {
    case .flat:
      bytes += values.byteCount
      for data in textData { bytes += data.byteCount }
      for child in children { bytes += child.byteCount }
    case .dictionary(let codes, _): bytes += codes.byteCount
    case .constant: break
    }
    return bytes
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
