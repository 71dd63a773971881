// Sorts all rows in memory; the sort is stable.

public import Columnar
import Kernels
public import QueryPlanning

/// Puts batches together into one.
func concatenate(_ batches: [ColumnarBatch], schema: Schema) -> ColumnarBatch {
  if batches.count == 1 { return batches[0] }
  let count = batches.reduce(0) { $0 + $1.rowCount }
  return ColumnarBatch(
    schema: schema,
    columns: schema.fields.indices.map { index in
      concatenate(batches.map { $0.columns[index] }, type: schema[index].type)
    },
    rowCount: count
  )
}

func byteCount(of batch: ColumnarBatch) -> Int {
  batch.columns.reduce(0) { $0 + Kernels.byteCount(of: $1) }
}

/// Sorts all rows in memory; the sort is stable.
///
/// N rows in, the same N out in one batch. Each key says where its NULLs go. Throws
/// `memoryExceeded` where the input is too large, and what the keys' expressions throw.
public final class SortExec: SinkExec {
  private let schema: Schema
  private let keys: [SortKey]
  private var batches: [ColumnarBatch] = []
  private var bytes = 0
  private let reservation: MemoryReservation

  public init(schema: Schema, keys: [SortKey], _ context: ExecutionContext) {
    self.schema = schema
    self.keys = keys
    reservation = MemoryReservation(context)
  }

  public func consume(_ batch: ColumnarBatch) throws {
    batches.append(batch)
    bytes += byteCount(of: batch)
    try reservation.set(bytes)
  }

  public func finish() throws -> any SourceExec {
    guard !batches.isEmpty else { return ValuesExec(schema: schema, []) }
    let all = concatenate(batches, schema: schema)
    batches = []
    let rows = try sortedRows(all, keys)
    return ValuesExec(schema: schema, [all.gather(rows.rows)])
  }
}

func sortedRows(_ batch: ColumnarBatch, _ keys: [SortKey]) throws -> RowSelection {
  let evaluator = ExpressionEvaluator(batch)
  return Kernels.sortedRows(
    try keys.map { try evaluator.evaluate($0.expression) },
    keys.map(\.direction),
    count: batch.rowCount
  )
}

/// Keeps the first `count` rows of the order: gathers some batches, cuts, and goes on.
public final class TopNExec: SinkExec {
  private let schema: Schema
  private let keys: [SortKey]
  private let count: Int
  private var batches: [ColumnarBatch] = []
  private var rowCount = 0
  private let reservation: MemoryReservation

  public init(schema: Schema, keys: [SortKey], count: Int, _ context: ExecutionContext) {
    self.schema = schema
    self.keys = keys
    self.count = count
    reservation = MemoryReservation(context)
  }

  public func consume(_ batch: ColumnarBatch) throws {
    guard count > 0 else { return }
    batches.append(batch)
    rowCount += batch.rowCount
    try reservation.set(batches.reduce(0) { $0 + byteCount(of: $1) })
    if rowCount > max(count * 4, 65_536) { try cut() }
  }

  private func cut() throws {
    guard !batches.isEmpty else { return }
    let all = concatenate(batches, schema: schema)
    let rows = try sortedRows(all, keys)
    let kept = RowSelection(Array(rows.rows.prefix(count)))
    batches = [all.gather(kept.rows)]
    rowCount = kept.count
  }

  public func finish() throws -> any SourceExec {
    try cut()
    return ValuesExec(schema: schema, batches)
  }
}
