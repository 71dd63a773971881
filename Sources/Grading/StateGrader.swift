// Judges the pipeline's state: in the learner's world, and in worlds where the learner's changes are
// made again with other seeds, days, versions and faults.

/// Judges one `StateQuestion`.
package struct StateGrader {
  let question: StateQuestion
  package let grading: Check.Combination
  /// The name of the fork that was taken when the exercise began.
  let fork: String

  package init(question: StateQuestion, grading: Check.Combination, fork: String) {
    self.question = question
    self.grading = grading
    self.fork = fork
  }

  /// Judges the state; what cannot be asked is `checkerFailed`.
  package func grade(host: any LessonHost) -> Judgement {
    guard !question.items.isEmpty else {
      return Judgement(.checkerFailed(reason: "The exercise has no checks."))
    }
    var run = StateGrading(host: host, fork: fork, values: question.values)
    defer { run.close() }
    do {
      return try run.judge(question.items, grading)
    } catch {
      return Judgement(.checkerFailed(reason: host.reason(error)))
    }
  }
}

/// A rule that is broken.
private struct BrokenRule {
  var feedback: String
  var values: [String: HostValue]
  var breach: InvariantBreach?
  var place: GradedWorld
}

private struct StateGrading {
  let host: any LessonHost
  let fork: String
  let values: [SQLTemplate]
  let deadline = Deadline()
  var gradings: [Grading] = []
  private var copy: (any GradingWorld)?

  init(host: any LessonHost, fork: String, values: [SQLTemplate]) {
    self.host = host
    self.fork = fork
    self.values = values
  }

  mutating func close() {
    copy?.close()
    copy = nil
  }

  mutating func judge(
    _ items: [StateQuestion.Item],
    _ grading: Check.Combination
  ) throws -> Judgement {
    var first: BrokenRule?
    var brokenCount = 0
    for item in items {
      guard let broken = try broken(item) else { continue }
      brokenCount += 1
      if first == nil { first = broken }
      if grading == .first { break }
    }
    var evidence = Evidence()
    evidence.gradings = gradings
    guard let first else { return Judgement(.passed, evidence: evidence) }
    evidence.world = first.place
    evidence.invariant = first.breach
    guard grading == .parts, brokenCount < items.count else {
      return Judgement(
        .notYet(feedback: first.feedback, values: first.values),
        evidence: evidence
      )
    }
    return Judgement(
      .partly(
        passed: items.count - brokenCount,
        of: items.count,
        feedback: first.feedback,
        values: first.values
      ),
      evidence: evidence
    )
  }

  private mutating func broken(_ item: StateQuestion.Item) throws -> BrokenRule? {
    try deadline.check()
    switch item.rule {
    case .rows(let check):
      let place = GradedWorld(.visible, day: "")
      let row = try check.offendingRow(nil, host)
      record(place, row == nil ? nil : check.feedback)
      guard let row else { return nil }
      let grader = Grader(form: nil, checks: [], grading: .first, values: values)
      var known = grader.sharedValues(check.values + values, nil, host)
      for (name, value) in row { known[name] = value }
      return BrokenRule(feedback: check.feedback, values: known, place: place)
    case .invariant(let invariant):
      let gradingHost = try gradingHost()
      let world = try learnersCopy(gradingHost)
      let changes = invariant.name == .guarded ? try gradingHost.changes(since: fork) : .init()
      let judge = InvariantJudge(
        world: world,
        host: gradingHost,
        changes: changes,
        day: startDay(gradingHost, fork),
        deadline: deadline
      )
      let place = GradedWorld(
        .visible,
        seed: world.description.seed,
        day: world.description.day
      )
      let breach = try judge.breach(of: invariant)
      record(place, breach == nil ? nil : item.feedback)
      guard let breach else { return nil }
      return BrokenRule(
        feedback: item.feedback,
        values: breach.values,
        breach: breach,
        place: place
      )
    case .scenario(let scenario): return try broken(scenario, item)
    }
  }

  private mutating func record(_ place: GradedWorld, _ feedback: String?) {
    gradings.append(
      Grading(
        world: place,
        verdict: feedback == nil ? Verdict.passed.name : "not-yet",
        feedback: feedback
      )
    )
  }

  private func gradingHost() throws -> any GradingHost {
    guard let host = host as? any GradingHost else {
      throw CourseError(
        code: "course.no-worlds",
        message: "This check needs copies of the world, and the host makes none.",
        advice: "Run it from the prompt."
      )
    }
    return host
  }

  private mutating func learnersCopy(_ host: any GradingHost) throws -> any GradingWorld {
    if let copy { return copy }
    let world = try host.open(WorldRequest(origin: .learner(fork: nil)))
    copy = world
    return world
  }

  /// The learner's yesterday when the fork was taken: the clock may have gone on since.
  ///
  /// Nil where there is no such fork.
  private func startDay(_ host: any GradingHost, _ fork: String) -> String? {
    guard let start = try? host.open(WorldRequest(origin: .learner(fork: fork))) else { return nil }
    defer { start.close() }
    return start.description.day
  }

  // MARK: Scenarios

  private mutating func broken(
    _ scenario: Scenario,
    _ item: StateQuestion.Item
  ) throws -> BrokenRule? {
    let host = try gradingHost()
    let home = try learnersCopy(host)
    let changes = try host.changes(since: scenario.fork ?? fork)
    let homeDay = startDay(host, scenario.fork ?? fork) ?? home.description.day
    let bound = try bindings(scenario, in: home, homeDay)
    if scenario.includesLearner {
      try deadline.check()
      let world = try home.fork()
      defer { world.close() }
      let place = GradedWorld(.visible, seed: home.description.seed, day: homeDay)
      if let broken = try broken(scenario, item, world, place, bound, changes) { return broken }
    }
    for (index, made) in scenario.worlds.enumerated() {
      try deadline.check()
      let world = try host.open(made.request)
      defer { world.close() }
      let place = GradedWorld(.hidden, number: index + 1, seed: made.seed, day: made.day)
      let there = try bindings(scenario, in: world, made.day)
      var rebinding = reboundDays(from: homeDay, to: made.day)
      for (name, value) in bound {
        if let mine = value.idText, let other = there[name]?.idText { rebinding[mine] = other }
      }
      try deadline.check()
      _ = try world.apply(changes, rebinding: rebinding)
      if let broken = try broken(scenario, item, world, place, there, changes) { return broken }
    }
    return nil
  }

  private func bindings(
    _ scenario: Scenario,
    in world: any GradingWorld,
    _ day: String
  ) throws -> [String: HostValue] {
    var values: [String: HostValue] = [:]
    for (name, query) in scenario.bindings {
      try deadline.check()
      let known = values.merging(SQLTemplate.dayValues(day)) { $1 }
      let table = try world.query(query.sql(values: known))
      guard let value = table.rows.first?.first, value != .null else {
        throw CourseError(
          code: "course.no-binding",
          message: "The binding `\(name)` has no value in the world of \(day).",
          advice: "Its query must return one row in every world."
        )
      }
      values[name] = value
    }
    return values
  }

  /// Drives one world and asks its rules.
  private mutating func broken(
    _ scenario: Scenario,
    _ item: StateQuestion.Item,
    _ world: any GradingWorld,
    _ place: GradedWorld,
    _ bound: [String: HostValue],
    _ changes: LearnerChanges
  ) throws -> BrokenRule? {
    // The world's own day may have moved on with the learner's clock.
    let known = bound.merging(SQLTemplate.dayValues(place.day)) { $1 }
    for line in scenario.drive {
      try deadline.check()
      var typed = line
      for (name, value) in known {
        typed = typed.replacing("{{\(name)}}", with: value.idText ?? "")
          .replacing("{{ \(name) }}", with: value.idText ?? "")
      }
      let reply = try world.run(typed)
      guard reply.exitCode < 2 else {
        throw CourseError(
          code: "course.drive-failed",
          message: "`\(typed)` ended with exit code \(reply.exitCode): \(reply.output)",
          advice: "Look at the scenario's `drive`."
        )
      }
    }
    for rule in scenario.items {
      try deadline.check()
      var broken: BrokenRule?
      switch rule.rule {
      case .rows(let check):
        let table = try world.query(check.sql.sql(values: known))
        let isBroken = check.failsWhen == .rows ? !table.rows.isEmpty : table.rows.isEmpty
        if isBroken {
          var values = known
          for query in check.values {
            guard let row = try? world.query(query.sql(values: known)).firstRowByName else {
              continue
            }
            values.merge(row) { first, _ in first }
          }
          if check.failsWhen == .rows { values.merge(table.firstRowByName) { $1 } }
          broken = BrokenRule(feedback: rule.feedback, values: values, place: place)
        }
      case .invariant(let invariant):
        let judge = InvariantJudge(
          world: world,
          host: host as? any GradingHost,
          changes: changes,
          values: bound,
          day: place.day,
          deadline: deadline
        )
        if let breach = try judge.breach(of: invariant) {
          broken = BrokenRule(
            feedback: rule.feedback,
            values: known.merging(breach.values) { $1 },
            breach: breach,
            place: place
          )
        }
      case .scenario: break
      }
      if let broken {
        record(place, broken.feedback)
        return broken
      }
    }
    record(place, nil)
    return nil
  }
}

extension InvariantBreach {
  /// What a feedback text may name.
  package var values: [String: HostValue] {
    [
      "count": .integer(Int64(count)), "ids": .text(examples.joined(separator: ", ")),
      "target": .text(target), "stage": lastStage.map { .text($0) } ?? .null,
      "column": column.map { .text($0) } ?? .null, "expected": expected ?? .null,
      "got": got ?? .null,
    ]
  }
}
