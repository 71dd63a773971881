// What the rules of `course check` have in common. Each has a file of its own in `Rules/`.

/// One of the rules by which content is judged.
package protocol CheckRule: Sendable {
  /// Stable: findings carry it, tests and `--json` name it.
  var name: String { get }
  /// The jobs that the rule has with one folder; they do not depend on each other, and run on any
  /// thread.
  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob]
}

/// Something to do, and what it found.
package struct CheckJob: Sendable {
  /// What is being done, for whoever waits: `00-2 wrong/utc-date`.
  package var label: String
  var run: @Sendable (CheckRun) throws -> Void

  init(_ label: String, _ run: @escaping @Sendable (CheckRun) throws -> Void) {
    self.label = label
    self.run = run
  }
}

/// How much of a folder is looked at.
package enum CheckExtent: Sendable {
  /// Everything: the covering set, every seed, every mutant, every width.
  case full
  /// Each declared answer once, on one seed: what has not changed since it was last checked in full.
  case single

  var accepted: [RunSetting] { self == .full ? RunSetting.covering : [.single] }

  /// Wrong answers are played on every seed, each in another language, zone and form.
  var wrong: [RunSetting] {
    guard self == .full else { return [.single] }
    return RunSetting.seeds.indices.map { RunSetting.covering[$0 * 2 + $0 % 2] }
  }
}

/// All rules.
package enum CheckRules {
  /// In the order of the design: 1 to 9, and the contract of a task.
  package static let all: [any CheckRule] = [
    SchemaRule(), SymptomRule(), NothingPassesRule(), AcceptedRule(), WrongRule(), MutantRule(),
    HintRule(), TranscriptRule(), OrderRule(), ContractRule(),
  ]
}
