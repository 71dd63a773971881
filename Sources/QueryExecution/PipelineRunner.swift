// Drives pipelines: deals morsels to threads, pushes batches through the transforms into the sink,
// measures, and stops at the first error or when the sink has enough.

import Columnar
import Connector
import Synchronization

/// Runs pipelines of one query in their order.
struct PipelineRunner: Sendable {
  let context: ExecutionContext
  let team: WorkerTeam

  func run(_ pipelines: [Pipeline]) throws {
    for (index, pipeline) in pipelines.enumerated() {
      do {
        try run(pipeline)
      } catch {
        for later in pipelines[index...] { later.sink.abandon() }
        throw error
      }
    }
  }

  func run(_ pipeline: Pipeline) throws {
    for (number, feed) in pipeline.feeds.enumerated() {
      if pipeline.sink.isSatisfied { break }
      try context.check()
      try feed.source.start()
      try run(feed, number, into: pipeline)
    }
    try context.check()
    var clock = OperatorClock(stageCount: 1)
    try pipeline.sink.finish(team)
    clock.enter(0)
    var metrics = clock.stages[0]
    metrics.peakMemoryBytes = pipeline.sink.peakMemoryBytes
    context.profile.add(metrics, toNode: pipeline.sinkNode)
  }

  private func run(_ feed: Feed, _ number: Int, into pipeline: Pipeline) throws {
    let sink = pipeline.sink
    let dealer = MorselDealer()
    let lanes = sink.laneCount
    WorkerPool.shared.run(min(team.count, lanes ?? team.count)) { worker in
      do {
        let chain = try FeedChain(feed, number, pipeline, context)
        defer { chain.flush() }
        if let lanes {
          while !dealer.hasStopped, let lane = dealer.next(below: lanes) {
            let consumer = try sink.consumer(lane)
            var morsel = lane
            while !dealer.hasStopped,
              try chain.run(morsel: morsel, into: consumer, dealer)
            { morsel += lanes }
          }
        } else {
          let consumer = try sink.consumer(worker)
          while !dealer.hasStopped, let morsel = dealer.next(below: .max),
            try chain.run(morsel: morsel, into: consumer, dealer)
          {}
        }
      } catch {
        dealer.fail(error, morsel: 0)
      }
    }
    try dealer.rethrow()
  }
}

/// What the threads of one feed share: the next morsel, and the error of the lowest one that failed.
private final class MorselDealer: Sendable {
  private let counter = Atomic<Int>(0)
  private let stopped = Atomic<Bool>(false)
  private let failure = Mutex<(morsel: Int, error: any Error)?>(nil)

  var hasStopped: Bool { stopped.load(ordering: .relaxed) }

  func next(below limit: Int) -> Int? {
    let number = counter.add(1, ordering: .relaxed).oldValue
    return number < limit ? number : nil
  }

  func stop() { stopped.store(true, ordering: .relaxed) }

  func fail(_ error: any Error, morsel: Int) {
    failure.withLock { known in
      if let known, known.morsel <= morsel { return }
      known = (morsel, error)
    }
    stop()
  }

  func rethrow() throws {
    if let found = failure.withLock({ $0 }) { throw found.error }
  }
}

/// One thread's chain of transform workers, from a source to a sink.
private final class FeedChain {
  private let feed: Feed
  private let feedNumber: Int
  private let pipeline: Pipeline
  private let context: ExecutionContext
  private let workers: [any TransformWorker]
  private var clock: OperatorClock
  private var consumer: (any SinkConsumer)?
  private var sequence = 0

  init(_ feed: Feed, _ number: Int, _ pipeline: Pipeline, _ context: ExecutionContext) throws {
    self.feed = feed
    feedNumber = number
    self.pipeline = pipeline
    self.context = context
    workers = try feed.transforms.map { try $0.exec.makeWorker() }
    clock = OperatorClock(stageCount: workers.count + 2)
  }

  /// False where there is no such morsel, or it failed.
  func run(morsel: Int, into consumer: any SinkConsumer, _ dealer: MorselDealer) throws -> Bool {
    do {
      clock.enter(0)
      guard let reader = try feed.source.open(morsel: morsel) else { return false }
      self.consumer = consumer
      sequence = 0
      var position = BatchPosition(feed: feedNumber, morsel: morsel, sequence: 0)
      while !pipeline.sink.isSatisfied {
        try context.check()
        guard let batch = try reader.next() else { break }
        for piece in pieces(of: batch) {
          clock.stages[0].rowsIn += piece.rowCount
          try push(piece, from: 0, position)
          position.sequence += 1
        }
      }
      pipeline.sink.finishMorsel(feed: feedNumber, morsel: morsel)
      if pipeline.sink.isSatisfied { dealer.stop() }
      return true
    } catch {
      dealer.fail(error, morsel: morsel)
      return false
    }
  }

  private func pieces(of batch: ColumnarBatch) -> [ColumnarBatch] {
    guard let limit = context.options.batchRowsMax, batch.rowCount > limit else { return [batch] }
    return stride(from: 0, to: batch.rowCount, by: limit).map { start in
      batch.slice(start..<min(batch.rowCount, start + limit))
    }
  }

  /// Hands a batch that stage `stage` gives to the next stage.
  private func push(_ batch: ColumnarBatch, from stage: Int, _ position: BatchPosition) throws {
    guard batch.rowCount > 0 else { return }
    clock.stages[stage].rowsOut += batch.rowCount
    clock.stages[stage].batchesOut += 1
    clock.stages[stage].bytesOut += batch.byteCount
    let next = stage + 1
    clock.enter(next)
    clock.stages[next].rowsIn += batch.rowCount
    if next <= workers.count {
      try workers[next - 1].process(batch, at: position) { try push($0, from: next, position) }
    } else {
      try consumer?.consume(
        batch,
        at: BatchPosition(feed: feedNumber, morsel: position.morsel, sequence: sequence)
      )
      sequence += 1
    }
    clock.enter(stage)
  }

  /// Adds this thread's figures to the query's.
  func flush() {
    clock.enter(0)
    let nodes = [feed.sourceNode] + feed.transforms.map(\.node) + [pipeline.sinkNode]
    for (node, metrics) in zip(nodes, clock.stages) { context.profile.add(metrics, toNode: node) }
  }
}
