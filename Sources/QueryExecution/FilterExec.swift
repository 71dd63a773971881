public import Columnar
import Kernels
public import QueryPlanning

/// Keeps the rows where a predicate is true; false and NULL drop a row.
///
/// N rows in, at most N out, in the same order. Dictionary columns stay encoded.
public final class FilterExec: TransformExec {
  public let schema: Schema
  private let predicate: Expression

  public init(schema: Schema, predicate: Expression) {
    self.schema = schema
    self.predicate = predicate
  }

  public func process(_ batch: ColumnarBatch) throws -> ColumnarBatch? {
    let selection = try ExpressionEvaluator(batch).select(predicate)
    if selection.count == 0 { return nil }
    if selection.count == batch.rowCount { return batch }
    return batch.gather(selection.rows)
  }
}

/// Computes new columns.
public final class ProjectExec: TransformExec {
  public let schema: Schema
  private let expressions: [Expression]

  public init(schema: Schema, expressions: [Expression]) {
    self.schema = schema
    self.expressions = expressions
  }

  public func process(_ batch: ColumnarBatch) throws -> ColumnarBatch? {
    let evaluator = ExpressionEvaluator(batch)
    return ColumnarBatch(
      schema: schema,
      columns: try expressions.map { try evaluator.evaluate($0) },
      rowCount: batch.rowCount
    )
  }
}

/// Skips rows, then passes at most a count of them.
public final class LimitExec: TransformExec {
  public let schema: Schema
  private var left: Int
  private var skip: Int

  public init(schema: Schema, count: Int?, offset: Int) {
    self.schema = schema
    left = count ?? Int.max
    skip = offset
  }

  public var isFinished: Bool { left == 0 }

  public func process(_ batch: ColumnarBatch) throws -> ColumnarBatch? {
    let start = min(skip, batch.rowCount)
    skip -= start
    let end = left >= batch.rowCount - start ? batch.rowCount : start + left
    left -= end - start
    if start == 0, end == batch.rowCount { return batch }
    if start == end { return nil }
    return ColumnarBatch(
      schema: batch.schema,
      columns: batch.columns.map { slice($0, start..<end) },
      rowCount: end - start
    )
  }
}
