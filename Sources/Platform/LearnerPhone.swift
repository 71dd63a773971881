// The one phone that the learner holds: a real EventSDK client on a disk queue.
//
// What it has delivered is kept in `sent.ndjson`, as an SDK's debug log would, so that the course
// can ask which event was the learner's. The queue alone decides what is still to be sent.

internal import Collector
package import EventModel
package import EventSDK
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
  /// The version of the app that recorded it.
  package var appVersion: String
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
/// the one lock of `Commands`; `systemTables` reads `recorded` and `shown`, which have locks of their
/// own.
package final class LearnerPhone: @unchecked Sendable {
  /// Bytes of a torn write that the queue dropped at this start.
  package private(set) var tornBytes = 0
  /// The rules that hold on this phone.
  package private(set) var settings: SDKSettings

  package var flushAt: Int { settings.configuration.flushAt }
  package var flushIntervalSeconds: Int {
    Int(settings.configuration.flushIntervalMilliseconds / 1_000)
  }

  static let platform = "ios"
  static let appVersion = "3.2.1"
  /// Who is logged in.
  static let ownerID = "u_0000042"

  /// Who is logged in on the phone, and the session it is in.
  var userID: String? { client.userID }
  var sessionID: String? { client.sessionID }

  private var client: Client
  private let directory: String
  private let history: String
  private let clock: StoryClock
  private let seed: UInt64
  private let identity: (device: String, install: String, session: String)
  private let recorder: DeliveryRecorder
  private let recorded = Mutex<[PhoneEvent]>([])
  /// What the tables of the SDK show, as of the last change.
  let shown = Mutex(Shown())
  private(set) var state: PhoneState

  init(
    directory: String,
    settings: SDKSettings,
    seed: UInt64,
    clock: StoryClock,
    collector: Collector
  ) throws {
    self.directory = directory
    self.settings = settings
    self.seed = seed
    self.clock = clock
    history = directory + "/sent.ndjson"
    var identity = SeededGenerator(seed: seed, label: "learner-phone")
    let device = identity.uuid()
    let install = identity.uuid()
    self.identity = (device, install, "sess_" + identity.uuid().prefix(8))
    recorder = DeliveryRecorder(collector: collector, history: history)
    var state = try PhoneState.load(directory + "/state.json")
    // A mark of the program before this one.
    if FileManager.default.fileExists(atPath: directory + "/offline") { state.network = .offline }
    self.state = state
    let made = try Self.makeClient(
      directory, settings, self.identity, state, seed, clock, recorder)
    client = made.client
    tornBytes = made.tornBytes
    recorder.fate = { [unowned self] in nextFate() }
    if state.network == .offline { try client.networkLost() }
    try refresh()
  }

  /// The app's process: a queue and a client over it.
  private static func makeClient(
    _ directory: String,
    _ settings: SDKSettings,
    _ identity: (device: String, install: String, session: String),
    _ state: PhoneState,
    _ seed: UInt64,
    _ clock: StoryClock,
    _ recorder: DeliveryRecorder
  ) throws -> (client: Client, tornBytes: Int) {
    let disk = try DiskEventQueue(directory: directory)
    let nextSeq = max(disk.nextSeq, state.nextSeq)
    // What a disk queue still holds leaves by it, whatever the rules say now.
    let store: any EventQueueStore =
      settings.keepsQueueOnDisk || !disk.waitingSeqs.isEmpty
      ? disk : MemoryEventQueue(nextSeq: nextSeq)
    let device = DeviceContext(
      deviceID: identity.device,
      installID: identity.install,
      platform: LearnerPhone.platform,
      osVersion: "17.2",
      deviceModel: "iPhone15,2",
      appVersion: state.appVersion,
      locale: "ko_KR",
      timezone: "Asia/Seoul",
      network: state.network == .offline ? "none" : "wifi"
    )
    let ids = EventIDs(seed: seed, next: nextSeq)
    let offset = state.clockOffset
    let client = Client(
      store: store,
      configuration: settings.configuration,
      consent: Set(state.consent),
      device: device,
      jitterSeed: seed,
      transport: { recorder.send($0) },
      now: { clock.now.milliseconds + offset },
      uptime: { clock.now.milliseconds },
      makeEventID: { ids.make() }
    )
    client.sessionID = identity.session
    client.userID = ownerID
    return (client, disk.recovery.tornBytes)
  }

  /// Ends the app's process and starts it again: what is on the disk is there, what was in memory is
  /// not.
  private func restart() throws {
    state.nextSeq = client.nextSeq
    try saveState()
    // The old process lets go of the queue before the new one takes it.
    client = Client(
      store: MemoryEventQueue(), device: client.device, transport: { _ in .unreachable },
      now: { 0 }, makeEventID: { "" })
    let made = try Self.makeClient(
      directory, settings, identity, state, seed, clock, recorder)
    client = made.client
    if state.network == .offline { try client.networkLost() }
  }

  private func saveState() throws {
    try state.save(directory + "/state.json")
    if unlink(directory + "/offline") != 0, errno != ENOENT {
      throw Home.unusable(directory + "/offline", errno)
    }
  }

  /// Records an event on the phone; it waits in the queue unless the queue is full enough to send.
  package func track(_ name: String, properties: [JSONMember]) throws -> PhoneEvent {
    let dropped = client.droppedCounts
    let id = try client.track(name, properties)
    if !settings.keepsQueueOnDisk {
      state.nextSeq = client.nextSeq
      try saveState()
    }
    try refresh()
    if let reason = client.droppedCounts.first(where: { dropped[$0.key] != $0.value })?.key {
      throw PlatformError(
        .eventDropped, "the SDK did not keep the event: \(reason.rawValue)", place: name,
        advice: "app config shows the rules.", fields: ["event": name, "reason": reason.rawValue])
    }
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

  /// Whether the phone has a network.
  package var isOnline: Bool { state.network != .offline }
  package var network: PhoneNetwork { state.network }
  /// When the network comes back by itself; nil where nobody said so.
  package var networkBackAt: StoryTime? {
    state.networkBackAt.map(StoryTime.init(milliseconds:))
  }

  /// Takes the network away, brings it back, or makes it lose things; back online, the SDK sends what
  /// has waited. `until` brings it back by itself.
  package func setNetwork(_ network: PhoneNetwork, until: StoryTime? = nil) throws
    -> [PhoneDelivery]
  {
    state.network = network
    state.networkBackAt = until?.milliseconds
    try saveState()
    return try deliver {
      client.device.network = network == .offline ? "none" : "wifi"
      try network == .offline ? client.networkLost() : client.networkBack()
      show()
    }
  }

  /// Half of a flaky network's requests fail: some never arrive, of others only the answer is lost.
  private func nextFate() -> DeliveryRecorder.Fate {
    guard state.network == .flaky else { return .arrives }
    state.requestCount += 1
    try? saveState()
    var generator = SeededGenerator(seed: seed, label: "flaky", state.requestCount)
    switch generator.below(4) {
    case 0: return .requestLost
    case 1: return .answerLost
    default: return .arrives
    }
  }

  /// Sets the phone's clock ahead of or behind the true time, in milliseconds.
  package func setClock(offset: Int64) throws {
    state.clockOffset = offset
    try restart()
    try refresh()
  }

  package var clockOffset: Int64 { state.clockOffset }

  /// Kills the app and opens it again; answers how many waiting events were lost by it.
  package func kill() throws -> (lost: Int, sent: [PhoneDelivery]) {
    let before = client.waitingCount
    try restart()
    let lost = before - client.waitingCount
    let sent = try deliver { try client.enterForeground() }
    try refresh()
    return (lost, sent)
  }

  /// The version of the app; its events carry it from now on.
  package var installedVersion: String { state.appVersion }

  package func upgrade(to version: String) throws {
    state.appVersion = version
    try restart()
    try refresh()
  }

  /// Categories that the learner has agreed to.
  package var consent: [String] { state.consent }

  /// Agrees to a category of events, or takes that back; answers how many waiting events went.
  package func setConsent(_ category: String, isGranted: Bool) throws -> Int {
    let before = client.waitingCount
    if isGranted { client.grant(category) } else { try client.revoke(category) }
    state.consent = client.consent.sorted()
    try saveState()
    try refresh()
    return before - client.waitingCount
  }

  /// Goes on with other rules; a queue that moves between disk and memory does so at the next start
  /// of the app.
  package func follow(_ settings: SDKSettings) throws {
    let changesStore = settings.keepsQueueOnDisk != self.settings.keepsQueueOnDisk
    self.settings = settings
    if changesStore { try restart() }
    _ = try deliver { try client.reconfigure(settings.configuration) }
    show()
  }

  /// The last attempts to send, oldest first.
  package var attempts: [Client.Attempt] { client.attempts }

  /// Lets the SDK's timer act.
  package func tick() throws {
    if let back = state.networkBackAt, back <= clock.now.milliseconds {
      _ = try setNetwork(.online)
    }
    _ = try deliver { try client.tick() }
  }

  /// The story time at which the phone wants to act; nil where nothing waits.
  package var nextTimer: StoryTime? {
    [client.nextTimer, state.networkBackAt].compactMap { $0 }.min()
      .map(StoryTime.init(milliseconds:))
  }

  package func queueCount() throws -> Int { client.waitingCount }

  /// Everything the learner's phone recorded, by `seq`.
  package func events() -> [PhoneEvent] { recorded.withLock { $0 } }

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
    show()
  }

  /// The queue, the attempts and the rules as they stand now.
  private func show() {
    let queue = Queue(
      deviceID: identity.device,
      installID: identity.install,
      appVersion: state.appVersion,
      network: state.network.rawValue,
      waiting: client.waitingCount,
      dropped: client.droppedCounts.values.reduce(0, +),
      nextAttempt: client.nextAttempt,
      nextTimer: client.nextTimer,
      isStopped: client.isStopped
    )
    let (attempts, rules) = (client.attempts, settings)
    shown.withLock { $0 = Shown(queue: queue, attempts: attempts, settings: rules) }
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
      properties: properties,
      appVersion: value["app_version"]?.string ?? LearnerPhone.appVersion
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
