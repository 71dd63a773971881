// Columns of files in the types that the table has now.
//
// Columns are found by name, so one that was renamed in the table alone is NULL in files written
// before, as one that was added is. Where the type differs, the conversions are those that Trino's Hive
// connector documents, and a value without a meaning in the new type is NULL: `'n/a'` in a file, read as
// `bigint`. Nobody is told, so count the NULLs after changing a type. What is not in the list ends the
// query with the file's name.

internal import Columnar
internal import Kernels

/// Conversion of a file's column to the table's type.
enum HiveCoercion {
  /// True where values of `type` can be read as `wanted`.
  static func isPossible(from type: DataType, to wanted: DataType) -> Bool {
    if type == wanted { return true }
    switch (type, wanted) {
    case (.row(let fields), .row(let others)):
      return others.allSatisfy { other in
        field(other.name, in: fields).map { isPossible(from: fields[$0].type, to: other.type) }
          ?? true
      }
    case (.array(let element), .array(let other)): return isPossible(from: element, to: other)
    case (.map(let key, let value), .map(let otherKey, let otherValue)):
      return isPossible(from: key, to: otherKey) && isPossible(from: value, to: otherValue)
    case (.boolean, .varchar), (.varchar, .varchar), (.varchar, .char), (.char, .char),
      (.char, .varchar), (.varchar, .boolean), (.varchar, .real), (.varchar, .double),
      (.varchar, .date), (.varchar, .timestamp), (.varchar, .varbinary), (.varbinary, .varchar),
      (.json, .varchar), (.real, .double), (.real, .decimal), (.double, .real),
      (.double, .decimal), (.date, .varchar), (.timestamp, .varchar), (.timestamp, .date),
      (.timestamp, .timestamp), (.timestampWithTimeZone, .timestamp), (.decimal, .decimal),
      (.decimal, .double), (.decimal, .real), (.decimal, .varchar):
      return true
    default: break
    }
    if type == .varchar || isDecimal(type) { return wanted.isWholeNumber }
    guard type.isWholeNumber, let width = type.fixedWidth else { return false }
    switch wanted {
    case .varchar, .double, .decimal: return true
    default: return wanted.isWholeNumber && wanted.fixedWidth.map { $0 > width } ?? false
    }
  }

  private static func isDecimal(_ type: DataType) -> Bool {
    if case .decimal = type { return true }
    return false
  }

  /// True where the conversion changes neither values nor their order, so that a file's statistics
  /// speak of the table's column too.
  static func keepsValues(from type: DataType, to wanted: DataType) -> Bool {
    switch (type, wanted) {
    case (.timestamp(let precision), .timestamp(let other)),
      (.timestampWithTimeZone(let precision), .timestamp(let other)):
      return precision <= other && other <= 6
    default:
      guard type != wanted else { return true }
      guard type.isWholeNumber, wanted.isWholeNumber else { return false }
      return isPossible(from: type, to: wanted)
    }
  }

  /// The same rows as `wanted`; the caller knows that it is possible.
  static func converted(_ vector: ColumnVector, to wanted: DataType) throws -> ColumnVector {
    if vector.type == wanted { return vector }
    switch (vector.type, wanted) {
    case (.row(let fields), .row(let others)):
      let flat = vector.flattened()
      let children = try others.map { other in
        guard let place = field(other.name, in: fields) else {
          return ColumnVector(constant: .null, type: other.type, count: flat.count)
        }
        return try converted(flat.children[place], to: other.type)
      }
      return ColumnVector(
        row: children, type: wanted, count: flat.count, validity: flat.validity)
    case (.array, .array), (.map, .map):
      let flat = vector.flattened()
      return ColumnVector(
        type: wanted, count: flat.count, values: flat.values,
        children: try zip(flat.children, wanted.childTypes).map { try converted($0, to: $1) },
        validity: flat.validity)
    case (.varbinary, .varchar(nil)), (.varchar, .varbinary), (.json, .varchar(nil)):
      return vector.retyped(wanted)
    case (.varbinary, .varchar), (.json, .varchar):
      return try Kernels.cast(vector.retyped(.varchar), to: wanted, isLenient: true)
    default: return try Kernels.cast(vector, to: wanted, isLenient: true)
    }
  }

  private static func field(_ name: String, in fields: [Field]) -> Int? {
    fields.firstIndex { $0.name.lowercased() == name.lowercased() }
  }
}
