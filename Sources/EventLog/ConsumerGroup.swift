// A consumer group as Kafka's coordinator keeps it: who is a member, of which generation, and when
// the next one begins. Pure: inputs and a clock go in, answers come out.
//
// ```
//            join                    all joined, or time is up           leader's sync
//   Empty ─────────▶ PreparingRebalance ─────────▶ CompletingRebalance ─────────▶ Stable
//     ▲                    ▲   │                        │                           │
//     └──── nobody left ───┼───┘                        │  join, leave, expiry      │
//                          └────────────────────────────┴───────────────────────────┘
// ```
// A member that joins waits for the others; the leader then divides the partitions, in bytes that
// nobody here reads, and every sync is answered with its part. Each turn of the wheel is a
// generation, and what comes with the number of an older one is refused.

package import KafkaProtocol

/// The members of one group, and the rebalance they are in.
package struct ConsumerGroup: Sendable {
  /// As `DescribeGroups` names them.
  package enum State: String, Sendable {
    case empty = "Empty"
    case preparingRebalance = "PreparingRebalance"
    case completingRebalance = "CompletingRebalance"
    case stable = "Stable"
  }

  /// A request that is answered later; the caller's own number.
  package typealias Token = UInt64

  /// An answer to a request, perhaps to one that came long before.
  package enum Reply: Sendable {
    case join(Token, JoinGroupResponse)
    case sync(Token, SyncGroupResponse)
  }

  /// What a broker lets its groups do.
  package struct Limits: Sendable {
    package var sessionTimeoutMilliseconds: ClosedRange<Int32> = 6_000...1_800_000
    /// How long a group that was empty waits for more members (`group.initial.rebalance.delay.ms`).
    package var initialRebalanceDelayMilliseconds: Int64 = 500
    /// `group.max.size`.
    package var membersMax = 1_000

    package init() {}
  }

  /// One consumer of the group.
  package struct Member: Sendable {
    package var id: String
    /// A static member keeps its place under this name when it comes back with a new id.
    package var instanceID: String?
    package var clientID: String
    package var clientHost: String
    package var sessionTimeout: Int64
    package var rebalanceTimeout: Int64
    package var protocols: [JoinGroupRequest.GroupProtocol]
    package var assignment: [UInt8] = []
    /// When it counts as dead unless it says something.
    var deadline: Int64
    var joinToken: Token?
    var syncToken: Token?

    func metadata(_ name: String?) -> [UInt8] {
      protocols.first { $0.name == name }?.metadata ?? []
    }
  }

  package let id: String
  let limits: Limits
  package internal(set) var state = State.empty
  package internal(set) var generation: Int32 = 0
  package internal(set) var protocolType: String?
  package internal(set) var protocolName: String?
  package internal(set) var leaderID: String?
  /// In the order in which they joined.
  package internal(set) var members: [Member] = []
  /// Ids that were given to members who have to come back with them, and until when.
  var pending: [String: Int64] = [:]
  var rebalanceDeadline: Int64?
  /// While the group was empty before, the rebalance waits at least until then.
  var initialDelayEnd: Int64?
  /// Since when nobody is a member.
  package internal(set) var emptySince: Int64?
  var replies: [Reply] = []

  package init(id: String, limits: Limits = Limits()) {
    self.id = id
    self.limits = limits
  }

  /// Answers that are due, and forgets them.
  package mutating func takeReplies() -> [Reply] {
    defer { replies = [] }
    return replies
  }

  /// True where forgetting the group would lose nothing.
  package var isDisposable: Bool { members.isEmpty && pending.isEmpty && state == .empty }

  // MARK: Time

  /// When `tick` has something to do next; nil for never.
  package var nextDeadline: Int64? {
    var times = Array(pending.values)
    times += members.filter { !$0.isAwaiting }.map(\.deadline)
    if state == .preparingRebalance {
      let isReady = hasAllJoined
      if let rebalanceDeadline {
        times.append(
          isReady
            ? min(initialDelayEnd ?? rebalanceDeadline, rebalanceDeadline)
            : rebalanceDeadline
        )
      }
    }
    return times.min()
  }

  /// Removes members that were silent for too long, and ends a rebalance whose time is up.
  package mutating func tick(now: Int64) {
    pending = pending.filter { $0.value > now }
    for member in members where !member.isAwaiting && member.deadline <= now {
      remove(member.id, now: now)
    }
    completeJoinIfDue(now: now)
  }

  /// Notes that a member lives.
  mutating func touch(_ index: Int, now: Int64) {
    members[index].deadline = now + members[index].sessionTimeout
  }

  func index(_ memberID: String) -> Int? { members.firstIndex { $0.id == memberID } }

  // MARK: Rebalance

  var hasAllJoined: Bool { pending.isEmpty && members.allSatisfy { $0.joinToken != nil } }

  mutating func prepareRebalance(now: Int64) {
    guard state != .preparingRebalance else { return }
    if state == .completingRebalance {
      for index in members.indices {
        answerSync(index, .rebalanceInProgress)
        members[index].assignment = []
      }
    }
    let isFirst = state == .empty
    state = .preparingRebalance
    let longest = members.map(\.rebalanceTimeout).max() ?? 0
    rebalanceDeadline = now + longest
    initialDelayEnd =
      isFirst ? min(now + limits.initialRebalanceDelayMilliseconds, now + longest) : nil
  }

  /// Begins the next generation where every member has joined, or the others have had their time.
  mutating func completeJoinIfDue(now: Int64) {
    guard state == .preparingRebalance, let rebalanceDeadline else { return }
    let isTimeUp = now >= rebalanceDeadline
    guard isTimeUp || (hasAllJoined && now >= initialDelayEnd ?? now) else { return }
    // A static member may come back within its session; it keeps its place.
    members.removeAll { $0.joinToken == nil && $0.instanceID == nil }
    self.rebalanceDeadline = nil
    initialDelayEnd = nil
    generation += 1
    guard members.contains(where: { $0.joinToken != nil }) else {
      return members.isEmpty ? becomeEmpty(now: now) : waitForStaticMembers(now: now)
    }
    if leaderID.flatMap({ index($0) }).map({ members[$0].joinToken == nil }) ?? true {
      leaderID = members.first { $0.joinToken != nil }?.id
    }
    protocolName = electProtocol()
    state = .completingRebalance
    for index in members.indices {
      members[index].assignment = []
      if members[index].joinToken != nil { touch(index, now: now) }
      answerJoin(index)
    }
  }

  private mutating func becomeEmpty(now: Int64) {
    state = .empty
    leaderID = nil
    protocolName = nil
    emptySince = now
  }

  /// Nobody joined, but some may still come back: the wheel stands until they do or expire.
  private mutating func waitForStaticMembers(now: Int64) {
    rebalanceDeadline = members.map(\.deadline).max()
  }

  /// The way to assign that most members like best, of those that all of them know.
  private func electProtocol() -> String? {
    let common = commonProtocols
    var votes: [String: Int] = [:]
    for member in members {
      if let vote = member.protocols.first(where: { common.contains($0.name) })?.name {
        votes[vote, default: 0] += 1
      }
    }
    return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  var commonProtocols: Set<String> {
    guard let first = members.first else { return [] }
    return members.reduce(Set(first.protocols.map(\.name))) {
      $0.intersection($1.protocols.map(\.name))
    }
  }

  /// Removes a member, and turns the wheel for the others.
  mutating func remove(_ memberID: String, now: Int64) {
    guard let index = index(memberID) else { return }
    answerSync(index, .unknownMemberID)
    if let token = members[index].joinToken {
      replies.append(.join(token, JoinGroupResponse(error: .unknownMemberID, memberID: memberID)))
    }
    members.remove(at: index)
    if leaderID == memberID { leaderID = nil }
    switch state {
    case .empty: break
    case .stable, .completingRebalance:
      prepareRebalance(now: now)
      completeJoinIfDue(now: now)
    case .preparingRebalance: completeJoinIfDue(now: now)
    }
  }

  // MARK: Answers

  mutating func answerJoin(_ index: Int) {
    guard let token = members[index].joinToken else { return }
    members[index].joinToken = nil
    replies.append(.join(token, joinResponse(members[index])))
  }

  /// The generation as a member learns of it; only its leader gets the others.
  func joinResponse(_ member: Member) -> JoinGroupResponse {
    JoinGroupResponse {
      $0.generationID = generation
      $0.protocolType = protocolType
      $0.protocolName = protocolName ?? ""
      $0.leader = leaderID ?? ""
      $0.memberID = member.id
      guard member.id == leaderID else { return }
      $0.members = members.map { other in
        JoinGroupResponse.Member {
          $0.memberID = other.id
          $0.groupInstanceID = other.instanceID
          $0.metadata = other.metadata(protocolName)
        }
      }
    }
  }

  mutating func answerSync(_ index: Int, _ error: KafkaErrorCode) {
    guard let token = members[index].syncToken else { return }
    members[index].syncToken = nil
    replies.append(.sync(token, syncResponse(error, members[index])))
  }

  func syncResponse(_ error: KafkaErrorCode, _ member: Member? = nil) -> SyncGroupResponse {
    SyncGroupResponse {
      $0.errorCode = error
      guard error == .none, let member else { return }
      $0.protocolType = protocolType
      $0.protocolName = protocolName
      $0.assignment = member.assignment
    }
  }
}

extension ConsumerGroup.Member {
  var isAwaiting: Bool { joinToken != nil || syncToken != nil }
}

extension JoinGroupResponse {
  init(error: KafkaErrorCode, memberID: String) {
    self.init {
      $0.errorCode = error
      $0.memberID = memberID
      $0.protocolName = ""
    }
  }
}
