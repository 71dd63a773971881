internal import Columnar

/// Columns of files that other writers made, in the table's type.
enum ColumnAdaptation {
  static func isPossible(from type: DataType, to wanted: DataType) -> Bool {
    switch (type, wanted) {
    case (.timestamp, .timestampWithTimeZone), (.timestampWithTimeZone, .timestamp),
      (.timestamp, .timestamp), (.timestampWithTimeZone, .timestampWithTimeZone):
      wanted.layout == .fixed(width: 8)
    case (.tinyint, .smallint), (.tinyint, .integer), (.tinyint, .bigint), (.smallint, .integer),
      (.smallint, .bigint), (.integer, .bigint), (.real, .double), (.varbinary, .varchar),
      (.varchar, .varbinary), (.json, .varchar):
      true
    default: type.isNested && hasSameValues(type, wanted)
    }
  }

  /// True where two types differ at most in what may be NULL.
  private static func hasSameValues(_ type: DataType, _ wanted: DataType) -> Bool {
    switch (type, wanted) {
    case (.row(let fields), .row(let others)):
      fields.count == others.count
        && zip(fields, others).allSatisfy {
          $0.name == $1.name && hasSameValues($0.type, $1.type)
        }
    case (.array(let element), .array(let other)): hasSameValues(element, other)
    case (.map(let key, let value), .map(let otherKey, let otherValue)):
      hasSameValues(key, otherKey) && hasSameValues(value, otherValue)
    default: type == wanted
    }
  }

  /// The vector itself where its type is right already.
  static func adapted(_ vector: ColumnVector, to type: DataType) -> ColumnVector {
    guard vector.type != type else { return vector }
    if vector.type.layout == type.layout { return vector.retyped(type) }
    let flat = vector.flattened()
    switch (vector.type, type.layout) {
    case (.real, _): return converted(flat, type, Float.self, Double.self) { Double($0) }
    case (.tinyint, .fixed(width: 2)):
      return converted(flat, type, Int8.self, Int16.self) { Int16($0) }
    case (.tinyint, .fixed(width: 4)):
      return converted(flat, type, Int8.self, Int32.self) { Int32($0) }
    case (.tinyint, _): return converted(flat, type, Int8.self, Int64.self) { Int64($0) }
    case (.smallint, .fixed(width: 4)):
      return converted(flat, type, Int16.self, Int32.self) { Int32($0) }
    case (.smallint, _): return converted(flat, type, Int16.self, Int64.self) { Int64($0) }
    case (.integer, _): return converted(flat, type, Int32.self, Int64.self) { Int64($0) }
    default:
      // A timestamp finer than the table's, in picoseconds.
      return converted(flat, type, Int128.self, Int64.self) {
        let micros = $0 / 1_000_000 - ($0 % 1_000_000 < 0 ? 1 : 0)
        return Int64(truncatingIfNeeded: micros)
      }
    }
  }

  private static func converted<Value: BitwiseCopyable, Other: BitwiseCopyable>(
    _ flat: ColumnVector,
    _ type: DataType,
    _ from: Value.Type,
    _ to: Other.Type,
    _ convert: (Value) -> Other
  ) -> ColumnVector {
    let source = flat.values.values(as: from)
    let values = Buffer(byteCount: flat.count * MemoryLayout<Other>.stride) { memory in
      let target = memory.bindMemory(to: to)
      for row in 0..<flat.count { target[row] = convert(source[row]) }
    }
    return ColumnVector(type: type, count: flat.count, values: values, validity: flat.validity)
  }
}
