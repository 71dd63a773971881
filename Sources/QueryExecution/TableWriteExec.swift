// Writes rows into a table, or changes a table's rows; each gives one row with the count.

import Columnar
import Connector
import Kernels
import QueryPlanning
import Synchronization

/// The one row that a write gives.
private func countBatch(_ rows: Int) -> ColumnarBatch {
  ColumnarBatch(schema: Schema([Field("rows", .bigint)]), rows: [[.integer(Int64(rows))]])
}

extension ExecutionContext {
  fileprivate func writableCatalog(_ name: QualifiedName) throws -> any WritableCatalog {
    guard let catalog = catalogs[name.catalog] as? any WritableCatalog else {
      throw QueryExecutionError.notWritable(catalog: name.catalog)
    }
    return catalog
  }
}

/// Puts its input's rows into a table, in the input's order, all or none.
///
/// One lane: a sink takes batches from one thread at a time.
final class TableWriteExec: SinkExec {
  let result = SharedBatches()
  private let node: TableWrite
  private let context: ExecutionContext
  private let open: LockedSink<any BatchSink>
  private let rows = Atomic<Int>(0)

  init(_ node: TableWrite, _ context: ExecutionContext) {
    self.node = node
    self.context = context
    open = LockedSink()
  }

  var laneCount: Int? { 1 }

  private func sink() throws -> any BatchSink {
    try open.get {
      let catalog = try context.writableCatalog(node.name)
      switch node.target {
      case .create(let definition, let replaces):
        return try catalog.beginCreate(
          schema: node.name.schema,
          name: node.name.table,
          definition,
          isReplacing: replaces
        )
      case .insert:
        return try catalog.beginInsert(
          schema: node.name.schema,
          name: node.name.table,
          .append
        )
      }
    }
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [self] batch, _ in
      try sink().write(batch)
      rows.add(batch.rowCount, ordering: .relaxed)
    }
  }

  func finish(_ team: WorkerTeam) throws {
    let sink = try sink()
    open.close()
    _ = try sink.commit()
    result.set([countBatch(rows.load(ordering: .relaxed))])
  }

  func abandon() { open.take()?.abort() }
}

/// A sink that is opened when it is first needed, by whichever thread that is.
///
/// `@unchecked Sendable`: what is held is read and written under `lock`; its calls come from one lane.
private final class LockedSink<Sink>: @unchecked Sendable {
  private let lock = Mutex<Void>(())
  private var held: Sink?

  func get(_ make: () throws -> Sink) throws -> Sink {
    try lock.withLock { _ in
      if let held { return held }
      let made = try make()
      held = made
      return made
    }
  }

  func close() { lock.withLock { _ in held = nil } }

  func take() -> Sink? {
    lock.withLock { _ in
      defer { held = nil }
      return held
    }
  }
}

/// Deletes, updates and inserts rows of one table, all or none.
///
/// The input's first column says what happens to a row, the second is its identity. A row named
/// twice throws `rowChangedTwice`.
final class RowChangeExec: SinkExec {
  let result = SharedBatches()
  private let node: RowChange
  private let context: ExecutionContext
  private let open = LockedSink<any RowChangeSink>()
  private let rows = Atomic<Int>(0)
  private let seen: SeenIdentities

  init(_ node: RowChange, _ context: ExecutionContext) {
    self.node = node
    self.context = context
    seen = SeenIdentities(node.source.rowIDField?.type ?? .bigint)
  }

  var laneCount: Int? { 1 }

  private func sink() throws -> any RowChangeSink {
    try open.get {
      try context.writableCatalog(node.name).beginChange(
        schema: node.name.schema,
        name: node.name.table,
        of: node.source
      )
    }
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [self] batch, _ in try change(batch) }
  }

  private func change(_ batch: ColumnarBatch) throws {
    var removed: [Int32] = []
    var added: [Int32] = []
    for row in 0..<batch.rowCount {
      guard case .integer(let number) = batch.columns[0].scalar(row),
        let operation = RowChange.Operation(rawValue: number)
      else { continue }
      if operation != .insert { removed.append(Int32(truncatingIfNeeded: row)) }
      if operation != .delete { added.append(Int32(truncatingIfNeeded: row)) }
    }
    let sink = try sink()
    if !removed.isEmpty {
      let identities = removed.withUnsafeBufferPointer { batch.columns[1].gather($0) }
      guard seen.insert(identities) else { throw QueryExecutionError.rowChangedTwice }
      try sink.delete(identities)
    }
    if !added.isEmpty {
      let columns = added.withUnsafeBufferPointer { picked in
        batch.columns.dropFirst(2).map { $0.gather(picked) }
      }
      try sink.insert(
        ColumnarBatch(schema: node.source.schema, columns: columns, rowCount: added.count)
      )
    }
    rows.add(batch.rowCount, ordering: .relaxed)
  }

  func finish(_ team: WorkerTeam) throws {
    let sink = try sink()
    open.close()
    _ = try sink.commit()
    result.set([countBatch(rows.load(ordering: .relaxed))])
  }

  func abandon() { open.take()?.abort() }
}

/// The identities named so far.
///
/// `@unchecked Sendable`: used by the one lane of its sink.
private final class SeenIdentities: @unchecked Sendable {
  private let table: GroupTable

  init(_ type: DataType) { table = GroupTable(types: [type]) }

  /// False where one was named before, or twice here.
  func insert(_ identities: ColumnVector) -> Bool {
    let before = table.groupCount
    let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, identities.count))
    defer { numbers.deallocate() }
    table.assign([identities], rowCount: identities.count, into: numbers)
    return table.groupCount == before + identities.count
  }
}
