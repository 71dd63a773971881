/// The decisions of the event client, as a pure value: inputs in, actions out.
///
/// The path of an event on the phone:
///
/// 1. `track` gives it the next `seq` and asks the shell to *persist* it. Nothing may be sent that is
///    not on disk, for the app can be killed at any moment.
/// 2. When `flushAt` events wait, or `flushIntervalMilliseconds` have passed, or the app goes to the
///    background, the oldest events become a `Batch`, and the shell is asked to *send* it. There is
///    at most one batch in flight, so that events arrive in order and a slow network is not flooded.
/// 3. Only when the server has confirmed the batch is the shell asked to *delete* it. The order is
///    confirm, then delete: a crash in between sends the batch twice, which the server can mend by
///    `event_id`; the other order would lose it, which nobody can mend.
/// 4. What an answer means says the `RetryTable`. Where it says *retry*, the events stay where they are,
///    and the client waits: 1 s, 2 s, 4 s … up to 5 minutes, each shortened by a random part
///    (`Backoff`), so that a million phones do not come back at once.
///
/// This type has no clock, no disk and no network. `Client` is the thin shell that has them. That
/// makes every rule above a test of values: see `EventClientTests`.
public struct EventClient: Sendable {
  /// What can happen to the client.
  public enum Input: Sendable {
    /// The app reports an event, already turned into JSON under the seq of `nextSeq`.
    /// A priority event leaves at once, with everything that waits before it.
    case track(json: [UInt8], isPriority: Bool = false)
    /// The moment given with `scheduleTimer` has come.
    case timer
    /// The app leaves the screen; the system may stop it at any time from now on.
    case background
    case foreground
    /// Somebody wants everything out now.
    case flush
    /// The answer to the batch in flight.
    case response(batch: Int, Outcome)
    case networkLost
    case networkBack
    /// The app has another key or other rules: what stopped the client may be mended.
    case reconfigured(Configuration)
  }

  /// What became of one attempt to send a batch.
  public enum Outcome: Sendable, Hashable {
    /// The server answered; `refused` are indices into the batch that it will never take.
    case answered(status: Int, refused: [Int], retryAfterSeconds: Int?)
    /// No connection: the server has nothing of it.
    case unreachable
    /// No answer in time: the server may or may not have the events.
    case timedOut
  }

  /// What the shell must do, in order.
  public enum Action: Sendable, Hashable {
    case persist(QueuedEvent)
    case send(Batch)
    /// The server has these events; the queue may forget them.
    case delete([Int64])
    /// The queue must forget these events although nobody has them: a loss, with its reason.
    case drop([Int64], DropReason)
    /// Call back with `timer` at this moment; it replaces the one before.
    case scheduleTimer(at: Int64)
    case cancelTimer
  }

  public enum DropReason: String, Sendable, Hashable {
    /// The queue was full, and the oldest events made room.
    case queueFull = "queue_full"
    /// The server named the event as one it will never accept.
    case refused
    /// The event alone is larger than the server accepts.
    case tooLarge = "too_large"
    /// The rules gave the batch up, after failures or for what the answer was.
    case gaveUp = "gave_up"
    /// The person has not agreed to events of this kind, or no longer does.
    case noConsent = "no_consent"
  }

  /// The events of one request, oldest first.
  public struct Batch: Sendable, Hashable {
    public var number: Int
    public var seqs: [Int64]
  }

  public private(set) var configuration: Configuration
  private let jitterSeed: UInt64
  var queue: PendingEvents
  private(set) var inFlight: Batch?
  private var batchNumber = 0
  private var batchEventsMax: Int
  private(set) var failureCount = 0
  private var failingSince: Int64?
  /// True after an answer that asks for another configuration.
  public private(set) var isStopped = false
  /// Not before this moment, after a failure.
  private var retryAt: Int64?
  /// What the server has asked for last.
  private var askedUntil: Int64?
  private var timerAt: Int64?
  /// True while a flush goes on until the queue is empty.
  private var isFlushing = false
  private var isForeground = true
  private var isOnline = true

  /// The `seq` that the next tracked event carries; strictly increasing for the install's life.
  public private(set) var nextSeq: Int64

  /// A client over what its store holds: `waiting` in ascending order.
  public init(
    configuration: Configuration,
    waiting: [Int64] = [],
    nextSeq: Int64 = 0,
    jitterSeed: UInt64 = 0
  ) {
    self.init(
      configuration: configuration, pending: waiting.map { PendingEvent(seq: $0) },
      nextSeq: nextSeq, jitterSeed: jitterSeed)
  }

  /// The same with what is known of each waiting event.
  public init(
    configuration: Configuration,
    pending: [PendingEvent],
    nextSeq: Int64 = 0,
    jitterSeed: UInt64 = 0
  ) {
    self.configuration = configuration
    self.queue = PendingEvents(pending)
    self.nextSeq = max(nextSeq, (pending.last?.seq ?? -1) + 1)
    self.batchEventsMax = max(1, configuration.batchEventsMax)
    self.jitterSeed = jitterSeed
  }

  /// The number of events that no server has confirmed.
  public var waitingCount: Int { queue.count }
  public var isSending: Bool { inFlight != nil }

  /// True where nothing waits and nothing is owed: what a phone is between two sessions.
  public var isSettled: Bool {
    queue.count == 0 && inFlight == nil && failureCount == 0 && isOnline
  }

  /// Takes one input at one moment, in milliseconds of a clock that does not jump.
  public mutating func receive(_ input: Input, at now: Int64) -> [Action] {
    var actions: [Action] = []
    switch input {
    case .track(let json, let isPriority):
      track(json, isPriority, &actions)
      proceed(at: now, &actions)
    case .timer:
      timerAt = nil
      isFlushing = true
      proceed(at: now, &actions)
    case .flush:
      isFlushing = true
      proceed(at: now, &actions)
    case .background:
      isForeground = false
      guard configuration.flushesOnBackground else {
        // Off the screen the app is frozen: nothing leaves before it is opened again.
        setTimer(nil, &actions)
        break
      }
      isFlushing = true
      proceed(at: now, &actions)
    case .foreground:
      isForeground = true
      // What the last run left behind goes first.
      if queue.count > 0 { isFlushing = true }
      proceed(at: now, &actions)
    case .networkLost:
      isOnline = false
      setTimer(nil, &actions)
    case .networkBack:
      isOnline = true
      // A new network is worth an attempt at once, unless the server itself has asked to wait.
      retryAt = askedUntil.flatMap { $0 > now ? $0 : nil }
      if queue.count > 0 { isFlushing = true }
      proceed(at: now, &actions)
    case .reconfigured(let configuration):
      self.configuration = configuration
      batchEventsMax = max(1, configuration.batchEventsMax)
      isStopped = false
      proceed(at: now, &actions)
    case .response(let number, let outcome):
      guard let batch = inFlight, batch.number == number else { return [] }
      inFlight = nil
      settle(batch, outcome, at: now, &actions)
      proceed(at: now, &actions)
    }
    return actions
  }

  /// Takes back an event that the shell could not persist.
  public mutating func forget(seq: Int64) {
    queue.remove([seq])
  }

  /// Forgets waiting events that must not leave any more; those in flight have left.
  public mutating func withdraw(_ seqs: [Int64]) -> [Action] {
    let flying = Set(inFlight?.seqs ?? [])
    let gone = seqs.filter { !flying.contains($0) }
    guard !gone.isEmpty else { return [] }
    var actions: [Action] = []
    drop(gone, .noConsent, &actions)
    return actions
  }

  /// The delay that the next attempt waits for, as a moment; nil where nothing failed.
  public var nextAttempt: Int64? { retryAt }

  private mutating func track(_ json: [UInt8], _ isPriority: Bool, _ actions: inout [Action]) {
    let seq = nextSeq
    nextSeq += 1
    guard json.count <= configuration.eventBytesMax else {
      // Its seq is used: the gap tells the server of the loss.
      actions.append(.drop([seq], .tooLarge))
      return
    }
    let isFull = queue.count >= max(1, configuration.queueEventsMax)
    if isFull, configuration.queuePolicy == .dropNewest {
      actions.append(.drop([seq], .queueFull))
      return
    }
    queue.append(PendingEvent(seq: seq, byteCount: json.count, isPriority: isPriority))
    actions.append(.persist(QueuedEvent(seq: seq, json: json)))
    makeRoom(&actions)
    if isPriority { isFlushing = true }
  }

  // MARK: - What an answer means

  private mutating func settle(
    _ batch: Batch,
    _ outcome: Outcome,
    at now: Int64,
    _ actions: inout [Action]
  ) {
    var refused: [Int64] = []
    var retryAfterSeconds: Int?
    let kind: AnswerKind
    switch outcome {
    case .unreachable: kind = .noConnection
    case .timedOut: kind = .timeout
    case .answered(let status, let indices, let asked):
      refused = Set(indices).filter { batch.seqs.indices.contains($0) }.sorted()
        .map { batch.seqs[$0] }
      retryAfterSeconds = asked
      kind = AnswerKind(status: status, namesEvents: !refused.isEmpty)
    }
    let rule = configuration.retryTable[kind]
    switch rule {
    case .delete:
      // Refused events stand in the server's dead letters: they are delivered, too.
      queue.remove(batch.seqs)
      actions.append(.delete(batch.seqs))
      succeed()
      // After a split the batches grow again.
      batchEventsMax = min(max(1, configuration.batchEventsMax), batchEventsMax * 2)
    case .dropNamed where !refused.isEmpty:
      drop(refused, .refused, &actions)
      succeed()
      isFlushing = true
    case .split, .dropNamed:
      // One bad event must not hold the others back: halve until it stands alone.
      guard batch.seqs.count > 1 else {
        return drop(batch.seqs, kind == .tooLarge ? .tooLarge : .refused, &actions)
      }
      batchEventsMax = batch.seqs.count / 2
      isFlushing = true
    case .dropBatch:
      drop(batch.seqs, .gaveUp, &actions)
      succeed()
      isFlushing = true
    case .retry:
      failureCount += 1
      failingSince = failingSince ?? now
      if hasFailedEnough(at: now) {
        drop(batch.seqs, .gaveUp, &actions)
        failingSince = nil
        failureCount = 1
        isFlushing = true
        // The next batch waits as well: nothing says that the server is back.
      }
      // Of the batch and the attempt alone, so that a client that is started again waits as long.
      var random = RandomWaits(
        seed: jitterSeed ^ UInt64(bitPattern: batch.seqs.first ?? 0) &* 0x9E37_79B9_7F4A_7C15
          ^ UInt64(failureCount) << 48)
      let delay = configuration.backoff.wait(failures: failureCount, &random)
      let asked = Int64(min(max(retryAfterSeconds ?? 0, 0), 86_400)) * 1_000
      askedUntil = retryAfterSeconds == nil ? nil : now + asked
      retryAt = now + max(1, delay, asked)
    case .stop:
      isStopped = true
    }
  }

  private mutating func succeed() {
    failureCount = 0
    failingSince = nil
    retryAt = nil
    askedUntil = nil
  }

  private func hasFailedEnough(at now: Int64) -> Bool {
    let backoff = configuration.backoff
    if backoff.giveUpAttempts > 0, failureCount >= backoff.giveUpAttempts { return true }
    guard backoff.giveUpAfterMilliseconds > 0, let failingSince else { return false }
    return now - failingSince >= backoff.giveUpAfterMilliseconds
  }

  private mutating func drop(_ seqs: [Int64], _ reason: DropReason, _ actions: inout [Action]) {
    queue.remove(seqs)
    actions.append(.drop(seqs, reason))
  }

  // MARK: - What to do next

  /// Sends the next batch if one is due and allowed, and sets the timer for what is not yet due.
  private mutating func proceed(at now: Int64, _ actions: inout [Action]) {
    guard inFlight == nil, isOnline, !isStopped else { return }
    guard queue.count > 0 else {
      isFlushing = false
      batchEventsMax = max(1, configuration.batchEventsMax)
      return setTimer(nil, &actions)
    }
    if let retryAt, now < retryAt {
      return setTimer(isForeground ? retryAt : nil, &actions)
    }
    guard isFlushing || retryAt != nil || queue.count >= configuration.flushAt else {
      // The first waiting event started the clock; later ones do not push it back.
      guard timerAt == nil, isForeground else { return }
      return setTimer(now + configuration.flushIntervalMilliseconds, &actions)
    }
    retryAt = nil
    batchNumber += 1
    let batch = Batch(
      number: batchNumber,
      seqs: queue.batch(eventsMax: batchEventsMax, bytesMax: configuration.batchBytesMax))
    inFlight = batch
    setTimer(nil, &actions)
    actions.append(.send(batch))
  }

  private mutating func setTimer(_ moment: Int64?, _ actions: inout [Action]) {
    guard timerAt != moment else { return }
    timerAt = moment
    actions.append(moment.map { .scheduleTimer(at: $0) } ?? .cancelTimer)
  }

  private mutating func makeRoom(_ actions: inout [Action]) {
    let excess = queue.count - max(1, configuration.queueEventsMax)
    guard excess > 0 else { return }
    // The batch in flight may be confirmed at any moment; what waits behind it goes first.
    let flying = inFlight?.seqs.count ?? 0
    let victims = queue.victims(
      excess, after: min(flying, queue.count - excess),
      sparesPriority: configuration.queuePolicy == .dropOldestOrdinary)
    drop(victims, .queueFull, &actions)
  }
}

/// One event as it waits on the phone: its JSON is fixed when it is tracked and never re-encoded.
public struct QueuedEvent: Sendable, Hashable {
  public var seq: Int64
  public var json: [UInt8]

  public init(seq: Int64, json: [UInt8]) {
    self.seq = seq
    self.json = json
  }
}
