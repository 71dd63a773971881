import EventModel
import EventSDK
import Foundation
import Testing

/// The shell: what stands in a request, and that nothing is lost between queue and server.
final class ClientTests {
  private let directory = NSTemporaryDirectory() + "event-client-\(UUID().uuidString)"
  private var time: Int64 = 1_705_363_800_000
  private var requests: [Request] = []
  private var response = Response(status: 200)
  private var ids = 0

  deinit {
    try? FileManager.default.removeItem(atPath: directory)
  }

  private func client(_ store: any EventQueueStore, usesGzip: Bool = false) -> Client {
    var configuration = Configuration()
    configuration.usesGzip = usesGzip
    configuration.flushAt = 3
    let device = DeviceContext(
      deviceID: "d",
      installID: "i",
      platform: "ios",
      osVersion: "17.2",
      deviceModel: "iPhone15,2",
      appVersion: "3.1.3",
      locale: "ko-KR",
      timezone: "Asia/Seoul",
      network: "wifi"
    )
    return Client(
      store: store,
      configuration: configuration,
      device: device,
      transport: { request in
        self.requests.append(request)
        return self.response
      },
      now: { self.time },
      makeEventID: {
        self.ids += 1
        return "id-\(self.ids)"
      }
    )
  }

  private func body(_ request: Request) throws -> JSONValue {
    try request.body.withUnsafeBytes { try JSONValue(parsing: $0) }
  }

  @Test func `sends the tracked bytes with the moment of the attempt`() throws {
    let client = client(MemoryEventQueue(nextSeq: 7))
    client.userID = "u_0000001"
    client.sessionID = "sess_1"
    let id = try client.track("search", [JSONMember("query", .string("겨울 \"코트\""))])
    let queued = try client.queuedEvents()
    #expect(id == "id-1")
    #expect(queued.map(\.seq) == [7])
    time += 30_000
    try client.tick()
    let request = try #require(requests.first)
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "{\"sent_at\":\"2024-01-16T00:10:30.000Z\",\"events\":["
        + String(decoding: queued[0].json, as: UTF8.self) + "]}"
    )
    let event = try body(request)["events"]?.array?.first
    #expect(event?["event_time"]?.string == "2024-01-16T00:10:00.000Z")
    #expect(event?["properties"]?["query"]?.string == "겨울 \"코트\"")
    #expect(event?["seq"]?.integer == 7)
    #expect(try client.queuedEvents().isEmpty)
    #expect(client.nextTimer == nil)
  }

  @Test func `an event carries the device as it is when it is tracked`() throws {
    let client = client(MemoryEventQueue())
    try client.track("search")
    client.device.network = "none"
    client.sessionID = "sess_2"
    try client.track("search")
    let events = try client.queuedEvents().map { queued in
      try queued.json.withUnsafeBytes { try JSONValue(parsing: $0) }
    }
    #expect(events.map { $0["network"]?.string } == ["wifi", "none"])
    #expect(events.map { $0["session_id"]?.string } == ["", "sess_2"])
    #expect(events.map { $0["device_id"]?.string } == ["d", "d"])
  }

  @Test func `repeats the same events with a new sent_at after a failure`() throws {
    let client = client(MemoryEventQueue())
    response = .unreachable
    for _ in 0..<3 { try client.track("screen_view") }
    #expect(client.waitingCount == 3)
    response = Response(status: 200)
    time = try #require(client.nextTimer)
    try client.tick()
    #expect(requests.count == 2)
    let first = try body(requests[0])
    let second = try body(requests[1])
    #expect(first["events"] == second["events"])
    #expect(first["sent_at"] != second["sent_at"])
    #expect(client.isSettled)
  }

  @Test func `compresses with gzip`() throws {
    let client = client(MemoryEventQueue(), usesGzip: true)
    for _ in 0..<3 { try client.track("screen_view") }
    let request = try #require(requests.first)
    #expect(request.isGzip)
    #expect(request.body.prefix(2) == [0x1F, 0x8B])
    #expect(request.body.count < 400)
    #expect(request.eventCount == 3)
  }

  @Test func `loses nothing when the app dies between the answer and the deletion`() throws {
    response = .unreachable
    do {
      let client = client(try DiskEventQueue(directory: directory))
      for _ in 0..<4 { try client.track("screen_view") }
    }
    response = Response(status: 200)
    let client = client(try DiskEventQueue(directory: directory))
    #expect(client.waitingCount == 4)
    #expect(client.nextSeq == 4)
    requests = []
    try client.enterForeground()
    let seqs = try body(requests[0])["events"]?.array?.compactMap { $0["seq"]?.integer }
    #expect(seqs == [0, 1, 2, 3])
    #expect(client.waitingCount == 0)
  }

  @Test func `counts what it had to drop`() throws {
    let client = client(MemoryEventQueue())
    response = Response(status: 400, refused: [0])
    for _ in 0..<3 { try client.track("screen_view") }
    #expect(client.droppedCounts[.refused] == 3)
    #expect(client.waitingCount == 0)
  }
}
