// The members of Bronze's consumer group and their generations, on story time. Pure: moments go in,
// and what each partition's owner could do until then comes out.
//
// ```
//   running ──stop──▶ stopped: silent; expelled after session.timeout.ms
//      │    ──hang──▶ hanging: heartbeats, but never polls again; leaves after max.poll.interval.ms
//      └── a poll longer than max.poll.interval.ms: expelled, finishes it, joins again
// ```
// Every join and every expulsion is a generation, and divides the partitions anew, in ranges.

/// A consumer group of this process.
package struct SinkGroup: Sendable, Hashable, Codable {
  package enum Condition: String, Sendable, Codable {
    case running, stopped, hanging
  }

  /// One consumer.
  package struct Member: Sendable, Hashable, Codable {
    package var number: Int
    package var condition = Condition.running
    /// When it last changed, in milliseconds.
    package var since: Int64
    /// The generation in which it joined; nil while it is not a member.
    package var joined: Int32?
    package var assignment: [Int32] = []
    /// What it is working on.
    var poll: Poll?
    /// When its last poll was done.
    package var lastPoll: Int64?
    package var polls = 0
    /// How often it failed or was expelled, and joined again.
    package var restarts = 0

    package var id: String { "lake-sink-\(number)-g\(joined ?? 0)" }
    package var clientID: String { "lake-sink-\(number)" }
  }

  /// Records that a member has taken and not finished.
  struct Poll: Sendable, Hashable, Codable {
    struct Part: Sendable, Hashable, Codable {
      var partition: Int32
      var from: Int64
      /// Behind the last one.
      var to: Int64
    }

    var started: Int64
    var ends: Int64
    var parts: [Part]
  }

  /// A turn of the wheel.
  package struct Rebalance: Sendable, Hashable, Codable {
    package enum Reason: String, Sendable, Codable {
      case joined, left, sessionExpired, pollExpired, rejoined, poison
    }

    package var time: Int64
    package var generation: Int32
    package var reason: Reason
    package var member: String
    package var members: Int
  }

  package private(set) var generation: Int32 = 0
  package internal(set) var members: [Member] = []
  /// The latest ones.
  package private(set) var rebalances: [Rebalance] = []
  /// Members beyond those of `ingest.yaml`.
  package private(set) var added = 0
  var lived: Int64?
  /// Until when partitions were read by members that the group has missed since.
  private var covered: [Int32: Int64] = [:]

  static let rebalancesMax = 500
  package static let membersMax = 64

  package init() {}

  // MARK: Commands

  /// Brings the number of members to the settings', and gives everybody partitions.
  package mutating func adjust(_ settings: IngestSettings, partitions: Int, at now: Int64) {
    let wanted = min(settings.consumers + added, Self.membersMax)
    while members.count > wanted, let last = members.popLast() {
      if last.joined != nil { rebalance(.left, last, partitions, at: now) }
    }
    while members.count < wanted {
      members.append(Member(number: members.count + 1, since: now))
      join(members.count - 1, .joined, partitions, at: now)
    }
    if members.contains(where: { $0.joined != nil }), Set(assigned).count != partitions {
      divide(partitions)
    }
  }

  /// Whether somebody has taken records and not finished them.
  var isWorking: Bool { members.contains { $0.poll != nil } }

  private var assigned: [Int32] { members.flatMap(\.assignment) }

  /// One more consumer, beyond those of the settings; it joins at the next `adjust`.
  package mutating func add() { added += 1 }

  /// The member's number; nil where there is none.
  package func index(_ number: Int) -> Int? { members.firstIndex { $0.number == number } }

  package mutating func set(
    _ index: Int, _ condition: Condition, partitions: Int, at now: Int64
  ) {
    guard members[index].condition != condition else { return }
    members[index].condition = condition
    members[index].since = now
    // What a killed process was working on is nobody's.
    members[index].poll = nil
    if condition == .running {
      if members[index].joined != nil { members[index].joined = nil }
      members[index].restarts += 1
      join(index, .rejoined, partitions, at: now)
    }
  }

  // MARK: Membership

  mutating func join(
    _ index: Int, _ reason: Rebalance.Reason, _ partitions: Int, at now: Int64
  ) {
    members[index].joined = generation + 1
    rebalance(reason, members[index], partitions, at: now)
  }

  mutating func expel(
    _ index: Int, _ reason: Rebalance.Reason, _ partitions: Int, at now: Int64
  ) {
    let member = members[index]
    members[index].joined = nil
    members[index].assignment = []
    rebalance(reason, member, partitions, at: now)
  }

  private mutating func rebalance(
    _ reason: Rebalance.Reason, _ member: Member, _ partitions: Int, at now: Int64
  ) {
    generation += 1
    rebalances.append(
      Rebalance(
        time: now,
        generation: generation,
        reason: reason,
        member: member.clientID,
        members: members.count { $0.joined != nil }
      )
    )
    if rebalances.count > Self.rebalancesMax { rebalances.removeFirst() }
    divide(partitions)
  }

  /// Range assignment: contiguous partitions, the first members get one more.
  private mutating func divide(_ partitions: Int) {
    let active = members.indices.filter { members[$0].joined != nil }
    for index in members.indices { members[index].assignment = [] }
    guard !active.isEmpty else { return }
    let (share, rest) = partitions.quotientAndRemainder(dividingBy: active.count)
    var next = 0
    for (place, index) in active.enumerated() {
      let count = share + (place < rest ? 1 : 0)
      members[index].assignment = (next..<next + count).map(Int32.init)
      next += count
    }
  }

  /// The next moment at which a silent member is missed, and who and why.
  func nextExpulsion(_ settings: IngestSettings, isSilentOnly: Bool = false) -> (
    time: Int64, index: Int, reason: Rebalance.Reason
  )? {
    var first: (time: Int64, index: Int, reason: Rebalance.Reason)?
    for (index, member) in members.enumerated() where member.joined != nil {
      let due: (Int64, Rebalance.Reason)
      switch member.condition {
      case .stopped: due = (member.since + settings.sessionTimeout, .sessionExpired)
      case .hanging: due = (member.since + settings.pollIntervalMax, .pollExpired)
      case .running:
        guard !isSilentOnly, let poll = member.poll, poll.ends - poll.started > settings.pollIntervalMax else {
          continue
        }
        due = (poll.started + settings.pollIntervalMax, .pollExpired)
      }
      if first.map({ due.0 < $0.time }) ?? true { first = (due.0, index, due.1) }
    }
    return first
  }

  /// Misses those who have been silent for too long by `now`.
  mutating func settle(_ settings: IngestSettings, partitions: Int, until now: Int64) {
    while let due = nextExpulsion(settings, isSilentOnly: true), due.time <= now {
      cover(due.index)
      expel(due.index, due.reason, partitions, at: due.time)
    }
  }

  /// Notes until when a member that no longer reads had read its partitions.
  private mutating func cover(_ index: Int) {
    let member = members[index]
    guard member.condition != .running, member.since >= lived ?? member.since else { return }
    for partition in member.assignment {
      covered[partition] = max(covered[partition] ?? .min, member.since)
    }
  }

  /// The running member that owns a partition.
  func owner(_ partition: Int32) -> Int? {
    members.firstIndex {
      $0.joined != nil && $0.condition == .running && $0.assignment.contains(partition)
    }
  }

  /// Lives until `now` with members that take no time: until when each partition was read.
  mutating func liveAtOnce(
    _ settings: IngestSettings, partitions: Int, until now: Int64
  ) -> [Int32: Int64] {
    for index in members.indices {
      cover(index)
      members[index].poll = nil
      if members[index].condition == .running, members[index].joined == nil {
        join(index, .rejoined, partitions, at: now)
      }
    }
    var reached = covered
    covered = [:]
    func note(_ time: Int64, _ group: SinkGroup) {
      for partition in 0..<Int32(partitions) where group.owner(partition) != nil {
        reached[partition] = max(reached[partition] ?? .min, time)
      }
    }
    while let due = nextExpulsion(settings), due.time <= now {
      note(due.time, self)
      expel(due.index, due.reason, partitions, at: due.time)
    }
    note(now, self)
    for index in members.indices where members[index].condition == .running {
      guard members[index].joined != nil else { continue }
      members[index].lastPoll = now
      members[index].polls += 1
    }
    lived = max(lived ?? now, now)
    return reached
  }
}
