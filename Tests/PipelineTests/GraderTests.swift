import Commands
import Course
import Foundation
import Grading
import TestSupport
import Testing

/// Graders over the real engine and real worlds: what they accept, what they refuse, how long it takes.
struct GraderTests {
  private static let tables = [
    GradingTable(
      name: "lake.silver.events",
      columns: [
        .init("event_id", "varchar"), .init("event_name", "varchar"), .init("user_id", "varchar"),
        .init("platform", "varchar"), .init("event_time", "timestamp(3) with time zone"),
        .init("dt", "date"),
      ],
      rows: []
    )
  ]

  private static let dau = """
    kind: sql
    goal: {ko: 어제 플랫폼별 DAU}
    feedback: wrong-dau
    columns: {platform: varchar, dau: bigint}
    key: [platform]
    reference: |
      SELECT platform, count(DISTINCT user_id) AS dau FROM lake.silver.events
      WHERE dt = DATE '{{ds_kst}}' AND user_id IS NOT NULL GROUP BY platform
    story: |
      SELECT event_id, event_time FROM lake.silver.events
      WHERE dt = DATE '{{ds_kst}}' AND platform = {{row.platform}} ORDER BY event_time, event_id LIMIT 3
    mistakes:
      - sql: |
          SELECT platform, count(DISTINCT user_id) AS dau FROM lake.silver.events
          WHERE CAST(event_time AT TIME ZONE 'UTC' AS date) = DATE '{{ds_kst}}'
            AND user_id IS NOT NULL GROUP BY platform
        feedback: utc-day
      - sql: |
          SELECT platform, count(*) AS dau FROM lake.silver.events
          WHERE dt = DATE '{{ds_kst}}' AND user_id IS NOT NULL GROUP BY platform
        feedback: events-not-users
    counterexample: {keys: {lake.silver.events: user_id}}
    """

  private static let killer = """
    {"event_id": "n1", "event_name": "app_open", "user_id": "a", "platform": "ios", "event_time": "2024-01-15 12:00:00 Asia/Seoul", "dt": "2024-01-15"}
    {"event_id": "k1", "event_name": "app_open", "user_id": "b", "platform": "ios", "event_time": "2024-01-15 08:59:59.999 Asia/Seoul", "dt": "2024-01-15", "kills": "utc-day"}
    {"event_id": "k2", "event_name": "tap", "user_id": "a", "platform": "ios", "event_time": "2024-01-15 12:00:01 Asia/Seoul", "dt": "2024-01-15", "kills": "events-not-users"}
    """

  private static let right = """
    WITH people AS (
      SELECT DISTINCT user_id, platform FROM lake.silver.events
      WHERE event_time >= TIMESTAMP '{{ ds_kst }} 00:00:00 Asia/Seoul'
        AND event_time < TIMESTAMP '{{ ds_next }} 00:00:00 Asia/Seoul')
    SELECT platform, count(user_id) AS dau FROM people WHERE user_id IS NOT NULL GROUP BY 1;
    """

  /// The question of a check's text.
  private func question(_ yaml: String, killer: String? = nil) throws -> ExercisePart.Question {
    let path = NSTemporaryDirectory() + "/tapline-grader-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    for (name, text) in [("checks/10-check.yaml", yaml), ("worlds/killer.ndjson", killer ?? "")]
    where !text.isEmpty {
      let file = path + "/" + name
      try FileManager.default.createDirectory(
        atPath: (file as NSString).deletingLastPathComponent,
        withIntermediateDirectories: true
      )
      try Data(text.utf8).write(to: URL(filePath: file))
    }
    let loader = CheckLoader(
      folder: ContentFolder(path: path),
      status: .local,
      tables: Self.tables
    )
    guard let question = try loader.question(in: "checks", form: nil) else {
      throw TestFailure("no question")
    }
    return question
  }

  private func sqlGrader() throws -> SQLGrader {
    guard case .sql(let found) = try question(Self.dau, killer: Self.killer) else {
      throw TestFailure("no query")
    }
    return SQLGrader(question: found)
  }

  @Test func `a query is judged in the learner's world, the killer world and two hidden ones`()
    throws
  {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    world.shell.prepareWorlds(MadeWorld.usual.map(\.request))
    for made in MadeWorld.usual { try host.open(made.request).close() }
    let grader = try sqlGrader()
    let started = ContinuousClock.now
    let judgement = grader.grade(Self.right, host: host)
    let seconds = (ContinuousClock.now - started) / .seconds(1)
    print("GraderTests: a right query, four worlds made before: \(seconds) s")
    #expect(judgement.verdict == .passed, "\(judgement.verdict) \(judgement.evidence)")
    #expect(judgement.evidence.gradings.count == 4)
    #expect(seconds < 10)
  }

  @Test func `a wrong query is named, with its first difference, story and two input rows`() throws
  {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    let grader = try sqlGrader()
    let wrong = [
      (
        "SELECT platform, count(DISTINCT user_id) AS dau FROM lake.silver.events WHERE date(event_time AT TIME ZONE 'UTC') = DATE '{{ds_kst}}' AND user_id IS NOT NULL GROUP BY platform",
        "utc-day"
      ),
      (
        "SELECT platform, sum(CASE WHEN user_id IS NULL THEN 0 ELSE 1 END) AS dau FROM lake.silver.events WHERE dt = DATE '{{ds_kst}}' GROUP BY platform",
        "events-not-users"
      ),
    ]
    for (sql, feedback) in wrong {
      let started = ContinuousClock.now
      let judgement = grader.grade(sql, host: host)
      print("GraderTests: \(feedback): \((ContinuousClock.now - started) / .seconds(1)) s")
      #expect(
        judgement.verdict.feedbackID == feedback,
        "\(judgement.verdict) \(judgement.evidence)"
      )
      #expect(judgement.evidence.world?.kind == .visible)
      let counterexample = try #require(judgement.evidence.counterexample)
      #expect(counterexample.isMinimal && (1...2).contains(counterexample.rowCount))
      #expect(judgement.evidence.story?.rows.count == 3)
      let text = EvidenceText(evidence: judgement.evidence, host: host).lines.joined(
        separator: "\n"
      )
      #expect(text.contains("lake.silver.events") && !text.contains("course."), "\(text)")
    }
  }

  @Test func `a difference of one world is narrowed down to rows of that world`() throws {
    let world = try TestWorld()
    // Right but for one row that only a real day has: the killer world does not know `purchase`.
    guard case .sql(var found) = try question(Self.dau, killer: Self.killer) else { return }
    found.killer = nil
    let sql = Self.right.replacing("user_id IS NOT NULL GROUP", with: "user_id NOT LIKE '%7' GROUP")
    let started = ContinuousClock.now
    let judgement = SQLGrader(question: found).grade(sql, host: world.shell.gradingHost())
    print("GraderTests: narrowed down: \((ContinuousClock.now - started) / .seconds(1)) s")
    #expect(judgement.verdict.feedbackID == "wrong-dau")
    let counterexample = try #require(judgement.evidence.counterexample)
    #expect(
      counterexample.rowCount == 1 && counterexample.isMinimal,
      "\(counterexample.rowCount) rows"
    )
  }

  @Test func `an answer cannot read what only graders see, nor change anything`() throws {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    let grader = try sqlGrader()
    func state() throws -> [HostValue] {
      try host.query(
        """
        SELECT (SELECT count(*) FROM lake.silver.events), (SELECT count(*) FROM system.kafka.records),
          (SELECT count(*) FROM warehouse.mart.fact_purchase)
        """
      ).rows[0]
    }
    let before = try state()
    for sql in [
      "SELECT * FROM truth.events", "SELECT * FROM grading.truth.events",
      "SELECT platform, count(*) AS dau FROM \"grading\".\"truth\".\"events\" GROUP BY 1",
      "SELECT * FROM baseline.events", "DROP TABLE lake.silver.events",
      "DELETE FROM lake.silver.events", "SELECT 1; DELETE FROM lake.silver.events",
      "EXPLAIN ANALYZE DELETE FROM lake.silver.events", "SELECT nonsense FROM nowhere",
      "INSERT INTO lake.silver.events SELECT * FROM lake.silver.events", "CALL system.x()", "",
      String(repeating: "x", count: 100_000), "\u{0}\u{1}", "SELECT (", "몰라요", "42", "VALUES 1",
    ] {
      let verdict = grader.grade(sql, host: host).verdict
      #expect(
        verdict != .passed && verdict.name != "checker-failed",
        "\(sql.prefix(60)): \(verdict)"
      )
    }
    #expect(try state() == before)
  }

  @Test func `a number is asked of the truth in a copy of the learner's world`() throws {
    let yaml = """
      kind: number
      goal: {ko: 어제 이벤트 수}
      feedback: wrong
      form: {ko: 건수}
      unit: 건
      value: SELECT count(*) FROM truth.events WHERE dt = DATE '{{ds_kst}}'
      mistakes:
        - value: SELECT count(*) FROM truth.events WHERE CAST(event_time AT TIME ZONE 'UTC' AS date) = DATE '{{ds_kst}}'
          feedback: utc-day
      """
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    guard case .number(let found) = try question(yaml) else { return }
    let copy = try host.open(WorldRequest(origin: .learner(fork: nil)))
    defer { copy.close() }
    func count(_ day: String) throws -> HostValue {
      try copy.query(
        "SELECT count(*) FROM truth.events WHERE \(day) = DATE '2024-01-15'"
      ).rows[0][0]
    }
    guard case .integer(let right) = try count("dt"),
      case .integer(let utc) = try count("CAST(event_time AT TIME ZONE 'UTC' AS date)")
    else { throw TestFailure("no counts") }
    let grader = NumberGrader(question: found, inputs: [:])
    #expect(grader.grade("\(right)건", host: host).verdict == .passed)
    #expect(right != utc && grader.grade("\(utc)", host: host).verdict.feedbackID == "utc-day")
    #expect(grader.grade("\(right * 500)", host: host).evidence.slip?.kind == .worldScale)
  }

  private func state(_ yaml: String) throws -> StateGrader {
    guard case .state(let found) = try question(yaml) else { throw TestFailure("no state") }
    return StateGrader(question: found, grading: .first, fork: "exercise 9")
  }

  @Test func `invariants hold in a world that was left alone, and break where it was spoilt`()
    throws
  {
    let world = try TestWorld()
    world.run("fork exercise 9")
    // A world in which what came after the night is in: one run more adds nothing to it.
    let settled = try TestWorld()
    settled.run("dag run nightly")
    settled.run("fork exercise 9")
    let settledHost = settled.shell.gradingHost()
    let host = world.shell.gradingHost()
    // The truth here is Silver: what the warehouse should hold of the night's load.
    func check(_ name: String, _ more: String = "") -> String {
      """
      goal: {ko: 불변식}
      feedback: broken
      invariant: \(name)
      target: warehouse.mart.fact_purchase
      key: event_id
      where: dt = DATE '{{ds_kst}}'
      \(more)
      """
    }
    let silver =
      "truth: SELECT event_id, amount AS amount_krw FROM lake.silver.events WHERE event_name = 'purchase_completed' AND dt = DATE '{{ds_kst}}' AND event_id IN (SELECT event_id FROM baseline.fact_purchase)"
    let checks = [
      ("complete", check("complete", silver)), ("unique", check("unique")),
      ("no-junk", check("no-junk", silver)),
      ("value", check("value", silver + "\ncolumns: [amount_krw]")),
      ("isolated", check("isolated")),
      ("idempotent", check("idempotent", "ignore: [loaded_at]\nrerun: dag run nightly")),
    ]
    for (name, yaml) in checks {
      let started = ContinuousClock.now
      let judgement = try state(yaml).grade(host: name == "idempotent" ? settledHost : host)
      print("GraderTests: \(name): \((ContinuousClock.now - started) / .seconds(1)) s")
      #expect(judgement.verdict == .passed, "\(name): \(judgement.verdict) \(judgement.evidence)")
    }
    // A model that forgets a purchase, and another day's.
    try spoil(world)
    let lost = try state(checks[0].1).grade(host: host)
    #expect(lost.verdict.feedbackID == "broken", "\(lost.verdict)")
    #expect(lost.evidence.invariant?.count == 1 && lost.evidence.invariant?.lastStage == "silver")
    let wrong = try state(checks[3].1).grade(host: host)
    #expect(wrong.evidence.invariant?.column == "amount_krw", "\(wrong.verdict)")
    let spoilt = try state(checks[4].1).grade(host: host)
    #expect(spoilt.evidence.invariant?.examples == ["2024-01-16"], "\(spoilt.verdict)")
  }

  /// Changes the warehouse's model of purchases for the worse, and runs it.
  private func spoil(_ world: TestWorld) throws {
    let model = world.worldPath + "/pipeline/models/marts/fact_purchase.sql"
    let text = try String(contentsOfFile: model, encoding: .utf8)
    let spoilt = text.replacing(
      "AND dt IN ({{ var('changed_days') }})",
      with: """
        AND event_id NOT IN (SELECT min(event_id) FROM {{ source('silver', 'events') }}
          WHERE event_name = 'purchase_completed' GROUP BY dt)
        """
    ).replacing("0) AS amount_krw", with: "0) + 1 AS amount_krw")
    try #require(spoilt != text)
    try spoilt.write(toFile: model, atomically: true, encoding: .utf8)
    let ran = world.run("dag run nightly")
    try #require(ran.status == .success, "\(ran.text)")
  }

  @Test func `a learner's changes are made again in hidden worlds, and judged there`() throws {
    let yaml = """
      kind: scenario
      goal: {ko: 다른 날에도}
      feedback: only-here
      worlds: [{seed: 1001, day: 2023-12-31}, {seed: 1002, day: 2024-02-29, version_shift: 1}]
      checks:
        - {goal: {ko: 빠짐없음}, feedback: lost, invariant: complete, key: event_id,
           target: warehouse.mart.fact_purchase,
           truth: "SELECT event_id FROM baseline.fact_purchase WHERE dt = DATE '{{ds_kst}}'"}
      """
    let world = try TestWorld()
    world.run("fork exercise 9")
    let host = world.shell.gradingHost()
    for made in MadeWorld.usual { try host.open(made.request).close() }
    let grader = try state(yaml)
    let started = ContinuousClock.now
    #expect(grader.grade(host: host).verdict == .passed)
    print("GraderTests: scenario: \((ContinuousClock.now - started) / .seconds(1)) s")
    try spoil(world)
    let judgement = grader.grade(host: host)
    #expect(judgement.verdict.feedbackID == "lost", "\(judgement.verdict)")
    #expect(judgement.evidence.world?.day == "2023-12-31")
  }
}
