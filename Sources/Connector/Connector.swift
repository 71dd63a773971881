// The one contract between stores and the engine.
//
// 1. The engine asks a `CatalogProvider` for its schemas and for a `TableSource` by name. Asking
//    pins a snapshot: what the source answers does not change under a running query.
// 2. It tells the source, in a `ScanRequest`, the columns it needs and predicates it would like to
//    have applied early. A predicate is a wish: a source may skip files, row groups or nothing, and
//    the engine filters again.
// 3. The source answers with independent `Split`s. Each opens into a `BatchReader` on any thread.
// 4. A `WritableCatalog` takes DDL and rows: through a `BatchSink`, which either commits all of its
//    batches or none, and row-level changes through a `RowChangeSink`.
// 5. A `Procedure` is what a catalog does on a CALL; a `CatalogProperty` what a session asks of it.
//
// Everything beyond names, schema and splits has a default, so that a store says only what it can.

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
  /// The table as it was; nil where there is none. Throws where the catalog keeps no versions of it,
  /// or not that one.
  func table(schema: String, name: String, at moment: TableMoment) throws -> (any TableSource)?
  /// The views of a schema, sorted.
  func viewNames(schema: String) throws -> [String]
  /// A view's definition; nil where there is none.
  func view(schema: String, name: String) throws -> ViewDefinition?
  /// The files below a path as a table (`SELECT * FROM files."/data/*.parquet"`); nil where the
  /// catalog has no path tables. Throws where it has, and the path cannot be read.
  func table(path: String) throws -> (any TableSource)?
  /// The procedures of a schema; Trino's connectors keep theirs in `system`.
  func procedures(schema: String) throws -> [Procedure]
  /// What SET SESSION can set of it.
  var sessionProperties: [CatalogProperty] { get }
  /// The catalog as a session sees it that has set these properties, by name; the others keep their
  /// standard.
  func setting(_ properties: [String: String]) -> any CatalogProvider
}

extension CatalogProvider {
  public func table(
    schema: String, name: String, at moment: TableMoment
  ) throws -> (any TableSource)? {
    throw CatalogChangeError.notSupported("versioned tables")
  }
  public func viewNames(schema: String) throws -> [String] { [] }
  public func view(schema: String, name: String) throws -> ViewDefinition? { nil }
  public func table(path: String) throws -> (any TableSource)? { nil }
  public func procedures(schema: String) throws -> [Procedure] { [] }
  public var sessionProperties: [CatalogProperty] { [] }
  public func setting(_ properties: [String: String]) -> any CatalogProvider { self }
}

/// Which of a table's versions a query asks for.
public enum TableMoment: Sendable, Hashable {
  /// By its number.
  case version(Int64)
  /// The last that was not committed after the moment, in milliseconds since the Unix epoch.
  case timestamp(milliseconds: Int64)
}

/// One version of a table, ready to be scanned.
public protocol TableSource: Sendable {
  var schema: Schema { get }
  /// The column that names each row for `WritableCatalog.beginChange`, opaque to the engine and
  /// never NULL; nil where rows cannot be changed. A scan asks for it by position `schema.count`.
  var rowIDField: Field? { get }
  /// Columns that a query may name and `SELECT *` leaves out, such as `$path`. A scan asks for the
  /// first by position `schema.count + 1`, for the others by those that follow.
  var hiddenFields: [Field] { get }
  /// Rows, where the source knows without reading them; nil elsewhere.
  var rowCount: Int? { get }
  /// The independent pieces that together hold every row that can match, in the table's order.
  func splits(for request: ScanRequest) throws -> [any Split]
  /// Those of `predicates` that the engine must check itself; by default all of them. A predicate
  /// left out holds for every row that `splits` of a request with it will give.
  func residuals(of predicates: [ColumnPredicate]) -> [ColumnPredicate]
  /// What is known about the rows without reading them, for the choice of join orders. Costs at most
  /// the reading of metadata.
  func statistics() throws -> TableStatistics
  /// The answer to an aggregation from metadata, or from an engine below; nil where the rows have to
  /// be read. Its columns are the request's groups, then its aggregates.
  func aggregated(_ request: AggregateRequest) throws -> (any TableSource)?
  /// What EXPLAIN says of a scan besides its columns and predicates, a line each, such as how many
  /// files it reads of all. Costs at most the reading of metadata.
  func remarks(on request: ScanRequest) throws -> [String]
}

extension TableSource {
  public var rowIDField: Field? { nil }
  public var hiddenFields: [Field] { [] }
  public var rowCount: Int? { nil }
  public func residuals(of predicates: [ColumnPredicate]) -> [ColumnPredicate] { predicates }
  public func statistics() throws -> TableStatistics { TableStatistics(rowCount: rowCount) }
  public func aggregated(_ request: AggregateRequest) throws -> (any TableSource)? { nil }
  public func remarks(on request: ScanRequest) throws -> [String] { [] }

  /// The schema of a scan's batches.
  public func schema(of columns: [Int]) -> Schema { Schema(columns.map(field(at:))) }

  /// The field at a scan's position: a column, then the row's identity, then the hidden columns.
  public func field(at position: Int) -> Field {
    if position < schema.count { return schema[position] }
    let hidden = position - schema.count - 1
    return hiddenFields.indices.contains(hidden)
      ? hiddenFields[hidden] : rowIDField ?? Field("$row_id", .bigint)
  }
}

/// What a scan needs of a table.
public struct ScanRequest: Sendable {
  /// Positions in the table's schema, in the order the batches must have; may be empty, and then
  /// batches carry only a row count. `schema.count` asks for the row's identity, what follows for the
  /// hidden columns.
  public var columns: [Int]
  /// All of these hold for every row that the query can use.
  public var predicates: [ColumnPredicate]
  /// Enough rows; nil for all. A wish: more may come.
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
  /// Rows it holds before any predicate, where that is known; nil elsewhere.
  var rowCount: Int? { get }
  /// Opens the piece; the reader belongs to the calling thread.
  func open() throws -> any BatchReader
}

extension Split {
  public var rowCount: Int? { nil }
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
