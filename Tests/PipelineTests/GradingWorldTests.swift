import Commands
import Foundation
import Grading
import Platform
import Simulation
import Terminal
import TestSupport
import Testing
import World

/// Worlds for graders: made once, copied for each use, with tables that no learner can reach.
struct GradingWorldTests {
  private static let hidden = WorldRequest(
    origin: .made(seed: 7, day: "2023-12-31", size: "xs", versionShift: 2))

  private static func count(_ world: any LessonHost, _ sql: String) throws -> Int64 {
    guard case .integer(let value)? = try world.query(sql).rows.first?.first else {
      throw TestFailure("no integer from \(sql)")
    }
    return value
  }

  @Test func `the truth is what the pipeline would say if nothing were late or lost`() throws {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    let made = try host.open(Self.hidden)
    let day = "dt = DATE '2023-12-31'"
    let truth = try Self.count(made, "SELECT count(*) FROM truth.events WHERE \(day)")
    let silver = try Self.count(made, "SELECT count(*) FROM lake.silver.events WHERE \(day)")
    #expect(truth > 5_000 && silver <= truth && silver > truth * 9 / 10)
    // Event by event: what arrived says what was meant.
    #expect(
      try Self.count(
        made,
        """
        SELECT count(*) FROM lake.silver.events AS s
        LEFT JOIN truth.events AS t ON t.event_id = s.event_id
        WHERE s.dt = DATE '2023-12-31' AND (t.event_id IS NULL OR t.event_name <> s.event_name
          OR t.dt <> s.dt OR t.amount IS DISTINCT FROM s.amount
          OR t.app_version <> s.app_version OR t.event_time <> s.event_time)
        """) == 0)
    #expect(
      try made.query(
        "SELECT DISTINCT app_version FROM truth.events WHERE phone IS NOT NULL ORDER BY 1").rows.map(\.first)
        == ["4.9.4", "5.0.8", "5.1.2", "5.1.3"].map { .text($0) })
    // Nothing of the future.
    #expect(
      try Self.count(
        made,
        "SELECT count(*) FROM truth.events WHERE event_time > TIMESTAMP '2024-01-01 09:10:00 Asia/Seoul'")
        == 0)
    #expect(
      try made.query("SELECT * FROM truth.events LIMIT 0").columns == [
        "event_id", "event_name", "user_id", "session_id", "phone", "seq", "event_time", "dt",
        "amount", "currency", "order_id", "product_id", "app_version", "platform", "marks",
      ])
    made.close()
  }

  @Test func `the learner's own purchase is true as well`() throws {
    let world = try TestWorld()
    world.run("app track purchase_completed product_id=SKU123 price=29900 quantity=2")
    let copy = try world.shell.gradingHost().open(WorldRequest(origin: .learner(fork: nil)))
    #expect(
      try copy.query(
        "SELECT amount, phone FROM truth.events WHERE phone IS NULL AND event_name = 'purchase_completed'"
      ).rows == [[.integer(59_800), .null]])
    copy.close()
  }

  @Test func `no prompt, file or system table shows the truth`() throws {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    let made = try host.open(Self.hidden)
    try made.setAnswer(
      "result", GradingTable(name: "result", columns: [.init("n", "bigint")], rows: [[.integer(1)]]))
    _ = try Self.count(made, "SELECT count(*) FROM truth.events, baseline.events, answer.result LIMIT 1")
    let lines = [
      "SELECT * FROM truth.events;", "SELECT * FROM grading.truth.events;",
      "SELECT * FROM baseline.silver.events;", "SELECT * FROM answer.result;",
      "SELECT * FROM system.truth.events;", "SELECT * FROM lake.truth.events;",
      "SELECT * FROM memory.truth.events;", "SELECT * FROM files.truth.events;",
      "USE grading.truth;", "DESCRIBE truth.events;", "SHOW TABLES FROM grading.truth;",
      "trino --execute \"SELECT * FROM truth.events\"",
      "trino --catalog grading --schema truth --execute \"SELECT * FROM events\"",
    ]
    for line in lines {
      #expect(world.run(line).status != .success, "\(line): \(world.run(line).text)")
      #expect(try made.run(line).exitCode != 0, "\(line)")
    }
    for line in ["SHOW CATALOGS;", "SELECT * FROM system.information_schema.tables;", "help all"] {
      for text in [world.run(line).text, try made.run(line).output] {
        for word in ["truth", "grading", "baseline"] {
          #expect(!text.lowercased().contains(word), "\(line) shows \(word): \(text)")
        }
      }
    }
    #expect(throws: (any Error).self) { try world.shell.lessonHost().query("SELECT * FROM truth.events") }
    // No file holds an amount that only the truth knows: events that wait on phones are in no store.
    let late = try made.query(
      """
      SELECT event_id FROM truth.events AS t WHERE dt = DATE '2023-12-31' AND NOT EXISTS (
        SELECT 1 FROM system.kafka.records AS r WHERE r.event_id = t.event_id) LIMIT 1
      """)
    guard case .text(let id)? = late.rows.first?.first else { throw TestFailure("nothing is late") }
    for path in try FileManager.default.subpathsOfDirectory(atPath: world.path) {
      guard let data = FileManager.default.contents(atPath: world.path + "/" + path) else { continue }
      #expect(data.range(of: Data(id.utf8)) == nil, "\(path)")
    }
    made.close()
  }

  @Test func `the baseline is the world before the changes`() throws {
    let world = try TestWorld()
    world.run("fork exercise 9")
    #expect(world.run("clock +1d").status == .success)
    let host = world.shell.gradingHost()
    let copy = try host.open(WorldRequest(origin: .learner(fork: nil)))
    let gained =
      "SELECT (SELECT count(*) FROM lake.silver.events) - (SELECT count(*) FROM baseline.events)"
    let days = "SELECT count(DISTINCT dt) FROM baseline.silver.events"
    let whole = "SELECT count(*) FROM baseline.fact_purchase AS b JOIN warehouse.mart.fact_purchase AS f ON f.event_id = b.event_id"
    #expect(try Self.count(copy, gained) > 1_000)
    #expect(try Self.count(copy, days) == 2)
    #expect(try Self.count(copy, whole) == Self.count(copy, "SELECT count(*) FROM baseline.fact_purchase"))
    // In a made world, it is the world as it was made, also in its fork.
    let made = try host.open(Self.hidden)
    #expect(try Self.count(made, gained) == 0)
    _ = try made.apply(try host.changes(since: "exercise 9"), rebinding: [:])
    let fork = try made.fork()
    for world in [made, fork] {
      #expect(try Self.count(world, gained) > 1_000)
      #expect(try Self.count(world, days) == 2)
      world.close()
    }
    // A named fork is its own baseline.
    let start = try host.open(WorldRequest(origin: .learner(fork: "exercise 9")))
    #expect(try Self.count(start, gained) == 0)
    start.close()
    copy.close()
  }

  @Test func `a world and its fork go their own ways, and leave nothing behind`() throws {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    let made = try host.open(Self.hidden)
    let fork = try made.fork()
    #expect(try fork.run("clock +1h").exitCode == 0)
    #expect(fork.description.seed == 7 && made.description.seed == 7)
    #expect(try made.run("clock").output.contains("09:10"))
    #expect(try fork.run("clock").output.contains("10:10"))
    let grading = world.path + "/grading"
    #expect(try FileManager.default.contentsOfDirectory(atPath: grading).count == 2)
    fork.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: grading).count == 1)
    #expect(throws: (any Error).self) { try fork.query("SELECT 1") }
    #expect(try Self.count(made, "SELECT count(*) FROM lake.silver.events") > 1_000)
    made.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: grading).isEmpty)
    // A crash leaves copies; the next start removes them, and keeps the world it made.
    try world.restart {
      try FileManager.default.createDirectory(
        atPath: grading + "/left/worlds", withIntermediateDirectories: true)
    }
    #expect(!FileManager.default.fileExists(atPath: grading))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: world.path + "/cache/worlds").count == 1)
  }

  /// Somebody saves a file and types lines at 9:40 on the morning on which the world was made, and two
  /// hours later it is looked into.
  private static func played(_ lines: [String]) -> WorldRequest {
    let midnight: Int64 = 1_704_034_800_000
    var request = hidden
    request.script = WorldScript(
      steps: [
        WorldScript.Step(
          id: "late", moment: midnight + (9 * 60 + 40) * 60_000,
          files: [.init(path: "sdk.yaml", content: "flushAt: 5\n")], lines: lines)
      ], end: midnight + (11 * 60 + 40) * 60_000)
    return request
  }

  @Test func `what is done in a world is done once, and every check gets a copy of what it led to`()
    throws
  {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    let cache = world.path + "/cache/worlds"
    func entries() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: cache).sorted()
    }
    let request = Self.played(["app track app_open"])
    world.shell.prepareWorlds([request])
    let attempts = "SELECT count(*) FROM truth.attempts"
    let own = "SELECT count(*) FROM truth.events WHERE phone IS NULL AND event_name = 'app_open'"
    let gained =
      "SELECT (SELECT count(*) FROM lake.bronze.events) - (SELECT count(*) FROM baseline.bronze.events)"
    let first = try host.open(request)
    let kept = try entries()
    #expect(kept.count == 2 && kept.filter { $0.hasSuffix("-played") }.count == 1, "\(kept)")
    #expect(try first.run("clock").output.contains("11:40"))
    #expect(
      try first.query("SELECT value FROM system.sdk.config WHERE key = 'flushAt'").rows
        == [[.text("5")]])
    let tried = try Self.count(first, attempts)
    #expect(tried > 50)
    #expect(try Self.count(first, own) == 2)
    // The baseline is the world as it was made.
    #expect(try Self.count(first, gained) > 0)
    #expect(try first.run("app track app_open").exitCode == 0)
    #expect(try Self.count(first, own) == 3)
    first.close()
    let played = try #require(kept.first { $0.hasSuffix("-played") })
    func written() throws -> Date? {
      try FileManager.default.attributesOfItem(
        atPath: cache + "/" + played + "/attempts.json")[.modificationDate] as? Date
    }
    let before = try written()
    let second = try host.open(request)
    #expect(try entries() == kept)
    #expect(try written() == before)
    #expect(before != nil)
    #expect(try Self.count(second, own) == 2)
    #expect(try Self.count(second, attempts) == tried)
    second.close()
    // The world itself is the one that it was, and another script has another copy.
    let made = try host.open(Self.hidden)
    #expect(try made.run("clock").output.contains("09:10"))
    #expect(try Self.count(made, own) == 1)
    #expect(try Self.count(made, attempts) == 0)
    made.close()
    try host.open(Self.played([])).close()
    #expect(try entries().count == 3)
    // What fails is told, and nothing of it stays.
    do {
      try host.open(Self.played(["kafka members stop 99"])).close()
      Issue.record("it was opened")
    } catch let error as CourseError {
      #expect(error.code == "incident.step" && error.fields["step"] == "late", "\(error)")
    }
    #expect(try entries().count == 3)
  }

  @Test func `a script for the learner's world is played in a copy, and nothing of it is kept`()
    throws
  {
    let world = try TestWorld()
    world.run("fork before")
    let now = try world.shell.withPlatform { $0.now.milliseconds }
    let script = WorldScript(
      steps: [
        WorldScript.Step(
          id: "late", moment: now + 600_000, files: [], lines: ["app track app_open"])
      ], end: now + 3_600_000)
    let host = world.shell.gradingHost()
    let copy = try host.open(WorldRequest(origin: .learner(fork: "before"), script: script))
    let own = "SELECT count(*) FROM truth.events WHERE phone IS NULL AND event_name = 'app_open'"
    #expect(try copy.run("clock").output.contains("10:10"))
    #expect(try Self.count(copy, own) == 2)
    copy.close()
    #expect(world.run("clock").text.contains("09:10"))
    // A learner asks once: nothing is kept.
    #expect(!FileManager.default.fileExists(atPath: world.path + "/cache/worlds"))
  }

  @Test func `a world that was made only in part is made again`() throws {
    let world = try TestWorld()
    let made = try world.shell.gradingHost().open(Self.hidden)
    let events = try Self.count(made, "SELECT count(*) FROM lake.silver.events")
    made.close()
    let cache = world.path + "/cache/worlds"
    let key = try #require(try FileManager.default.contentsOfDirectory(atPath: cache).first)
    #expect(key.hasPrefix("2023-12-31-xs-"))
    try FileManager.default.moveItem(
      atPath: cache + "/" + key, toPath: cache + "/" + key + ".building")
    try FileManager.default.removeItem(
      atPath: cache + "/" + key + ".building/worlds/sandbox/world.yaml")
    let again = try world.shell.gradingHost().open(Self.hidden)
    #expect(try Self.count(again, "SELECT count(*) FROM lake.silver.events") == events)
    again.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache) == [key])
  }

  @Test func `worlds are made beside the learner, and a check waits for its own`() throws {
    let world = try TestWorld()
    let other = WorldRequest(origin: .made(seed: 8, day: "2024-04-30", size: "xs", versionShift: 0))
    world.shell.prepareWorlds([Self.hidden, other])
    // The prompt does not wait.
    let started = ContinuousClock.now
    #expect(world.run("clock").status == .success)
    #expect(ContinuousClock.now - started < .seconds(2))
    let host = world.shell.gradingHost()
    for request in [Self.hidden, other] {
      let made = try host.open(request)
      #expect(try Self.count(made, "SELECT count(*) FROM warehouse.mart.fact_purchase") > 3)
      made.close()
    }
  }

  @Test func `what cannot be opened says what there is`() throws {
    let home = try TestWorld()
    let host = home.shell.gradingHost()
    func message(_ request: WorldRequest) -> String {
      do {
        try host.open(request).close()
        return "opened"
      } catch { return String(describing: error) }
    }
    func made(_ day: String, _ size: String, _ faults: [Fault] = []) -> WorldRequest {
      WorldRequest(
        origin: .made(seed: 1, day: day, size: size, versionShift: 0), faults: faults)
    }
    #expect(message(made("2023-02-29", "xs")).contains("2023-02-29"))
    #expect(message(made("2024-02-29", "huge")).contains("xs, s, m"))
    #expect(
      message(made("2024-02-29", "xs", [Fault(name: "gremlin")])).contains("unreachable"))
    #expect(message(WorldRequest(origin: .learner(fork: "nowhere"))).contains("nowhere"))
  }

  @Test func `a fault is in the world that was asked for, and gone without it`() throws {
    let home = try TestWorld()
    let host = home.shell.gradingHost()
    let fault = Fault(
      name: "unreachable", parameters: ["version": "3.1.3", "from": "10", "until": "33:00"])
    func open(_ faults: [Fault]) throws -> any GradingWorld {
      try host.open(
        WorldRequest(
          origin: .made(seed: 9, day: "2024-01-31", size: "xs", versionShift: 2), faults: faults))
    }
    let sick = try open([fault])
    let well = try open([])
    let purchases = "SELECT count(*) FROM warehouse.mart.fact_purchase WHERE dt = DATE '2024-01-31'"
    let truth = "SELECT count(*) FROM truth.events WHERE event_name = 'purchase_completed' AND dt = DATE '2024-01-31'"
    #expect(try Self.count(sick, purchases) < Self.count(well, purchases))
    #expect(try Self.count(sick, truth) == Self.count(well, truth))
    #expect(sick.description.faults == [fault] && well.description.faults.isEmpty)
    sick.close()
    well.close()
  }

  /// What a check pays for worlds, on an xs world: the numbers are printed, and the bounds are wide
  /// enough for a debug build on a busy machine.
  @Test func `making, opening and forking small worlds takes what a check can pay`() throws {
    let world = try TestWorld()
    let host = world.shell.gradingHost()
    func seconds<Value>(_ body: () throws -> Value) rethrows -> (value: Value, time: Double) {
      let start = ContinuousClock.now
      let value = try body()
      return (value, (ContinuousClock.now - start) / .seconds(1))
    }
    let making = try seconds { try host.open(Self.hidden).close() }.time
    let opening = try seconds { try host.open(Self.hidden) }
    let made = opening.value
    let forking = try seconds { try made.fork().close() }.time
    let truth = try seconds { try Self.count(made, "SELECT count(*) FROM truth.events") }.time
    made.close()
    let copying = try seconds { try host.open(WorldRequest(origin: .learner(fork: nil))).close() }.time
    let taking = try seconds { try host.takeFork("exercise 9") }.time
    let rewinding = try seconds { try host.rewind(to: "exercise 9") }.time
    print(
      "GradingWorldTests: made \(making) s, opened \(opening.time), forked \(forking), first truth",
      "\(truth), learner's copied \(copying), named fork \(taking), rewind \(rewinding)")
    #expect(making < 30)
    for time in [opening.time, forking, truth, copying, taking, rewinding] { #expect(time < 5) }
  }

  // MARK: Rows alone

  private static let rows = GradingTable(
    name: "lake.silver.events",
    columns: [
      .init("event_id", "varchar"), .init("event_time", "timestamp(3) with time zone"),
      .init("dt", "date"), .init("amount", "decimal(12,2)"), .init("price", "bigint"),
      .init("ok", "boolean"), .init("tags", "array(varchar)"), .init("ratio", "double"),
    ],
    rows: [
      [
        .text("a"), .text("2024-01-15T23:59:59.999+09:00"), .text("2024-01-15"), .text("12.30"),
        .integer(5), .boolean(true), .text(#"["x","y"]"#), .integer(1),
      ],
      [
        .text("b"), .text("2024-01-16 00:00:00 Asia/Seoul"), .null, .integer(7), .text("6"), .null,
        .null, .double(0.5),
      ],
    ])

  @Test func `rows alone are typed as they are declared`() throws {
    let home = try TestWorld()
    let host = home.shell.gradingHost()
    let world = try host.open(tables: [Self.rows])
    #expect(
      try world.query(
        """
        SELECT event_id, CAST(event_time AT TIME ZONE 'Asia/Seoul' AS varchar), dt, amount, price + 1,
          ok, cardinality(tags), ratio FROM lake.silver.events ORDER BY 1
        """).rows == [
          [
            .text("a"), .text("2024-01-15 23:59:59.999 Asia/Seoul"), .text("2024-01-15"),
            .text("12.30"), .integer(6), .boolean(true), .integer(2), .double(1),
          ],
          [
            .text("b"), .text("2024-01-16 00:00:00.000 Asia/Seoul"), .null, .text("7.00"),
            .integer(7), .null, .null, .double(0.5),
          ],
        ])
    #expect(
      try world.query("SELECT typeof(event_time), typeof(amount) FROM lake.silver.events").rows[0]
        == [.text("timestamp(3) with time zone"), .text("decimal(12,2)")])
    // Nothing else is there, and nothing can be changed.
    #expect(throws: (any Error).self) { try world.query("SELECT * FROM system.kafka.records") }
    #expect(throws: (any Error).self) { try world.query("SELECT * FROM truth.events") }
    #expect(throws: (any Error).self) { try world.query("DELETE FROM lake.silver.events") }
    #expect(throws: (any Error).self) { try world.run("status") }
  }

  @Test func `rows alone are found by names of one, two and three parts`() throws {
    let home = try TestWorld()
    let host = home.shell.gradingHost()
    func table(_ name: String, _ value: Int64) -> GradingTable {
      GradingTable(name: name, columns: [.init("n", "integer")], rows: [[.integer(value)]])
    }
    let world = try host.open(
      tables: [table("orders", 1), table("silver.events", 2), table("warehouse.mart.fact", 3)])
    try world.setAnswer("Result", table("result", 4))
    for (name, value) in [
      ("orders", 1), ("silver.events", 2), ("lake.silver.events", 2), ("warehouse.mart.fact", 3),
      ("answer.result", 4),
    ] {
      #expect(try Self.count(world, "SELECT n FROM \(name)") == Int64(value), "\(name)")
    }
    let fork = try world.fork()
    try fork.setAnswer("result", table("result", 5))
    #expect(try Self.count(world, "SELECT n FROM answer.result") == 4)
    #expect(try Self.count(fork, "SELECT n FROM answer.result") == 5)
  }

  @Test(arguments: [
    (GradingTable(name: "t", columns: [.init("n", "bigint")], rows: [[.text("x")]]), "column n"),
    (GradingTable(name: "t", columns: [.init("n", "bigint")], rows: [[]]), "row 1"),
    (GradingTable(name: "t", columns: [], rows: []), "columns"),
    (GradingTable(name: "a.b.c.d", columns: [.init("n", "bigint")], rows: []), "a.b.c.d"),
    (GradingTable(name: "t", columns: [.init("n", "bigint); DROP")], rows: []), "no type"),
    (GradingTable(name: "t", columns: [.init("n", "biginteger")], rows: []), "biginteger"),
  ])
  func `rows that cannot be had are refused with the reason`(
    table: GradingTable, reason: String
  ) throws {
    let home = try TestWorld()
    let host = home.shell.gradingHost()
    do {
      _ = try host.open(tables: [table])
      Issue.record("it was opened")
    } catch {
      #expect(String(describing: error).contains(reason), "\(error)")
    }
  }

  // MARK: Rebinding

  @Test(arguments: [
    ("WHERE dt = DATE '2024-01-15'", "WHERE dt = DATE '2024-02-29'"),
    ("clock 2024-01-15T09:00", "clock 2024-02-29T09:00"),
    ("x2024-01-15 2024-01-155 a-2024-01-15 2024-01-15-b", "x2024-01-15 2024-01-155 a-2024-01-15 2024-01-15-b"),
    ("s3 ls dt=2024-01-15/part", "s3 ls dt=2024-02-29/part"),
    ("3.1.3 and 3.1.30 and 13.1.3 and 3.1.3.4", "5.1.3 and 3.1.30 and 13.1.3 and 3.1.3.4"),
    ("one two", "two one"),
    ("2024-01-15.", "2024-02-29."),
  ])
  func `values are replaced where they stand alone, all at once`(line: String, bound: String) {
    let values = ["2024-01-15": "2024-02-29", "3.1.3": "5.1.3", "one": "two", "two": "one"]
    #expect(Shell.rebound(line, values) == bound)
  }
}
