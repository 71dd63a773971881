import TestSupport
import Testing

import Grading

@Suite("An invariant") struct InvariantTests {
  static let day = "2024-01-15"

  static func row(_ id: String?, day: String = day, amount: Int64 = 100, loaded: String = "x")
    -> [HostValue]
  {
    [id.map { .text($0) } ?? .null, .text(day), .integer(amount), .text(loaded)]
  }

  static let columns: [GradingTable.Column] = [
    .init("event_id", "varchar"), .init("dt", "date"), .init("amount", "bigint"),
    .init("loaded_at", "varchar"),
  ]

  static func tables(
    silver: [[HostValue]],
    truth: [[HostValue]] = ["a", "b", "c", "d"].map { row($0) },
    baseline: [[HostValue]]? = nil,
    kafka: [String] = []
  ) -> [GradingTable] {
    [
      GradingTable(name: "silver.events", columns: columns, rows: silver),
      GradingTable(name: "truth.events", columns: columns, rows: truth),
      GradingTable(name: "baseline.events", columns: columns, rows: baseline ?? silver),
      GradingTable(
        name: "lake.bronze.events",
        columns: [.init("event_id", "varchar")],
        rows: kafka.map { [.text($0)] }
      ),
    ]
  }

  static let all = ["a", "b", "c", "d"].map { row($0) }

  func invariant(_ yaml: String) throws -> Invariant {
    let text = "kind: invariant\ngoal: {ko: 목표}\nfeedback: broken\ntarget: silver.events\n" + yaml
    guard case .state(let state) = try question(text),
      case .invariant(let found) = state.items[0].rule
    else { throw FakeGradingHost.Refused() }
    return found
  }

  func breach(
    _ yaml: String,
    _ tables: [GradingTable],
    host: FakeGradingHost = FakeGradingHost()
  ) throws -> InvariantBreach? {
    let world = FakeWorld(
      tables,
      WorldDescription(seed: 7, day: Self.day, origin: "learner"),
      host
    )
    let judge = InvariantJudge(world: world, host: host, changes: host.learnerChanges)
    return try judge.breach(of: invariant(yaml))
  }

  static let complete = """
    invariant: complete
    key: event_id
    truth: SELECT event_id FROM truth.events WHERE dt = DATE '{{ds_kst}}'
    """

  @Test("of completeness compares sets of ids, never counts")
  func complete() throws {
    #expect(try breach(Self.complete, Self.tables(silver: Self.all)) == nil)
    // As many rows, and one of them is another.
    let swapped = ["a", "b", "c", "z"].map { Self.row($0) }
    let found = try #require(
      try breach(Self.complete, Self.tables(silver: swapped, kafka: ["d"]))
    )
    #expect(found.count == 1 && found.examples == ["d"])
    #expect(found.lastStage == "bronze")
    let none = try #require(try breach(Self.complete, Self.tables(silver: [])))
    #expect(none.count == 4 && none.examples == ["a", "b", "c"] && none.lastStage == nil)
  }

  @Test("of completeness leaves out what was declared lost")
  func declaredLost() throws {
    let yaml = Self.complete + "\nlost: SELECT event_id FROM lake.bronze.events"
    let tables = Self.tables(silver: Array(Self.all.dropLast()), kafka: ["d"])
    #expect(try breach(yaml, tables) == nil)
    #expect(try breach(Self.complete, tables)?.count == 1)
  }

  @Test("with an empty truth cannot be asked, since everything would pass")
  func emptyTruth() {
    #expect(throws: CourseError.self) {
      try breach(Self.complete, Self.tables(silver: Self.all, truth: []))
    }
    #expect(throws: CourseError.self) {
      try breach(
        Self.complete.replacing("complete", with: "no-junk"),
        Self.tables(silver: Self.all, truth: [])
      )
    }
  }

  @Test("of values with an empty truth cannot be asked either")
  func emptyValues() {
    let yaml = "invariant: value\nkey: event_id\ncolumns: [amount]\n"
      + "truth: SELECT event_id, amount FROM truth.events"
    #expect(throws: CourseError.self) {
      try breach(yaml, Self.tables(silver: Self.all, truth: []))
    }
  }

  @Test("of uniqueness looks at every key that it names")
  func uniqueKeys() throws {
    let yaml = "invariant: unique\nkey: [event_id, loaded_at]"
    let loaded = ["p", "q", "r", "s"].enumerated().map {
      Self.row(["a", "b", "c", "d"][$0.offset], loaded: $0.element)
    }
    #expect(try breach(yaml, Self.tables(silver: loaded)) == nil)
    var twice = loaded
    twice[3] = Self.row("d", loaded: "p")
    #expect(try breach(yaml, Self.tables(silver: twice))?.examples == ["p"])
  }

  @Test("of idempotence leaves the world that it is asked of as it was")
  func idempotentInACopy() throws {
    let host = FakeGradingHost()
    host.onRun = { world, _ in
      world.update("silver.events") { $0 += $0 }
      return HostReply(output: "", exitCode: 0)
    }
    let world = FakeWorld(
      Self.tables(silver: Self.all),
      WorldDescription(seed: 7, day: Self.day, origin: "learner"),
      host
    )
    let before = world.tables
    let judge = InvariantJudge(world: world, host: host)
    #expect(try judge.breach(of: invariant(Self.idempotent)) != nil)
    #expect(world.tables == before && !world.isClosed)
  }

  @Test("of uniqueness names the keys that are there twice; a null is no key")
  func unique() throws {
    let yaml = "invariant: unique\nkey: [event_id]"
    let rows = Self.all + [Self.row("b"), Self.row("b"), Self.row(nil), Self.row(nil)]
    let found = try #require(try breach(yaml, Self.tables(silver: rows)))
    #expect(found.count == 1 && found.examples == ["b"])
    #expect(
      try breach(yaml, Self.tables(silver: Self.all + [Self.row(nil), Self.row(nil)])) == nil
    )
  }

  @Test("of values names the column, what is right and what is there")
  func value() throws {
    let yaml = """
      invariant: value
      key: event_id
      columns: [amount, dt]
      truth: SELECT event_id, amount, dt FROM truth.events
      """
    var rows = Self.all
    rows[2] = Self.row("c", amount: 29_900)
    let found = try #require(try breach(yaml, Self.tables(silver: rows)))
    #expect(found.examples == ["c"] && found.column == "amount")
    #expect(found.expected == .integer(100) && found.got == .integer(29_900))
    rows[2] = Self.row("c", day: "2024-01-14")
    #expect(try breach(yaml, Self.tables(silver: rows))?.column == "dt")
    #expect(try breach(yaml, Self.tables(silver: Self.all)) == nil)
  }

  @Test("of junk names the ids that should not be there, within the condition")
  func noJunk() throws {
    let yaml = """
      invariant: no-junk
      key: event_id
      where: dt = DATE '{{ds_kst}}'
      truth: SELECT event_id FROM truth.events WHERE dt = DATE '{{ds_kst}}'
      """
    let bot = Self.all + [Self.row("bot")]
    #expect(try breach(yaml, Self.tables(silver: bot))?.examples == ["bot"])
    let other = Self.all + [Self.row("old", day: "2024-01-14")]
    #expect(try breach(yaml, Self.tables(silver: other)) == nil)
  }

  @Test("of isolation compares the content of every other day, not its count")
  func isolated() throws {
    let yaml = "invariant: isolated\nignore: [loaded_at]"
    let before = Self.all + [Self.row("o", day: "2024-01-14"), Self.row("p", day: "2024-01-14")]
    var after = before
    after[0] = Self.row("a", amount: 5)
    #expect(try breach(yaml, Self.tables(silver: after, baseline: before)) == nil)
    after[4] = Self.row("o", day: "2024-01-14", loaded: "later")
    #expect(try breach(yaml, Self.tables(silver: after, baseline: before)) == nil)
    after[4] = Self.row("o", day: "2024-01-14", amount: 7)
    #expect(
      try breach(yaml, Self.tables(silver: after, baseline: before))?.examples == ["2024-01-14"]
    )
    // The whole day gone, and a day more.
    #expect(
      try breach(yaml, Self.tables(silver: Self.all, baseline: before))?.examples == ["2024-01-14"]
    )
    let more = before + [Self.row("n", day: "2024-01-16")]
    #expect(
      try breach(yaml, Self.tables(silver: more, baseline: before))?.examples == ["2024-01-16"]
    )
    let days = yaml + "\ndays: SELECT dt FROM silver.events WHERE dt > DATE '{{ds_kst}}'"
    #expect(try breach(days, Self.tables(silver: more, baseline: before)) == nil)
  }

  @Test("of isolation in a table of three parts takes the baseline of its schema")
  func isolatedByName() throws {
    let tables = ["lake.silver.events", "baseline.silver.events", "baseline.events"].map { name in
      GradingTable(
        name: name,
        columns: Self.columns,
        rows: name == "baseline.events" ? [] : [Self.row("o", day: "2024-01-14")]
      )
    }
    guard
      case .state(let state) = try question(
        "goal: {ko: 목표}\nfeedback: a\ninvariant: isolated\ntarget: lake.silver.events"
      ),
      case .invariant(let found) = state.items[0].rule
    else { return }
    let world = FakeWorld(
      tables,
      WorldDescription(seed: 7, day: Self.day, origin: "learner"),
      FakeGradingHost()
    )
    #expect(try InvariantJudge(world: world).breach(of: found) == nil)
  }

  static let idempotent = """
    invariant: idempotent
    key: event_id
    ignore: [loaded_at]
    rerun: "dag rerun silver {{ds_kst}}"
    next: ["clock +1d", "dag run silver {{ds_next}}"]
    """

  @Test("of idempotence runs the job again in a copy, and then the next")
  func idempotent() throws {
    let host = FakeGradingHost()
    host.onRun = { world, line in
      world.update("silver.events") { rows in
        if line.hasPrefix("dag rerun") {
          rows = rows.map { Array($0.dropLast()) + [.text("again")] }
        }
        if line.hasPrefix("dag run") { rows.append(Self.row("n", day: "2024-01-16")) }
      }
      return HostReply(output: "", exitCode: 0)
    }
    let tables = Self.tables(silver: Self.all)
    #expect(try breach(Self.idempotent, tables, host: host) == nil)
    #expect(
      host.recorder.lines == [
        "dag rerun silver 2024-01-15", "clock +1d", "dag run silver 2024-01-16",
      ]
    )
    host.onRun = { world, line in
      world.update("silver.events") { rows in
        if line.hasPrefix("dag rerun") { rows.append(rows[1]) }
      }
      return HostReply(output: "", exitCode: 0)
    }
    #expect(try breach(Self.idempotent, tables, host: host)?.examples == ["b"])
    host.onRun = { world, line in
      world.update("silver.events") { rows in
        if line.hasPrefix("dag run ") { rows.removeFirst() }
      }
      return HostReply(output: "", exitCode: 0)
    }
    #expect(try breach(Self.idempotent, tables, host: host)?.examples == ["a"])
    host.onRun = { _, _ in HostReply(output: "no such dag", exitCode: 2) }
    #expect(throws: CourseError.self) { try breach(Self.idempotent, tables, host: host) }
  }

  @Test("of atomicity looks at every state that a reader could have seen")
  func atomic() throws {
    let yaml = """
      invariant: atomic
      key: event_id
      versions: SELECT DISTINCT version FROM silver.versions ORDER BY version
      poll: SELECT event_id FROM silver.versions WHERE version = {{version}} AND event_id IS NOT NULL
      """
    func tables(_ states: [[String]]) -> [GradingTable] {
      var rows: [[HostValue]] = []
      for (version, ids) in states.enumerated() {
        rows.append([.integer(Int64(version)), .null])
        rows += ids.map { [.integer(Int64(version)), .text($0)] }
      }
      return [
        GradingTable(
          name: "silver.versions",
          columns: [.init("version", "bigint"), .init("event_id", "varchar")],
          rows: rows
        )
      ]
    }
    #expect(try breach(yaml, tables([["a"], ["a"], ["a", "b"], ["a", "b"]])) == nil)
    #expect(try breach(yaml, tables([["a"], [], ["a", "b"]]))?.examples == ["1"])
    #expect(try breach(yaml, tables([["a"], ["a", "a"], ["a", "b"]]))?.count == 1)
    #expect(throws: CourseError.self) { try breach(yaml, tables([["a"]])) }
    #expect(throws: CourseError.self) {
      try breach("invariant: atomic\nkey: event_id", Self.tables(silver: Self.all))
    }
  }

  @Test("of guarding lets the fault happen again on the next day")
  func guarded() throws {
    let yaml = """
      invariant: guarded
      faults: [{name: late-events, hours: 6}]
      drive: ["clock +1d"]
      detected: SELECT 1 FROM lake.bronze.events WHERE event_id = 'alert {{ds_kst}}'
      """
    let host = FakeGradingHost()
    host.learnerChanges = LearnerChanges(
      files: [.init(path: "dq/rules.yaml", content: "lateness")])
    var asked: [MadeWorld] = []
    host.make = {
      asked.append($0)
      return Self.tables(silver: [])
    }
    host.onApply = { world, changes, rebinding in
      #expect(rebinding["2024-01-15"] == "2024-01-16" && rebinding["2024-01-16"] == "2024-01-17")
      guard !changes.files.isEmpty else { return }
      world.update("lake.bronze.events") { $0.append([.text("alert 2024-01-16")]) }
    }
    #expect(try breach(yaml, Self.tables(silver: Self.all), host: host) == nil)
    #expect(asked.map(\.day) == ["2024-01-16"])
    #expect(asked[0].faults == [Fault(name: "late-events", parameters: ["hours": "6"])])
    host.learnerChanges = LearnerChanges()
    let found = try #require(try breach(yaml, Self.tables(silver: Self.all), host: host))
    #expect(found.name == .guarded && found.examples == ["late-events"])
  }

  @Test("says in both languages what is broken")
  func texts() {
    let host = FakeGradingHost()
    for name in Invariant.Name.allCases {
      for language in CourseLanguage.allCases {
        host.language = language
        var evidence = Evidence()
        var breach = InvariantBreach(name, target: "silver.events", count: 3, examples: ["a", "b"])
        breach.lastStage = "kafka"
        evidence.invariant = breach
        let text = EvidenceText(evidence: evidence, host: host).lines.joined(separator: "\n")
        #expect(
          text.contains("a, b") && !text.contains("course.") && !text.contains("{"),
          "\(text)"
        )
      }
    }
  }

  @Test(
    "whose manifest lacks what it needs says so",
    arguments: [
      ("invariant: complete\nkey: event_id", "needs `truth`"),
      ("invariant: complet\nkey: event_id", "Did you mean `complete`?"),
      ("invariant: unique", "`key: event_id`"),
      ("invariant: value\nkey: a\ntruth: SELECT 1", "needs `columns`"),
      ("invariant: idempotent\nkey: a", "needs `rerun`"),
      ("invariant: guarded\ndetected: SELECT 1", "needs `faults`"),
      ("invariant: unique\nkey: a\ntarge: x", "Did you mean `target`?"),
      ("invariant: complete\nkey: a\ntruth: SELECT '{{ds}}'", "`{{ds}}`, which does not exist"),
    ]
  )
  func manifestErrors(_ yaml: String, _ says: String) throws {
    let text = "kind: invariant\ngoal: {ko: 목표}\nfeedback: broken\ntarget: silver.events\n" + yaml
    let error = try #require(loadError(text))
    #expect("\(error)".contains(says), "\(error)")
    #expect(error.place?.contains("10-check.yaml:") ?? false)
  }
}

@Suite("The state in other worlds") struct StateTests {
  static let scenario = """
    kind: scenario
    goal: {ko: 다른 날에도 맞습니다}
    feedback: only-yesterday
    worlds:
      - {seed: 12, day: 2024-02-29, version_shift: 1, faults: [{name: late-events, hour: 3}]}
      - {seed: 13, day: 2023-12-31}
    bind: {first_id: "SELECT min(event_id) FROM truth.events"}
    drive: ["dag run silver {{ds_kst}}"]
    checks:
      - {goal: {ko: 빠짐없음}, feedback: lost, invariant: complete, target: silver.events,
         key: event_id, truth: "SELECT event_id FROM truth.events"}
      - {goal: {ko: 날짜}, feedback: wrong-day,
         sql: "SELECT event_id FROM silver.events WHERE dt <> DATE '{{ds_kst}}'"}
      - {goal: {ko: 첫 이벤트}, feedback: no-first, fails_when: no-rows,
         sql: "SELECT 1 AS one FROM silver.events WHERE event_id = {{first_id}}"}
    """

  /// A pipeline whose job copies what the learner's file says.
  func host() -> FakeGradingHost {
    func tables(_ seed: UInt64, _ day: String) -> [GradingTable] {
      let ids = (0..<5).map { "s\(seed)-\($0)" }
      return InvariantTests.tables(
        silver: [],
        truth: ids.map { InvariantTests.row($0, day: day) }
      )
    }
    let host = FakeGradingHost(tables(7, "2024-01-15"))
    host.make = { tables($0.seed, $0.day) }
    var rules: [ObjectIdentifier: String] = [:]
    host.onApply = { world, changes, rebinding in
      guard let rule = changes.files.first?.content else { return }
      var rebound = rule
      for (mine, other) in rebinding where rule.contains(mine) {
        rebound = rebound.replacing(mine, with: other)
      }
      rules[ObjectIdentifier(world)] = rebound
    }
    host.onRun = { world, line in
      let rule = rules[ObjectIdentifier(world)] ?? ""
      let truth = world.tables.first { $0.name == "truth.events" }?.rows ?? []
      world.update("silver.events") { rows in
        switch rule {
        case "all": rows = truth
        case "all but one": rows = Array(truth.dropFirst())
        case "fixed day": rows = truth.map { [$0[0], .text("2024-01-15"), $0[2], $0[3]] }
        case let id where truth.contains { $0[0] == .text(id) }: rows = truth
        default: break
        }
      }
      return HostReply(output: "", exitCode: 0)
    }
    return host
  }

  func judge(_ rule: String?, _ yaml: String = scenario, _ host: FakeGradingHost) throws
    -> Judgement
  {
    guard case .state(let state) = try question(yaml) else { throw FakeGradingHost.Refused() }
    host.learnerChanges = LearnerChanges(
      files: rule.map { [.init(path: "jobs/silver.sql", content: $0)] } ?? []
    )
    return StateGrader(question: state, grading: .first, fork: "exercise 01-3").grade(host: host)
  }

  @Test("passes where the learner's change is right on every day")
  func passes() throws {
    let host = host()
    let judgement = try judge("all", Self.scenario, host)
    #expect(judgement.verdict == .passed)
    #expect(judgement.evidence.gradings.map(\.world.day) == ["2024-02-29", "2023-12-31"])
    #expect(host.recorder.lines == ["dag run silver 2024-02-29", "dag run silver 2023-12-31"])
  }

  @Test("names what is wrong there, and in which world")
  func fails() throws {
    let lost = try judge("all but one", Self.scenario, host())
    #expect(lost.verdict.feedbackID == "lost")
    #expect(lost.evidence.invariant?.examples == ["s12-0"])
    #expect(lost.evidence.world == GradedWorld(.hidden, number: 1, seed: 12, day: "2024-02-29"))
    #expect(try judge("fixed day", Self.scenario, host()).verdict.feedbackID == "wrong-day")
    #expect(try judge(nil, Self.scenario, host()).verdict.feedbackID == "lost")
  }

  @Test("has the learner's ids and dates bound to those of the other world")
  func bindings() throws {
    #expect(try judge("s7-0", Self.scenario, host()).verdict == .passed)
    #expect(try judge("s7-1", Self.scenario, host()).verdict.feedbackID == "lost")
  }

  @Test("that cannot be asked is the checker's failure")
  func checkerFails() throws {
    for limit in 0..<8 {
      let broken = host()
      broken.failsAfter = limit
      #expect(try judge("all", Self.scenario, broken).verdict.name == "checker-failed", "\(limit)")
    }
    let closed = host()
    closed.opensNoWorlds = true
    #expect(try judge("all", Self.scenario, closed).verdict.name == "checker-failed")
    let undriven = host()
    undriven.onRun = { _, _ in HostReply(output: "no such dag", exitCode: 2) }
    #expect(try judge("all", Self.scenario, undriven).verdict.name == "checker-failed")
    let unbound = Self.scenario.replacing(
      "SELECT min(event_id) FROM truth.events",
      with: "SELECT NULL"
    )
    #expect(try judge("all", unbound, host()).verdict.name == "checker-failed")
    let atomic = """
      kind: invariant
      goal: {ko: 원자성}
      feedback: half
      invariant: atomic
      target: silver.events
      key: event_id
      """
    #expect(try judge("all", atomic, host()).verdict.name == "checker-failed")
  }

  @Test("whose changes cannot be made there is the checker's failure, too")
  func applyFails() throws {
    let host = host()
    host.onApply = { _, _, _ in throw FakeGradingHost.Refused() }
    #expect(try judge("all", Self.scenario, host).verdict.name == "checker-failed")
  }

  @Test("may begin with a copy of the learner's own, which is not touched")
  func learnersOwn() throws {
    let host = host()
    host.onRun = { world, _ in
      world.update("silver.events") { $0 = [] }
      return HostReply(output: "", exitCode: 0)
    }
    let before = host.tables
    let judgement = try judge("all", Self.scenario + "\nlearner: true", host)
    #expect(judgement.evidence.world?.kind == .visible)
    #expect(host.tables == before)
  }

  @Test("of the learner's own world is judged by rows and invariants, one by one or as parts")
  func ownWorld() throws {
    let unique =
      "goal: {ko: 목표}\nfeedback: twice\ninvariant: unique\ntarget: silver.events\nkey: event_id"
    let rows =
      "goal: {ko: 목표}\nfeedback: junk\nsql: SELECT event_id FROM silver.events WHERE amount < 0"
    func verdict(_ silver: [[HostValue]], _ grading: Check.Combination) throws -> Verdict {
      guard case .state(let state) = try question(unique, files: ["checks/20-rows.yaml": rows])
      else { throw FakeGradingHost.Refused() }
      let host = FakeGradingHost(InvariantTests.tables(silver: silver))
      return StateGrader(question: state, grading: grading, fork: "exercise 01-3")
        .grade(host: host).verdict
    }
    let all = InvariantTests.all
    #expect(try verdict(all, .first) == .passed)
    #expect(try verdict(all + [all[0]], .first).feedbackID == "twice")
    let negative = all + [InvariantTests.row("n", amount: -1)]
    #expect(try verdict(negative, .first).feedbackID == "junk")
    #expect(try verdict(negative, .parts).name == "partly")
    #expect(try verdict(negative + [all[0]], .parts).name == "not-yet")
  }

  @Test("drives a copy: what comes after a scenario sees the learner's world as it was")
  func scenarioInACopy() throws {
    let host = host()
    host.tables = InvariantTests.tables(
      silver: InvariantTests.all, truth: InvariantTests.all)
    host.onRun = { world, _ in
      world.update("silver.events") { $0 = [] }
      return HostReply(output: "", exitCode: 0)
    }
    let complete = """
      goal: {ko: 목표}
      feedback: lost-here
      invariant: complete
      target: silver.events
      key: event_id
      truth: SELECT event_id FROM truth.events
      """
    guard
      case .state(let state) = try question(
        Self.scenario + "\nlearner: true", files: ["checks/20-own.yaml": complete])
    else { throw FakeGradingHost.Refused() }
    let judgement = StateGrader(question: state, grading: .parts, fork: "exercise 01-3")
      .grade(host: host)
    #expect(judgement.verdict.feedbackID == "lost" && judgement.verdict.name == "partly")
  }

  @Test("is never passed by junk changes", arguments: [31, 32] as [UInt64])
  func junk(_ seed: UInt64) throws {
    let host = host()
    for answer in JunkAnswers.answers(seed: seed) {
      let verdict = try judge(answer, Self.scenario, host).verdict
      #expect(verdict.name == "not-yet", "seed \(seed): \(answer.prefix(60)) \(verdict)")
    }
    #expect(host.recorder.statements.filter(JunkAnswers.writes).isEmpty)
  }

  @Test(
    "whose manifest is wrong says where",
    arguments: [
      ("day: 2024-02-29", "day: 2023-02-29", "must be a day"),
      ("{{ds_kst}}\"]", "{{ds_kts}}\"]", "Did you mean `{{ds_kst}}`?"),
      ("{{first_id}}", "{{frist_id}}", "Did you mean `{{first_id}}`?"),
      ("seed: 12,", "sed: 12,", "Did you mean `seed`?"),
      ("checks:", "check:", "Did you mean `checks`?"),
    ]
  )
  func manifestErrors(_ old: String, _ new: String, _ says: String) throws {
    let error = try #require(loadError(Self.scenario.replacing(old, with: new)))
    #expect("\(error)".contains(says), "\(error)")
  }
}
