// Where a breaker leaves its result for the pipelines above it.

import Columnar
import Synchronization

/// Batches that one pipeline has made and another reads.
final class SharedBatches: Sendable {
  private let batches = Mutex<[ColumnarBatch]>([])

  func set(_ result: [ColumnarBatch]) {
    batches.withLock { $0 = result.filter { $0.rowCount > 0 } }
  }

  func batch(_ number: Int) -> ColumnarBatch? {
    batches.withLock { number < $0.count ? $0[number] : nil }
  }

  var all: [ColumnarBatch] { batches.withLock { $0 } }
}

/// Collects batches from several threads and gives them back in the order of their positions.
final class OrderedBatches: Sendable {
  private let items = Mutex<[(position: BatchPosition, batch: ColumnarBatch)]>([])
  private let reservation: OperatorMemory

  init(_ context: ExecutionContext) { reservation = OperatorMemory(context) }

  var peakByteCount: Int { reservation.peakByteCount }

  func append(_ batch: ColumnarBatch, at position: BatchPosition) throws {
    try reservation.add(batch.byteCount)
    items.withLock { $0.append((position, batch)) }
  }

  /// All batches in order; empties the collection, and still holds its memory.
  func take() -> [ColumnarBatch] {
    let taken = items.withLock { list in
      defer { list = [] }
      return list
    }
    return taken.sorted { $0.position < $1.position }.map(\.batch)
  }

  func release() { reservation.release() }
}

/// A consumer that hands each batch to a closure.
final class ClosureConsumer: SinkConsumer {
  private let body: (ColumnarBatch, BatchPosition) throws -> Void

  init(_ body: @escaping (ColumnarBatch, BatchPosition) throws -> Void) { self.body = body }

  func consume(_ batch: ColumnarBatch, at position: BatchPosition) throws {
    try body(batch, position)
  }
}

/// Collects everything: the result of a query, the input of a sort or a window.
final class CollectSink: SinkExec {
  let collected: OrderedBatches
  let result: SharedBatches

  init(_ context: ExecutionContext, result: SharedBatches = SharedBatches()) {
    collected = OrderedBatches(context)
    self.result = result
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [collected] in try collected.append($0, at: $1) }
  }

  var peakMemoryBytes: Int { collected.peakByteCount }

  func finish(_ team: WorkerTeam) throws { result.set(collected.take()) }
}
