public import EventModel

/// The client that an app holds: the thin shell around `EventClient`.
///
/// It owns what the core has not: the queue, the device's facts, the clock and the way to the
/// server. It performs the core's actions in order and feeds the answers back. The transport here is
/// synchronous, for simulated phones and tests; an app would send on its own queue and hand the
/// outcome in later.
///
/// Use it from one thread. `tick()` must be called at or after `nextTimer`.
public final class Client {
  public typealias Transport = (Request) -> Response

  /// Nil for a guest; stamped on the events that follow.
  public var userID: String?
  public var sessionID = ""
  public var device: DeviceContext {
    didSet { deviceJSON = nil }
  }
  /// What the queue lost, and why: an app would report it as an event of its own.
  public private(set) var droppedCounts: [EventClient.DropReason: Int] = [:]
  /// The moment at which `tick()` wants to be called; nil where nothing is due.
  public private(set) var nextTimer: Int64?

  private var core: EventClient
  private let store: any EventQueueStore
  private let usesGzip: Bool
  private let transport: Transport
  private let now: () -> Int64
  private let uptime: () -> Int64
  private let makeEventID: () -> String
  private var encodedSizeLast = 640
  /// What `device` adds to each event, encoded once.
  private var deviceJSON: Event.DeviceJSON?

  /// A client that continues where its store stands.
  ///
  /// - Parameters:
  ///   - transport: Sends one request and waits for its answer.
  ///   - now: The device's clock in milliseconds since the epoch: `event_time` and `sent_at`.
  ///   - uptime: A clock in milliseconds that never jumps, for timers; `now` where it is nil.
  ///   - makeEventID: A new UUID at each call.
  ///   - jitterSeed: The seed of the random part of waits.
  public init(
    store: any EventQueueStore,
    configuration: Configuration = Configuration(),
    device: DeviceContext,
    jitterSeed: UInt64 = 0,
    transport: @escaping Transport,
    now: @escaping () -> Int64,
    uptime: (() -> Int64)? = nil,
    makeEventID: @escaping () -> String
  ) {
    self.store = store
    self.device = device
    self.usesGzip = configuration.usesGzip
    self.transport = transport
    self.now = now
    self.uptime = uptime ?? now
    self.makeEventID = makeEventID
    self.core = EventClient(
      configuration: configuration,
      waiting: store.waitingSeqs,
      nextSeq: store.nextSeq,
      jitterSeed: jitterSeed
    )
  }

  /// The number of events that wait for a confirmation.
  public var waitingCount: Int { core.waitingCount }
  /// The seq of the next event.
  public var nextSeq: Int64 { core.nextSeq }
  /// True where nothing waits, nothing failed and the network is there.
  public var isSettled: Bool { core.isSettled }

  /// Records an event and answers its id; it is in the store when this returns.
  ///
  /// Throws the store's error, for example for a full disk; the event is then not recorded and its
  /// seq stays unused, which is the gap that tells the server of the loss.
  @discardableResult
  public func track(
    _ name: String,
    _ properties: [JSONMember] = [],
    schemaVersion: Int = 1
  ) throws -> String {
    let event = Event(
      eventID: makeEventID(),
      eventName: name,
      schemaVersion: schemaVersion,
      eventTime: now(),
      userID: userID,
      deviceID: device.deviceID,
      installID: device.installID,
      sessionID: sessionID,
      seq: core.nextSeq,
      platform: device.platform,
      osVersion: device.osVersion,
      deviceModel: device.deviceModel,
      appVersion: device.appVersion,
      locale: device.locale,
      timezone: device.timezone,
      network: device.network,
      properties: properties
    )
    var json: [UInt8] = []
    json.reserveCapacity(encodedSizeLast + 64)
    let shared = deviceJSON ?? Event.DeviceJSON(event)
    deviceJSON = shared
    event.appendJSON(to: &json, device: shared)
    encodedSizeLast = json.count
    try give(.track(json: json))
    return event.eventID
  }

  /// Sends everything that waits, without waiting for the interval.
  public func flush() throws { try give(.flush) }
  /// The app leaves the screen: everything goes out now, for there may be no later.
  public func enterBackground() throws { try give(.background) }
  public func enterForeground() throws { try give(.foreground) }
  public func networkLost() throws { try give(.networkLost) }
  public func networkBack() throws { try give(.networkBack) }

  /// Lets the timer act if its moment has come.
  public func tick() throws {
    guard let nextTimer, uptime() >= nextTimer else { return }
    self.nextTimer = nil
    try give(.timer)
  }

  /// The JSON of every waiting event, oldest first: what the course shows as the phone's queue.
  public func queuedEvents() throws -> [QueuedEvent] {
    try store.waitingSeqs.map { QueuedEvent(seq: $0, json: try store.json(of: $0)) }
  }

  // MARK: - Performing actions

  private func give(_ input: EventClient.Input) throws {
    var actions = core.receive(input, at: uptime())
    var index = 0
    while index < actions.count {
      switch actions[index] {
      case .persist(let event): try persist(event)
      case .send(let batch):
        let outcome = try send(batch)
        actions.append(
          contentsOf: core.receive(.response(batch: batch.number, outcome), at: uptime())
        )
      case .delete(let seqs): try store.remove(seqs)
      case .drop(let seqs, let reason):
        droppedCounts[reason, default: 0] += seqs.count
        try store.remove(seqs)
      case .scheduleTimer(let moment): nextTimer = moment
      case .cancelTimer: nextTimer = nil
      }
      index += 1
    }
  }

  private func persist(_ event: QueuedEvent) throws {
    do {
      try store.append(event)
    } catch {
      core.forget(seq: event.seq)
      throw error
    }
  }

  /// One attempt; a queue that cannot be read counts as no answer, so that nothing stays in flight.
  private func send(_ batch: EventClient.Batch) throws -> EventClient.Outcome {
    let request: Request
    do {
      try store.prepareToSend()
      let sentAt = now()
      let plain = Request.body(
        sentAt: sentAt,
        events: try batch.seqs.map { try store.json(of: $0) }
      )
      let packed = usesGzip ? Request.gzip(plain) : nil
      request = Request(
        body: packed ?? plain,
        isGzip: packed != nil,
        eventCount: batch.seqs.count,
        sentAt: sentAt
      )
    } catch {
      _ = core.receive(.response(batch: batch.number, .unreachable), at: uptime())
      throw error
    }
    let response = transport(request)
    guard let status = response.status else { return .unreachable }
    return .answered(
      status: status,
      refused: response.refused,
      retryAfterSeconds: response.retryAfterSeconds
    )
  }
}
