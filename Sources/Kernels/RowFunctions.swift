// Row by row functions for what is too seldom used, or too rich, for a loop of its own.

public import Columnar

/// `count` rows that `body` appends one by one; a NULL in any argument gives NULL.
///
/// For functions whose work on one row outweighs the cost of a call and a `String`.
func mapRows(
  _ columns: [ColumnVector],
  count: Int,
  to type: DataType,
  _ body: (Int, ColumnBuilder) throws -> Void
) rethrows -> ColumnVector {
  let validity = mergedValidity(columns, count: count)
  let builder = ColumnBuilder(type: type, capacity: count)
  for row in 0..<count {
    if validity?.isValid(row) ?? true {
      try body(row, builder)
    } else {
      builder.appendNull()
    }
  }
  return builder.finish()
}

extension ColumnVector {
  /// The text at a row that is not NULL.
  func string(_ row: Int) -> String {
    withTextValue(at: valueIndex(row)) { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes at a row that is not NULL.
  func byteArray(_ row: Int) -> [UInt8] { withTextValue(at: valueIndex(row)) { Array($0) } }

  /// The whole number at a row that is not NULL; 0 for what is none.
  func wholeNumber(_ row: Int) -> Int64 {
    if case .integer(let value) = scalar(row) { return value }
    return 0
  }
}

/// Text to text.
public func mapText(
  _ columns: [ColumnVector], count: Int, _ body: ([String]) throws -> String?
) rethrows -> ColumnVector {
  try mapRows(columns, count: count, to: .varchar) { row, builder in
    builder.append(try body(columns.map { $0.string(row) }))
  }
}

/// Text to a whole number.
public func mapTextToBigint(
  _ columns: [ColumnVector], count: Int, _ body: ([String]) throws -> Int64?
) rethrows -> ColumnVector {
  try mapRows(columns, count: count, to: .bigint) { row, builder in
    builder.append(try body(columns.map { $0.string(row) }))
  }
}

/// Text to an array of texts.
public func mapTextToArray(
  _ columns: [ColumnVector], count: Int, _ body: ([String]) throws -> [String]
) rethrows -> ColumnVector {
  let validity = mergedValidity(columns, count: count)
  let elements = ColumnBuilder(type: .varchar)
  var counts: [Int32] = []
  for row in 0..<count {
    guard validity?.isValid(row) ?? true else {
      counts.append(0)
      continue
    }
    let parts = try body(columns.map { $0.string(row) })
    for part in parts { elements.append(part) }
    counts.append(Int32(truncatingIfNeeded: parts.count))
  }
  return makeList(
    .array(.varchar), counts: counts, children: [elements.finish()], validity: validity)
}

/// Bytes to bytes; also between text and binary.
public func mapBytes(
  _ column: ColumnVector, to type: DataType, _ body: ([UInt8]) throws -> [UInt8]
) rethrows -> ColumnVector {
  try mapRows([column], count: column.count, to: type) { row, builder in
    let made = try body(column.byteArray(row))
    made.withUnsafeBytes { builder.append(bytes: $0) }
  }
}

/// Whole numbers to a whole number.
public func mapBigints(
  _ columns: [ColumnVector], count: Int, _ body: ([Int64]) throws -> Int64?
) rethrows -> ColumnVector {
  try mapRows(columns, count: count, to: .bigint) { row, builder in
    builder.append(try body(columns.map { $0.wholeNumber(row) }))
  }
}

/// Doubles to a double.
public func mapDoubles(
  _ columns: [ColumnVector], count: Int, _ body: ([Double]) throws -> Double
) rethrows -> ColumnVector {
  let lanes = columns.map { Lane<Double>($0.plain) }
  let validity = mergedValidity(columns, count: count)
  return try makeFixed(.double, count, validity, as: Double.self) { out in
    for row in 0..<count where validity?.isValid(row) ?? true {
      out[row] = try body(lanes.map { $0[row] })
    }
  }
}

/// One whole number to another; the loop is the caller's own code, without a call per row.
@inlinable
public func mapBigint(_ column: ColumnVector, _ body: (Int64) -> Int64) -> ColumnVector {
  let source = column.plain.flattened()
  let values = source.values.values(as: Int64.self)
  let output = Buffer(uninitializedByteCount: source.count * 8) { memory in
    let out = memory.bindMemory(to: Int64.self)
    for row in 0..<source.count { out[row] = body(values[row]) }
  }
  return ColumnVector(type: .bigint, count: source.count, values: output, validity: source.validity)
}
