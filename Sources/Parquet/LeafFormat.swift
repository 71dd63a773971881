// How types are written: one place for physical types, annotations, widths and the names of the
// groups around lists and maps.

import Columnar

/// A leaf of the schema that is written.
struct LeafFormat: Sendable {
  /// How column values become the physical ones, where they are not the same.
  enum Form: Sendable {
    case same
    /// Whole numbers of a fixed width, divided by a power of ten: times and fine timestamps.
    case divided(Int64)
    /// Big-endian two's complement of `typeLength` bytes.
    case bigEndian
  }

  /// Names from the root, as the footer lists them.
  var path: [String]
  var type: DataType
  var physical: PhysicalType
  /// Bytes of a fixed-length byte array; 0 for others.
  var typeLength = 0
  var form = Form.same
  var maxDefinition: Int
  var maxRepetition: Int

  /// Bytes of a PLAIN value; 1 for Booleans (packed to bits later), 0 for byte arrays.
  var plainWidth: Int {
    physical == .boolean ? 1 : physical.plainWidth(typeLength: typeLength) ?? 0
  }

  var name: String { path.joined(separator: ".") }

  /// - Throws: `parquet.unsupported` for a type that Parquet has no form for.
  init(type: DataType, path: [String], maxDefinition: Int, maxRepetition: Int) throws {
    self.path = path
    self.type = type
    self.maxDefinition = maxDefinition
    self.maxRepetition = maxRepetition
    switch type {
    case .boolean: physical = .boolean
    case .tinyint, .smallint, .integer, .date: physical = .int32
    case .bigint: physical = .int64
    case .real: physical = .float
    case .double: physical = .double
    case .varchar, .char, .varbinary, .json: physical = .byteArray
    case .uuid:
      physical = .fixedLengthByteArray
      typeLength = 16
      form = .bigEndian
    case .decimal(let precision, _):
      if precision <= DataType.shortDecimalPrecisionMax {
        physical = precision <= 9 ? .int32 : .int64
      } else {
        physical = .fixedLengthByteArray
        typeLength = Self.byteCount(digits: precision)
        form = .bigEndian
      }
    case .time(let precision) where precision <= 9:
      physical = .int64
      form = .divided(precision <= 6 ? 1_000_000 : 1_000)
    case .timestamp(let precision) where precision <= 9,
      .timestampWithTimeZone(let precision) where precision <= 9:
      physical = .int64
      if precision > 6 { form = .divided(1_000) }
    default:
      throw ParquetError(
        .unsupported,
        fileName: "output",
        column: path.joined(separator: "."),
        "there is no form for \(type)"
      )
    }
  }

  /// The fewest bytes that hold every number of `digits` decimal digits with its sign.
  private static func byteCount(digits: Int) -> Int {
    var most: UInt128 = 1
    for _ in 0..<digits { most *= 10 }
    return (129 - (most - 1).leadingZeroBitCount + 7) / 8
  }

  /// The leaves of a column, in the order of the schema.
  static func leaves(
    of field: Field,
    path: [String] = [],
    definition: Int = 0,
    repetition: Int = 0
  ) throws -> [LeafFormat] {
    let path = path + [field.name]
    let definition = definition + (field.isNullable ? 1 : 0)
    switch field.type {
    case .row(let fields):
      guard !fields.isEmpty else {
        throw ParquetError(
          .unsupported, fileName: "output", column: path.joined(separator: "."),
          "a row without fields has no form")
      }
      return try named(fields).flatMap {
        try leaves(of: $0, path: path, definition: definition, repetition: repetition)
      }
    case .array, .map:
      let (group, children) = inside(field.type)
      return try children.flatMap {
        try leaves(
          of: $0, path: path + [group], definition: definition + 1, repetition: repetition + 1)
      }
    default:
      return [
        try LeafFormat(
          type: field.type, path: path, maxDefinition: definition, maxRepetition: repetition)
      ]
    }
  }

  /// Fields of a row, each with a name.
  static func named(_ fields: [Field]) -> [Field] {
    fields.enumerated().map { index, field in
      field.name.isEmpty ? Field("field\(index)", field.type, isNullable: field.isNullable) : field
    }
  }

  /// The repeated group of a list or map, and what it holds.
  static func inside(_ type: DataType) -> (group: String, children: [Field]) {
    switch type {
    case .array(let element): ("list", [Field("element", element)])
    case .map(let key, let value):
      ("key_value", [Field("key", key, isNullable: false), Field("value", value)])
    default: ("", [])
    }
  }

  /// The element of the footer's schema, annotated in the new and the old way.
  func writeElement(_ element: inout ThriftWriter, name: String, repetition: Int32) {
    element.field(1, physical.rawValue)
    if typeLength > 0 { element.field(2, Int32(typeLength)) }
    element.field(3, repetition)
    element.field(4, name)
    switch type {
    case .varchar, .char:
      element.field(6, 0)
      element.field(10) { logical in logical.field(1) { _ in } }
    case .json:
      element.field(6, 19)
      element.field(10) { logical in logical.field(12) { _ in } }
    case .tinyint, .smallint:
      element.field(6, type == .tinyint ? 15 : 16)
      element.field(10) { logical in
        logical.field(10) { integer in
          integer.field(1, int8: type == .tinyint ? 8 : 16)
          integer.field(2, true)
        }
      }
    case .decimal(let precision, let scale):
      element.field(6, 5)
      element.field(7, Int32(scale))
      element.field(8, Int32(precision))
      element.field(10) { logical in
        logical.field(5) { decimal in
          decimal.field(1, Int32(scale))
          decimal.field(2, Int32(precision))
        }
      }
    case .date:
      element.field(6, 6)
      element.field(10) { logical in logical.field(6) { _ in } }
    case .time(let precision):
      // The old annotation means a time in UTC, so a wall clock goes without it.
      element.field(10) { logical in
        logical.field(7) { Self.writeUnit(&$0, isAdjusted: false, precision) }
      }
    case .timestamp(let precision):
      // The old annotation means an instant.
      element.field(10) { logical in
        logical.field(8) { Self.writeUnit(&$0, isAdjusted: false, precision) }
      }
    case .timestampWithTimeZone(let precision):
      if precision <= 6 { element.field(6, 10) }
      element.field(10) { logical in
        logical.field(8) { Self.writeUnit(&$0, isAdjusted: true, precision) }
      }
    case .uuid: element.field(10) { logical in logical.field(14) { _ in } }
    default: break
    }
  }

  /// Microseconds, or nanoseconds for what is finer.
  private static func writeUnit(
    _ writer: inout ThriftWriter,
    isAdjusted: Bool,
    _ precision: Int
  ) {
    writer.field(1, isAdjusted)
    writer.field(2) { unit in unit.field(precision <= 6 ? 2 : 3) { _ in } }
  }
}
