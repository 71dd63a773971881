// The one phone that the learner holds: a real EventSDK client on a disk queue.
//
// What it has delivered is kept in `sent.ndjson`, as an SDK's debug log would, so that the course
// can ask which event was the learner's. The queue alone decides what is still to be sent.

internal import Codecs
internal import Collector
internal import Columnar
package import Connector
internal import ETL
package import EventModel
internal import EventSDK
internal import Foundation
package import Simulation
internal import Synchronization

/// An event that the learner's phone recorded.
package struct PhoneEvent: Sendable, Equatable {
  package enum State: String, Sendable, Equatable {
    /// On the phone's disk.
    case queued
    /// Confirmed by the collector and deleted from the queue.
    case delivered
  }

  package var seq: Int64
  package var eventID: String
  package var eventName: String
  package var eventTime: StoryTime
  package var state: State
  package var properties: [JSONMember]
}

/// One request that the phone made.
package struct PhoneDelivery: Sendable, Equatable {
  package var events: Int
  package var bytes: Int
  package var status: Int
  /// Events of it that the collector will never take.
  package var refused: Int
  package var queuedAfter: Int
}

/// The learner's phone and its way to the collector.
///
/// `@unchecked Sendable`: the client and the deliveries are used only by `Platform`'s caller, under
/// the one lock of `Commands`; `systemTables` reads `recorded`, which has a lock of its own.
package final class LearnerPhone: @unchecked Sendable {
  package let flushAt: Int
  package let flushIntervalSeconds: Int
  /// Bytes of a torn write that the queue dropped at this start.
  package let tornBytes: Int

  /// Whether the phone has a network; kept on its disk, so that a restart finds it as it was.
  package private(set) var isOnline = true

  static let platform = "ios"
  static let appVersion = "3.2.1"

  /// Who is logged in on the phone, and the session it is in.
  var userID: String? { client.userID }
  var sessionID: String? { client.sessionID }

  private let client: Client
  private let directory: String
  private let history: String
  private let recorder: DeliveryRecorder
  private let recorded = Mutex<[PhoneEvent]>([])

  init(
    directory: String,
    pipeline: PipelineFiles,
    seed: UInt64,
    clock: StoryClock,
    collector: Collector
  ) throws {
    var configuration = Configuration()
    configuration.flushAt = try pipeline.integer("sdk.yaml", "flushAt", fallback: 20)
    flushAt = configuration.flushAt
    flushIntervalSeconds = try pipeline.integer("sdk.yaml", "flushIntervalSeconds", fallback: 30)
    configuration.flushIntervalMilliseconds = Int64(flushIntervalSeconds) * 1_000
    let queue = try DiskEventQueue(directory: directory)
    tornBytes = queue.recovery.tornBytes
    self.directory = directory
    history = directory + "/sent.ndjson"
    var identity = SeededGenerator(seed: seed, label: "learner-phone")
    let device = DeviceContext(
      deviceID: identity.uuid(),
      installID: identity.uuid(),
      platform: LearnerPhone.platform,
      osVersion: "17.2",
      deviceModel: "iPhone15,2",
      appVersion: LearnerPhone.appVersion,
      locale: "ko_KR",
      timezone: "Asia/Seoul",
      network: "wifi"
    )
    let recorder = DeliveryRecorder(collector: collector, history: history)
    self.recorder = recorder
    let ids = EventIDs(seed: seed, next: queue.nextSeq)
    client = Client(
      store: queue,
      configuration: configuration,
      device: device,
      jitterSeed: seed,
      transport: { recorder.send($0) },
      now: { clock.now.milliseconds },
      makeEventID: { ids.make() }
    )
    client.sessionID = "sess_" + identity.uuid().prefix(8)
    client.userID = "u_0000042"
    if FileManager.default.fileExists(atPath: offlineMark) {
      isOnline = false
      try client.networkLost()
    }
    try refresh()
  }

  /// Records an event on the phone; it waits in the queue unless the queue is full enough to send.
  package func track(_ name: String, properties: [JSONMember]) throws -> PhoneEvent {
    let id = try client.track(name, properties)
    try refresh()
    guard let event = events().last(where: { $0.eventID == id }) else {
      throw PlatformError(.noSuchEvent, "the phone lost \(id)")
    }
    return event
  }

  /// Sends what waits.
  package func flush() throws -> [PhoneDelivery] { try deliver { try client.flush() } }

  /// The app leaves the screen: the SDK sends what waits, since there may be no later.
  package func enterBackground() throws -> [PhoneDelivery] {
    let sent = try deliver { try client.enterBackground() }
    try client.enterForeground()
    return sent
  }

  /// Takes the network away or brings it back; back online, the SDK sends what has waited.
  package func setOnline(_ isOnline: Bool) throws -> [PhoneDelivery] {
    if isOnline {
      if unlink(offlineMark) != 0, errno != ENOENT { throw Home.unusable(offlineMark, errno) }
    } else {
      try Home.write([], to: offlineMark)
    }
    self.isOnline = isOnline
    return try deliver { try isOnline ? client.networkBack() : client.networkLost() }
  }

  /// A file that is there while the phone has no network.
  private var offlineMark: String { directory + "/offline" }

  /// Lets the SDK's timer act.
  package func tick() throws { _ = try deliver { try client.tick() } }

  /// The story time at which the SDK wants to act; nil where nothing waits.
  package var nextTimer: StoryTime? { client.nextTimer.map(StoryTime.init(milliseconds:)) }

  package func queueCount() throws -> Int { client.waitingCount }

  /// Everything the learner's phone recorded, by `seq`.
  package func events() -> [PhoneEvent] { recorded.withLock { $0 } }

  /// `system.sdk.events`.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    [
      "events": { [self] in
        ComputedTable(label: "system.sdk.events", schema: LearnerPhone.schema) { [self] _ in
          [ColumnarBatch(schema: LearnerPhone.schema, rows: events().map(LearnerPhone.row))]
        }
      }
    ]
  }

  private static let schema = Schema([
    Field("seq", .bigint), Field("event_id", .varchar), Field("event_name", .varchar),
    Field("event_time", .timestampWithTimeZone), Field("state", .varchar),
    Field("product_id", .varchar), Field("price", .bigint), Field("properties", .varchar),
  ])

  private static func row(_ event: PhoneEvent) -> [Scalar] {
    let properties = JSONValue.object(event.properties)
    var product = Scalar.null
    var price = Scalar.null
    if case .string(let text)? = properties["product_id"] { product = .text(text) }
    if case .integer(let value)? = properties["price"] { price = .integer(value) }
    return [
      .integer(event.seq), .text(event.eventID), .text(event.eventName),
      .integer(event.eventTime.milliseconds * 1_000), .text(event.state.rawValue), product, price,
      .text(properties.text),
    ]
  }

  private func deliver(_ body: () throws -> Void) throws -> [PhoneDelivery] {
    recorder.deliveries = []
    try body()
    guard !recorder.deliveries.isEmpty else { return [] }
    try refresh()
    if let failure = recorder.failure { throw failure }
    var deliveries = recorder.deliveries
    deliveries[deliveries.count - 1].queuedAfter = client.waitingCount
    return deliveries
  }

  /// Reads the queue and the history again; where both have a `seq`, the queue is right.
  private func refresh() throws {
    var events: [Int64: PhoneEvent] = [:]
    for line in FileManager.default.contents(atPath: history)?.split(separator: 0x0A) ?? [] {
      guard let event = LearnerPhone.event(Array(line), state: .delivered) else { continue }
      events[event.seq] = event
    }
    for queued in try client.queuedEvents() {
      guard let event = LearnerPhone.event(queued.json, state: .queued) else { continue }
      events[event.seq] = event
    }
    let sorted = events.values.sorted { $0.seq < $1.seq }
    recorded.withLock { $0 = sorted }
  }

  private static func event(_ json: [UInt8], state: PhoneEvent.State) -> PhoneEvent? {
    guard let value = try? json.withUnsafeBytes({ try JSONValue(parsing: $0) }),
      case .integer(let seq)? = value["seq"], case .string(let id)? = value["event_id"],
      case .string(let name)? = value["event_name"], case .string(let time)? = value["event_time"],
      let moment = EventTimestamp.parse(time)
    else { return nil }
    var properties: [JSONMember] = []
    if case .object(let members)? = value["properties"] { properties = members }
    return PhoneEvent(
      seq: seq,
      eventID: id,
      eventName: name,
      eventTime: StoryTime(milliseconds: moment),
      state: state,
      properties: properties
    )
  }
}

/// The ids of the learner's events: from the seed and the `seq`, so that a restart repeats none.
private final class EventIDs {
  private let seed: UInt64
  private var next: Int64

  init(seed: UInt64, next: Int64) {
    self.seed = seed
    self.next = next
  }

  func make() -> String {
    defer { next += 1 }
    var generator = SeededGenerator(
      seed: seed,
      label: "learner-event",
      UInt64(bitPattern: next)
    )
    return generator.uuid()
  }
}

/// Hands requests to the collector and writes down what it confirmed.
private final class DeliveryRecorder {
  private let collector: Collector
  private let history: String
  var deliveries: [PhoneDelivery] = []
  /// Why the last confirmation could not be written down.
  var failure: (any Error)?

  init(collector: Collector, history: String) {
    self.collector = collector
    self.history = history
  }

  func send(_ request: Request) -> Response {
    let answer = collector.handle(
      CollectRequest(body: request.body, isGzip: request.isGzip, durability: .synced)
    )
    let refused = answer.refused.map(\.index)
    if answer.status == 200 { record(request, except: Set(refused)) }
    deliveries.append(
      PhoneDelivery(
        events: request.eventCount,
        bytes: request.body.count,
        status: answer.status,
        refused: refused.count,
        queuedAfter: 0
      )
    )
    return Response(
      status: answer.status,
      refused: refused,
      retryAfterSeconds: answer.retryAfterSeconds
    )
  }

  /// Appends the confirmed events before the SDK deletes them from its queue.
  private func record(_ request: Request, except refused: Set<Int>) {
    failure = nil
    do {
      let plain =
        request.isGzip ? try Gzip.decompress(request.body, bytesMax: 16 << 20) : request.body
      let body = try plain.withUnsafeBytes { try JSONValue(parsing: $0) }
      guard case .array(let events)? = body["events"] else { return }
      var lines: [UInt8] = []
      for (index, event) in events.enumerated() where !refused.contains(index) {
        event.append(to: &lines)
        lines.append(0x0A)
      }
      try LineFile(path: history).append(lines)
    } catch let error as LineFile.Failure {
      failure = Home.unusable(history, error.errno)
    } catch {
      failure = error
    }
  }
}
