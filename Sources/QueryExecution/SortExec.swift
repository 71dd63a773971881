// Sorting all rows, and keeping the first of an order.

import Columnar
import Kernels
import QueryPlanning
import Synchronization

/// The order of a batch's rows by some keys.
func sortedRows(_ batch: ColumnarBatch, _ keys: [SortKey]) throws -> RowSelection {
  let evaluator = ExpressionEvaluator(batch)
  return Kernels.sortedRows(
    try keys.map { try evaluator.evaluate($0.expression) },
    keys.map(\.direction),
    count: batch.rowCount
  )
}

/// The rows of `batch` in an order, cut into batches that threads above can share.
func gathered(
  _ batch: ColumnarBatch,
  _ order: RowSelection,
  _ team: WorkerTeam
) throws -> [ColumnarBatch] {
  let step = 65_536
  let count = (order.count + step - 1) / step
  let pieces = PieceResults()
  try team.run(count) { index in
    let range = index * step..<min(order.count, (index + 1) * step)
    let piece = withExtendedLifetime(order.buffer) {
      batch.gather(UnsafeBufferPointer(rebasing: order.rows[range]))
    }
    pieces.set(piece, index)
  }
  return pieces.all(count)
}

/// Batches made by several threads.
final class PieceResults: Sendable {
  private let pieces = Mutex<[Int: ColumnarBatch]>([:])

  func set(_ batch: ColumnarBatch, _ index: Int) { pieces.withLock { $0[index] = batch } }

  func all(_ count: Int) -> [ColumnarBatch] {
    pieces.withLock { found in (0..<count).compactMap { found[$0] } }
  }
}

/// Sorts all rows in memory; the sort is stable over the input's order.
///
/// N rows in, the same N out. Each key says where its NULLs go. Throws `memoryExceeded` where the
/// input is too large, and what the keys' expressions throw.
final class SortExec: SinkExec {
  let result = SharedBatches()
  private let schema: Schema
  private let keys: [SortKey]
  private let collected: OrderedBatches

  init(schema: Schema, keys: [SortKey], _ context: ExecutionContext) {
    self.schema = schema
    self.keys = keys
    collected = OrderedBatches(context)
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [collected] in try collected.append($0, at: $1) }
  }

  var peakMemoryBytes: Int { collected.peakByteCount }

  func finish(_ team: WorkerTeam) throws {
    let batches = collected.take()
    guard !batches.isEmpty else { return }
    let all = try concatenated(batches, schema: schema, team)
    result.set(try gathered(all, try sortedRows(all, keys), team))
  }
}

/// Keeps the first rows of an order: each thread gathers some batches, cuts, and goes on.
///
/// Rows that are equal in all keys come in the input's order. With ties, the rows equal to the last
/// one are kept too.
final class TopNExec: SinkExec {
  let result = SharedBatches()
  private let node: TopN
  private let schema: Schema
  private let memory: OperatorMemory
  private let workers = Mutex<[Int: TopNWorker]>([:])
  /// Rows to keep, those to skip among them.
  private let enough: Int

  init(_ node: TopN, schema: Schema, _ context: ExecutionContext) {
    self.node = node
    self.schema = schema
    memory = OperatorMemory(context)
    enough = node.count.addingReportingOverflow(node.offset).partialValue
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    if let known = workers.withLock({ $0[number] }) { return known }
    let worker = TopNWorker(node, schema, enough, memory)
    workers.withLock { $0[number] = worker }
    return worker
  }

  var isSatisfied: Bool { node.count == 0 }
  var peakMemoryBytes: Int { memory.peakByteCount }

  func finish(_ team: WorkerTeam) throws {
    let used = workers.withLock { workers in workers.sorted { $0.key < $1.key }.map(\.value) }
    guard let first = used.first, node.count > 0 else { return }
    for other in used.dropFirst() { try first.absorb(other) }
    guard let kept = try first.finished() else { return }
    let start = min(node.offset, kept.rowCount)
    if start < kept.rowCount { result.set([kept.slice(start..<kept.rowCount)]) }
  }
}

/// One thread's candidates, with an ordinal that stands for the input's order.
///
/// `@unchecked Sendable`: used by one thread at a time: the runner gives each thread its own, and
/// `finish` runs alone.
private final class TopNWorker: SinkConsumer, @unchecked Sendable {
  private let node: TopN
  private let schema: Schema
  private let enough: Int
  private let memory: OperatorMemory
  private let withOrdinal: Schema
  private var batches: [ColumnarBatch] = []
  private var rowCount = 0
  private var bytes = 0
  private var morsel = BatchPosition(feed: -1, morsel: -1, sequence: 0)
  private var rowsOfMorsel = 0
  /// No row that is worse in the first key can be among the result's; nil where nothing is known.
  private var boundary: Scalar?

  init(_ node: TopN, _ schema: Schema, _ enough: Int, _ memory: OperatorMemory) {
    self.node = node
    self.schema = schema
    self.enough = enough
    self.memory = memory
    withOrdinal = Schema(schema.fields + [Field("$ordinal", .bigint)])
  }

  func consume(_ batch: ColumnarBatch, at position: BatchPosition) throws {
    if position.feed != morsel.feed || position.morsel != morsel.morsel {
      morsel = position
      rowsOfMorsel = 0
    }
    let first = position.feed << 56 | position.morsel << 32 | rowsOfMorsel
    rowsOfMorsel += batch.rowCount
    let ordinals = Buffer(byteCount: batch.rowCount * 8) { memory in
      let out = memory.bindMemory(to: Int64.self)
      for row in 0..<batch.rowCount { out[row] = Int64(first + row) }
    }
    let ordinal = ColumnVector(type: .bigint, count: batch.rowCount, values: ordinals)
    try add(
      ColumnarBatch(
        schema: withOrdinal,
        columns: batch.columns + [ordinal],
        rowCount: batch.rowCount
      )
    )
  }

  private func add(_ whole: ColumnarBatch) throws {
    guard let batch = try candidates(whole) else { return }
    batches.append(batch)
    rowCount += batch.rowCount
    let added = batch.byteCount
    bytes += added
    try memory.add(added)
    if rowCount > max(enough.multipliedReportingOverflow(by: 4).partialValue, 65_536) { try cut() }
  }

  /// The rows that are not worse in the first key than the last of enough rows; nil where all are.
  private func candidates(_ batch: ColumnarBatch) throws -> ColumnarBatch? {
    guard let boundary, batch.rowCount > 0 else { return batch }
    let key = try ExpressionEvaluator(batch).evaluate(node.keys[0].expression)
    let limit = ColumnVector(constant: boundary, type: key.type, count: batch.rowCount)
    // NULLs are kept, wherever they go.
    let worse = compare(node.keys[0].direction.isAscending ? .greater : .less, key, limit)
    let rows = RowSelection(worse, where: false, orNull: true)
    if rows.count == batch.rowCount { return batch }
    return rows.count == 0 ? nil : batch.gather(rows)
  }

  /// The first key of the last kept row; nil where it is NULL, or of a type with NaN or of nested
  /// values, whose comparison is not their order.
  private func firstKey(_ keys: [ColumnVector], _ row: Int) -> Scalar? {
    guard let key = keys.first, !key.isNull(row) else { return nil }
    switch key.type {
    case .tinyint, .smallint, .integer, .bigint, .decimal, .date, .varchar: return key.scalar(row)
    default: return nil
    }
  }

  func absorb(_ other: TopNWorker) throws {
    try other.cut()
    for batch in other.batches { try add(batch) }
  }

  private func cut() throws {
    guard rowCount > 0 else { return }
    let all = ColumnarBatch.concatenate(batches, schema: withOrdinal)
    let evaluator = ExpressionEvaluator(all)
    let keys = try node.keys.map { try evaluator.evaluate($0.expression) }
    let order = Kernels.sortedRows(
      keys + [all.columns[schema.count]],
      node.keys.map(\.direction) + [SortDirection(isAscending: true, nullsFirst: false)],
      count: all.rowCount
    ).array
    var end = min(enough, order.count)
    if node.withTies, end > 0, end < order.count {
      let sorted = order.withUnsafeBufferPointer { rows in keys.map { $0.gather(rows) } }
      let boundaries = Peers.starts(sorted, count: order.count)
      while end < order.count, !boundaries[end] { end += 1 }
    }
    if enough > 0, order.count >= enough { boundary = firstKey(keys, Int(order[enough - 1])) }
    let kept = order[0..<end].withUnsafeBufferPointer { all.gather($0) }
    batches = [kept]
    rowCount = end
    let now = kept.byteCount
    try memory.add(now - bytes)
    bytes = now
  }

  /// The rows kept, in order, without the ordinal; nil where there is none.
  func finished() throws -> ColumnarBatch? {
    try cut()
    guard let kept = batches.first else { return nil }
    return ColumnarBatch(
      schema: schema,
      columns: Array(kept.columns.dropLast()),
      rowCount: kept.rowCount
    )
  }
}

/// Where runs of equal rows begin in sorted columns.
enum Peers {
  /// True for each row that differs from the row before it in some column; the first row is true.
  /// NULLs are equal, and so are NaN.
  static func starts(_ columns: [ColumnVector], count: Int) -> [Bool] {
    var starts = [Bool](repeating: false, count: count)
    guard count > 0 else { return starts }
    starts[0] = true
    guard count > 1 else { return starts }
    for column in columns {
      let differs = isDistinct(column.slice(0..<count - 1), column.slice(1..<count)).plain
      let flags = differs.values.values(as: UInt8.self)
      let step = differs.isConstant ? 0 : 1
      for row in 1..<count where flags[(row - 1) * step] != 0 { starts[row] = true }
    }
    return starts
  }
}
