import EventModel
import EventSDK
import Foundation
import Simulation
import Testing
import World

/// The fault `answers`: a server that says something else, and what phones make of it.
struct AnswersFaultTests {
  /// What reached the server, and what waits on phones.
  private struct Outcome: Sendable {
    var received: [RecordingServer.Received]
    var events: [Delivered]
    var waiting: Set<String> = []

    init(_ world: World, _ server: RecordingServer) throws {
      received = server.received
      events = try server.events()
      for (phone, _) in try world.waitingCounts() {
        for event in try world.queuedEvents(phone: phone) {
          let value = try event.withUnsafeBytes { try JSONValue(parsing: $0) }
          waiting.insert(value["event_id"]?.string ?? "")
        }
      }
    }

    var ids: Set<String> { Set(events.map(\.id)) }
    /// Events that came under an id that was there before.
    var duplicateCount: Int { events.count - ids.count }

    /// Events of another run that neither came nor wait.
    func lost(of other: Outcome) -> Set<String> {
      other.ids.subtracting(ids).subtracting(waiting)
    }
  }

  /// Two days of a world.
  private static func run(
    _ faults: [WorldFault], to end: StoryTime = Harness.moment(day: 13),
    rules: (inout Configuration) -> Void = { _ in }
  ) throws -> Outcome {
    var configuration = Configuration()
    rules(&configuration)
    let world = try world(faults, configuration)
    let server = RecordingServer()
    try world.advance(to: end) { server.take($0) }
    return try Outcome(world, server)
  }

  private static func world(
    _ faults: [WorldFault], _ configuration: Configuration = Configuration(),
    progressFile: String? = nil
  ) throws -> World {
    try World(
      configuration: WorldConfiguration(
        seed: 42, size: .xs, start: Harness.moment(day: 11), faults: faults),
      specification: try Harness.specification(),
      rules: [SDKRules(from: 0, configuration: configuration)], progressFile: progressFile)
  }

  private static func answers(_ parameters: [String: String]) -> WorldFault {
    WorldFault(name: "answers", parameters: parameters)
  }

  private static let plain = Result { try run([]) }

  @Test func `503 takes nothing, and everything comes later`() throws {
    let plain = try Self.plain.get()
    let from = Harness.moment(day: 11, hour: 10).milliseconds
    let until = Harness.moment(day: 11, hour: 11).milliseconds
    func isMet(_ event: Delivered) -> Bool {
      (from..<until).contains(event.arrival) && event.json["app_version"] == .string("3.1.3")
    }
    #expect(plain.events.filter(isMet).count > 50)
    let fault = Self.answers([
      "version": "3.1.3", "from": "10:00", "until": "11:00", "retry-after": "120",
    ])
    let faulty = try Self.run([fault])
    #expect(!faulty.events.contains(where: isMet))
    #expect(faulty.lost(of: plain).isEmpty)
  }

  @Test func `a timeout takes nothing, a lost answer everything`() throws {
    let plain = try Self.plain.get()
    let position = ["percent": "30", "from": "8", "until": "20"]
    func dropsOnTimeout(_ configuration: inout Configuration) {
      configuration.retryTable[.timeout] = .dropBatch
    }
    let timeout = Self.answers(position.merging(["status": "timeout"]) { $1 })
    let dropped = try Self.run([timeout], rules: dropsOnTimeout)
    #expect(dropped.lost(of: plain).count > 500)
    let patient = try Self.run([timeout])
    #expect(patient.lost(of: plain).isEmpty)
    // Nothing arrived of what timed out: nothing comes twice for it.
    #expect(patient.duplicateCount < plain.duplicateCount + 100)
    let lost = WorldFault(name: "lost-answers", parameters: position)
    #expect(try Self.run([lost], rules: dropsOnTimeout).lost(of: plain).isEmpty)
    #expect(try Self.run([lost]).duplicateCount > plain.duplicateCount + 500)
  }

  @Test(arguments: ["yes", "no"])
  func `of a batch with one bad event, that event is lost and no other`(names: String) throws {
    let plain = try Self.plain.get()
    let run = try Self.run([Self.answers(["status": "400", "event": "search", "names": names])])
    let searches = Set(plain.events.filter { $0.name == "search" }.map(\.id))
    #expect(searches.count > 100)
    #expect(run.lost(of: plain) == searches.subtracting(run.waiting))
    #expect(!run.events.contains { $0.name == "search" })

    // A client that retries every 4xx sends nothing any more once a bad event stands at the front.
    let stuck = try Self.run([Self.answers(["status": "400", "event": "search", "names": names])]) {
      $0.retryTable[.bad] = .retry
      $0.retryTable[.badNamed] = .retry
    }
    #expect(stuck.waiting.count > 5_000)
    // One that drops the batch loses its neighbours.
    let careless = try Self.run([Self.answers(["status": "400", "event": "search", "names": names])]) {
      $0.retryTable[.bad] = .dropBatch
      $0.retryTable[.badNamed] = .dropBatch
    }
    #expect(careless.lost(of: plain).count > 2 * searches.count)
  }

  @Test func `bodies that are too large come in halves`() throws {
    let plain = try Self.plain.get()
    let bytesMax = 12_000
    #expect(plain.received.contains { $0.body.count > bytesMax })
    let run = try Self.run([Self.answers(["status": "413", "bytes": String(bytesMax)])])
    #expect(run.received.allSatisfy { $0.body.count <= bytesMax })
    #expect(run.lost(of: plain).isEmpty)
  }

  @Test func `a refused key stops phones until they get another`() throws {
    let plain = try Self.plain.get()
    let end = Harness.moment(day: 12)
    let world = try Self.world([Self.answers(["status": "401", "from": "10", "until": "18"])])
    let server = RecordingServer()
    try world.advance(to: end) { server.take($0) }
    let before = try Outcome(world, server)
    #expect(before.waiting.count > 1_000)
    // Stopped phones send nothing, although the server would take it again; those that got a 503 do.
    let evening = Harness.moment(day: 11, hour: 18).milliseconds
    func sending(_ outcome: Outcome) -> Set<Int> {
      Set(
        outcome.received.filter { (evening..<end.milliseconds).contains($0.time) }.map(\.phone))
    }
    let patient = try Self.run([Self.answers(["status": "503", "from": "10", "until": "18"])])
    #expect(sending(plain).subtracting(sending(before)).count > 20)
    #expect(sending(plain).subtracting(sending(patient)).count < 5)
    var other = Configuration()
    other.flushAt = 19
    try world.follow([
      SDKRules(from: 0, configuration: Configuration()),
      SDKRules(from: end.milliseconds, configuration: other),
    ])
    try world.advance(to: Harness.moment(day: 13)) { server.take($0) }
    let after = try Outcome(world, server)
    #expect(after.lost(of: plain).isEmpty)
    #expect(after.waiting.count < before.waiting.count)
  }

  @Test func `a script answers by its first fault that meets the request`() throws {
    let script = [
      Self.answers(["status": "501", "event": "search", "from": "9"]),
      Self.answers(["status": "503", "from": "9", "until": "12"]),
    ]
    let run = try Self.run(script)
    let plain = try Self.plain.get()
    // 501 is given up at once, 503 is not: what is lost came with a search.
    let lost = run.lost(of: plain)
    #expect(!lost.isEmpty)
    #expect(
      plain.events.filter { lost.contains($0.id) && $0.name == "search" }.count > 50)
    let from = Harness.moment(day: 11, hour: 9).milliseconds
    let until = Harness.moment(day: 11, hour: 12).milliseconds
    #expect(!run.received.contains { (from..<until).contains($0.time) })
  }

  @Test(arguments: ["400", "timeout", "413"])
  func `a world goes on as it would, closed and opened in the middle of a script`(
    status: String
  ) throws {
    let file = NSTemporaryDirectory() + "answers-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let fault = Self.answers(["status": status, "percent": "50", "from": "10", "until": "13:30"])
    let end = Harness.moment(day: 12)
    let whole = RecordingServer()
    try Self.world([fault]).advance(to: end) { whole.take($0) }
    let parts = RecordingServer()
    for hour in [11, 12, 13, 24] {
      let world = try Self.world([fault], progressFile: file)
      try world.advance(to: Harness.moment(day: 11, hour: hour)) { parts.take($0) }
      try world.checkpoint()
    }
    #expect(parts.received == whole.received)
    let plain = try Self.plain.get().received.filter { $0.time < end.milliseconds }
    #expect(whole.received != plain)
    // A script whose time is not yet come changes nothing.
    let later = RecordingServer()
    try Self.world([Self.answers(["status": status, "from": "24"])])
      .advance(to: end) { later.take($0) }
    #expect(later.received.filter { $0.time < end.milliseconds } == plain)
  }

  @Test(arguments: [
    (["status": "200"], "timeout"), (["names": "maybe"], "yes, no"),
    (["names": "yes"], "Write event"), (["event": "buy"], "screen_view"),
    (["retry-after": "0"], "from 1 to 86400"), (["percent": "0"], "from 1 to 100"),
    (["bytes": "many"], "from 1000"),
  ])
  func `a script that cannot be is refused with what can`(
    parameters: [String: String], advice: String
  ) throws {
    let error = try #require(throws: WorldError.self) {
      try Self.world([Self.answers(parameters)])
    }
    #expect(error.code.hasPrefix("world.fault."))
    #expect(error.advice?.contains(advice) == true, "\(error.advice ?? "")")
  }

  @Test func `a script may name an event by the name that another fault gives it`() throws {
    let faults = [
      WorldFault(name: "rename-event", parameters: ["event": "search", "to": "find"]),
      Self.answers(["status": "400", "event": "find"]),
    ]
    let run = try Self.run(faults, to: Harness.moment(day: 12))
    let names = Set(run.events.map(\.name))
    #expect(!names.contains("find") && !names.contains("search") && names.contains("add_to_cart"))
  }
}
