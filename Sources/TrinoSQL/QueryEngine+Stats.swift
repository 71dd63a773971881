// SHOW STATS FOR a table: what its store knows about it without reading it, as Trino lists it.

import Columnar
import Connector

extension QueryEngine {
  /// A row for each column, and at last one for the table; what is not known is NULL.
  ///
  /// Sizes are those of columns whose values have no fixed one; low and high are those of numbers and
  /// dates.
  func stats(_ parts: [Identifier], _ analyzer: Analyzer) throws -> QueryResult {
    let (_, table) = try analyzer.table(parts)
    let known = try table.statistics()
    let rowCount = known.rowCount.map(Double.init)
    func number(_ value: Double?) -> Scalar { value.map(Scalar.double) ?? .null }
    var rows: [[Scalar]] = table.schema.fields.enumerated().map { index, field in
      let column = known.columns[index] ?? ColumnStatistics()
      let type = TrinoType(field.type)
      let nulls = column.nullCount.map(Double.init)
      let valueCount = rowCount.map { max(0, $0 - (nulls ?? 0)) }
      var size: Double?
      if type.hasValuesOfAnySize, let bytes = column.averageByteCount, let valueCount {
        size = (bytes * valueCount).rounded()
      }
      func bound(_ scalar: Scalar?) -> Scalar {
        guard let scalar, scalar != .null, type.hasShownBounds else { return .null }
        return .text(type.text(scalar))
      }
      return [
        .text(field.name), number(size), number(column.distinctCount.map(Double.init)),
        number(nulls.flatMap { nulls in rowCount.map { $0 == 0 ? 0 : nulls / $0 } }), .null,
        bound(column.minimum), bound(column.maximum),
      ]
    }
    rows.append([.null, .null, .null, .null, number(rowCount), .null, .null])
    return QueryResult(
      [
        ("column_name", .varchar(nil)), ("data_size", .double),
        ("distinct_values_count", .double), ("nulls_fraction", .double), ("row_count", .double),
        ("low_value", .varchar(nil)), ("high_value", .varchar(nil)),
      ], rows: rows)
  }
}

extension TrinoType {
  fileprivate var hasValuesOfAnySize: Bool {
    switch self {
    case .varchar, .char, .varbinary, .json: true
    default: false
    }
  }

  fileprivate var hasShownBounds: Bool {
    switch self {
    case .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal, .date: true
    default: false
    }
  }
}
