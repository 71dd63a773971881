/// Where events wait on the phone until a server has confirmed them.
///
/// `DiskEventQueue` is the one for an app; `MemoryEventQueue` is for tests and simulated phones. One
/// owner uses a store, from one thread at a time.
public protocol EventQueueStore: AnyObject {
  /// The seqs that wait, ascending.
  var waitingSeqs: [Int64] { get }
  /// One more than the highest seq this store has ever held, also across restarts.
  var nextSeq: Int64 { get }
  /// Adds an event; its seq must be at least `nextSeq`.
  func append(_ event: QueuedEvent) throws
  /// Forgets events; seqs that do not wait are ignored.
  func remove(_ seqs: [Int64]) throws
  /// The JSON of a waiting event; throws `sdk.queue.missing` for any other seq.
  func json(of seq: Int64) throws -> [UInt8]
  /// Called before each request: what is about to be sent must survive what the policy promises.
  func prepareToSend() throws
}

/// A queue that dies with its process.
public final class MemoryEventQueue: EventQueueStore {
  private var events: [QueuedEvent] = []
  private var head = 0
  public private(set) var nextSeq: Int64

  public init(nextSeq: Int64 = 0) {
    self.nextSeq = nextSeq
  }

  public var waitingSeqs: [Int64] { events[head...].map(\.seq) }

  public func append(_ event: QueuedEvent) throws {
    guard event.seq >= nextSeq else { throw EventSDKError.seqUsed(event.seq, nextSeq: nextSeq) }
    nextSeq = event.seq + 1
    events.append(event)
  }

  public func remove(_ seqs: [Int64]) throws {
    var count = 0
    while count < seqs.count, head + count < events.count, events[head + count].seq == seqs[count] {
      count += 1
    }
    if count == seqs.count {
      head += count
    } else {
      let gone = Set(seqs)
      events = events[head...].filter { !gone.contains($0.seq) }
      head = 0
    }
    guard head == events.count || head > 1_024 else { return }
    events.removeFirst(head)
    head = 0
  }

  public func json(of seq: Int64) throws -> [UInt8] {
    var low = head
    var high = events.count
    while low < high {
      let middle = (low + high) / 2
      if events[middle].seq < seq { low = middle + 1 } else { high = middle }
    }
    guard low < events.count, events[low].seq == seq else { throw EventSDKError.missing(seq) }
    return events[low].json
  }

  public func prepareToSend() throws {}

  /// Leaves seqs out, so that the next event has `seq` at least: what a client has given to events that
  /// it dropped is not given again.
  package func skip(to seq: Int64) { nextSeq = max(nextSeq, seq) }
}

extension EventSDKError {
  static func missing(_ seq: Int64) -> EventSDKError {
    EventSDKError(code: "sdk.queue.missing", message: "no event with seq \(seq) waits in the queue")
  }

  static func seqUsed(_ seq: Int64, nextSeq: Int64) -> EventSDKError {
    EventSDKError(
      code: "sdk.queue.seq",
      message: "seq \(seq) was used before; the next is \(nextSeq)"
    )
  }
}
