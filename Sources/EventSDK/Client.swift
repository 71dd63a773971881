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

  /// Categories that the person has agreed to; see `revoke`.
  public private(set) var consent: Set<String>
  /// Attempts so far, each with what came of it; the last ones, for an app's debug screen.
  public private(set) var attempts: [Attempt] = []

  /// One attempt to send a batch.
  public struct Attempt: Sendable, Hashable {
    /// By the device's clock, milliseconds.
    public var sentAt: Int64
    public var firstSeq: Int64
    public var eventCount: Int
    public var byteCount: Int
    /// Nil where no answer came.
    public var status: Int?
    public var refusedCount: Int
    /// By `uptime`: when the next attempt is due; nil where nothing failed.
    public var nextAttempt: Int64?
  }

  private var core: EventClient
  private let store: any EventQueueStore
  private var privacy: EventPrivacy
  /// A batch that could not be handed over at all, to be sent as it is.
  private var unsent: EventClient.Batch?
  private var maker = RequestMaker()
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
    consent: Set<String> = [],
    device: DeviceContext,
    jitterSeed: UInt64 = 0,
    transport: @escaping Transport,
    now: @escaping () -> Int64,
    uptime: (() -> Int64)? = nil,
    makeEventID: @escaping () -> String
  ) {
    self.store = store
    self.device = device
    self.consent = consent
    privacy = EventPrivacy(configuration, granted: consent)
    self.transport = transport
    self.now = now
    self.uptime = uptime ?? now
    self.makeEventID = makeEventID
    self.core = EventClient(
      configuration: configuration,
      pending: store.waitingSeqs.map { Self.pending($0, store, configuration) },
      nextSeq: store.nextSeq,
      jitterSeed: jitterSeed
    )
  }

  package static func pending(
    _ seq: Int64, _ store: any EventQueueStore, _ configuration: Configuration
  ) -> PendingEvent {
    guard let json = try? store.json(of: seq) else { return PendingEvent(seq: seq) }
    let isPriority =
      !configuration.priorityEvents.isEmpty
      && EventPrivacy.name(of: json).map(configuration.priorityEvents.contains) ?? false
    return PendingEvent(seq: seq, byteCount: json.count, isPriority: isPriority)
  }

  /// The rules that hold now.
  public var configuration: Configuration { core.configuration }
  /// When the next attempt is due after a failure, by `uptime`; nil where nothing failed.
  public var nextAttempt: Int64? { core.nextAttempt }
  /// True after an answer that asks for another key: nothing is sent until `reconfigure`.
  public var isStopped: Bool { core.isStopped }

  /// Goes on with other rules; what waits stays.
  public func reconfigure(_ configuration: Configuration) throws {
    privacy = EventPrivacy(configuration, granted: consent)
    try give(.reconfigured(configuration))
  }

  /// The person agrees to a category of events.
  public func grant(_ category: String) {
    consent.insert(category)
    privacy.granted = consent
  }

  /// The person takes an agreement back: waiting events of the category are deleted unsent.
  public func revoke(_ category: String) throws {
    consent.remove(category)
    privacy.granted = consent
    let seqs = try store.waitingSeqs.filter { seq in
      guard let name = EventPrivacy.name(of: try store.json(of: seq)) else { return false }
      return core.configuration.consentCategories[name] == category
    }
    try perform(core.withdraw(seqs))
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
  /// seq stays unused, which is the gap that tells the server of the loss. An event without consent is
  /// counted as dropped and takes no seq: nothing may tell that it was there.
  @discardableResult
  public func track(
    _ name: String,
    _ properties: [JSONMember] = [],
    schemaVersion: Int = 1
  ) throws -> String {
    guard privacy.allows(name) else {
      droppedCounts[.noConsent, default: 0] += 1
      return ""
    }
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
      properties: privacy.masked(properties)
    )
    var json: [UInt8] = []
    json.reserveCapacity(encodedSizeLast + 64)
    let shared = deviceJSON ?? Event.DeviceJSON(event)
    deviceJSON = shared
    event.appendJSON(to: &json, device: shared)
    encodedSizeLast = json.count
    let isPriority = core.configuration.priorityEvents.contains(name)
    try give(.track(json: json, isPriority: isPriority))
    return event.eventID
  }

  /// Sends everything that waits, without waiting for the interval.
  public func flush() throws { try give(.flush) }
  /// The app leaves the screen: everything goes out now, for there may be no later.
  public func enterBackground() throws { try give(.background) }
  public func enterForeground() throws { try give(.foreground) }
  public func networkLost() throws { try give(.networkLost) }
  public func networkBack() throws { try give(.networkBack) }

  /// Lets the timer act if its moment has come; a batch that could not be handed over goes first.
  public func tick() throws {
    if let batch = unsent {
      unsent = nil
      nextTimer = nil
      return try perform([.send(batch)])
    }
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
    try perform(core.receive(input, at: uptime()))
  }

  private func perform(_ first: [EventClient.Action]) throws {
    var actions = first
    var index = 0
    // One event that cannot be stored, or one queue that cannot be read, must not keep the rest.
    var failure: (any Error)?
    while index < actions.count {
      switch actions[index] {
      case .persist(let event):
        do {
          try persist(event)
        } catch {
          failure = failure ?? error
        }
      case .send(let batch):
        let attempt = Result { try send(batch) }
        let made: EventClient.Outcome?
        switch attempt {
        case .success(let outcome): made = outcome
        case .failure(let error):
          failure = failure ?? error
          made = .unreachable
        }
        guard let outcome = made else {
          // Nothing of it happened: the same batch, as the same attempt, when there is a chance.
          unsent = batch
          nextTimer = uptime()
          break
        }
        actions.append(
          contentsOf: core.receive(.response(batch: batch.number, outcome), at: uptime())
        )
        noteNextAttempt()
      case .delete(let seqs): try store.remove(seqs)
      case .drop(let seqs, let reason):
        droppedCounts[reason, default: 0] += seqs.count
        try store.remove(seqs)
      case .scheduleTimer(let moment): if unsent == nil { nextTimer = moment }
      case .cancelTimer: if unsent == nil { nextTimer = nil }
      }
      index += 1
    }
    if let failure { throw failure }
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
  /// Nil where the transport could not make the attempt at all.
  private func send(_ batch: EventClient.Batch) throws -> EventClient.Outcome? {
    try store.prepareToSend()
    let request = try maker.request(batch, from: store, by: core.configuration, at: now())
    let configuration = core.configuration
    if configuration.mistakes.contains(.deleteBeforeAnswer) { try store.remove(batch.seqs) }
    let response = transport(request)
    guard !response.isNotAttempted else { return nil }
    maker.note(response, of: batch)
    note(request, batch, response)
    // A client that has forgotten the events cannot send them again, whatever the answer is.
    if configuration.mistakes.contains(.deleteBeforeAnswer) {
      return .answered(status: 200, refused: [], retryAfterSeconds: nil)
    }
    return response.outcome
  }

  private static let attemptsMax = 100

  private func note(_ request: Request, _ batch: EventClient.Batch, _ response: Response) {
    if attempts.count >= Self.attemptsMax { attempts.removeFirst(Self.attemptsMax / 2) }
    attempts.append(
      Attempt(
        sentAt: request.sentAt, firstSeq: batch.seqs.first ?? 0, eventCount: request.eventCount,
        byteCount: request.body.count, status: response.status,
        refusedCount: response.refused.count, nextAttempt: nil))
  }

  private func noteNextAttempt() {
    guard !attempts.isEmpty else { return }
    attempts[attempts.count - 1].nextAttempt = core.nextAttempt
  }
}
