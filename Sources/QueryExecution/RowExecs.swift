// The operators that look at one row at a time: filter, project, sample.

import Columnar
import Kernels
import QueryPlanning

extension SelectionVector {
  /// The row numbers, copied: `rows` is valid only as long as somebody holds the buffer.
  var array: [Int32] { withExtendedLifetime(buffer) { Array(rows) } }
}

/// A transform without state: a closure over one batch.
private final class StatelessWorker: TransformWorker {
  private let body: (ColumnarBatch) throws -> ColumnarBatch?

  init(_ body: @escaping (ColumnarBatch) throws -> ColumnarBatch?) { self.body = body }

  func process(
    _ batch: ColumnarBatch,
    at position: BatchPosition,
    _ emit: (ColumnarBatch) throws -> Void
  ) throws {
    if let result = try body(batch) { try emit(result) }
  }
}

/// Keeps the rows where a predicate is true; false and NULL drop a row.
///
/// N rows in, at most N out, in the same order. Dictionary columns stay encoded. Columns outside
/// `needed` (where it is given) are not gathered; NULLs stand in their place.
final class FilterExec: TransformExec {
  private let predicate: Expression
  private let needed: Set<Int>?

  init(predicate: Expression, needed: Set<Int>? = nil) {
    self.predicate = predicate
    self.needed = needed
  }

  func makeWorker() -> any TransformWorker {
    StatelessWorker { [predicate, needed] batch in
      let selection = try ExpressionEvaluator(batch).select(predicate)
      if selection.count == 0 { return nil }
      if selection.count == batch.rowCount { return batch }
      return ColumnarBatch(
        schema: batch.schema,
        columns: batch.columns.enumerated().map { index, column in
          if let needed, !needed.contains(index) {
            return nullColumn(column.type, count: selection.count)
          }
          return column.gather(selection)
        },
        rowCount: selection.count
      )
    }
  }
}

/// Computes new columns. N rows in, the same N out.
final class ProjectExec: TransformExec {
  private let schema: Schema
  private let expressions: [Expression]

  init(schema: Schema, expressions: [Expression]) {
    self.schema = schema
    self.expressions = expressions
  }

  func makeWorker() -> any TransformWorker {
    StatelessWorker { [schema, expressions] batch in
      let evaluator = ExpressionEvaluator(batch)
      return ColumnarBatch(
        schema: schema,
        columns: try expressions.map { try evaluator.evaluate($0) },
        rowCount: batch.rowCount
      )
    }
  }
}

/// Keeps each row with a probability, by a generator seeded with the morsel's number: the same rows
/// in every run.
final class SampleExec: TransformExec {
  private let percentage: Double

  init(percentage: Double) { self.percentage = percentage }

  func makeWorker() -> any TransformWorker { Worker(percentage) }

  private final class Worker: TransformWorker {
    private let limit: UInt64
    private var morsel = -1
    private var state: UInt64 = 0

    init(_ percentage: Double) {
      let share = min(1, max(0, percentage / 100))
      limit = UInt64(share * Double(UInt64(1) << 53))
    }

    func process(
      _ batch: ColumnarBatch,
      at position: BatchPosition,
      _ emit: (ColumnarBatch) throws -> Void
    ) throws {
      if position.morsel != morsel {
        morsel = position.morsel
        state = UInt64(truncatingIfNeeded: position.feed << 40 + morsel) &* 0x9E37_79B9_7F4A_7C15
      }
      var rows: [Int32] = []
      for row in 0..<batch.rowCount {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        value ^= value >> 31
        if value >> 11 < limit { rows.append(Int32(truncatingIfNeeded: row)) }
      }
      if !rows.isEmpty { try emit(rows.withUnsafeBufferPointer { batch.gather($0) }) }
    }
  }
}
