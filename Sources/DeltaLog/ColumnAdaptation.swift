internal import Columnar

/// Columns of files that other writers made, in the table's type.
///
/// A whole number or float may be narrower than the table's, bytes may stand for text, and a row may
/// have its fields in another order, under the names of files, or lack those that were added later.
enum ColumnAdaptation {
  /// `parts` says how the file calls the parts of a nested type.
  static func isPossible(
    from type: DataType,
    to wanted: DataType,
    _ parts: [PhysicalColumn]
  ) -> Bool {
    switch (type, wanted) {
    case (.timestamp, .timestampWithTimeZone), (.timestampWithTimeZone, .timestamp),
      (.timestamp, .timestamp), (.timestampWithTimeZone, .timestampWithTimeZone):
      wanted.layout == .fixed(width: 8)
    case (.tinyint, .smallint), (.tinyint, .integer), (.tinyint, .bigint), (.smallint, .integer),
      (.smallint, .bigint), (.integer, .bigint), (.real, .double), (.varbinary, .varchar),
      (.varchar, .varbinary), (.json, .varchar):
      true
    case (.row(let fields), .row(let others)):
      zip(others, parts).allSatisfy { field, part in
        guard let place = place(of: part, in: fields) else { return true }
        return isPossible(from: fields[place].type, to: field.type, part.parts)
      }
    case (.array(let element), .array(let other)):
      parts.count == 1 && isPossible(from: element, to: other, parts[0].parts)
    case (.map(let key, let value), .map(let otherKey, let otherValue)):
      parts.count == 2 && isPossible(from: key, to: otherKey, parts[0].parts)
        && isPossible(from: value, to: otherValue, parts[1].parts)
    default: type == wanted
    }
  }

  private static func place(of part: PhysicalColumn, in fields: [Field]) -> Int? {
    fields.firstIndex { $0.name == part.name }
  }

  /// The vector itself where its type is right already; only for what `isPossible`.
  static func adapted(
    _ vector: ColumnVector,
    to type: DataType,
    _ parts: [PhysicalColumn]
  ) -> ColumnVector {
    guard vector.type != type else { return vector }
    if type.isNested { return nested(vector.flattened(), to: type, parts) }
    if vector.type.layout == type.layout { return vector.retyped(type) }
    return scalar(vector.flattened(), to: type)
  }

  private static func nested(
    _ vector: ColumnVector,
    to type: DataType,
    _ parts: [PhysicalColumn]
  ) -> ColumnVector {
    let children: [ColumnVector]
    switch (vector.type, type) {
    case (.row(let fields), .row(let wanted)):
      children = zip(wanted, parts).map { field, part in
        guard let place = place(of: part, in: fields) else {
          // Written before the field was added to the table.
          return ColumnVector(constant: .null, type: field.type, count: vector.count)
        }
        return adapted(vector.children[place], to: field.type, part.parts)
      }
    default:
      children = zip(zip(vector.children, type.childTypes), parts).map { pair, part in
        adapted(pair.0, to: pair.1, part.parts)
      }
    }
    return ColumnVector(
      type: type,
      count: vector.count,
      values: vector.values,
      children: children,
      validity: vector.validity
    )
  }

  private static func scalar(_ flat: ColumnVector, to type: DataType) -> ColumnVector {
    switch (flat.type, type.layout) {
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
