// SHOW STATS FOR: what is known of a table, or estimated of a query, without reading rows.

import Columnar
import Connector
import QueryPlanning

extension QueryEngine {
  /// What a table's store says of it: a row for each column, and at last one for the table; what is
  /// not known is NULL.
  ///
  /// Sizes are those of columns whose values have no fixed one; low and high are those of numbers and
  /// dates.
  func stats(_ parts: [Identifier], _ analyzer: Analyzer) throws -> QueryResult {
    let (_, table) = try analyzer.table(parts)
    let known = try table.statistics()
    let rowCount = known.rowCount.map(Double.init)
    let lines = table.schema.fields.enumerated().map { index, field in
      let column = known.columns[index] ?? ColumnStatistics()
      return ColumnStatsLine(
        name: field.name, type: TrinoType(field.type), averageBytes: column.averageByteCount,
        distinctCount: column.distinctCount.map(Double.init),
        nullShare: column.nullCount.flatMap { nulls in
          rowCount.map { $0 == 0 ? 0 : Double(nulls) / $0 }
        },
        low: column.minimum, high: column.maximum)
    }
    return Self.stats(lines, rowCount: rowCount)
  }

  /// What the optimizer estimates of a query's rows, in the same form.
  func stats(_ query: QuerySyntax, _ analyzer: Analyzer) throws -> QueryResult {
    var analyzer = analyzer
    let relation = try analyzer.statementQuery(query)
    let estimate = PlanEstimate(optimizer(analyzer.session).optimize(relation.plan)).statistics
    func known(_ value: Double) -> Double? { value.isFinite ? value : nil }
    let lines = relation.scope.fields.enumerated().map { index, field in
      let column = estimate.columns[index]
      return ColumnStatsLine(
        name: field.name ?? "_col\(index)", type: field.type,
        averageBytes: known(column.averageBytes), distinctCount: known(column.distinctCount),
        nullShare: known(column.nullShare),
        low: known(column.low).flatMap(field.type.scalar(at:)),
        high: known(column.high).flatMap(field.type.scalar(at:)))
    }
    return Self.stats(lines, rowCount: known(estimate.rowCount))
  }

  private static func stats(_ lines: [ColumnStatsLine], rowCount: Double?) -> QueryResult {
    func number(_ value: Double?) -> Scalar { value.map(Scalar.double) ?? .null }
    let rows: [[Scalar]] = lines.map { line in
      var size: Double?
      if line.type.hasValuesOfAnySize, let bytes = line.averageBytes, let rowCount {
        size = (bytes * rowCount * (1 - (line.nullShare ?? 0))).rounded()
      }
      func bound(_ scalar: Scalar?) -> Scalar {
        guard let scalar, scalar != .null, line.type.hasShownBounds else { return .null }
        return .text(line.type.text(scalar))
      }
      return [
        .text(line.name), number(size), number(line.distinctCount), number(line.nullShare), .null,
        bound(line.low), bound(line.high),
      ]
    }
    return QueryResult(
      [
        ("column_name", .varchar(nil)), ("data_size", .double),
        ("distinct_values_count", .double), ("nulls_fraction", .double), ("row_count", .double),
        ("low_value", .varchar(nil)), ("high_value", .varchar(nil)),
      ], rows: rows + [[.null, .null, .null, .null, number(rowCount), .null, .null]])
  }
}

/// What is said of one column; nil where it is not known.
private struct ColumnStatsLine {
  var name: String
  var type: TrinoType
  var averageBytes: Double?
  var distinctCount: Double?
  var nullShare: Double?
  var low: Scalar?
  var high: Scalar?
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

  /// The value at a place in the type's order; nil for types whose bounds are not shown.
  fileprivate func scalar(at place: Double) -> Scalar? {
    switch self {
    case .tinyint, .smallint, .integer, .bigint, .date:
      Int64(exactly: place.rounded()).map(Scalar.integer)
    case .decimal(_, let scale):
      Int128(exactly: ((0..<scale).reduce(place) { value, _ in value * 10 }).rounded())
        .map(Scalar.exact)
    case .real, .double: .double(place)
    default: nil
    }
  }
}
