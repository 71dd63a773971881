public import Columnar
import Kernels
public import QueryPlanning

/// Joins by a hash table over the right side, probed with batches of the left.
///
/// Rows whose key has a NULL match nothing. Matches come in the order of the left rows, then of the
/// right rows; left rows without a match (LEFT, FULL) follow the matches of their batch, right ones
/// (RIGHT, FULL) come last. A join without keys compares all pairs. The right side is held in
/// memory: throws `memoryExceeded` where it is too large.
public final class HashJoinExec: SourceExec {
  public let schema: Schema
  private let kind: JoinKind
  private let probe: any SourceExec
  private let build: any SourceExec
  private let keys: [JoinKey]
  private let residual: Expression?
  private let context: ExecutionContext
  private let reservation: MemoryReservation
  private let pairsMax = 65_536

  private var isBuilt = false
  private var right: ColumnarBatch
  private let table: GroupTable
  /// Rows of the right side by group: `heads[group]`, then `nexts[row]`; -1 ends a chain.
  private var heads: [Int32] = []
  private var nexts: [Int32] = []
  private var isRightMatched: [Bool] = []
  private var isDone = false
  // The left batch at hand, and how far its pairs have been made.
  private var current: ColumnarBatch?
  private var groups: [Int32] = []
  private var leftRow = 0
  private var rightRow: Int32 = -2
  private var isLeftMatched: [Bool] = []

  public init(
    schema: Schema,
    kind: JoinKind,
    probe: any SourceExec,
    build: any SourceExec,
    keys: [JoinKey],
    residual: Expression?,
    _ context: ExecutionContext
  ) {
    self.schema = schema
    self.kind = kind
    self.probe = probe
    self.build = build
    self.keys = keys
    self.residual = residual
    self.context = context
    reservation = MemoryReservation(context)
    table = GroupTable(types: keys.map(\.right.type))
    right = ColumnarBatch(schema: build.schema, rows: [])
  }

  private func buildTable() throws {
    var batches: [ColumnarBatch] = []
    var bytes = 0
    while let batch = try build.next() {
      try context.check()
      batches.append(batch)
      bytes += byteCount(of: batch)
      try reservation.set(bytes)
    }
    isBuilt = true
    guard !batches.isEmpty else { return }
    right = concatenate(batches, schema: build.schema)
    let count = right.rowCount
    isRightMatched = [Bool](repeating: false, count: count)
    guard !keys.isEmpty else { return }
    let evaluator = ExpressionEvaluator(right)
    let columns = try keys.map { try evaluator.evaluate($0.right) }
    var numbers = [Int32](repeating: 0, count: count)
    numbers.withUnsafeMutableBufferPointer { out in
      if let start = out.baseAddress { table.assign(columns, rowCount: count, into: start) }
    }
    heads = [Int32](repeating: -1, count: table.groupCount)
    nexts = [Int32](repeating: -1, count: count)
    let validity = mergedValidity(columns, count: count)
    for row in stride(from: count - 1, through: 0, by: -1) where validity?.isValid(row) ?? true {
      let group = Int(numbers[row])
      nexts[row] = heads[group]
      heads[group] = Int32(truncatingIfNeeded: row)
    }
    try reservation.set(bytes + table.byteCount + count * 12)
  }

  public func next() throws -> ColumnarBatch? {
    if !isBuilt { try buildTable() }
    while !isDone {
      try context.check()
      if current == nil {
        guard let batch = try probe.next() else {
          isDone = true
          return kind == .right || kind == .full ? unmatchedRight() : nil
        }
        try start(batch)
      }
      if let batch = try pairs(), batch.rowCount > 0 { return batch }
    }
    return nil
  }

  private func start(_ batch: ColumnarBatch) throws {
    current = batch
    leftRow = 0
    rightRow = -2
    isLeftMatched = [Bool](repeating: false, count: batch.rowCount)
    guard !keys.isEmpty else { return }
    let evaluator = ExpressionEvaluator(batch)
    let columns = try keys.map { try evaluator.evaluate($0.left) }
    groups = [Int32](repeating: -1, count: batch.rowCount)
    groups.withUnsafeMutableBufferPointer { out in
      if let start = out.baseAddress {
        table.assign(columns, rowCount: batch.rowCount, inserting: false, into: start)
      }
    }
    if let validity = mergedValidity(columns, count: batch.rowCount) {
      for row in 0..<batch.rowCount where !validity.isValid(row) { groups[row] = -1 }
    }
  }

  /// The right row after `rightRow` for the left row at hand; -1 at the end.
  private func following() -> Int32 {
    if keys.isEmpty {
      let next = rightRow == -2 ? 0 : rightRow + 1
      return Int(next) < right.rowCount ? next : -1
    }
    if rightRow == -2 {
      let group = groups[leftRow]
      return group < 0 ? -1 : heads[Int(group)]
    }
    return nexts[Int(rightRow)]
  }

  /// Up to `pairsMax` candidate pairs of the batch at hand, tested by the residual; at its end also
  /// its unmatched rows, for LEFT and FULL.
  private func pairs() throws -> ColumnarBatch? {
    guard let left = current else { return nil }
    var leftRows: [Int32] = []
    var rightRows: [Int32] = []
    while leftRow < left.rowCount, leftRows.count < pairsMax {
      rightRow = following()
      if rightRow < 0 {
        leftRow += 1
        rightRow = -2
        continue
      }
      leftRows.append(Int32(truncatingIfNeeded: leftRow))
      rightRows.append(rightRow)
    }
    if let residual, !leftRows.isEmpty {
      let candidates = assemble(left, leftRows, rightRows)
      let hits = try ExpressionEvaluator(candidates).select(residual)
      leftRows = hits.rows.map { leftRows[Int($0)] }
      rightRows = hits.rows.map { rightRows[Int($0)] }
    }
    if kind == .left || kind == .full { for row in leftRows { isLeftMatched[Int(row)] = true } }
    if kind == .right || kind == .full { for row in rightRows { isRightMatched[Int(row)] = true } }
    if leftRow >= left.rowCount {
      current = nil
      if kind == .left || kind == .full {
        for row in 0..<left.rowCount where !isLeftMatched[row] {
          leftRows.append(Int32(truncatingIfNeeded: row))
          rightRows.append(-1)
        }
      }
    }
    return leftRows.isEmpty ? nil : assemble(left, leftRows, rightRows)
  }

  private func assemble(
    _ left: ColumnarBatch,
    _ leftRows: [Int32],
    _ rightRows: [Int32]
  ) -> ColumnarBatch {
    let columns =
      leftRows.withUnsafeBufferPointer { rows in left.columns.map { $0.gather(rows) } }
      + rightRows.withUnsafeBufferPointer { rows in
        right.columns.map { gatherOrNull($0, rows) }
      }
    return ColumnarBatch(schema: schema, columns: columns, rowCount: leftRows.count)
  }

  private func unmatchedRight() -> ColumnarBatch? {
    let rows = isRightMatched.indices.filter { !isRightMatched[$0] }.map {
      Int32(truncatingIfNeeded: $0)
    }
    guard !rows.isEmpty else { return nil }
    let leftColumns = probe.schema.fields.map { nullColumn($0.type, count: rows.count) }
    let rightColumns = rows.withUnsafeBufferPointer { picked in
      right.columns.map { $0.gather(picked) }
    }
    return ColumnarBatch(schema: schema, columns: leftColumns + rightColumns, rowCount: rows.count)
  }
}
