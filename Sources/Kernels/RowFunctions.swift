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

/// Whole numbers to a whole number.
public func mapBigints(
  _ columns: [ColumnVector], count: Int, _ body: ([Int64]) throws -> Int64?
) rethrows -> ColumnVector {
  try mapRows(columns, count: count, to: .bigint) { row, builder in
    builder.append(try body(columns.map { $0.wholeNumber(row) }))
  }
}

/// Doubles to a double, row by row where none is NULL.
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

/// One value of eight bytes to another, NULL or not; the loop is the caller's own code.
@inlinable
@inline(__always)
public func mapEach<Value: BitwiseCopyable, Result: BitwiseCopyable>(
  _ column: ColumnVector, to type: DataType, _ body: (Value) -> Result
) -> ColumnVector {
  let source = column.flattened()
  let count = source.count
  return withExtendedLifetime(source.values) {
    let values = source.values.values(as: Value.self)
    let output = Buffer(uninitializedByteCount: count * MemoryLayout<Result>.stride) { memory in
      let out = memory.bindMemory(to: Result.self)
      for row in 0..<count { out[row] = body(values[row]) }
    }
    return ColumnVector(type: type, count: count, values: output, validity: source.validity)
  }
}

/// Two values to one, NULL or not; the loop is the caller's own code.
@inlinable
@inline(__always)
public func mapPairs<Value: BitwiseCopyable, Result: BitwiseCopyable>(
  _ left: ColumnVector, _ right: ColumnVector, to type: DataType,
  _ body: (Value, Value) -> Result
) -> ColumnVector {
  let a = left.flattened()
  let b = right.flattened()
  let count = a.count
  let validity = mergedValidity(a.validity, b.validity, count: count)
  return withExtendedLifetime((a.values, b.values)) {
    let x = a.values.values(as: Value.self)
    let y = b.values.values(as: Value.self)
    let output = Buffer(uninitializedByteCount: count * MemoryLayout<Result>.stride) { memory in
      let out = memory.bindMemory(to: Result.self)
      for row in 0..<count { out[row] = body(x[row], y[row]) }
    }
    return ColumnVector(type: type, count: count, values: output, validity: validity)
  }
}

/// A double to a double.
@inlinable
public func mapDouble(_ column: ColumnVector, _ body: (Double) -> Double) -> ColumnVector {
  mapEach(column, to: .double, body)
}

/// Two doubles to a double.
@inlinable
public func mapDoubles(
  _ left: ColumnVector, _ right: ColumnVector, _ body: (Double, Double) -> Double
) -> ColumnVector { mapPairs(left, right, to: .double, body) }

/// One whole number to another.
@inlinable
public func mapBigint(_ column: ColumnVector, _ body: (Int64) -> Int64) -> ColumnVector {
  mapEach(column, to: .bigint, body)
}

/// Two whole numbers to one.
@inlinable
public func mapBigints(
  _ left: ColumnVector, _ right: ColumnVector, _ body: (Int64, Int64) -> Int64
) -> ColumnVector { mapPairs(left, right, to: .bigint, body) }
