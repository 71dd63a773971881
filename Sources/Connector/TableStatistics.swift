// What a store knows about its rows without reading them, and the aggregations it can answer so.

public import Columnar

/// Estimates over one version of a table, before any predicate.
public struct TableStatistics: Sendable, Hashable {
  /// Exact or estimated; nil where nothing is known.
  public var rowCount: Int?
  /// By position in the table's schema; a column without an entry is unknown.
  public var columns: [Int: ColumnStatistics]

  public init(rowCount: Int? = nil, columns: [Int: ColumnStatistics] = [:]) {
    self.rowCount = rowCount
    self.columns = columns
  }
}

/// Estimates over one column; nil stands for unknown, never for none.
public struct ColumnStatistics: Sendable, Hashable {
  /// No value is smaller; text bounds may be cut short.
  public var minimum: Scalar?
  /// No value is larger.
  public var maximum: Scalar?
  public var nullCount: Int?
  /// Distinct values, NULL not counted.
  public var distinctCount: Int?
  /// Mean size of a value in memory, in bytes.
  public var averageByteCount: Double?

  public init(
    minimum: Scalar? = nil,
    maximum: Scalar? = nil,
    nullCount: Int? = nil,
    distinctCount: Int? = nil,
    averageByteCount: Double? = nil
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.nullCount = nullCount
    self.distinctCount = distinctCount
    self.averageByteCount = averageByteCount
  }
}

/// An aggregation that the engine offers to a source.
public struct AggregateRequest: Sendable, Hashable {
  /// One aggregate of the request, over a column by position.
  public enum Aggregate: Sendable, Hashable {
    case countRows
    /// Values that are not NULL.
    case count(column: Int)
    case minimum(column: Int)
    case maximum(column: Int)
    case sum(column: Int)
  }

  /// Positions of the columns to group by; empty for one row over all.
  public var groups: [Int]
  public var aggregates: [Aggregate]
  /// Only rows for which all of these hold count.
  public var predicates: [ColumnPredicate]

  public init(groups: [Int], aggregates: [Aggregate], predicates: [ColumnPredicate] = []) {
    self.groups = groups
    self.aggregates = aggregates
    self.predicates = predicates
  }
}
