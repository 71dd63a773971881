// The nodes that change tables, and the one that fragments meet at.

import Columnar
public import Connector

/// The rows of its input go into a table, all or none. Gives one row: how many there were.
public struct TableWrite: Sendable {
  /// Where the rows go.
  public enum Target: Sendable {
    /// CREATE TABLE AS: the table does not exist, and has the input's columns.
    case create(TableDefinition, replaces: Bool)
    /// INSERT: the table exists; the input has its columns, in its order.
    case insert
  }

  public var name: QualifiedName
  public var target: Target
  public var input: LogicalPlan

  public init(_ name: QualifiedName, _ target: Target, _ input: LogicalPlan) {
    self.name = name
    self.target = target
    self.input = input
  }
}

/// DELETE, UPDATE and MERGE, all at once: rows of the table that go, and rows that come.
///
/// Columns of the input, in this order: `operation` (integer: 1 insert, 2 delete, 3 update), the
/// row's identity as the source gives it (NULL for an insert), then the table's columns with the new
/// values (NULL for a delete). A row that two inputs change is an error
/// (`MERGE_TARGET_ROW_MULTIPLE_MATCHES`). Gives one row: how many rows were changed.
public struct RowChange: Sendable {
  public var name: QualifiedName
  public var source: any TableSource
  public var input: LogicalPlan

  /// The numbers in the input's first column.
  public enum Operation: Int64, Sendable, Hashable { case insert = 1, delete, update }

  public init(_ name: QualifiedName, _ source: any TableSource, _ input: LogicalPlan) {
    self.name = name
    self.source = source
    self.input = input
  }
}

/// Where rows pass from one fragment to another.
public struct Exchange: Sendable {
  /// Which of the reading tasks gets a row.
  public enum Partitioning: Sendable, Hashable {
    /// One task reads all.
    case single
    /// Rows of equal keys meet in one task.
    case hash([Expression])
    /// Each task gets all rows.
    case broadcast
    /// Rows are dealt out.
    case roundRobin
  }

  public var partitioning: Partitioning
  /// Between the threads of one process; nothing is sent.
  public var isLocal: Bool
  /// Inputs are sorted by these keys and merged; empty where order does not matter.
  public var orderBy: [SortKey]
  public var inputs: [LogicalPlan]

  public init(
    _ partitioning: Partitioning,
    isLocal: Bool = false,
    orderBy: [SortKey] = [],
    _ inputs: [LogicalPlan]
  ) {
    self.partitioning = partitioning
    self.isLocal = isLocal
    self.orderBy = orderBy
    self.inputs = inputs
  }
}
