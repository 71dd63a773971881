// Exchange streams in memory: bounded queues, so that a fast fragment waits for a slow one.

import Columnar
import Foundation

/// One bounded queue from each writing task to each reading task.
///
/// `@unchecked Sendable`: all state is read and written under `condition`.
final class ExchangeQueue: ExchangeStreams, @unchecked Sendable {
  private let condition = NSCondition()
  private let taskCount: Int
  private let batchesMax: Int
  private var queues: [[[ColumnarBatch]]]
  private var isFinished: [Bool]
  private var isClosed = false
  private var hasLeft: [Bool]
  /// The writing task that each reader is at.
  private var current: [Int]

  /// `batchesMax` batches may wait in each queue.
  init(taskCount: Int, readerCount: Int, batchesMax: Int = 8) {
    self.taskCount = taskCount
    self.batchesMax = batchesMax
    queues = [[[ColumnarBatch]]](
      repeating: [[ColumnarBatch]](repeating: [], count: readerCount),
      count: taskCount
    )
    isFinished = [Bool](repeating: false, count: taskCount)
    current = [Int](repeating: 0, count: readerCount)
    hasLeft = [Bool](repeating: false, count: readerCount)
  }

  func write(_ batch: ColumnarBatch, from task: Int, to reader: Int) throws {
    condition.lock()
    defer { condition.unlock() }
    while !isClosed, !hasLeft[reader], queues[task][reader].count >= batchesMax { condition.wait() }
    guard !isClosed else { throw QueryExecutionError.cancelled }
    if hasLeft[reader] { return }
    queues[task][reader].append(batch)
    condition.broadcast()
  }

  func finish(_ task: Int) {
    condition.lock()
    isFinished[task] = true
    condition.broadcast()
    condition.unlock()
  }

  func read(_ reader: Int) throws -> ColumnarBatch? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      guard !isClosed else { throw QueryExecutionError.cancelled }
      let task = current[reader]
      guard task < taskCount else { return nil }
      if !queues[task][reader].isEmpty {
        condition.broadcast()
        return queues[task][reader].removeFirst()
      }
      if isFinished[task] {
        current[reader] += 1
        continue
      }
      condition.wait()
    }
  }

  func finishReading(_ reader: Int) {
    condition.lock()
    hasLeft[reader] = true
    condition.broadcast()
    condition.unlock()
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }
}
