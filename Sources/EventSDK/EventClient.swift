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
/// 4. After a failure the events stay where they are, and the client waits: 1 s, 2 s, 4 s … up to
///    5 minutes, each shortened by a random part, so that a million phones do not come back at once.
///
/// This type has no clock, no disk and no network. `Client` is the thin shell that has them. That
/// makes every rule above a test of values: see `EventClientTests`.
public struct EventClient: Sendable {
  /// What can happen to the client.
  public enum Input: Sendable {
    /// The app reports an event, already turned into JSON under the seq of `nextSeq`.
    case track(json: [UInt8])
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
  }

  /// What became of one attempt to send a batch.
  public enum Outcome: Sendable, Hashable {
    /// The server answered; `refused` are indices into the batch that it will never take.
    case answered(status: Int, refused: [Int], retryAfterSeconds: Int?)
    /// No answer: no connection, or a time-out. The server may or may not have the events.
    case unreachable
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
  }

  /// The events of one request, oldest first.
  public struct Batch: Sendable, Hashable {
    public var number: Int
    public var seqs: [Int64]
  }

  private let configuration: Configuration
  private var jitter: Jitter
  private var queue: PendingSeqs
  private var inFlight: Batch?
  private var batchNumber = 0
  private var batchEventsMax: Int
  private var failureCount = 0
  /// Not before this moment, after a failure.
  private var retryAt: Int64?
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
    self.configuration = configuration
    self.queue = PendingSeqs(waiting)
    self.nextSeq = max(nextSeq, (waiting.last ?? -1) + 1)
    self.batchEventsMax = max(1, configuration.batchEventsMax)
    self.jitter = Jitter(seed: jitterSeed)
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
    case .track(let json):
      queue.append(nextSeq)
      actions.append(.persist(QueuedEvent(seq: nextSeq, json: json)))
      nextSeq += 1
      makeRoom(&actions)
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
      retryAt = nil
      if queue.count > 0 { isFlushing = true }
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

  // MARK: - What an answer means

  private mutating func settle(
    _ batch: Batch,
    _ outcome: Outcome,
    at now: Int64,
    _ actions: inout [Action]
  ) {
    guard case .answered(let status, let refused, let retryAfterSeconds) = outcome else {
      return waitLonger(at: now, retryAfterSeconds: nil)
    }
    switch status {
    case 200...299:
      // Refused events stand in the server's dead letters: they are delivered, too.
      queue.remove(batch.seqs)
      actions.append(.delete(batch.seqs))
      failureCount = 0
      retryAt = nil
    case 400 where refused.contains { batch.seqs.indices.contains($0) }:
      let seqs = Set(refused).sorted().filter { batch.seqs.indices.contains($0) }
        .map { batch.seqs[$0] }
      drop(seqs, .refused, &actions)
      failureCount = 0
      isFlushing = true
    case 400, 413:
      // One bad event must not hold the others back: halve until it stands alone.
      guard batch.seqs.count > 1 else {
        return drop(batch.seqs, status == 413 ? .tooLarge : .refused, &actions)
      }
      batchEventsMax = batch.seqs.count / 2
      isFlushing = true
    default:
      waitLonger(at: now, retryAfterSeconds: retryAfterSeconds)
    }
  }

  private mutating func drop(_ seqs: [Int64], _ reason: DropReason, _ actions: inout [Action]) {
    queue.remove(seqs)
    actions.append(.drop(seqs, reason))
  }

  /// Exponential backoff with jitter: between half of the step and all of it.
  private mutating func waitLonger(at now: Int64, retryAfterSeconds: Int?) {
    failureCount += 1
    let base = max(1, configuration.retryBaseMilliseconds)
    let cap = max(base, configuration.retryCapMilliseconds)
    let doublings = min(failureCount - 1, 40)
    let step = base > cap >> Int64(doublings) ? cap : base << Int64(doublings)
    let delay = step / 2 + jitter.below(step - step / 2 + 1)
    let asked = Int64(min(max(retryAfterSeconds ?? 0, 0), 86_400)) * 1_000
    retryAt = now + max(delay, asked)
  }

  // MARK: - What to do next

  /// Sends the next batch if one is due and allowed, and sets the timer for what is not yet due.
  private mutating func proceed(at now: Int64, _ actions: inout [Action]) {
    guard inFlight == nil, isOnline else { return }
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
    let batch = Batch(number: batchNumber, seqs: queue.first(batchEventsMax))
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
    drop(queue.first(excess, after: min(flying, queue.count - excess)), .queueFull, &actions)
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

/// The seqs that wait, ascending: appended at the end, removed mostly at the front.
struct PendingSeqs: Sendable {
  private var seqs: [Int64]
  private var head = 0

  init(_ seqs: [Int64]) {
    self.seqs = seqs
  }

  var count: Int { seqs.count - head }

  mutating func append(_ seq: Int64) {
    seqs.append(seq)
  }

  func first(_ limit: Int, after skipped: Int = 0) -> [Int64] {
    Array(seqs[head...].dropFirst(skipped).prefix(limit))
  }

  /// Removes ascending seqs, whether they still wait or not.
  mutating func remove(_ removed: [Int64]) {
    if seqs[head...].starts(with: removed) {
      head += removed.count
    } else {
      let gone = Set(removed)
      seqs = seqs[head...].filter { !gone.contains($0) }
      head = 0
    }
    guard head == seqs.count || head > 4_096 else { return }
    seqs.removeFirst(head)
    head = 0
  }
}

/// The random part of a wait: SplitMix64, so that a test can name its seed.
struct Jitter: Sendable {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// A number in `0 ..< bound`.
  mutating func below(_ bound: Int64) -> Int64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    value ^= value >> 31
    return Int64(value.multipliedFullWidth(by: UInt64(max(bound, 1))).high)
  }
}
