import EventModel
import Simulation
import Testing
import World

/// What the tests of a world share: the repository's own specification, and a recording server.
enum Harness {
  static let repository: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/")
  }()

  static func specification(_ name: String = "shop") throws -> WorldSpecification {
    try WorldSpecification(path: repository + "/Datasets/\(name)/spec.json")
  }

  static func moment(day: Int, hour: Int = 0, minute: Int = 0) -> StoryTime {
    StoryTime(
      CivilDate(year: 2024, month: 1, day: day),
      hour: hour,
      minute: minute,
      offsetSeconds: TimeZones.seoul
    )
  }

  static func world(
    seed: UInt64 = 42,
    size: WorldSize = .xs,
    startDay: Int = 11,
    app: String = "shop",
    faults: [WorldFault] = [],
    rules: [SDKRules] = [],
    progressFile: String? = nil,
    openedAt: StoryTime? = nil
  ) throws -> World {
    try World(
      configuration: WorldConfiguration(
        seed: seed, size: size, start: moment(day: startDay), faults: faults),
      specification: try specification(app),
      rules: rules,
      progressFile: progressFile,
      openedAt: openedAt
    )
  }
}

/// A collector that takes everything and remembers it in order.
final class RecordingServer {
  struct Received: Equatable {
    var time: Int64
    var phone: Int
    var body: [UInt8]
  }

  private(set) var received: [Received] = []
  private(set) var eventCount = 0
  /// FNV-1a over time, phone and body of every request.
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  func take(_ request: PhoneRequest) -> PhoneResponse {
    received.append(
      Received(time: request.time.milliseconds, phone: request.phone, body: request.body)
    )
    eventCount += request.eventCount
    for word in [UInt64(bitPattern: request.time.milliseconds), UInt64(request.phone)] {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        mix(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    for byte in request.body { mix(byte) }
    return PhoneResponse(status: 200)
  }

  private func mix(_ byte: UInt8) {
    hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  /// Events that came under an id that was there before.
  func duplicateCount() throws -> Int {
    let ids = try events().map(\.id)
    return ids.count - Set(ids).count
  }

  /// Every event that came, in order of arrival.
  func events() throws -> [Delivered] {
    var events: [Delivered] = []
    for request in received {
      let body = try request.body.withUnsafeBytes { try JSONValue(parsing: $0) }
      for event in body["events"]?.array ?? [] {
        events.append(Delivered(arrival: request.time, phone: request.phone, json: event))
      }
    }
    return events
  }
}

/// One event as a collector saw it.
struct Delivered {
  var arrival: Int64
  var phone: Int
  var json: JSONValue

  var name: String { json["event_name"]?.string ?? "" }
  var id: String { json["event_id"]?.string ?? "" }
  var seq: Int64 { json["seq"]?.integer ?? -1 }
  var time: Int64 { json["event_time"]?.string.flatMap { EventTimestamp.parse($0) } ?? .min }
}
