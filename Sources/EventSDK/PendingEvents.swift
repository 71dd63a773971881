/// What the client knows of an event that waits; its JSON lies in the store.
public struct PendingEvent: Sendable, Hashable {
  public var seq: Int64
  public var byteCount: Int
  public var isPriority: Bool

  public init(seq: Int64, byteCount: Int = 0, isPriority: Bool = false) {
    self.seq = seq
    self.byteCount = byteCount
    self.isPriority = isPriority
  }
}

/// The events that wait, by seq: appended at the end, removed mostly at the front.
struct PendingEvents: Sendable {
  private var events: [PendingEvent]
  private var head = 0
  private(set) var priorityCount: Int

  init(_ events: [PendingEvent]) {
    self.events = events
    priorityCount = events.count { $0.isPriority }
  }

  var count: Int { events.count - head }

  mutating func append(_ event: PendingEvent) {
    events.append(event)
    if event.isPriority { priorityCount += 1 }
  }

  /// The oldest events that fit into one request; one at least.
  func batch(eventsMax: Int, bytesMax: Int) -> [Int64] {
    var seqs: [Int64] = []
    var bytes = 0
    for event in events[head...].prefix(max(1, eventsMax)) {
      bytes += event.byteCount + 1
      if !seqs.isEmpty, bytes > bytesMax { break }
      seqs.append(event.seq)
    }
    return seqs
  }

  /// The seqs of events that give way, behind the first `skipped`.
  func victims(_ count: Int, after skipped: Int, sparesPriority: Bool) -> [Int64] {
    let rest = events[head...].dropFirst(skipped)
    guard sparesPriority else { return rest.prefix(count).map(\.seq) }
    let ordinary = rest.lazy.filter { !$0.isPriority }.prefix(count).map(\.seq)
    let missing = count - ordinary.count
    guard missing > 0 else { return Array(ordinary) }
    let priority = rest.lazy.filter(\.isPriority).prefix(missing).map(\.seq)
    return (Array(ordinary) + Array(priority)).sorted()
  }

  /// Removes ascending seqs, whether they still wait or not.
  mutating func remove(_ removed: [Int64]) {
    if events[head...].prefix(removed.count).map(\.seq) == removed {
      if priorityCount > 0 {
        priorityCount -= events[head..<head + removed.count].count { $0.isPriority }
      }
      head += removed.count
    } else {
      let gone = Set(removed)
      events = events[head...].filter { !gone.contains($0.seq) }
      head = 0
      priorityCount = events.count { $0.isPriority }
    }
    guard head == events.count || head > 4_096 else { return }
    events.removeFirst(head)
    head = 0
  }
}
