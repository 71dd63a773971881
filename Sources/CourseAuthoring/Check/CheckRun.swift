// What jobs share: the bench, and the place where findings and gradings are gathered.

internal import Foundation
internal import Grading

/// One run of `course check`; its parts are used by all workers at once.
final class CheckRun: Sendable {
  let bench: any AuthoringBench
  /// Whether the one who waits has given up.
  private let isStopped: @Sendable () -> Bool
  private let gathered: Gathered
  /// Of the worlds in which answers are played.
  private let size: String

  init(bench: any AuthoringBench, isStopped: @escaping @Sendable () -> Bool) {
    self.bench = bench
    self.isStopped = isStopped
    gathered = Gathered()
    size = "xs"
  }

  private init(of other: CheckRun, size: String) {
    bench = other.bench
    isStopped = other.isStopped
    gathered = other.gathered
    self.size = size
  }

  /// The same run with worlds of another size.
  func sized(_ size: String) -> CheckRun { CheckRun(of: self, size: size) }

  /// A learner's world in which these lines were run.
  func open(_ setting: RunSetting, after lines: [String]) throws -> any BenchWorld {
    try bench.open(setting, size: size, after: lines)
  }

  /// A learner's world in which the first line of an incident was run, and true; a new world and false
  /// where the line is another one, or begins none: then it is the caller's to run, and to tell.
  func open(
    _ setting: RunSetting, begunBy line: String
  ) throws -> (world: any BenchWorld, isBegun: Bool) {
    guard line.hasPrefix("incident start "), !line.contains("{{") else {
      return (try open(setting, after: []), false)
    }
    do {
      return (try open(setting, after: [line]), true)
    } catch is PrefixError {
      return (try open(setting, after: []), false)
    }
  }

  /// `@unchecked Sendable`: touched only while `lock` is held.
  private final class Gathered: @unchecked Sendable {
    let lock = NSLock()
    var findings: [CheckFinding] = []
    var gradings: [GradingRecord] = []
    var mutants = 0
    var screens = 0
  }

  var wasStopped: Bool { isStopped() }

  func found(_ finding: CheckFinding) {
    gathered.lock.withLock { gathered.findings.append(finding) }
  }

  func graded(_ record: GradingRecord) {
    gathered.lock.withLock { gathered.gradings.append(record) }
  }

  func countMutant() { gathered.lock.withLock { gathered.mutants += 1 } }
  func countScreen() { gathered.lock.withLock { gathered.screens += 1 } }

  /// In an order that does not depend on the workers.
  var findings: [CheckFinding] {
    gathered.lock.withLock { gathered.findings }.sorted {
      ($0.file, $0.line ?? 0, $0.code, $0.text) < ($1.file, $1.line ?? 0, $1.code, $1.text)
    }
  }

  var gradings: [GradingRecord] { gathered.lock.withLock { gathered.gradings } }
  var mutants: Int { gathered.lock.withLock { gathered.mutants } }
  var screens: Int { gathered.lock.withLock { gathered.screens } }
}

/// Seconds that something took.
func timed<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
  let began = ContinuousClock.now
  let result = try body()
  let parts = (ContinuousClock.now - began).components
  return (result, Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
}
