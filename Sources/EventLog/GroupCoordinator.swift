// All consumer groups of a log: finds a request's group, lets it answer, and keeps offsets.
//
// 1. A request goes to its `ConsumerGroup` under one lock; what the group answers, perhaps to
//    requests that have waited for long, is handed out after the lock is free.
// 2. `tick` is to be called when `nextDeadline` has come: sessions end and rebalances begin by it.
// 3. Offsets are checked against the generation and go to the log's `consumer_offsets`.
//
// Members live in memory only: after a restart they are unknown and join again, as clients do. What
// they committed is on disk.

package import KafkaProtocol
internal import Synchronization

/// The coordinator of every group whose members come from outside this process.
///
/// Calls are safe from any thread. Times are milliseconds of one clock that never goes back.
package final class GroupCoordinator: Sendable {
  private typealias Answer = @Sendable () -> Void

  private struct State: Sendable {
    var groups: [String: ConsumerGroup] = [:]
    var joins: [UInt64: @Sendable (JoinGroupResponse) -> Void] = [:]
    var syncs: [UInt64: @Sendable (SyncGroupResponse) -> Void] = [:]
    var lastToken: UInt64 = 0
  }

  /// Groups that have members or wait for some; beyond it a new one is refused.
  private static let groupsMax = 10_000

  private let log: EventLog
  private let limits: ConsumerGroup.Limits
  private let state = Mutex(State())

  package init(log: EventLog, limits: ConsumerGroup.Limits = ConsumerGroup.Limits()) {
    self.log = log
    self.limits = limits
    log.countMembers { [weak self] name in
      self?.state.withLock { $0.groups[name]?.members.count } ?? 0
    }
  }

  // MARK: Members

  package func join(
    _ request: JoinGroupRequest,
    _ client: ConsumerGroup.Client,
    now: Int64,
    answer: @escaping @Sendable (JoinGroupResponse) -> Void
  ) {
    guard Self.isName(request.groupID) else {
      return answer(JoinGroupResponse(error: .invalidGroupID, memberID: request.memberID))
    }
    // Its members divide the partitions in a way that no client from outside knows.
    guard log.residentGroup(request.groupID) == nil else {
      return answer(
        JoinGroupResponse(error: .inconsistentGroupProtocol, memberID: request.memberID))
    }
    let isRefused = state.withLock { state in
      state.groups[request.groupID] == nil && state.groups.count >= Self.groupsMax
    }
    guard !isRefused else {
      return answer(JoinGroupResponse(error: .coordinatorNotAvailable, memberID: request.memberID))
    }
    with(request.groupID) { state, group in
      state.lastToken += 1
      state.joins[state.lastToken] = answer
      group.join(request, client, state.lastToken, now: now)
    }
  }

  package func sync(
    _ request: SyncGroupRequest,
    now: Int64,
    answer: @escaping @Sendable (SyncGroupResponse) -> Void
  ) {
    with(request.groupID) { state, group in
      state.lastToken += 1
      state.syncs[state.lastToken] = answer
      group.sync(request, state.lastToken, now: now)
    }
  }

  package func heartbeat(_ request: HeartbeatRequest, now: Int64) -> KafkaErrorCode {
    with(request.groupID) { _, group in group.heartbeat(request, now: now) }
  }

  package func leave(
    _ group: String,
    _ memberID: String,
    instanceID: String?,
    now: Int64
  ) -> KafkaErrorCode {
    with(group) { _, group in group.leave(memberID, instanceID: instanceID, now: now) }
  }

  /// When `tick` has something to do next; nil for never.
  package var nextDeadline: Int64? {
    state.withLock { $0.groups.values.compactMap(\.nextDeadline).min() }
  }

  package func tick(now: Int64) {
    let due = state.withLock { state in
      state.groups.filter { $0.value.nextDeadline.map { $0 <= now } ?? false }.map(\.key)
    }
    for name in due { with(name) { _, group in group.tick(now: now) } }
  }

  /// Lets a group, new or known, do one thing, then hands out its answers.
  private func with<Result: Sendable>(
    _ name: String,
    _ body: (inout State, inout ConsumerGroup) -> Result
  ) -> Result {
    let (result, answers): (Result, [Answer]) = state.withLock { state in
      var group = state.groups.removeValue(forKey: name) ?? ConsumerGroup(id: name, limits: limits)
      let result = body(&state, &group)
      let answers = group.takeReplies().compactMap { Self.answer($0, &state) }
      if !group.isDisposable { state.groups[name] = group }
      return (result, answers)
    }
    for answer in answers { answer() }
    return result
  }

  private static func answer(_ reply: ConsumerGroup.Reply, _ state: inout State) -> Answer? {
    switch reply {
    case .join(let token, let response):
      guard let answer = state.joins.removeValue(forKey: token) else { return nil }
      return { answer(response) }
    case .sync(let token, let response):
      guard let answer = state.syncs.removeValue(forKey: token) else { return nil }
      return { answer(response) }
    }
  }

  private static func isName(_ group: String) -> Bool {
    !group.isEmpty && group.utf8.count <= 1_024
  }

  /// Answers everybody who waits: this coordinator is leaving, and they are to look for it again.
  package func close() {
    let (joins, syncs) = state.withLock { state in
      defer { (state.joins, state.syncs) = ([:], [:]) }
      return (Array(state.joins.values), Array(state.syncs.values))
    }
    for answer in joins { answer(JoinGroupResponse(error: .notCoordinator, memberID: "")) }
    for answer in syncs { answer(SyncGroupResponse { $0.errorCode = .notCoordinator }) }
  }

  // MARK: Offsets

  /// Remembers how far a group has read; durable when this returns.
  ///
  /// - Returns: what the member is told.
  /// - Throws: `EventLogError` where it could not be written.
  package func commit(
    _ request: OffsetCommitRequest,
    _ offsets: [TopicPartition: CommittedOffset],
    now: Int64
  ) throws -> KafkaErrorCode {
    guard Self.isName(request.groupID) else { return .invalidGroupID }
    if log.residentGroup(request.groupID) != nil { return .unknownMemberID }
    let error = with(request.groupID) { _, group in
      group.checkCommit(
        memberID: request.memberID,
        instanceID: request.groupInstanceID,
        generation: request.generationID,
        now: now
      )
    }
    guard error == .none else { return error }
    try log.commit(request.groupID, offsets, at: offsets.values.compactMap(\.commitTime).max())
    return .none
  }

  /// All that a group has committed.
  package func committed(_ group: String) -> [TopicPartition: CommittedOffset] {
    log.offsets.all[group] ?? [:]
  }

  /// Forgets offsets of partitions that nobody in the group reads.
  package func forget(_ group: String, _ partitions: [TopicPartition]) throws {
    try log.offsets.forget(group, partitions)
  }

  /// Forgets a group that has no members.
  package func delete(_ name: String) throws -> KafkaErrorCode {
    if let group = log.residentGroup(name), !group.members.isEmpty { return .nonEmptyGroup }
    let error = state.withLock { state -> KafkaErrorCode in
      guard let group = state.groups[name] else { return .none }
      return group.isDisposable ? .none : .nonEmptyGroup
    }
    guard error == .none else { return error }
    guard log.offsets.all[name] != nil else { return .groupIDNotFound }
    try log.offsets.forget(name)
    return .none
  }

  /// Forgets offsets that were committed before `time` (story time) by groups without members.
  package func expireOffsets(before time: Int64) throws {
    let active = state.withLock { Set($0.groups.keys) }
      .union(log.residents.withLock { $0.filter { !$0.value.members.isEmpty }.map(\.key) })
    try log.offsets.expire(before: time) { !active.contains($0) }
  }

  // MARK: Looking

  /// Sorted; groups with members and those that only have offsets.
  package func names() -> [String] {
    let active = state.withLock { Set($0.groups.keys) }
    return active.union(log.groupNames()).sorted()
  }

  /// A group as it stands; one that only has offsets is empty; nil where there is neither.
  package func group(_ name: String) -> ConsumerGroup? {
    if let group = log.residentGroup(name) { return group }
    if let group = state.withLock({ $0.groups[name] }) { return group }
    return log.offsets.all[name] == nil ? nil : ConsumerGroup(id: name, limits: limits)
  }
}
