// Both ends of an exchange: a sink that deals rows to the reading tasks, and a source that gives a task
// what all writing tasks have dealt to it.

import Columnar
import Connector
import Kernels
import QueryPlanning
import Synchronization

/// The streams of one exchange's input: one from each writing task to each reading task.
protocol ExchangeStreams: AnyObject, Sendable {
  /// May block until the reader has taken enough; throws where the query has ended.
  func write(_ batch: ColumnarBatch, from task: Int, to reader: Int) throws
  /// The task will write no more.
  func finish(_ task: Int) throws
  /// The next batch for a reader, tasks one after the other; nil at the end. May block. Called by
  /// one thread at a time for each reader.
  func read(_ reader: Int) throws -> ColumnarBatch?
  /// The reader takes no more; what is still written to it is dropped.
  func finishReading(_ reader: Int)
  /// Ends everything: blocked writers and readers throw `cancelled`.
  func close()
}

/// Deals a task's rows to the reading tasks.
final class ExchangeSink: SinkExec {
  private let streams: any ExchangeStreams
  private let partitioning: Exchange.Partitioning
  private let task: Int
  private let readerCount: Int
  private let turn: Atomic<Int>

  init(
    _ streams: any ExchangeStreams,
    _ partitioning: Exchange.Partitioning,
    task: Int,
    readerCount: Int
  ) {
    self.streams = streams
    self.partitioning = partitioning
    self.task = task
    self.readerCount = readerCount
    turn = Atomic(task)
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [self] batch, _ in try deal(batch) }
  }

  private func deal(_ batch: ColumnarBatch) throws {
    switch partitioning {
    case .single: try streams.write(batch, from: task, to: 0)
    case .broadcast:
      for reader in 0..<readerCount { try streams.write(batch, from: task, to: reader) }
    case .roundRobin:
      let reader = turn.add(1, ordering: .relaxed).oldValue % readerCount
      try streams.write(batch, from: task, to: reader)
    case .hash(let keys):
      let evaluator = ExpressionEvaluator(batch)
      let columns = try keys.map { try evaluator.evaluate($0) }
      for (reader, rows) in Self.deal(columns, batch.rowCount, readerCount).enumerated()
      where !rows.isEmpty {
        let piece = rows.withUnsafeBufferPointer { batch.gather($0) }
        try streams.write(piece, from: task, to: reader)
      }
    }
  }

  /// The rows of each reader.
  private static func deal(_ keys: [ColumnVector], _ count: Int, _ readerCount: Int) -> [[Int32]] {
    var rows = [[Int32]](repeating: [], count: readerCount)
    let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, count))
    defer { hashes.deallocate() }
    hashRows(keys, count: count, into: hashes)
    for row in 0..<count {
      rows[Int(hashes[row] % UInt64(readerCount))].append(Int32(truncatingIfNeeded: row))
    }
    return rows
  }

  func finish(_ team: WorkerTeam) throws { try streams.finish(task) }

  func abandon() { streams.close() }
}

/// What one reading task receives; each batch is a morsel.
final class ExchangeSource: MorselSource {
  private let streams: any ExchangeStreams
  private let reader: Int

  init(_ streams: any ExchangeStreams, reader: Int) {
    self.streams = streams
    self.reader = reader
  }

  func start() throws {}

  func open(morsel number: Int) throws -> (any BatchReader)? {
    try streams.read(reader).map { ArrayBatchReader([$0]) }
  }
}
