import Commands
import Foundation
import Grading
import TestSupport
import Testing

/// `truth.attempts`: what a grader sees of how often phones tried, and what they heard.
struct AttemptTests {
  private static func open(
    _ home: TestWorld, _ faults: [Fault] = []
  ) throws -> any GradingWorld {
    try home.shell.gradingHost().open(
      WorldRequest(
        origin: .made(seed: 7, day: "2023-12-31", size: "xs", versionShift: 2), faults: faults))
  }

  private static func count(_ world: any LessonHost, _ sql: String) throws -> Int64 {
    guard case .integer(let value)? = try world.query(sql).rows.first?.first else {
      throw TestFailure("no integer from \(sql)")
    }
    return value
  }

  @Test func `every attempt of a crowd phone is there from the opening of a copy on`() throws {
    let home = try TestWorld()
    let world = try Self.open(home)
    #expect(
      try world.query("SELECT * FROM truth.attempts").columns == [
        "phone", "app_version", "platform", "attempted_at", "first_seq", "events", "bytes", "status",
        "outcome", "refused", "retry_after_seconds",
      ])
    #expect(try Self.count(world, "SELECT count(*) FROM truth.attempts") == 0)
    #expect(try world.run("clock +2h").exitCode == 0)
    let attempts = try Self.count(world, "SELECT count(*) FROM truth.attempts")
    #expect(attempts > 50)
    // Each begins with an event that the phone had made by then, under the version it had.
    #expect(
      try Self.count(
        world,
        """
        SELECT count(*) FROM truth.attempts AS a JOIN truth.events AS e
          ON e.phone = a.phone AND e.seq = a.first_seq
        WHERE e.event_time <= a.attempted_at AND e.app_version = a.app_version
          AND e.platform = a.platform AND a.bytes > 300 * a.events
        """) == attempts)
    #expect(
      try Self.count(
        world,
        """
        SELECT count(*) FROM truth.attempts WHERE outcome = 'answered' AND status = 200
          AND retry_after_seconds IS NULL
          AND attempted_at BETWEEN TIMESTAMP '2024-01-01 09:10:00 Asia/Seoul'
            AND TIMESTAMP '2024-01-01 11:10:00 Asia/Seoul'
        """) > attempts * 9 / 10)
    // A fork goes on from there and its parent does not; settings that are laid over a copy, for which
    // it is opened again, take nothing away.
    let fork = try world.fork()
    _ = try fork.apply(
      LearnerChanges(files: [.init(path: "sdk.yaml", content: "flushAt: 5\n")]),
      rebinding: [:])
    #expect(try Self.count(fork, "SELECT count(*) FROM truth.attempts") == attempts)
    #expect(try fork.run("clock +2h").exitCode == 0)
    #expect(try Self.count(fork, "SELECT count(*) FROM truth.attempts") > attempts + 50)
    #expect(try Self.count(world, "SELECT count(*) FROM truth.attempts") == attempts)
    fork.close()
    world.close()
  }

  @Test func `what a fault answers is there, and the collector has not seen it`() throws {
    let home = try TestWorld()
    // 34:00 is ten o'clock of the day on which the copy is opened.
    let sick = try Self.open(
      home,
      [
        Fault(
          name: "answers",
          parameters: [
            "status": "503", "retry-after": "600", "from": "34:00", "until": "34:10",
          ]),
        Fault(
          name: "answers", parameters: ["status": "timeout", "from": "34:30", "until": "34:40"]),
        Fault(name: "unreachable", parameters: ["from": "35:00", "until": "35:10"]),
        Fault(name: "lost-answers", parameters: ["from": "35:30", "until": "35:40"]),
      ])
    #expect(try sick.run("clock +3h").exitCode == 0)
    func minutes(_ from: String, _ until: String) -> String {
      """
      FROM truth.attempts WHERE attempted_at >= TIMESTAMP '2024-01-01 \(from):00 Asia/Seoul'
        AND attempted_at < TIMESTAMP '2024-01-01 \(until):00 Asia/Seoul'
      """
    }
    for (from, until, outcome) in [
      ("10:00", "10:10", "answered"), ("10:30", "10:40", "timed-out"),
      ("11:00", "11:10", "unreachable"), ("11:30", "11:40", "timed-out"),
    ] {
      let all = try Self.count(sick, "SELECT count(*) " + minutes(from, until))
      let status = outcome == "answered" ? "status = 503 AND retry_after_seconds = 600" : "status IS NULL"
      #expect(all > 3, "\(from)")
      #expect(
        try Self.count(
          sick,
          "SELECT count(*) \(minutes(from, until)) AND outcome = '\(outcome)' AND \(status)") == all,
        "\(from)")
    }
    // Nobody comes back before the server has asked for it, but for an app that was started anew: a
    // process takes with it what it has heard.
    #expect(
      try Self.count(
        sick,
        """
        SELECT count(*) FROM truth.attempts AS a JOIN truth.attempts AS b ON b.phone = a.phone
        WHERE a.status = 503 AND b.attempted_at > a.attempted_at
          AND b.attempted_at < a.attempted_at + INTERVAL '600' SECOND
        """) <= 3)
    #expect(
      try Self.count(sick, "SELECT count(*) FROM system.collector.requests WHERE status = 503") == 0)
    // The server has what it did not confirm, and nothing of what timed out.
    let taken = { (from: String, until: String) in
      """
      SELECT count(*) FROM system.kafka.records
      WHERE append_time >= TIMESTAMP '2024-01-01 \(from):00 Asia/Seoul'
        AND append_time < TIMESTAMP '2024-01-01 \(until):00 Asia/Seoul'
      """
    }
    #expect(try Self.count(sick, taken("10:30", "10:40")) == 0)
    #expect(try Self.count(sick, taken("11:30", "11:40")) > 20)
    // Without the faults: nothing but answers, and none that asks to wait.
    let well = try Self.open(home)
    #expect(try well.run("clock +3h").exitCode == 0)
    #expect(
      try Self.count(well, "SELECT count(*) FROM truth.attempts WHERE status IS DISTINCT FROM 200")
        <= 5)
    #expect(try Self.count(well, taken("10:30", "10:40")) > 20)
    sick.close()
    well.close()
  }

  @Test func `no prompt and no running world knows of attempts`() throws {
    let home = try TestWorld()
    let made = try Self.open(home)
    for line in [
      "SELECT * FROM truth.attempts;", "SELECT * FROM grading.truth.attempts;",
      "SELECT * FROM system.truth.attempts;", "DESCRIBE truth.attempts;",
    ] {
      #expect(home.run(line).status != .success, "\(line)")
      #expect(try made.run(line).exitCode != 0, "\(line)")
    }
    #expect(throws: (any Error).self) {
      try home.shell.lessonHost().query("SELECT * FROM truth.attempts")
    }
    made.close()
  }
}
