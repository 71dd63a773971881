import EventModel
import Foundation
import Simulation
import Synchronization
import Testing
import World

/// The same world gives the same bytes: on every machine, in any number of steps, however often it
/// is closed and opened.
struct WorldDeterminismTests {
  /// One generated day, as `Datasets/shop/golden.json` has it.
  private struct Golden: Codable, Equatable {
    var app: String
    var seed: UInt64
    var size: String
    var day: String
    /// What the phones sent, in order, and the FNV-1a of it.
    var requests: Int
    var events: Int
    var fnv1a64: String
    /// The sum of the FNV-1a of each line of the day in bulk, in any order.
    var bulkEvents: Int
    var bulkSum: String
  }

  private static func golden(app: String, seed: UInt64, size: WorldSize, day: String) throws
    -> Golden
  {
    let date = try #require(CivilDate(day))
    let world = try World(
      configuration: WorldConfiguration(
        seed: seed, size: size, start: StoryTime(date, offsetSeconds: TimeZones.seoul)),
      specification: try Harness.specification(app))
    let server = RecordingServer()
    try world.advance(to: StoryTime(date.adding(days: 1), offsetSeconds: TimeZones.seoul)) {
      server.take($0)
    }
    let sum = Mutex<(count: Int, hash: UInt64)>((0, 0))
    try world.bulk(day: date) { chunk in
      var hash: UInt64 = 0
      for line in chunk.bytes.split(separator: 0x0A) {
        var one: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in line { one = (one ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash &+= one
      }
      sum.withLock { $0 = ($0.count + chunk.eventCount, $0.hash &+ hash) }
    }
    let bulk = sum.withLock { $0 }
    return Golden(
      app: app, seed: seed, size: size.rawValue, day: day, requests: server.received.count,
      events: server.eventCount, fnv1a64: String(server.hash, radix: 16), bulkEvents: bulk.count,
      bulkSum: String(bulk.hash, radix: 16))
  }

  @Test func `delivers the golden bytes, by phones and in bulk`() throws {
    let path = URL(fileURLWithPath: Harness.repository + "/Datasets/shop/golden.json")
    let made = try [
      Self.golden(app: "shop", seed: 42, size: .xs, day: "2024-01-11"),
      Self.golden(app: "shop", seed: 7, size: .s, day: "2024-02-29"),
      Self.golden(app: "game", seed: 42, size: .s, day: "2024-01-11"),
    ]
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try (encoder.encode(made) + Data("\n".utf8)).write(to: path)
    }
    #expect(try JSONDecoder().decode([Golden].self, from: Data(contentsOf: path)) == made)
  }

  @Test func `the sample is the first 2,000 events of a day, as they came`() throws {
    let path = URL(fileURLWithPath: Harness.repository + "/Datasets/shop/sample.ndjson")
    let server = RecordingServer()
    try Harness.world(startDay: 15).advance(to: Harness.moment(day: 15, hour: 12)) {
      server.take($0)
    }
    let lines = try server.events().prefix(2_000).map { $0.json.text + "\n" }.joined()
    #expect(lines.utf8.count > 800_000)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try Data(lines.utf8).write(to: path)
    }
    #expect(try String(contentsOf: path, encoding: .utf8) == lines)
  }

  @Test(arguments: [24, 1_440])
  func `delivers the same in one step and in many`(steps: Int) throws {
    let whole = RecordingServer()
    try Harness.world().advance(to: Harness.moment(day: 12)) { whole.take($0) }
    let stepped = RecordingServer()
    let world = try Harness.world()
    for step in 1...steps {
      let moment = Harness.moment(day: 11).adding(milliseconds: Int64(86_400_000 / steps * step))
      try world.advance(to: moment) { stepped.take($0) }
      #expect(world.now == moment)
    }
    #expect(stepped.received == whole.received)
  }

  @Test func `delivers something else for another seed`() throws {
    let one = RecordingServer()
    let other = RecordingServer()
    try Harness.world().advance(to: Harness.moment(day: 11, hour: 3)) { one.take($0) }
    try Harness.world(seed: 43).advance(to: Harness.moment(day: 11, hour: 3)) { other.take($0) }
    #expect(one.hash != other.hash)
  }

  @Test func `goes on as if it had run from the start, wherever it is opened`() throws {
    // Three days, so that phones without network hold events from days before.
    let end = Harness.moment(day: 14)
    let whole = RecordingServer()
    try Harness.world().advance(to: end) { whole.take($0) }
    for (day, hour, minute) in [(11, 0, 1), (11, 22, 7), (12, 0, 0), (12, 13, 30), (13, 23, 59)] {
      let opened = Harness.moment(day: day, hour: hour, minute: minute)
      let rest = RecordingServer()
      try Harness.world(openedAt: opened).advance(to: end) { rest.take($0) }
      let expected = whole.received.filter { $0.time > opened.milliseconds }
      #expect(rest.received == expected, "opened at \(opened.iso8601)")
      #expect(!expected.isEmpty)
    }
  }

  @Test func `shows the same queues however it came to a moment`() throws {
    let moment = Harness.moment(day: 13, hour: 21, minute: 3)
    let whole = try Harness.world()
    try whole.advance(to: moment) { _ in PhoneResponse(status: 200) }
    let opened = try Harness.world(openedAt: moment)
    let counts = try whole.waitingCounts()
    #expect(!counts.isEmpty)
    #expect(try opened.waitingCounts().map(\.phone) == counts.map(\.phone))
    for (phone, count) in counts {
      let events = try whole.queuedEvents(phone: phone)
      #expect(events.count == count)
      #expect(try opened.queuedEvents(phone: phone) == events)
    }
  }
}

/// Crashes and failing servers.
final class WorldProgressTests {
  private let directory: String

  init() throws {
    directory = NSTemporaryDirectory() + "world-progress-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory,
      withIntermediateDirectories: true
    )
  }

  deinit {
    try? FileManager.default.removeItem(atPath: directory)
  }

  private struct Crash: Error {}

  @Test func `sends nothing acknowledged a second time after a crash`() throws {
    let path = directory + "/progress"
    let middle = Harness.moment(day: 11, hour: 10)
    let end = Harness.moment(day: 11, hour: 14)
    let whole = RecordingServer()
    try Harness.world().advance(to: end) { whole.take($0) }

    let server = RecordingServer()
    let first = try Harness.world(progressFile: path)
    try first.advance(to: middle) { server.take($0) }
    try first.checkpoint()
    // The process dies with request 500 taken but not acknowledged: the file stays as it is then.
    let copy = directory + "/killed"
    var count = 0
    try first.advance(to: end) { request in
      count += 1
      if count == 200 {
        try FileManager.default.copyItem(atPath: path, toPath: copy)
      }
      return count <= 199 ? server.take(request) : PhoneResponse(status: 200)
    }
    #expect(count > 300)

    let second = try Harness.world(progressFile: copy)
    #expect(second.now == middle)
    try second.advance(to: middle.adding(seconds: 600)) { server.take($0) }
    try second.checkpoint()
    let third = try Harness.world(progressFile: copy)
    #expect(third.now == middle.adding(seconds: 600))
    try third.advance(to: end) { server.take($0) }
    #expect(server.received == whole.received)
  }

  @Test func `forgets an answer that a crash cut off, and refuses a damaged head`() throws {
    let path = directory + "/progress"
    let world = try Harness.world(progressFile: path)
    var count = 0
    try world.advance(to: Harness.moment(day: 11, hour: 2)) { _ in
      count += 1
      return PhoneResponse(status: 200)
    }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.dropLast(2).write(to: URL(fileURLWithPath: path))
    var again = 0
    try Harness.world(progressFile: path).advance(to: Harness.moment(day: 11, hour: 2)) { _ in
      again += 1
      return PhoneResponse(status: 200)
    }
    #expect(count > 20)
    #expect(again == 1)

    var damaged = bytes
    damaged[25] ^= 1
    try damaged.write(to: URL(fileURLWithPath: path))
    #expect(throws: WorldError.self) { try Harness.world(progressFile: path) }
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(throws: WorldError.self) { try Harness.world(seed: 7, progressFile: path) }
  }

  @Test func `holds and repeats what a failing server did not take, also across a restart`() throws
  {
    let down = Harness.moment(day: 11, hour: 20).milliseconds
    let up = Harness.moment(day: 11, hour: 23).milliseconds
    let end = Harness.moment(day: 13)
    var attempts = 0
    func serve(_ server: RecordingServer) -> World.Deliver {
      { request in
        attempts += 1
        let time = request.time.milliseconds
        return time >= down && time < up ? PhoneResponse(status: 503) : server.take(request)
      }
    }
    let whole = RecordingServer()
    try Harness.world().advance(to: end, deliver: serve(whole))
    let attemptsOfWhole = attempts

    attempts = 0
    let path = directory + "/outage"
    let server = RecordingServer()
    for hour in [19, 21, 22, 25, 31, 48] {
      let world = try Harness.world(progressFile: path)
      let moment = Harness.moment(day: 11).adding(seconds: hour * 3_600)
      try world.advance(to: moment, deliver: serve(server))
      try world.checkpoint()
    }
    #expect(attempts == attemptsOfWhole)
    #expect(server.received == whole.received)
    #expect(try server.duplicateCount() == whole.duplicateCount())
  }

  @Test(arguments: [false, true])
  func `an attempt that could not be made is as if it had never been made`(reopens: Bool) throws {
    let whole = RecordingServer()
    try Harness.world().advance(to: Harness.moment(day: 13)) { whole.take($0) }

    let path = directory + "/steps"
    let server = RecordingServer()
    var count = 0
    var failures = 0
    var world = try Harness.world(progressFile: path)
    var clock = world.now
    while world.now < Harness.moment(day: 13) {
      do {
        try world.advance(to: Harness.moment(day: 13)) { request in
          count += 1
          clock = max(clock, request.time)
          // Every 97th request finds a full disk, some of them several times.
          if count.isMultiple(of: 97) || count.isMultiple(of: 389) || count % 97 == 1 && count > 97 {
            failures += 1
            throw Crash()
          }
          return server.take(request)
        }
      } catch is Crash {
        #expect(world.now < clock)
        if reopens {
          try world.checkpoint()
          world = try Harness.world(progressFile: path, openedAt: clock)
        }
      }
    }
    #expect(failures > 50)
    #expect(server.eventCount == whole.eventCount)
    #expect(server.received == whole.received)
  }
}
