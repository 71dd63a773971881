// The library's door for an app: `track` from any thread, and everything else by itself.
//
//     let tracker = try EventTracker(
//       directory: supportDirectory, transport: URLSessionTransport(url: url, writeKey: "…"),
//       device: device)
//     tracker.track("purchase_completed", [JSONMember("price", .integer(29_900))])
//
// It performs what `EventClient` decides, as `Client` does for simulated phones; only the network is
// asynchronous here, and time is the device's own.

public import EventModel
public import EventSDK
public import Foundation

/// Tracks the events of an app.
///
/// One serial queue owns the client and its store, so that every method may be called from any thread.
/// `track` returns when the event is on the disk: an app that is killed right after it has lost
/// nothing.
///
/// `@unchecked Sendable`: everything that changes is used on `queue` only.
public final class EventTracker: @unchecked Sendable {
  /// The two clocks of a device, milliseconds.
  public struct Clock: Sendable {
    /// Since the epoch, as the device believes: `event_time` and `sent_at`. It may jump.
    public var now: @Sendable () -> Int64
    /// For timers; it never jumps.
    public var uptime: @Sendable () -> Int64

    public init(
      now: @escaping @Sendable () -> Int64, uptime: @escaping @Sendable () -> Int64
    ) {
      self.now = now
      self.uptime = uptime
    }

    /// The device's clocks.
    public static let system = Clock(
      now: { Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)) },
      uptime: { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) })
  }

  // Everything below is used on `queue` only.
  private let queue = DispatchQueue(label: "EventTracker")
  private var core: EventClient
  private let store: any EventQueueStore
  private let transport: any EventTransport
  private let clock: Clock
  private let makeEventID: @Sendable () -> String
  private var privacy: EventPrivacy
  private var device: DeviceContext
  private var userID: String?
  private var sessionID = ""
  private var maker = RequestMaker()
  /// The timer that counts; older ones find another number and do nothing.
  private var timerNumber = 0
  private var settledCallbacks: [@Sendable () -> Void] = []
  private var droppedCounts: [EventClient.DropReason: Int] = [:]
  private var lastError: EventSDKError?

  /// Opens the queue in `directory` and goes on with what the last run left there.
  ///
  /// - Throws: `EventSDKError` where the queue cannot be opened.
  public convenience init(
    directory: String,
    transport: any EventTransport,
    device: DeviceContext,
    configuration: Configuration = Configuration(),
    consent: Set<String> = []
  ) throws {
    var random = SystemRandomNumberGenerator()
    self.init(
      store: try DiskEventQueue(directory: directory), transport: transport, device: device,
      configuration: configuration, consent: consent, jitterSeed: random.next())
  }

  /// The same with every edge given: for tests and other queues.
  public init(
    store: any EventQueueStore,
    transport: any EventTransport,
    device: DeviceContext,
    configuration: Configuration = Configuration(),
    consent: Set<String> = [],
    jitterSeed: UInt64,
    clock: Clock = .system,
    makeEventID: @escaping @Sendable () -> String = { UUID().uuidString.lowercased() }
  ) {
    self.store = store
    self.transport = transport
    self.device = device
    self.clock = clock
    self.makeEventID = makeEventID
    privacy = EventPrivacy(configuration, granted: consent)
    core = EventClient(
      configuration: configuration,
      pending: store.waitingSeqs.map { Client.pending($0, store, configuration) },
      nextSeq: store.nextSeq, jitterSeed: jitterSeed)
  }

  /// Records an event; it is on the disk when this returns, unless the disk refused it: then
  /// `lastFailure` says why, and the seq stays unused.
  ///
  /// - Returns: the event's id; empty where the person has not agreed to events of this kind.
  @discardableResult
  public func track(
    _ name: String, _ properties: [JSONMember] = [], schemaVersion: Int = 1
  ) -> String {
    queue.sync {
      guard privacy.allows(name) else {
        droppedCounts[.noConsent, default: 0] += 1
        return ""
      }
      let event = Event(
        eventID: makeEventID(), eventName: name, schemaVersion: schemaVersion,
        eventTime: clock.now(), userID: userID, deviceID: device.deviceID,
        installID: device.installID, sessionID: sessionID, seq: core.nextSeq,
        platform: device.platform, osVersion: device.osVersion, deviceModel: device.deviceModel,
        appVersion: device.appVersion, locale: device.locale, timezone: device.timezone,
        network: device.network, properties: privacy.masked(properties))
      var json: [UInt8] = []
      event.appendJSON(to: &json)
      give(
        .track(json: json, isPriority: core.configuration.priorityEvents.contains(name)))
      return event.eventID
    }
  }

  /// Who is logged in; nil for a guest. Events from now on carry it.
  public func identify(_ userID: String?) { queue.sync { self.userID = userID } }
  /// The session that events from now on belong to.
  public func beginSession(_ sessionID: String) { queue.sync { self.sessionID = sessionID } }
  /// Sends everything that waits.
  public func flush() { queue.async { self.give(.flush) } }
  public func enterForeground() { queue.async { self.give(.foreground) } }

  /// The app leaves the screen: everything goes out. `completion` is called when nothing is on its way
  /// any more: end the background task then.
  public func enterBackground(completion: @escaping @Sendable () -> Void = {}) {
    queue.async {
      self.settledCallbacks.append(completion)
      self.give(.background)
      self.callBackIfIdle()
    }
  }

  /// What the app's reachability says.
  public func setOnline(_ isOnline: Bool, network: String) {
    queue.async {
      self.device.network = isOnline ? network : "none"
      self.give(isOnline ? .networkBack : .networkLost)
    }
  }

  /// Takes the server's settings, on top of the app's own.
  public func apply(_ remote: RemoteConfiguration) {
    queue.async {
      let configuration = remote.applied(to: self.core.configuration)
      self.privacy = EventPrivacy(configuration, granted: self.privacy.granted)
      self.give(.reconfigured(configuration))
    }
  }

  /// The person agrees to a category of events.
  public func grant(_ category: String) { queue.sync { _ = privacy.granted.insert(category) } }

  /// The person takes an agreement back: waiting events of the category are deleted unsent.
  public func revoke(_ category: String) {
    queue.sync {
      privacy.granted.remove(category)
      let seqs = store.waitingSeqs.filter { seq in
        guard let json = try? store.json(of: seq), let name = EventPrivacy.name(of: json) else {
          return false
        }
        return core.configuration.consentCategories[name] == category
      }
      perform(core.withdraw(seqs))
    }
  }

  /// Events that no server has confirmed.
  public var waitingCount: Int { queue.sync { core.waitingCount } }
  /// What was lost, and why.
  public var dropped: [EventClient.DropReason: Int] { queue.sync { droppedCounts } }
  /// Why the queue could not be written or read the last time it failed.
  public var lastFailure: EventSDKError? { queue.sync { lastError } }

  // MARK: - Performing actions, on the queue

  private func give(_ input: EventClient.Input) {
    perform(core.receive(input, at: clock.uptime()))
  }

  private func perform(_ actions: [EventClient.Action]) {
    for action in actions {
      switch action {
      case .persist(let event):
        do {
          try store.append(event)
        } catch {
          core.forget(seq: event.seq)
          note(error)
        }
      case .send(let batch): send(batch)
      case .delete(let seqs): remove(seqs)
      case .drop(let seqs, let reason):
        droppedCounts[reason, default: 0] += seqs.count
        remove(seqs)
      case .scheduleTimer(let moment): schedule(moment)
      case .cancelTimer: timerNumber += 1
      }
    }
  }

  private func send(_ batch: EventClient.Batch) {
    do {
      try store.prepareToSend()
      let request = try maker.request(
        batch, from: store, by: core.configuration, at: clock.now())
      if core.configuration.mistakes.contains(.deleteBeforeAnswer) { remove(batch.seqs) }
      let queue = queue
      transport.send(request) { [weak self] response in
        queue.async { [weak self] in self?.receive(response, of: batch) }
      }
    } catch {
      note(error)
      queue.async { self.receive(.unreachable, of: batch) }
    }
  }

  private func receive(_ response: Response, of batch: EventClient.Batch) {
    maker.note(response, of: batch)
    let forgets = core.configuration.mistakes.contains(.deleteBeforeAnswer)
    give(
      .response(
        batch: batch.number,
        forgets ? .answered(status: 200, refused: [], retryAfterSeconds: nil) : response.outcome))
    callBackIfIdle()
  }

  private func callBackIfIdle() {
    guard !core.isSending else { return }
    let callbacks = settledCallbacks
    settledCallbacks = []
    for callback in callbacks { callback() }
  }

  private func schedule(_ moment: Int64) {
    timerNumber += 1
    let number = timerNumber
    let wait = max(0, moment - clock.uptime())
    queue.asyncAfter(deadline: .now() + .milliseconds(Int(min(wait, 86_400_000)))) { [weak self] in
      guard let self, number == timerNumber else { return }
      guard clock.uptime() >= moment else { return schedule(moment) }
      give(.timer)
    }
  }

  private func remove(_ seqs: [Int64]) {
    do {
      try store.remove(seqs)
    } catch {
      note(error)
    }
  }

  private func note(_ error: any Error) {
    lastError =
      error as? EventSDKError ?? EventSDKError(code: "sdk.unknown", message: "\(error)")
  }
}
