// What is estimated of a plan's rows before it runs.

public import Columnar
import Connector

/// What is estimated of one column; NaN stands for unknown.
public struct ColumnEstimate: Sendable, Hashable {
  /// Numbers, days and microseconds as they order; -∞ where it is not known, NaN where there is no
  /// value.
  public var low = -Double.infinity
  public var high = Double.infinity
  /// 0 to 1.
  public var nullShare = Double.nan
  /// Without NULL.
  public var distinctCount = Double.nan
  /// Bytes of a value that is not NULL.
  public var averageBytes = Double.nan

  public init() {}

  /// Nothing is known.
  public static let unknown = ColumnEstimate()

  var range: ValueRange {
    get { ValueRange(low: low, high: high, distinctCount: distinctCount) }
    set {
      low = newValue.low
      high = newValue.high
      distinctCount = newValue.distinctCount
    }
  }

  /// Unknown counts as none.
  var knownNullShare: Double { nullShare.isNaN ? 0 : nullShare }
}

/// How many rows a plan gives, and what is in them.
public struct PlanStatistics: Sendable, Hashable {
  /// NaN where it is not known.
  public var rowCount: Double
  /// One a column.
  public var columns: [ColumnEstimate]

  public init(rowCount: Double, columns: [ColumnEstimate]) {
    self.rowCount = rowCount
    self.columns = columns
  }

  /// Of `count` columns, nothing.
  static func unknown(_ count: Int) -> PlanStatistics {
    PlanStatistics(
      rowCount: .nan, columns: [ColumnEstimate](repeating: .unknown, count: count))
  }

  public var isKnown: Bool { !rowCount.isNaN }

  /// No column has more values than there are rows.
  func normalized() -> PlanStatistics {
    guard isKnown else { return PlanStatistics.unknown(columns.count) }
    var result = self
    result.rowCount = max(0, rowCount)
    for index in columns.indices {
      let valueCount = result.rowCount * (1 - columns[index].knownNullShare)
      if columns[index].distinctCount > valueCount {
        result.columns[index].distinctCount = valueCount
      }
    }
    return result
  }

  /// Bytes of the columns' values: of a text of unknown length 50, and as Trino keeps them a byte
  /// that tells NULL and four for where a text begins.
  public func byteCount(_ fields: [Field]) -> Double {
    zip(columns, fields).reduce(0) { sum, pair in
      let (column, field) = pair
      let valueCount = rowCount * (1 - column.knownNullShare)
      let fixed = field.type.fixedWidth.map(Double.init)
      let average = column.averageBytes.isNaN ? 50 : column.averageBytes
      return sum + rowCount + (fixed == nil ? rowCount * 4 : 0) + valueCount * (fixed ?? average)
    }
  }
}

extension Scalar {
  /// A value's place in the order of its type, as a number; nil for texts and others without one.
  func place(_ type: DataType) -> Double? {
    switch (self, type) {
    case (.boolean(let value), _): return value ? 1 : 0
    case (.double(let value), _): return value.isNaN ? nil : value
    case (_, .decimal(_, let scale)):
      guard let unscaled = wholeNumber else { return nil }
      return (0..<scale).reduce(Double(unscaled)) { value, _ in value / 10 }
    case (_, .timestamp(let precision)), (_, .timestampWithTimeZone(let precision)):
      guard let value = wholeNumber else { return nil }
      return precision <= 6 ? Double(value) : Double(value) / 1e6
    case (_, .uuid), (_, .varbinary), (_, .varchar), (_, .char): return nil
    default: return wholeNumber.map(Double.init)
    }
  }
}

extension PlanStatistics {
  /// Of a table, before its predicates: one column a position of the table's schema.
  init(_ statistics: TableStatistics, _ fields: [Field]) {
    rowCount = statistics.rowCount.map(Double.init) ?? .nan
    columns = fields.enumerated().map { position, field in
      var column = ColumnEstimate.unknown
      guard let known = statistics.columns[position] else { return column }
      if let low = known.minimum?.place(field.type) { column.low = low }
      if let high = known.maximum?.place(field.type) { column.high = high }
      if let nulls = known.nullCount, let rows = statistics.rowCount {
        column.nullShare = rows == 0 ? 0 : min(1, Double(nulls) / Double(rows))
      }
      if let count = known.distinctCount { column.distinctCount = Double(count) }
      if let bytes = known.averageByteCount { column.averageBytes = bytes }
      return column
    }
  }
}
