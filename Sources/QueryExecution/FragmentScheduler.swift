// Runs fragments as tasks: all together over queues, or stage by stage over shuffle files.
//
// Both schedulers run the same pipelines; a task is one thread, and state is per task. The root
// fragment has one task, whose rows are the query's.

import Columnar
import Foundation
import QueryPlanning
import Synchronization

/// Runs a fragmented plan and gathers the root's rows.
struct FragmentScheduler: Sendable {
  private let context: ExecutionContext

  init(_ context: ExecutionContext) { self.context = context }

  func run(_ fragments: [Fragment]) throws -> [ColumnarBatch] {
    let directory =
      (context.options.shuffleDirectory ?? NSTemporaryDirectory())
      + "/tapline-shuffle-\(UUID().uuidString)"
    let isStaged = context.options.scheduler == .staged
    defer { if isStaged { try? FileManager.default.removeItem(atPath: directory) } }
    var streams: [Int: any ExchangeStreams] = [:]
    for fragment in fragments where fragment.reader != nil {
      let taskCount = taskCount(fragment)
      let readerCount = readerCount(fragment, fragments)
      streams[fragment.id] =
        isStaged
        ? try ShuffleFiles(
          directory: "\(directory)/\(fragment.id)",
          schema: fragment.plan.schema,
          taskCount: taskCount,
          readerCount: readerCount
        ) : ExchangeQueue(taskCount: taskCount, readerCount: readerCount)
    }
    let result = CollectSink(context)
    let run = FragmentRun(context, fragments, streams, result)
    if isStaged {
      let team = WorkerTeam(count: context.options.workerCount)
      // A fragment's number is larger than its reader's, so the last stages come first here.
      for fragment in fragments.reversed() {
        try team.run(taskCount(fragment)) { task in
          try run.run(fragment, task: task, of: taskCount(fragment))
        }
      }
    } else {
      try together(fragments, run, streams)
    }
    return result.result.all
  }

  private func taskCount(_ fragment: Fragment) -> Int {
    fragment.isSpread && fragment.reader != nil ? context.options.taskCount : 1
  }

  private func readerCount(_ fragment: Fragment, _ all: [Fragment]) -> Int {
    fragment.reader.map { taskCount(all[$0]) } ?? 1
  }

  /// Every task on a thread of its own: tasks wait for each other's queues, so they must all run.
  private func together(
    _ fragments: [Fragment],
    _ run: FragmentRun,
    _ streams: [Int: any ExchangeStreams]
  ) throws {
    let outcome = TaskOutcome()
    var threads = 0
    for fragment in fragments {
      for task in 0..<taskCount(fragment) {
        threads += 1
        let count = taskCount(fragment)
        let thread = Thread {
          do {
            try run.run(fragment, task: task, of: count)
          } catch {
            outcome.fail(error)
            for stream in streams.values { stream.close() }
          }
          outcome.finishOne()
        }
        thread.name = "fragment-\(fragment.id)-\(task)"
        thread.stackSize = 4 << 20
        thread.start()
      }
    }
    try outcome.wait(threads)
  }
}

/// How the tasks of a query ended.
///
/// `@unchecked Sendable`: all state is read and written under `condition`.
private final class TaskOutcome: @unchecked Sendable {
  private let condition = NSCondition()
  private var finished = 0
  private var failure: (any Error)?

  func fail(_ error: any Error) {
    condition.lock()
    // What a closed queue throws at the other tasks is not the cause, and may come first.
    if let known = failure as? QueryExecutionError, case .cancelled = known {
      failure = error
    } else if failure == nil {
      failure = error
    }
    condition.unlock()
  }

  func finishOne() {
    condition.lock()
    finished += 1
    condition.broadcast()
    condition.unlock()
  }

  func wait(_ count: Int) throws {
    condition.lock()
    defer { condition.unlock() }
    while finished < count { condition.wait() }
    if let failure { throw failure }
  }
}

/// What all tasks of a query share.
private final class FragmentRun: Sendable {
  private let context: ExecutionContext
  private let fragments: [Fragment]
  private let streams: [Int: any ExchangeStreams]
  private let result: CollectSink

  init(
    _ context: ExecutionContext,
    _ fragments: [Fragment],
    _ streams: [Int: any ExchangeStreams],
    _ result: CollectSink
  ) {
    self.context = context
    self.fragments = fragments
    self.streams = streams
    self.result = result
  }

  func run(_ fragment: Fragment, task: Int, of count: Int) throws {
    var builder = PipelineBuilder(context, share: (task, count)) { [fragments, streams] _, node in
      fragments.filter { $0.exchangeNode == node }.sorted { $0.inputIndex < $1.inputIndex }
        .compactMap { input in
          streams[input.id].map {
            Feed(source: ExchangeSource($0, reader: task), sourceNode: node)
          }
        }
    }
    let sink: any SinkExec
    if let stream = streams[fragment.id], let reader = fragment.reader {
      let readerCount =
        fragments[reader].isSpread && fragments[reader].reader != nil
        ? context.options.taskCount : 1
      sink = ExchangeSink(stream, fragment.output, task: task, readerCount: readerCount)
    } else {
      sink = result
    }
    let pipelines = try builder.build(fragment.plan, node: fragment.node, into: sink)
    try PipelineRunner(context: context, team: WorkerTeam(count: 1)).run(pipelines)
    // A limit may have had enough: those who write to this task must not wait for it.
    for input in fragments where input.reader == fragment.id {
      streams[input.id]?.finishReading(task)
    }
  }
}
