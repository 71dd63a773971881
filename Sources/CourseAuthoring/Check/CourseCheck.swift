// `course check`: gathers the jobs of all rules for all folders, and does them on several threads.
//
// 1. `CheckTarget` finds the folders; `CheckMemory` knows which of them have not changed.
// 2. Each rule names its jobs for each folder, in full or on one seed.
// 3. Workers take them one by one; what they find and grade is gathered in a `CheckRun`.
// 4. What could not be done is told apart from what was found: it is neither good nor bad.

internal import Course
internal import Foundation
package import Grading

/// One check of a target.
package struct CourseCheck {
  /// A job that could not be done.
  package struct Failure: Sendable, Hashable {
    package var label: String
    package var reason: String
  }

  /// An exercise that is no part of a course yet, and what it lacks for that.
  package struct Draft: Sendable, Hashable {
    package var id: String
    /// What it is to become: one file cannot be `core`.
    package var status: ContentStatus
    package var missing: [ContentScaffold.Missing]
  }

  /// What became of it.
  package struct Report: Sendable {
    package var findings: [CheckFinding]
    package var gradings: [GradingRecord]
    package var failures: [Failure]
    package var drafts: [Draft]
    /// Folders that were looked at in full, and on one seed.
    package var full: Int
    package var single: Int
    package var mutants: Int
    package var screens: Int
    package var seconds: Double
    /// True where it was stopped before its end.
    package var wasStopped: Bool

    /// How many gradings a rule asked for.
    package func count(_ rule: String) -> Int { gradings.count { $0.rule == rule } }
    /// How many different answers a rule had graded.
    package func answers(_ rule: String) -> Int {
      Set(gradings.filter { $0.rule == rule }.map { $0.exercise + " " + $0.answer }).count
    }
    package var seeds: [UInt64] { Set(gradings.map(\.setting.seed)).sorted() }
    package var languages: [String] { Set(gradings.map(\.setting.language.rawValue)).sorted() }
  }

  private let target: CheckTarget
  private let bench: any AuthoringBench
  private let rules: [any CheckRule]
  private let workers: Int

  /// `rules` are all but for tests, which leave one out to see that it is missed.
  package init(
    target: CheckTarget, bench: any AuthoringBench, rules: [any CheckRule] = CheckRules.all,
    workers: Int = 2
  ) {
    self.target = target
    self.bench = bench
    self.rules = rules
    self.workers = max(1, workers)
  }

  /// Does it; `progress` is told how many of how many jobs are done, from any thread.
  ///
  /// What `memory` knows is looked at on one seed, unless an extent is named, and so is a draft; a
  /// folder that was looked at in full and has no finding is remembered. `base` is the program's own
  /// content.
  package func run(
    _ named: CheckExtent? = nil, memory: inout CheckMemory, base: String,
    isStopped: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) -> Report {
    let began = ContinuousClock.now
    let subjects = target.subjects(base: base)
    let run = CheckRun(bench: bench, isStopped: isStopped)
    var jobs: [CheckJob] = []
    var extents: [String: CheckExtent] = [:]
    bench.prepare(subjects.flatMap(\.worldRequests))
    for subject in subjects {
      let extent =
        subject.isCourse
        ? .full : named ?? (subject.isDraft || memory.knows(subject.folder) ? .single : .full)
      if !subject.isCourse { extents[subject.folder] = extent }
      let size = subject.worldSize
      // What is being written keeps nobody's course from being good; by itself it is judged whole.
      for rule in rules where !(subject.isDraft && target.isCourse) || rule is SchemaRule {
        jobs += rule.jobs(subject, extent).map { job in
          CheckJob(job.label) { try job.run($0.sized(size)) }
        }
      }
    }
    let queue = JobQueue(jobs, isStopped: isStopped, progress: progress)
    let threads = (0..<min(workers, max(1, jobs.count))).map { number in
      let thread = Thread { queue.work(run) }
      // As much as the main thread has: a query may be deep.
      thread.stackSize = 16 << 20
      thread.name = "check-\(number)"
      thread.start()
      return thread
    }
    queue.wait(for: threads.count)
    let findings = Self.unique(run.findings)
    let wasStopped = isStopped()
    for subject in subjects where !subject.isCourse && !wasStopped {
      let isClean =
        !findings.contains { $0.file == subject.place || $0.file.hasPrefix(subject.file("")) }
        && !queue.failures.contains { $0.label.hasPrefix(subject.name + " ") }
      if extents[subject.folder] == .full || !isClean {
        memory.set(subject.folder, isGood: isClean)
      }
    }
    let parts = (ContinuousClock.now - began).components
    return Report(
      findings: findings, gradings: run.gradings, failures: queue.failures,
      drafts: subjects.compactMap(Self.draft),
      full: extents.values.count { $0 == .full }, single: extents.values.count { $0 == .single },
      mutants: run.mutants, screens: run.screens,
      seconds: Double(parts.seconds) + Double(parts.attoseconds) / 1e18, wasStopped: wasStopped)
  }

  private static func draft(_ subject: CheckSubject) -> Draft? {
    guard case .exercise(let exercise, _) = subject.content, exercise.status == .draft else {
      return nil
    }
    let status: ContentStatus = subject.isFile ? .local : .core
    return Draft(
      id: exercise.id, status: status,
      missing: ContentScaffold.missing(for: status, subject.folder))
  }

  /// The same mistake is found in many settings: it is told once, with the first of them.
  private static func unique(_ findings: [CheckFinding]) -> [CheckFinding] {
    var seen: Set<String> = []
    return findings.filter { finding in
      seen.insert("\(finding.file) \(finding.line ?? 0) \(finding.code)").inserted
    }
  }
}

/// Jobs that workers take one by one.
///
/// `@unchecked Sendable`: what changes is touched only while `condition` is held.
private final class JobQueue: @unchecked Sendable {
  private let condition = NSCondition()
  private let jobs: [CheckJob]
  private let isStopped: @Sendable () -> Bool
  private let progress: @Sendable (Int, Int) -> Void
  private var next = 0
  private var done = 0
  private var ended = 0
  private var failed: [CourseCheck.Failure] = []

  init(
    _ jobs: [CheckJob], isStopped: @escaping @Sendable () -> Bool,
    progress: @escaping @Sendable (Int, Int) -> Void
  ) {
    self.jobs = jobs
    self.isStopped = isStopped
    self.progress = progress
  }

  func work(_ run: CheckRun) {
    while !isStopped(), let job = take() {
      do {
        try job.run(run)
      } catch {
        condition.withLock {
          failed.append(CourseCheck.Failure(label: job.label, reason: "\(error)"))
        }
      }
      let done = condition.withLock { () -> Int in
        self.done += 1
        return self.done
      }
      progress(done, jobs.count)
    }
    condition.withLock {
      ended += 1
      condition.broadcast()
    }
  }

  private func take() -> CheckJob? {
    condition.withLock {
      guard next < jobs.count else { return nil }
      defer { next += 1 }
      return jobs[next]
    }
  }

  func wait(for count: Int) {
    condition.withLock { while ended < count { condition.wait() } }
  }

  var failures: [CourseCheck.Failure] { condition.withLock { failed } }
}
