// INTERSECT and EXCEPT: the left rows are numbered and counted, the right ones counted against them.

import Columnar
import Kernels
import QueryPlanning
import Synchronization

/// What both sides of a set operation share; left first, then right.
final class SetOperationState: Sendable {
  let node: SetOperation
  let result = SharedBatches()
  private let memory: OperatorMemory
  private struct Counts {
    var left: [Int64] = []
    var right: [Int64] = []
  }
  private let counts = Mutex(Counts())
  private let table: LockedGroupTable

  init(_ node: SetOperation, _ context: ExecutionContext) {
    self.node = node
    memory = OperatorMemory(context)
    table = LockedGroupTable(node.left.schema.fields.map(\.type))
  }

  var peakMemoryBytes: Int { memory.peakByteCount }

  /// Counts the rows of one batch on its side.
  fileprivate func add(_ batch: ColumnarBatch, isLeft: Bool) throws {
    let (numbers, groupCount, bytes) = table.assign(batch, inserting: isLeft)
    counts.withLock { counts in
      if counts.left.count < groupCount {
        let more = [Int64](repeating: 0, count: groupCount - counts.left.count)
        counts.left += more
        counts.right += more
      }
      for number in numbers where number >= 0 {
        if isLeft { counts.left[Int(number)] += 1 } else { counts.right[Int(number)] += 1 }
      }
    }
    try memory.set(bytes + groupCount * 16)
  }

  /// The rows of the outcome, by first appearance on the left.
  fileprivate func finish() {
    let known = counts.withLock { $0 }
    var rows: [Int32] = []
    for (number, left) in known.left.enumerated() {
      let right = known.right[number]
      let times: Int64
      switch (node.kind, node.isDistinct) {
      case (.intersect, true): times = right > 0 ? 1 : 0
      case (.intersect, false): times = min(left, right)
      case (.except, true): times = right == 0 ? 1 : 0
      case (.except, false): times = max(0, left - right)
      }
      for _ in 0..<times { rows.append(Int32(truncatingIfNeeded: number)) }
    }
    guard !rows.isEmpty else { return }
    let keys = table.keyColumns()
    let columns = rows.withUnsafeBufferPointer { picked in keys.map { $0.gather(picked) } }
    result.set([
      ColumnarBatch(schema: node.left.schema, columns: columns, rowCount: rows.count)
    ])
  }
}

/// A group table that several threads take turns at.
///
/// `@unchecked Sendable`: `table` is used under `lock` alone.
private final class LockedGroupTable: @unchecked Sendable {
  private let lock = Mutex<Void>(())
  private let table: GroupTable

  init(_ types: [DataType]) { table = GroupTable(types: types) }

  func assign(_ batch: ColumnarBatch, inserting: Bool) -> ([Int32], Int, Int) {
    lock.withLock { _ in
      let numbers = [Int32](unsafeUninitializedCapacity: batch.rowCount) { buffer, made in
        if let base = buffer.baseAddress {
          table.assign(batch.columns, rowCount: batch.rowCount, inserting: inserting, into: base)
        }
        made = batch.rowCount
      }
      return (numbers, table.groupCount, table.byteCount)
    }
  }

  func keyColumns() -> [ColumnVector] {
    lock.withLock { _ in table.keyColumns(0..<table.groupCount) }
  }
}

/// One side of a set operation; one lane, so that rows are numbered in the input's order.
final class SetOperationExec: SinkExec {
  private let state: SetOperationState
  private let isLeft: Bool

  init(_ state: SetOperationState, isLeft: Bool) {
    self.state = state
    self.isLeft = isLeft
  }

  var laneCount: Int? { 1 }
  var peakMemoryBytes: Int { state.peakMemoryBytes }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [state, isLeft] batch, _ in try state.add(batch, isLeft: isLeft) }
  }

  func finish(_ team: WorkerTeam) throws {
    if !isLeft { state.finish() }
  }
}
