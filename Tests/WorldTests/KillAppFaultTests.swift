import EventModel
import EventSDK
import Foundation
import Simulation
import Testing
import World

/// The fault `kill-app`: what waited on the phone is there when the app is opened again, or is not.
struct KillAppFaultTests {
  private static let end = Harness.moment(day: 13)

  private static func world(
    _ faults: [WorldFault], onDisk: Bool = true, progressFile: String? = nil,
    _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> World {
    var configuration = Configuration()
    change(&configuration)
    return try Harness.world(
      faults: faults, rules: [SDKRules(from: 0, configuration: configuration, keepsQueue: onDisk)],
      progressFile: progressFile)
  }

  private static func run(
    _ faults: [WorldFault], onDisk: Bool = true,
    _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> (arrived: RecordingServer, waiting: Set<String>) {
    let server = RecordingServer()
    let world = try world(faults, onDisk: onDisk, change)
    try world.advance(to: end) { server.take($0) }
    var waiting: Set<String> = []
    for (phone, _) in try world.waitingCounts() {
      for event in try world.queuedEvents(phone: phone) {
        let value = try event.withUnsafeBytes { try JSONValue(parsing: $0) }
        waiting.insert(value["event_id"]?.string ?? "")
      }
    }
    return (server, waiting)
  }

  private static func kill(_ parameters: [String: String] = [:]) -> WorldFault {
    WorldFault(name: "kill-app", parameters: parameters)
  }

  /// What the people did on both days: id, and seq by id.
  private static let truth = Result { try meant() }

  private static func meant() throws -> [TruthEvent] {
    let made = try world([])
    return [11, 12].flatMap { (day: Int) -> [TruthEvent] in
      made.truth(day: CivilDate(year: 2024, month: 1, day: day)).events
    }
  }

  private static func lost(
    _ run: (arrived: RecordingServer, waiting: Set<String>)
  ) throws -> [TruthEvent] {
    let here = Set(try run.arrived.events().map(\.id)).union(run.waiting)
    let until = end.milliseconds - 60_000
    return try truth.get().filter { !here.contains($0.eventID) && $0.time < until }
  }

  /// What is lost with a queue in memory in a world without the fault: people quit apps as well.
  private static let usuallyLost = Result {
    Set(try lost(try run([], onDisk: false)).map(\.eventID))
  }

  /// What a fault has cost beyond that.
  private static func lostToFault(_ faults: [WorldFault]) throws -> [TruthEvent] {
    let usual = try usuallyLost.get()
    return try lost(try run(faults, onDisk: false)).filter { !usual.contains($0.eventID) }
  }

  @Test func `a queue on the disk outlives the process, a queue in memory does not`() throws {
    let plain = try Self.run([])
    #expect(try Self.lost(plain).isEmpty)
    let disk = try Self.run([Self.kill()])
    #expect(try Self.lost(disk).isEmpty)
    // What waited comes with the next visit, or waits for one.
    #expect(disk.waiting.count > plain.waiting.count + 100)
    let memory = try Self.run([Self.kill()], onDisk: false)
    let lost = try Self.lost(memory).count
    #expect(lost > 500)
    #expect(memory.waiting.count < disk.waiting.count)
    // Without the fault, a queue in memory loses little.
    #expect(try Self.usuallyLost.get().count < lost / 4)
  }

  @Test func `a death in the middle costs what waits at that moment, and the visit goes on`() throws {
    let fault = Self.kill(["after": "45", "percent": "60"])
    #expect(try Self.lost(try Self.run([fault])).isEmpty)
    let lost = try Self.lostToFault([fault])
    #expect(lost.count > 200)
    let sessions = Dictionary(grouping: lost, by: \.sessionID)
    // Fewer wait than make a batch, made in the visit's first 45 seconds, where there is a network.
    #expect(sessions.values.filter { $0.count < 20 }.count > sessions.count * 8 / 10)
    let starts = Dictionary(
      try Self.truth.get().map { ($0.sessionID, $0.time) }, uniquingKeysWith: min)
    let early = lost.filter { $0.time - (starts[$0.sessionID] ?? 0) < 45_000 }
    #expect(early.count > lost.count * 6 / 10)
    // A client that sends each event at once loses what it makes without a network.
    let eager = try Self.run([fault], onDisk: false) { $0.flushAt = 1 }
    let whole = try Self.lost(try Self.run([fault], onDisk: false))
    let few = try Self.lost(eager).count
    #expect(few < whole.count * 3 / 4, "\(few) of \(whole.count)")
  }

  @Test func `it meets the phones and visits it is meant for, and leaves no seq out`() throws {
    let fault = Self.kill(["version": "3.1.3", "percent": "50", "from": "8", "until": "20"])
    let lost = try Self.lostToFault([fault])
    #expect(!lost.isEmpty && lost.allSatisfy { $0.appVersion == "3.1.3" })
    let until = Harness.moment(day: 11, hour: 20).milliseconds
    #expect(lost.allSatisfy { $0.time < until })
    let hit = Set(lost.map(\.sessionID)).count
    let from = Harness.moment(day: 11, hour: 8).milliseconds
    let meant = try Self.truth.get().filter { event in
      event.appVersion == "3.1.3" && (from..<until - 3_600_000).contains(event.time)
    }
    let all = Set(meant.map(\.sessionID)).count
    #expect(hit > all / 4 && hit < all * 3 / 4)
    let seqs = Dictionary(try Self.truth.get().map { ($0.eventID, $0.seq) }) { first, _ in first }
    let arrived = try Self.run([fault], onDisk: false).arrived.events()
    #expect(arrived.allSatisfy { seqs[$0.id] == $0.seq })
  }

  @Test func `without its fault a world is the one it was`() throws {
    let plain = try Self.run([])
    #expect(try Self.run([Self.kill(["from": "48"])]).arrived.received == plain.arrived.received)
  }

  @Test(arguments: [true, false])
  func `a world of dying apps goes on as it would, closed and opened in the middle`(
    onDisk: Bool
  ) throws {
    let faults = [Self.kill(["percent": "40"]), Self.kill(["percent": "40", "after": "60"])]
    try Self.compare(try Self.run(faults, onDisk: onDisk).arrived) {
      try Self.world(faults, onDisk: onDisk, progressFile: $0)
    }
  }

  /// What a visit leaves on the phone for the next one is still there in a world that was closed.
  @Test func `an app that does not send as it leaves is opened with what it left`() throws {
    let lazy = { (configuration: inout Configuration) in configuration.flushesOnBackground = false }
    try Self.compare(try Self.run([], lazy).arrived) {
      try Self.world([], progressFile: $0, lazy)
    }
  }

  private static func compare(
    _ whole: RecordingServer, _ world: (String) throws -> World
  ) throws {
    let file = NSTemporaryDirectory() + "kill-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let parts = RecordingServer()
    for hour in [9, 12, 13, 20, 24, 33, 48] {
      let world = try world(file)
      try world.advance(
        to: Harness.moment(day: 11).adding(seconds: hour * 3_600)
      ) { parts.take($0) }
      try world.checkpoint()
    }
    #expect(parts.received == whole.received)
  }

  @Test(arguments: ["0", "soon", "100000"])
  func `a moment that is none is refused with what can be`(after: String) throws {
    let error = try #require(throws: WorldError.self) {
      try Self.world([Self.kill(["after": after])])
    }
    #expect(error.advice == "Write a whole number from 1 to 86400, or end.")
  }
}
