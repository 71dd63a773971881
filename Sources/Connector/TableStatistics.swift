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

extension ColumnStatistics {
  /// What is known of a column whose values lie in several pieces, such as files.
  ///
  /// A piece without a bound or a count leaves the whole without one, but for bounds of pieces in
  /// which every value is NULL. Distinct values are known only where a range of whole numbers has
  /// fewer than there are rows.
  public init(pieces: [ColumnPiece]) {
    self.init()
    // A count that no piece of so many rows can have says nothing; sums of others never overflow.
    let nullCounts = pieces.compactMap { piece in
      piece.nullCount.flatMap { (0...max(0, piece.rowCount)).contains($0) ? $0 : nil }
    }
    if nullCounts.count == pieces.count { nullCount = nullCounts.reduce(0, +) }
    let valued = pieces.filter { $0.nullCount != $0.rowCount }
    guard let first = valued.first, valued.allSatisfy({ $0.minimum != nil && $0.maximum != nil })
    else { return }
    minimum = first.minimum
    maximum = first.maximum
    for piece in valued.dropFirst() {
      if let known = minimum, let other = piece.minimum, other.comesBefore(known) {
        minimum = other
      }
      if let known = maximum, let other = piece.maximum, known.comesBefore(other) {
        maximum = other
      }
    }
    if case .integer(let low)? = minimum, case .integer(let high)? = maximum {
      let (width, overflow) = high.subtractingReportingOverflow(low)
      let rowCount = pieces.reduce(0) { $0 + $1.rowCount }
      if !overflow, width >= 0, width < Int64(rowCount) { distinctCount = Int(width) + 1 }
    }
  }
}

/// What one piece of a table, such as a file or a row group, says of a column; nil where it says
/// nothing.
public struct ColumnPiece: Sendable, Hashable {
  public var rowCount: Int
  public var minimum: Scalar?
  public var maximum: Scalar?
  public var nullCount: Int?

  public init(rowCount: Int, minimum: Scalar?, maximum: Scalar?, nullCount: Int?) {
    self.rowCount = rowCount
    self.minimum = minimum
    self.maximum = maximum
    self.nullCount = nullCount
  }
}

extension Scalar {
  /// Of two values of one type; false where they have no order here.
  fileprivate func comesBefore(_ other: Scalar) -> Bool {
    switch (self, other) {
    case (.double(let left), .double(let right)): return left < right
    case (.text(let left), .text(let right)):
      return left.utf8.lexicographicallyPrecedes(right.utf8)
    default:
      guard let left = wholeNumber, let right = other.wholeNumber else { return false }
      return left < right
    }
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
