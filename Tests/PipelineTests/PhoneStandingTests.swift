import Commands
import Foundation
import Grading
import TestSupport
import Testing

/// `truth.phones`: what waits and what is lost are different things, and a grader can tell them apart.
struct PhoneStandingTests {
  private static func open(
    _ home: TestWorld, _ faults: [Fault] = [], sdk: String? = nil
  ) throws -> any GradingWorld {
    let world = try home.shell.gradingHost().open(
      WorldRequest(
        origin: .made(seed: 7, day: "2023-12-31", size: "xs", versionShift: 2), faults: faults))
    if let sdk {
      _ = try world.apply(
        LearnerChanges(files: [.init(path: "sdk.yaml", content: sdk)]), rebinding: [:])
    }
    return world
  }

  private static func count(_ world: any LessonHost, _ sql: String) throws -> Int64 {
    guard case .integer(let value)? = try world.query(sql).rows.first?.first else {
      throw TestFailure("no integer from \(sql)")
    }
    return value
  }

  @Test func `what waits on phones is what has not come, event by event`() throws {
    let home = try TestWorld()
    let outage = Fault(name: "unreachable", parameters: ["from": "34:00", "until": "60:00"])
    let sick = try Self.open(home, [outage])
    #expect(
      try sick.query("SELECT * FROM truth.phones").columns == [
        "phone", "device_id", "app_version", "platform", "waiting", "waiting_bytes", "oldest_seq",
        "oldest_event_time", "dropped_full", "dropped_refused", "dropped_too_large",
        "dropped_gave_up", "dropped_no_consent", "lost_on_kill", "is_stopped",
      ])
    #expect(try sick.run("clock +4h").exitCode == 0)
    let waiting = try Self.count(sick, "SELECT sum(waiting) FROM truth.phones")
    #expect(waiting > 200)
    // From the event that has waited longest on, nothing of a phone has come; all before it has.
    #expect(
      try Self.count(
        sick,
        """
        SELECT sum(waiting) - (SELECT count(*) FROM truth.events AS e
          JOIN truth.phones AS p ON p.phone = e.phone AND e.seq >= p.oldest_seq)
        FROM truth.phones
        """) == 0)
    #expect(
      try Self.count(
        sick,
        """
        SELECT count(*) FROM truth.phones WHERE waiting > 0 AND (waiting_bytes < 300 * waiting
          OR oldest_event_time IS NULL OR dropped_full > 0 OR is_stopped)
        """) == 0)
    // Without the outage: those who are in a visit or offline.
    let well = try Self.open(home)
    #expect(try well.run("clock +4h").exitCode == 0)
    #expect(try Self.count(well, "SELECT sum(waiting) FROM truth.phones") < waiting / 3)
    sick.close()
    well.close()
  }

  @Test func `what is lost says why`() throws {
    let home = try TestWorld()
    func sum(_ column: String, _ faults: [Fault], _ sdk: String?) throws -> Int64 {
      let world = try Self.open(home, faults, sdk: sdk)
      defer { world.close() }
      #expect(try world.run("clock +3h").exitCode == 0)
      return try Self.count(world, "SELECT coalesce(sum(\(column)), 0) FROM truth.phones")
    }
    func answers(_ parameters: [String: String]) -> [Fault] {
      [Fault(name: "answers", parameters: parameters.merging(["from": "33:30"]) { $1 })]
    }
    #expect(
      try sum("dropped_refused", answers(["status": "400", "event": "search"]), nil) > 10)
    #expect(try sum("dropped_gave_up", answers(["status": "501"]), nil) > 100)
    #expect(try sum("CAST(is_stopped AS integer)", answers(["status": "401"]), nil) > 10)
    let outage = [Fault(name: "unreachable", parameters: ["from": "33:30"])]
    #expect(try sum("dropped_full", outage, "queueEventsMax: 5\n") > 100)
    #expect(try sum("dropped_full", outage, nil) == 0)
    let kill = [Fault(name: "kill-app", parameters: ["from": "33:30"])]
    // People quit apps as well; the fault comes on top.
    let usual = try sum("lost_on_kill", [], "queueStore: memory\n")
    #expect(try sum("lost_on_kill", kill, "queueStore: memory\n") > usual + 20)
    #expect(try sum("lost_on_kill", kill, nil) == 0)
  }

  @Test func `a copy finds what waited before it was taken, and no prompt shows it`() throws {
    let home = try TestWorld()
    let world = try Self.open(
      home, [Fault(name: "unreachable", parameters: ["from": "34:00", "until": "60:00"])])
    #expect(try world.run("clock +3h").exitCode == 0)
    let fork = try world.fork()
    let sql = "SELECT phone, waiting, oldest_seq FROM truth.phones WHERE waiting > 0 ORDER BY 1"
    #expect(try fork.query(sql).rows == world.query(sql).rows)
    #expect(try !world.query(sql).rows.isEmpty)
    for line in ["SELECT * FROM truth.phones;", "SELECT * FROM grading.truth.phones;"] {
      #expect(home.run(line).status != .success)
      #expect(try world.run(line).exitCode != 0)
    }
    fork.close()
    world.close()
  }
}
