// How a scalar type is written: one place for physical types, annotations and widths.

import Columnar

/// A leaf of the schema that is written.
struct LeafFormat: Sendable {
  /// Names from the root, as the footer lists them.
  var path: [String]
  var type: DataType
  var physical: PhysicalType
  /// Bytes of a fixed-length byte array; 0 for others.
  var typeLength = 0
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
    case .integer, .date: physical = .int32
    case .bigint, .timestamp, .timestampWithTimeZone: physical = .int64
    case .decimal(let precision, _): physical = precision <= 9 ? .int32 : .int64
    case .double: physical = .double
    case .varchar, .varbinary: physical = .byteArray
    default:
      throw ParquetError(
        .unsupported,
        fileName: "output",
        column: path.joined(separator: "."),
        "there is no form for \(type)"
      )
    }
  }

  /// The element of the footer's schema, annotated in the new and the old way.
  func writeElement(_ element: inout ThriftWriter, name: String, repetition: Int32) {
    element.field(1, physical.rawValue)
    if typeLength > 0 { element.field(2, Int32(typeLength)) }
    element.field(3, repetition)
    element.field(4, name)
    switch type {
    case .varchar:
      element.field(6, 0)
      element.field(10) { logical in logical.field(1) { _ in } }
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
    case .timestamp, .timestampWithTimeZone:
      // The old annotation means an instant, so a wall clock goes without it.
      let isAdjusted = type == .timestampWithTimeZone
      if isAdjusted { element.field(6, 10) }
      element.field(10) { logical in
        logical.field(8) { timestamp in
          timestamp.field(1, isAdjusted)
          timestamp.field(2) { unit in unit.field(2) { _ in } }
        }
      }
    default: break
    }
  }
}
