public import Columnar
import Kernels
public import QueryExecution

/// What a statement gave: batches, their types as Trino names them, and counts of the run.
public struct QueryResult: Sendable {
  public let schema: Schema
  /// Trino's types of the columns; they know precision and zone, which `schema` does not.
  public let types: [TrinoType]
  public let batches: [ColumnarBatch]
  public internal(set) var statistics = ExecutionStatistics()
  /// What the statement changes in its session, in order; the session's holder applies it.
  public internal(set) var sessionChanges: [SessionChange] = []
  /// The statement's kind as Trino's CLI prints it, such as `CREATE TABLE`; nil where rows are its
  /// answer.
  public internal(set) var updateType: String?
  /// Rows written or changed; nil for statements that change none.
  public internal(set) var updateCount: Int?

  public var rowCount: Int { batches.reduce(0) { $0 + $1.rowCount } }

  init(_ scope: Scope, _ batches: [ColumnarBatch]) {
    let schema = scope.schema
    self.schema = schema
    types = scope.fields.map(\.type)
    self.batches = batches.map {
      ColumnarBatch(schema: schema, columns: $0.columns, rowCount: $0.rowCount)
    }
  }

  /// Columns of text.
  init(texts names: [String], rows: [[String]]) {
    schema = Schema(names.map { Field($0, .varchar) })
    types = names.map { _ in .varchar(nil) }
    batches =
      rows.isEmpty ? [] : [ColumnarBatch(schema: schema, rows: rows.map { $0.map { .text($0) } })]
  }

  /// Rows of given values.
  init(_ columns: [(name: String, type: TrinoType)], rows: [[Scalar]]) {
    schema = Schema(columns.map { Field($0.name, $0.type.storage) })
    types = columns.map(\.type)
    batches = rows.isEmpty ? [] : [ColumnarBatch(schema: schema, rows: rows)]
  }

  /// All rows as scalars: for printing and tests.
  public func rows() -> [[Scalar]] {
    batches.flatMap { batch in (0..<batch.rowCount).map { batch.row($0) } }
  }

  /// A value of a column, as Trino's CLI prints it.
  public func text(_ scalar: Scalar, column: Int) -> String { types[column].text(scalar) }

  /// A value as Trino prints it; zoned timestamps in UTC.
  public func text(_ scalar: Scalar, type: DataType) -> String { TrinoType(type).text(scalar) }
}
