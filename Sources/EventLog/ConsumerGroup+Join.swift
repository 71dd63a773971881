// Becoming a member: new, static, or known and joining again.

package import KafkaProtocol

extension ConsumerGroup {
  /// Who asks, beside what the request says.
  package struct Client: Sendable {
    package var id: String
    package var host: String
    /// The id that it gets if it is new; never used before.
    package var newMemberID: String
    /// True from version 4 on: a new member is told its id first, and joins with it.
    package var mustKnowItsID: Bool

    package init(id: String, host: String, newMemberID: String, mustKnowItsID: Bool) {
      self.id = id
      self.host = host
      self.newMemberID = newMemberID
      self.mustKnowItsID = mustKnowItsID
    }
  }

  /// A member wants to belong to the next generation; the answer to `token` may come much later.
  package mutating func join(
    _ request: JoinGroupRequest,
    _ client: Client,
    _ token: Token,
    now: Int64
  ) {
    if let error = refusal(request) {
      return refuse(token, error, request.memberID)
    }
    if let instance = request.groupInstanceID {
      joinStatic(request, instance, client, token, now: now)
    } else if request.memberID.isEmpty {
      guard client.mustKnowItsID else {
        return add(client.newMemberID, request, client, token, now: now)
      }
      pending[client.newMemberID] = now + Int64(request.sessionTimeoutMilliseconds)
      refuse(token, .memberIDRequired, client.newMemberID)
    } else if pending.removeValue(forKey: request.memberID) != nil {
      add(request.memberID, request, client, token, now: now)
    } else if let index = index(request.memberID) {
      rejoin(index, request, token, now: now)
    } else {
      refuse(token, .unknownMemberID, request.memberID)
    }
  }

  private func refusal(_ request: JoinGroupRequest) -> KafkaErrorCode? {
    guard limits.sessionTimeoutMilliseconds.contains(request.sessionTimeoutMilliseconds) else {
      return .invalidSessionTimeout
    }
    guard !request.protocolType.isEmpty, !request.protocols.isEmpty else {
      return .inconsistentGroupProtocol
    }
    let others = members.filter { $0.id != request.memberID }
    if !others.isEmpty {
      let names = Set(request.protocols.map(\.name))
      let isKnown = others.allSatisfy { member in
        member.protocols.contains { names.contains($0.name) }
      }
      guard request.protocolType == protocolType, isKnown,
        !commonProtocols.intersection(names).isEmpty || members.count == 1
      else { return .inconsistentGroupProtocol }
    }
    guard
      members.count + pending.count < limits.membersMax || index(request.memberID) != nil
        || pending[request.memberID] != nil
    else { return .groupMaxSizeReached }
    return nil
  }

  private mutating func refuse(_ token: Token, _ error: KafkaErrorCode, _ memberID: String) {
    replies.append(.join(token, JoinGroupResponse(error: error, memberID: memberID)))
  }

  private mutating func add(
    _ memberID: String,
    _ request: JoinGroupRequest,
    _ client: Client,
    _ token: Token,
    now: Int64
  ) {
    let session = Int64(request.sessionTimeoutMilliseconds)
    members.append(
      Member(
        id: memberID,
        instanceID: request.groupInstanceID,
        clientID: client.id,
        clientHost: client.host,
        sessionTimeout: session,
        rebalanceTimeout: rebalanceTimeout(request),
        protocols: request.protocols,
        deadline: now + session,
        joinToken: token
      )
    )
    protocolType = request.protocolType
    emptySince = nil
    if state == .preparingRebalance, let end = initialDelayEnd, let last = rebalanceDeadline {
      // Somebody came while the group was filling: wait a little for the next one too.
      initialDelayEnd = min(max(end, now + limits.initialRebalanceDelayMilliseconds), last)
    }
    prepareRebalance(now: now)
    completeJoinIfDue(now: now)
  }

  private func rebalanceTimeout(_ request: JoinGroupRequest) -> Int64 {
    // Version 0 has none: the session's stands for it.
    Int64(
      request.rebalanceTimeoutMilliseconds > 0
        ? request.rebalanceTimeoutMilliseconds : request.sessionTimeoutMilliseconds
    )
  }

  private mutating func rejoin(
    _ index: Int,
    _ request: JoinGroupRequest,
    _ token: Token,
    now: Int64
  ) {
    let isChanged = members[index].protocols != request.protocols
    if let old = members[index].joinToken {
      // The client gave up waiting and asks again.
      refuse(old, .unknownMemberID, members[index].id)
    }
    touch(index, now: now)
    members[index].joinToken = token
    members[index].protocols = request.protocols
    members[index].sessionTimeout = Int64(request.sessionTimeoutMilliseconds)
    members[index].rebalanceTimeout = rebalanceTimeout(request)
    switch state {
    case .completingRebalance where !isChanged: answerJoin(index)
    case .stable where !isChanged && members[index].id != leaderID: answerJoin(index)
    case .empty, .stable, .completingRebalance, .preparingRebalance:
      prepareRebalance(now: now)
      completeJoinIfDue(now: now)
    }
  }

  private mutating func joinStatic(
    _ request: JoinGroupRequest,
    _ instance: String,
    _ client: Client,
    _ token: Token,
    now: Int64
  ) {
    guard let index = members.firstIndex(where: { $0.instanceID == instance }) else {
      guard request.memberID.isEmpty else {
        return refuse(token, .unknownMemberID, request.memberID)
      }
      return add(client.newMemberID, request, client, token, now: now)
    }
    guard request.memberID.isEmpty else {
      guard members[index].id == request.memberID else {
        return refuse(token, .fencedInstanceID, request.memberID)
      }
      return rejoin(index, request, token, now: now)
    }
    replaceStatic(index, request, client, token, now: now)
  }

  /// A static member is back with a new id: it gets its old place, without a rebalance if it can.
  private mutating func replaceStatic(
    _ index: Int,
    _ request: JoinGroupRequest,
    _ client: Client,
    _ token: Token,
    now: Int64
  ) {
    let old = members[index]
    answerSync(index, .fencedInstanceID)
    if let token = old.joinToken { refuse(token, .fencedInstanceID, old.id) }
    members[index].joinToken = nil
    members[index].id = client.newMemberID
    members[index].clientID = client.id
    members[index].clientHost = client.host
    let wasLeader = leaderID == old.id
    if wasLeader { leaderID = client.newMemberID }
    guard state == .stable, old.protocols == request.protocols else {
      return rejoin(index, request, token, now: now)
    }
    touch(index, now: now)
    members[index].joinToken = token
    // A leader that came back is not to assign anew: it learns of the leader that it was.
    if wasLeader {
      members[index].joinToken = nil
      var response = joinResponse(members[index])
      response.leader = old.id
      response.members = []
      replies.append(.join(token, response))
    } else {
      answerJoin(index)
    }
  }
}
