// The one contract between stores and the engine.
//
// 1. The engine asks a `CatalogProvider` for its schemas and for a `TableSource` by name. Asking
//    pins a snapshot: what the source answers does not change under a running query.
// 2. It tells the source, in a `ScanRequest`, the columns it needs and predicates it would like to
//    have applied early. A predicate is a wish: a source may skip files, row groups or nothing, and
//    the engine filters again.
// 3. The source answers with independent `Split`s. Each opens into a `BatchReader` on any thread.
// 4. Writing goes through a `BatchSink`, which either commits all of its batches or none.

public import Columnar

/// A catalog of the engine: `lake`, `warehouse`, `system`, `live`.
///
/// Implementations are called from the engine's threads and must be safe to share.
public protocol CatalogProvider: Sendable {
  /// The catalog's name in SQL, in lower case.
  var name: String { get }
  /// The schemas it has, sorted.
  func schemaNames() throws -> [String]
  /// The tables of a schema, sorted; empty where the schema does not exist.
  func tableNames(schema: String) throws -> [String]
  /// The table as it is now; nil where there is none.
  func table(schema: String, name: String) throws -> (any TableSource)?
}

/// One version of a table, ready to be scanned.
public protocol TableSource: Sendable {
  var schema: Schema { get }
  /// Rows, where the source knows without reading them; nil elsewhere.
  var rowCount: Int? { get }
  /// The independent pieces that together hold every row that can match.
  func splits(for request: ScanRequest) throws -> [any Split]
}

extension TableSource {
  public var rowCount: Int? { nil }
}

/// What a scan needs of a table.
public struct ScanRequest: Sendable {
  /// Positions in the table's schema, in the order the batches must have; may be empty, and then
  /// batches carry only a row count.
  public var columns: [Int]
  /// All of these hold for every row that the query can use.
  public var predicates: [ColumnPredicate]
  /// Enough rows; nil for all.
  public var limit: Int?

  public init(columns: [Int], predicates: [ColumnPredicate] = [], limit: Int? = nil) {
    self.columns = columns
    self.predicates = predicates
    self.limit = limit
  }
}

/// `column <operator> constant`, the form that statistics and partition values can answer.
public struct ColumnPredicate: Hashable, Sendable {
  /// The operator with its constants; a NULL satisfies `isNull` only.
  public enum Comparison: Hashable, Sendable {
    case equal(Scalar)
    case notEqual(Scalar)
    case less(Scalar)
    case lessOrEqual(Scalar)
    case greater(Scalar)
    case greaterOrEqual(Scalar)
    case isIn([Scalar])
    case isNull
    case isNotNull
  }

  /// Position in the table's schema.
  public var column: Int
  public var comparison: Comparison

  public init(column: Int, _ comparison: Comparison) {
    self.column = column
    self.comparison = comparison
  }
}

/// An independent piece of a scan: a file, a segment, a page of a system table.
public protocol Split: Sendable {
  /// What EXPLAIN and errors call it, such as the file's path below its root.
  var label: String { get }
  /// Opens the piece; the reader belongs to the calling thread.
  func open() throws -> any BatchReader
}

/// Reads one split from its beginning to its end, on one thread.
public protocol BatchReader: AnyObject {
  /// The next batch, with exactly the requested columns; nil at the end. Never an empty batch.
  func next() throws -> ColumnarBatch?
}

/// How written rows meet those already there.
public enum WriteMode: Hashable, Sendable {
  case append
  /// The written rows replace the whole table.
  case overwrite
  /// The written rows replace the partitions listed, whole; each lists its values by column name
  /// (nil for NULL). A listed partition without written rows becomes empty.
  case overwritePartitions([[String: String?]])
}

/// Takes batches and commits them together, or not at all.
///
/// Exactly one of `commit()` and `abort()` ends it.
public protocol BatchSink: AnyObject {
  func write(_ batch: ColumnarBatch) throws
  /// Makes the rows visible in one step and answers what was written.
  func commit() throws -> CommitSummary
  /// Leaves the table as it was and removes what was staged.
  func abort()
}

/// What a commit changed: counts of rows and files, and the table's new version.
public struct CommitSummary: Hashable, Sendable {
  /// The table's version after the commit.
  public var version: Int64
  public var rowsAdded: Int
  public var filesAdded: Int
  public var filesRemoved: Int

  public init(version: Int64, rowsAdded: Int, filesAdded: Int, filesRemoved: Int) {
    self.version = version
    self.rowsAdded = rowsAdded
    self.filesAdded = filesAdded
    self.filesRemoved = filesRemoved
  }
}

/// `catalog.schema.table`.
public struct QualifiedName: Hashable, Sendable, CustomStringConvertible {
  public var catalog: String
  public var schema: String
  public var table: String

  public init(_ catalog: String, _ schema: String, _ table: String) {
    self.catalog = catalog
    self.schema = schema
    self.table = table
  }

  public var description: String { "\(catalog).\(schema).\(table)" }
}
