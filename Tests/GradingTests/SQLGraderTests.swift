import TestSupport
import Testing

import Grading

@Suite("A query is judged") struct SQLGraderTests {
  static let events = GradingTable(
    name: "silver.events",
    columns: [
      .init("event_id", "varchar"), .init("user_id", "varchar"), .init("platform", "varchar"),
      .init("dt", "date"), .init("utc_dt", "date"), .init("price", "bigint"),
    ],
    rows: []
  )

  static let check = """
    kind: sql
    goal: {ko: 어제의 DAU}
    feedback: wrong-dau
    columns: {dt: date, platform: varchar, dau: bigint}
    key: [dt, platform]
    reference: |
      SELECT dt, platform, count(DISTINCT user_id) AS dau FROM silver.events
      WHERE dt = DATE '{{ds_kst}}' AND platform IS NOT NULL GROUP BY dt, platform
    story: |
      SELECT event_id, utc_dt FROM silver.events
      WHERE dt = {{row.dt}} AND platform = {{row.platform}} ORDER BY event_id
    mistakes:
      - sql: |
          SELECT utc_dt AS dt, platform, count(DISTINCT user_id) AS dau FROM silver.events
          WHERE utc_dt = DATE '{{ds_kst}}' AND platform IS NOT NULL GROUP BY utc_dt, platform
        feedback: utc-day
      - sql: |
          SELECT dt, platform, count(*) AS dau FROM silver.events
          WHERE dt = DATE '{{ds_kst}}' AND platform IS NOT NULL GROUP BY dt, platform
        feedback: events-not-users
      - sql: |
          SELECT dt, coalesce(platform, 'web') AS platform, count(DISTINCT user_id) AS dau
          FROM silver.events WHERE dt = DATE '{{ds_kst}}' GROUP BY dt, coalesce(platform, 'web')
        feedback: null-platform
    counterexample: {keys: {silver.events: user_id}}
    """

  static let killer = """
    {"event_id": "n1", "user_id": "a", "platform": "ios", "dt": "2024-01-15", "utc_dt": "2024-01-15"}
    {"event_id": "n2", "user_id": "b", "platform": "web", "dt": "2024-01-15", "utc_dt": "2024-01-15"}
    {"event_id": "k1", "user_id": "c", "platform": "ios", "dt": "2024-01-15", "utc_dt": "2024-01-14", "kills": "utc-day"}
    {"event_id": "k2", "user_id": "a", "platform": "ios", "dt": "2024-01-15", "utc_dt": "2024-01-15", "kills": "events-not-users"}
    {"event_id": "k3", "user_id": "d", "dt": "2024-01-15", "utc_dt": "2024-01-15", "kills": "null-platform"}
    """

  static let right = """
    WITH d AS (SELECT DISTINCT dt, platform, user_id FROM silver.events WHERE platform IS NOT NULL)
    SELECT dt, platform, count(user_id) AS dau FROM d WHERE dt = DATE '{{ ds_kst }}' GROUP BY 1, 2;
    """

  /// A world of so many rows of a day, drawn from a seed.
  static func world(seed: UInt64, day: String, rowCount: Int = 60) -> [GradingTable] {
    var generator = SeededGenerator(seed: seed, day)
    var table = events
    for index in 0..<rowCount {
      let platform = ["ios", "android", "web", nil][generator.index(below: 4)]
      let isLate = generator.index(below: 5) == 0
      table.rows.append([
        .text("e\(index)"), .text("u\(generator.index(below: 20))"),
        platform.map { .text($0) } ?? .null, .text(isLate ? nextDay(day) : day),
        .text(generator.index(below: 4) == 0 ? "2000-01-01" : day),
        .integer(Int64(generator.index(below: 9) * 100)),
      ])
    }
    return [table]
  }

  func host() -> FakeGradingHost {
    let host = FakeGradingHost(Self.world(seed: 7, day: "2024-01-15"))
    host.make = { Self.world(seed: $0.seed, day: $0.day) }
    return host
  }

  func sql(_ yaml: String = check, killer: String? = killer) throws -> SQLQuestion {
    let files = killer.map { ["worlds/killer.ndjson": $0] } ?? [:]
    guard
      case .sql(let found) = try question(yaml, tables: [Self.events], files: files)
    else { throw FakeGradingHost.Refused() }
    return found
  }

  func judge(_ answer: String?, _ host: FakeGradingHost, _ yaml: String = check) throws -> Judgement
  {
    SQLGrader(question: try sql(yaml)).grade(answer, host: host)
  }

  @Test("by what it returns, however it is written, in four worlds")
  func passes() throws {
    let judgement = try judge(Self.right, host())
    #expect(judgement.verdict == .passed)
    #expect(judgement.evidence.gradings.map(\.world.kind) == [.visible, .killer, .hidden, .hidden])
    #expect(judgement.evidence.gradings.allSatisfy { $0.verdict == "passed" })
    #expect(Set(judgement.evidence.gradings.map(\.world.day)).count == 3)
  }

  @Test("and a known misconception is named, with the row, its story and the fewest rows")
  func misconceptions() throws {
    for mistake in try sql().mistakes {
      let judgement = try judge(mistake.query.text, host())
      #expect(judgement.verdict.feedbackID == mistake.feedback)
      let evidence = judgement.evidence
      #expect(evidence.difference != nil)
      let counterexample = try #require(evidence.counterexample)
      #expect(counterexample.isMinimal)
      #expect(counterexample.rowCount <= 2, "\(mistake.feedback): \(counterexample.tables)")
    }
    let judgement = try judge(
      Self.check.contains("utc") ? try sql().mistakes[1].query.text : "",
      host()
    )
    guard case .cell(let key, _, let column, let expected, let got)? = judgement.evidence.difference
    else {
      Issue.record("\(String(describing: judgement.evidence.difference))")
      return
    }
    #expect(column == "dau" && expected != got && key["dt"] == .text("2024-01-15"))
    let story = try #require(judgement.evidence.story)
    #expect(story.columns == ["event_id", "utc_dt"] && !story.rows.isEmpty)
  }

  @Test("and a wrong answer with another text and the same result has the same misconception")
  func sameResultAsAMistake() throws {
    let answer = """
      SELECT max(dt) AS dt, platform, sum(1) AS dau FROM silver.events
      WHERE dt = DATE '{{ds_kst}}' AND platform <> '' GROUP BY platform
      """
    #expect(try judge(answer, host()).verdict.feedbackID == "events-not-users")
  }

  @Test("and removing the rows that kill a wrong answer lets it pass there")
  func killerRows() throws {
    let found = try sql()
    let killer = try #require(found.killer)
    #expect(killer.kills == ["utc-day", "events-not-users", "null-platform"])
    let host = host()
    for mistake in found.mistakes {
      func passes(_ killer: KillerWorld) throws -> Bool {
        let world = try host.open(tables: killer.grading)
        func rows(_ query: SQLAnswer) throws -> TypedResult {
          let table = try world.query(query.sql(day: found.killerDay))
          return TypedResult(columns: found.columns ?? [], rows: table.rows)
        }
        return found.comparison.difference(
          expected: try rows(found.reference),
          got: try rows(mistake.query)
        ) == nil
      }
      #expect(try !passes(killer), "\(mistake.feedback)")
      #expect(try passes(killer.removing(kills: mistake.feedback)), "\(mistake.feedback)")
    }
  }

  @Test("and what passes here by luck is found out in a world that nobody has seen")
  func hiddenWorlds() throws {
    let host = host()
    // Right but for the day, which is written down.
    let fixed = Self.right.replacing("{{ ds_kst }}", with: "2024-01-15")
    let judgement = try judge(fixed, host)
    #expect(judgement.verdict.feedbackID == "wrong-dau")
    #expect(judgement.evidence.world?.kind == .hidden)
    #expect(judgement.evidence.gradings.map(\.verdict) == ["passed", "passed", "not-yet"])
    #expect(judgement.evidence.counterexample?.rowCount == 1)
    let lines = EvidenceText(evidence: judgement.evidence, host: host).lines.joined(separator: "\n")
    #expect(lines.contains("2023-12-31") && !lines.contains("course."), "\(lines)")
  }

  @Test("and columns of other names or types are told before the rows")
  func columns() throws {
    let named = Self.right.replacing("AS dau", with: "AS users")
    let judgement = try judge(named, host())
    #expect(judgement.verdict.feedbackID == SQLQuestion.columnsFeedbackID)
    let typed = Self.right.replacing("count(user_id)", with: "CAST(count(user_id) AS text)")
    #expect(try judge(typed, host()).verdict.feedbackID == SQLQuestion.columnsFeedbackID)
    let fewer = "SELECT dt, platform FROM silver.events"
    #expect(try judge(fewer, host()).verdict.feedbackID == SQLQuestion.columnsFeedbackID)
  }

  @Test("and one that does not run costs nothing, one that fails elsewhere is not yet right")
  func failures() throws {
    let typo = try judge("SELECT dta FROM silver.events", host())
    #expect(typo.verdict.name == "could-not-read")
    #expect(typo.evidence.engineMessage?.contains("dta") ?? false)
    let host = host()
    let broken = Self.right.replacing(
      "count(user_id)",
      with: "CASE WHEN count(CASE WHEN user_id = 'd' THEN 1 END) + count(user_id) > 0 "
        + "THEN count(user_id) ELSE abs(-9223372036854775807 - 1) END"
    )
    #expect(try judge(broken, host).verdict == .passed)
    // abs of the smallest integer fails in SQLite: here for a row that only the killer world has.
    let fails = Self.right.replacing(
      "WHERE platform IS NOT NULL",
      with: "WHERE platform IS NOT NULL AND CASE WHEN event_id = 'k1' "
        + "THEN abs(-9223372036854775807 - 1) ELSE 1 END > 0"
    )
    let judgement = try judge(fails, host)
    #expect(judgement.verdict.feedbackID == SQLQuestion.failedFeedbackID)
    #expect(judgement.evidence.counterexample?.got == nil)
    #expect(judgement.evidence.counterexample?.rowCount == 1)
  }

  @Test("and ordered only where the task says so")
  func ordered() throws {
    let yaml = """
      kind: sql
      goal: {ko: 순서}
      feedback: wrong-order
      ordered: true
      columns: {event_id: varchar}
      reference: SELECT event_id FROM silver.events ORDER BY event_id
      """
    let desc = "SELECT event_id FROM silver.events ORDER BY event_id DESC"
    let judgement = try judge(desc, host(), yaml)
    #expect(judgement.verdict.feedbackID == "wrong-order")
    guard case .order(1, _, _)? = judgement.evidence.difference else {
      Issue.record("\(String(describing: judgement.evidence.difference))")
      return
    }
    let free = yaml.replacing("ordered: true\n", with: "")
    #expect(try judge(desc, host(), free).verdict == .passed)
  }

  @Test("and a host that fails at any question is the checker's failure, never the answer's")
  func hostFails() throws {
    let whole = host()
    _ = try judge(Self.right, whole)
    let count = whole.recorder.statements.count
    #expect(count > 8)
    for limit in 0..<count {
      let broken = host()
      broken.failsAfter = limit
      #expect(try judge(Self.right, broken).verdict.name == "checker-failed", "after \(limit)")
    }
    // A question that fails once says nothing about the answer either.
    for index in 1...count {
      let shaky = host()
      shaky.failsOnceAt = index
      let name = try judge(Self.right, shaky).verdict.name
      #expect(name == "passed" || name == "checker-failed", "the question \(index): \(name)")
    }
    let closed = host()
    closed.opensNoWorlds = true
    #expect(try judge(Self.right, closed).verdict.name == "checker-failed")
  }

  @Test("and a reference that does not keep its own contract is the author's mistake")
  func wrongReference() throws {
    let yaml = Self.check.replacing("dau: bigint", with: "dau: integer")
    #expect(try judge(Self.right, host(), yaml).verdict.name == "checker-failed")
  }

  @Test(
    "never from junk, and nothing that writes reaches a world",
    arguments: [21, 22, 23] as [UInt64]
  )
  func junk(_ seed: UInt64) throws {
    let host = host()
    for answer in JunkAnswers.answers(seed: seed) {
      let verdict = try judge(answer, host).verdict
      #expect(verdict != .passed, "seed \(seed): \(answer.prefix(80))")
      #expect(verdict.name != "checker-failed", "seed \(seed): \(answer.prefix(80)) \(verdict)")
    }
    let writing = host.recorder.statements.filter(JunkAnswers.writes)
    #expect(writing.isEmpty, "seed \(seed): \(writing.prefix(3))")
    #expect(!host.recorder.statements.contains { $0.contains("truth.") })
  }

  @Test(
    "from a manifest whose mistakes say where and what to write",
    arguments: [
      ("columns: {dt: date,", "columns: {dt: dates,", "is no type of Trino"),
      ("key: [dt, platform]", "key: [day]", "is not one of the columns"),
      ("{{row.platform}}", "{{row.platfrom}}", "Did you mean `{{row.platform}}`?"),
      ("reference: |\n  SELECT", "reference: |\n  DROP", "not one query that only reads"),
      ("silver.events: user_id}", "silver.events: user}", "has no column `user`"),
      ("silver.events: user_id}", "silver.event: user_id}", "Did you mean `silver.events`?"),
      ("feedback: utc-day", "feedbak: utc-day", "Did you mean `feedback`?"),
    ]
  )
  func manifestErrors(_ old: String, _ new: String, _ says: String) throws {
    let files = ["worlds/killer.ndjson": Self.killer]
    #expect(Self.check.contains(old))
    let error = try #require(
      loadError(Self.check.replacing(old, with: new), tables: [Self.events], files: files)
    )
    #expect(error.place?.contains("10-check.yaml:") ?? false, "\(error)")
    #expect("\(error)".contains(says), "\(error)")
  }

  @Test(
    "from a killer world whose mistakes say which line",
    arguments: [
      (
        "\"platform\": \"web\"", "\"platfrom\": \"web\"", "killer.ndjson:2",
        "Did you mean `platform`?"
      ),
      ("\"kills\": \"utc-day\"", "\"kills\": 3", "killer.ndjson:3", "neither a name nor a list"),
      ("\"event_id\": \"k2\"", "\"event_id\": 2", "killer.ndjson:4", "cannot stand in the column"),
      ("{\"event_id\": \"n1\",", "{event_id: n1,", "killer.ndjson:1", "is no JSON object"),
      ("\"user_id\": \"d\"", "\"price\": 1.5", "killer.ndjson:5", "of type bigint"),
    ]
  )
  func killerErrors(_ old: String, _ new: String, _ place: String, _ says: String) throws {
    let files = ["worlds/killer.ndjson": Self.killer.replacing(old, with: new)]
    let error = try #require(loadError(Self.check, tables: [Self.events], files: files))
    #expect(error.place?.hasSuffix(place) ?? false, "\(error)")
    #expect("\(error)".contains(says), "\(error)")
  }

  @Test("against the declared wrong answers in their folders, too")
  func wrongFolders() throws {
    let files = [
      "worlds/killer.ndjson": Self.killer,
      "answers/wrong/all-days/answer.sql": "SELECT dt, platform, count(DISTINCT user_id) AS dau "
        + "FROM silver.events WHERE platform IS NOT NULL GROUP BY dt, platform",
      "answers/wrong/all-days/expect.yaml": "verdict: not-yet\nfeedback: all-days\n",
    ]
    guard case .sql(let found) = try question(Self.check, tables: [Self.events], files: files)
    else {
      return
    }
    #expect(found.mistakes.map(\.feedback).contains("all-days"))
    let answer =
      "SELECT dt, platform, count(DISTINCT user_id) dau FROM silver.events "
      + "WHERE platform > '' GROUP BY 2, 1"
    let judgement = SQLGrader(question: found).grade(answer, host: host())
    // The killer world has one day only; the learner's own world shows it.
    #expect(judgement.verdict.feedbackID == "all-days")
  }
}
