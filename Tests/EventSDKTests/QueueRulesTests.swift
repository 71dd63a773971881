import EventModel
import EventSDK
import Testing

/// What is kept, what leaves first, and what never leaves.
struct QueueRulesTests {
  private let event: [UInt8] = Array("{}".utf8)

  private func sent(_ actions: [EventClient.Action]) -> [[Int64]] {
    actions.compactMap { if case .send(let batch) = $0 { batch.seqs } else { nil } }
  }

  private func full(_ policy: Configuration.QueuePolicy) -> (dropped: [Int64], waiting: Int) {
    var configuration = Configuration()
    configuration.queueEventsMax = 5
    configuration.queuePolicy = policy
    var client = EventClient(configuration: configuration)
    _ = client.receive(.networkLost, at: 0)
    var dropped: [Int64] = []
    for index in 0..<8 {
      // The second and the last are purchases.
      for action in client.receive(.track(json: event, isPriority: index == 1 || index == 7), at: 0)
      {
        if case .drop(let seqs, let reason) = action {
          dropped += seqs
          #expect(reason == .queueFull)
        }
      }
    }
    return (dropped, client.waitingCount)
  }

  @Test func `a full queue spares purchases, unless the policy is wrong`() {
    #expect(full(.dropOldestOrdinary) == ([0, 2, 3], 5))
    #expect(full(.dropOldest) == ([0, 1, 2], 5))
    // The purchase of this very moment is lost.
    #expect(full(.dropNewest) == ([5, 6, 7], 5))
  }

  @Test func `a priority event leaves at once with what waits before it`() {
    var client = EventClient(configuration: Configuration())
    _ = client.receive(.track(json: event), at: 0)
    _ = client.receive(.track(json: event), at: 10)
    #expect(sent(client.receive(.track(json: event, isPriority: true), at: 20)) == [[0, 1, 2]])
    // Without a network it waits like any other, and leaves when there is one.
    var tunnel = EventClient(configuration: Configuration())
    _ = tunnel.receive(.networkLost, at: 0)
    #expect(sent(tunnel.receive(.track(json: event, isPriority: true), at: 1)).isEmpty)
    #expect(sent(tunnel.receive(.networkBack, at: 2)) == [[0]])
  }

  @Test func `requests stay below the bytes that the server takes`() {
    var configuration = Configuration()
    configuration.flushAt = 1_000
    configuration.batchBytesMax = 1_000
    configuration.eventBytesMax = 5_000
    var client = EventClient(configuration: configuration)
    let large = [UInt8](repeating: 0x20, count: 400)
    for _ in 0..<3 { _ = client.receive(.track(json: large), at: 0) }
    #expect(sent(client.receive(.flush, at: 0)) == [[0, 1]])
    // One event always fits; one that no server would take is dropped as it is tracked.
    var single = EventClient(configuration: configuration)
    _ = single.receive(.track(json: [UInt8](repeating: 0x20, count: 4_000)), at: 0)
    #expect(sent(single.receive(.flush, at: 0)) == [[0]])
    let actions = single.receive(.track(json: [UInt8](repeating: 0x20, count: 6_000)), at: 0)
    #expect(actions.first == .drop([1], .tooLarge))
    #expect(single.nextSeq == 2)
  }

  @Test func `without a flush in the background the rest of a visit stays on the phone`() {
    var configuration = Configuration()
    configuration.flushesOnBackground = false
    var client = EventClient(configuration: configuration)
    _ = client.receive(.track(json: event), at: 0)
    #expect(sent(client.receive(.background, at: 1)).isEmpty)
    #expect(client.waitingCount == 1)
    #expect(sent(client.receive(.foreground, at: 86_400_000)) == [[0]])
  }

  // MARK: - The shell

  private final class Server {
    var bodies: [JSONValue] = []
    var answers: [Response] = []

    func send(_ request: Request) -> Response {
      bodies.append(
        (try? request.body.withUnsafeBytes { try JSONValue(parsing: $0) }) ?? .null)
      return answers.isEmpty ? Response(status: 200) : answers.removeFirst()
    }

    /// The events of every body, by a field.
    func values(_ field: String) -> [[String]] {
      bodies.map { ($0["events"]?.array ?? []).map { $0[field]?.string ?? "" } }
    }
  }

  private func client(
    _ server: Server, store: any EventQueueStore = MemoryEventQueue(), at clock: Clock = Clock(),
    _ change: (inout Configuration) -> Void = { _ in }
  ) -> Client {
    var configuration = Configuration()
    configuration.usesGzip = false
    change(&configuration)
    var number = 0
    return Client(
      store: store, configuration: configuration,
      device: DeviceContext(
        deviceID: "d", installID: "i", platform: "ios", osVersion: "17.2", deviceModel: "iPhone",
        appVersion: "3.2.1", locale: "ko_KR", timezone: "Asia/Seoul", network: "wifi"),
      transport: { server.send($0) }, now: { clock.now },
      makeEventID: {
        number += 1
        let text = String(number)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - text.count) + text
      })
  }

  private final class Clock {
    var now: Int64 = 1_705_366_200_000
  }

  @Test func `ids are made once, unless the client is wrong`() throws {
    for isWrong in [false, true] {
      let server = Server()
      let clock = Clock()
      server.answers = [.unreachable, .timedOut]
      let client = client(server, at: clock) {
        if isWrong { $0.mistakes = [.newIDOnRetry] }
      }
      try client.track("purchase_completed")
      try client.flush()
      for _ in 0..<2 {
        clock.now += 600_000
        try client.tick()
      }
      let ids = Set(server.values("event_id").flatMap { $0 })
      #expect(server.bodies.count == 3)
      #expect(ids.count == (isWrong ? 3 : 1))
      #expect(client.waitingCount == 0)
      #expect(client.attempts.map(\.status) == [nil, nil, 200])
      #expect(client.attempts[0].nextAttempt != nil && client.attempts[2].nextAttempt == nil)
    }
  }

  @Test func `sent_at is the moment of each attempt, unless the client is wrong`() throws {
    for isWrong in [false, true] {
      let server = Server()
      let clock = Clock()
      server.answers = [.unreachable]
      let client = client(server, at: clock) {
        if isWrong { $0.mistakes = [.sentAtOfBatch] }
      }
      // Six hours in a tunnel, and one attempt that fails.
      try client.networkLost()
      try client.track("screen_view")
      let tracked = clock.now
      clock.now += 6 * 3_600_000
      try client.networkBack()
      clock.now += 600_000
      try client.tick()
      let moments = server.bodies.compactMap {
        $0["sent_at"]?.string.flatMap { EventTimestamp.parse($0) }
      }
      let right = [tracked + 6 * 3_600_000, tracked + 6 * 3_600_000 + 600_000]
      #expect(moments == (isWrong ? [tracked, tracked] : right))
    }
  }

  @Test func `a client that forgets before it knows loses a batch with its answer`() throws {
    for isWrong in [false, true] {
      let server = Server()
      server.answers = [.timedOut]
      let store = MemoryEventQueue()
      let client = client(server, store: store) {
        if isWrong { $0.mistakes = [.deleteBeforeAnswer] }
      }
      try client.track("purchase_completed")
      try client.flush()
      #expect(store.waitingSeqs.count == (isWrong ? 0 : 1))
    }
  }

  private final class BrokenQueue: EventQueueStore {
    private let base = MemoryEventQueue()
    var refusesNext = false
    var waitingSeqs: [Int64] { base.waitingSeqs }
    var nextSeq: Int64 { base.nextSeq }
    func append(_ event: QueuedEvent) throws {
      if refusesNext {
        refusesNext = false
        throw EventSDKError(code: "sdk.queue.full", message: "the disk is full")
      }
      try base.append(event)
    }
    func remove(_ seqs: [Int64]) throws { try base.remove(seqs) }
    func json(of seq: Int64) throws -> [UInt8] { try base.json(of: seq) }
    func prepareToSend() throws {}
  }

  @Test func `an event that could not be stored keeps none of the others`() throws {
    let server = Server()
    let clock = Clock()
    let store = BrokenQueue()
    let client = client(server, store: store, at: clock) { $0.flushAt = 3 }
    try client.track("app_open")
    try client.track("screen_view")
    store.refusesNext = true
    #expect(throws: EventSDKError.self) { try client.track("purchase_completed") }
    clock.now += 600_000
    try client.tick()
    #expect(server.values("event_name") == [["app_open", "screen_view"]])
    #expect(client.isSettled)
  }

  @Test func `a network that comes back does not break the server's word`() {
    var client = EventClient(configuration: Configuration())
    _ = client.receive(.track(json: event), at: 0)
    _ = client.receive(.flush, at: 0)
    let busy = EventClient.Outcome.answered(status: 503, refused: [], retryAfterSeconds: 60)
    _ = client.receive(.response(batch: 1, busy), at: 0)
    _ = client.receive(.networkLost, at: 1_000)
    #expect(sent(client.receive(.networkBack, at: 2_000)).isEmpty)
    #expect(sent(client.receive(.timer, at: 60_000)) == [[0]])
    // Without such a word a new network is worth an attempt at once.
    _ = client.receive(.response(batch: 2, .unreachable), at: 60_000)
    _ = client.receive(.networkLost, at: 60_001)
    #expect(sent(client.receive(.networkBack, at: 60_002)) == [[0]])
  }

  @Test func `an attempt that could not be made is made again as it was`() throws {
    let server = Server()
    let clock = Clock()
    server.answers = [.notAttempted, .notAttempted]
    let client = client(server, at: clock)
    for name in ["app_open", "screen_view"] { try client.track(name) }
    try client.flush()
    // Something else happens in between; the batch stays what it was.
    try client.track("search")
    try client.enterBackground()
    #expect(client.nextTimer == clock.now && client.attempts.isEmpty)
    try client.tick()
    #expect(server.bodies.count == 2)
    try client.tick()
    #expect(
      server.values("event_name") == [
        ["app_open", "screen_view"], ["app_open", "screen_view"], ["app_open", "screen_view"],
        ["search"],
      ])
    #expect(client.isSettled)
  }

  @Test func `events without consent are not recorded, and taking it back deletes what waits`() throws
  {
    let server = Server()
    let client = client(server) { $0.consentCategories = ["ad_impression": "advertising"] }
    try client.networkLost()
    #expect(try client.track("ad_impression").isEmpty)
    #expect(client.nextSeq == 0)
    client.grant("advertising")
    try client.track("ad_impression")
    try client.track("screen_view")
    try client.revoke("advertising")
    #expect(client.waitingCount == 1)
    #expect(client.droppedCounts[.noConsent] == 2)
    try client.networkBack()
    #expect(server.values("event_name") == [["screen_view"]])
  }

  @Test func `what says who somebody is does not leave the phone`() throws {
    let server = Server()
    let client = client(server) {
      $0.maskedProperties = ["email"]
      $0.masksPersonalData = true
    }
    try client.track(
      "search",
      [
        JSONMember("query", .string("010-1234-5678 배송")), JSONMember("email", .string("x")),
        JSONMember("note", .string("minji.kim@example.com 앞으로")),
        JSONMember("size", .string("240mm 2024.01.15")), JSONMember("price", .integer(29_900)),
      ])
    try client.flush()
    let properties = server.bodies.first?["events"]?.array?.first?["properties"]
    #expect(properties?["query"]?.string == "[masked]")
    #expect(properties?["email"]?.string == "[masked]")
    #expect(properties?["note"]?.string == "[masked]")
    #expect(properties?["size"]?.string == "240mm 2024.01.15")
    #expect(properties?["price"]?.integer == 29_900)
  }

  @Test func `remote settings hold within bounds, and a slip spoils nothing else`() throws {
    let text = #"""
      {"version":7,"flush_at":1,"flush_interval_seconds":60,"priority_events":["purchase_completed"],
       "retry_cap_seconds":"long","colour":3}
      """#
    let remote = try RemoteConfiguration(json: Array(text.utf8))
    #expect(remote.version == 7)
    #expect(remote.refused.map(\.key).sorted() == ["colour", "flush_at", "retry_cap_seconds"])
    let configuration = remote.applied(to: Configuration())
    #expect(configuration.flushAt == 20)
    #expect(configuration.flushIntervalMilliseconds == 60_000)
    #expect(configuration.priorityEvents == ["purchase_completed"])
    for broken in ["", "[]", "{", #"{"flush_at":30}"#, #"{"version":-1}"#] {
      #expect(throws: EventSDKError.self) { try RemoteConfiguration(json: Array(broken.utf8)) }
    }
  }
}
