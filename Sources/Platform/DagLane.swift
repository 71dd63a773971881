// The schedules' own lane: DAGs run one after another beside the phones, because neither waits for
// the other. A DAG run takes what had arrived by its moment, so it may run later than that.
//
//     phones   ── 01:00 ──── 02:00 ──── 03:00 ──── 04:00 ────▶ the clock
//     lane        └ 01:00 ┘  └ 02:00 ┘  └ 03:00 ┘  └ 04:00: ingest, clean, models ┘

internal import ETL
internal import Foundation
internal import LakeIngest
internal import Simulation

/// Runs what falls due in order, on a thread of its own, until it is finished or something fails.
///
/// One advance of the clock uses one lane. `@unchecked Sendable`: what both threads touch is touched
/// only while `condition` is held.
final class DagLane: @unchecked Sendable {
  /// The DAGs that are due at one moment.
  struct Run: Sendable {
    var moment: StoryTime
    var dags: [DagDefinition]
    /// Models compute every day again.
    var isFullRefresh = false
  }

  /// What a run did.
  struct Outcome: Sendable {
    var instances: [DagRunner.TaskInstance] = []
    var gaps: [BronzeIngest.Gap] = []
  }

  private let condition = NSCondition()
  private let work: @Sendable (Run, _ syncsLog: Bool) throws -> Outcome
  private var waiting: [Run] = []
  private var addedCount = 0
  private var takenCount = 0
  /// Runs added before the last sync of the log began: what they read is on the disk.
  private var syncedCount = 0
  private var outcome = Outcome()
  private var failure: (any Error)?
  private var thread: LaneThread?
  private var isClosed = false

  /// A lane that does nothing yet; `work` does one run, and syncs the log first where it is told to.
  init(work: @escaping @Sendable (Run, _ syncsLog: Bool) throws -> Outcome) {
    self.work = work
  }

  /// True once a run has failed: no later one is begun.
  var hasFailed: Bool {
    condition.withLock { failure != nil }
  }

  /// Puts a run at the end; `isUrgent` where the caller has more to do meanwhile.
  func add(_ run: Run, isUrgent: Bool) {
    let started = condition.withLock { () -> LaneThread? in
      waiting.append(run)
      addedCount += 1
      condition.signal()
      guard isUrgent, thread == nil else { return nil }
      thread = LaneThread(self)
      return thread
    }
    started?.start()
  }

  /// Waits for all runs, and answers what they did, what failed, and what was not done therefore.
  func finish() -> (outcome: Outcome, failure: (any Error)?, unfinished: [Run]) {
    let thread = condition.withLock {
      isClosed = true
      condition.broadcast()
      defer { self.thread = nil }
      return self.thread
    }
    thread?.join()
    while runNext(waits: false) {}
    return condition.withLock { (outcome, failure, waiting) }
  }

  /// Does the next run; false at the end.
  fileprivate func runNext(waits: Bool) -> Bool {
    let next = condition.withLock { () -> (run: Run, syncsLog: Bool)? in
      while waits, waiting.isEmpty, !isClosed { condition.wait() }
      guard failure == nil, let run = waiting.first else { return nil }
      takenCount += 1
      let syncsLog = takenCount > syncedCount
      if syncsLog { syncedCount = addedCount }
      return (run, syncsLog)
    }
    guard let next else { return false }
    do {
      let done = try work(next.run, next.syncsLog)
      condition.withLock {
        waiting.removeFirst()
        outcome.instances += done.instances
        outcome.gaps += done.gaps
      }
      return true
    } catch {
      condition.withLock { failure = error }
      return false
    }
  }
}

/// The thread of a lane, which has let go of it when `join` returns.
///
/// A thread frees what its body holds while the system takes it apart, when parts of the libraries that
/// a world's end needs are gone from it already. So the body holds nothing but this.
/// `@unchecked Sendable`: what changes is touched only while `condition` is held.
private final class LaneThread: @unchecked Sendable {
  private let condition = NSCondition()
  private var lane: DagLane?
  private var isRunning = true

  init(_ lane: DagLane) {
    self.lane = lane
  }

  func start() {
    let thread = Thread { [self] in
      run()
      condition.withLock {
        isRunning = false
        condition.broadcast()
      }
    }
    // As much as the main thread has: a model's SQL may be deep.
    thread.stackSize = 8 << 20
    thread.name = "dags"
    thread.start()
  }

  /// A call of its own: the lane is released when it returns.
  @inline(never)
  private func run() {
    let lane = condition.withLock {
      defer { self.lane = nil }
      return self.lane
    }
    while lane?.runNext(waits: true) == true {}
  }

  /// Returns when the thread has done its last run and let go of the lane.
  func join() {
    condition.withLock { while isRunning { condition.wait() } }
  }
}
