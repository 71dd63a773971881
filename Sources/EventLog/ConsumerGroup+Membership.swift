// Being a member: getting an assignment, staying, committing, leaving.

package import KafkaProtocol

extension ConsumerGroup {
  /// A member asks for its assignment; the leader brings everyone's.
  package mutating func sync(_ request: SyncGroupRequest, _ token: Token, now: Int64) {
    var error = fault(request.memberID, request.groupInstanceID)
    if error == nil, request.generationID != generation { error = .illegalGeneration }
    if error == nil, let type = request.protocolType, type != protocolType {
      error = .inconsistentGroupProtocol
    }
    if error == nil, let name = request.protocolName, name != protocolName {
      error = .inconsistentGroupProtocol
    }
    guard error == nil, let index = index(request.memberID) else {
      replies.append(.sync(token, syncResponse(error ?? .unknownMemberID)))
      return
    }
    switch state {
    case .empty: replies.append(.sync(token, syncResponse(.unknownMemberID)))
    case .preparingRebalance: replies.append(.sync(token, syncResponse(.rebalanceInProgress)))
    case .stable:
      touch(index, now: now)
      replies.append(.sync(token, syncResponse(.none, members[index])))
    case .completingRebalance:
      answerSync(index, .rebalanceInProgress)
      members[index].syncToken = token
      if request.memberID == leaderID { assign(request.assignments, now: now) }
    }
  }

  private mutating func assign(_ assignments: [SyncGroupRequest.Assignment], now: Int64) {
    let parts = Dictionary(assignments.map { ($0.memberID, $0.assignment) }) { $1 }
    state = .stable
    for index in members.indices {
      members[index].assignment = parts[members[index].id] ?? []
      touch(index, now: now)
      answerSync(index, .none)
    }
  }

  /// A member says that it lives.
  package mutating func heartbeat(_ request: HeartbeatRequest, now: Int64) -> KafkaErrorCode {
    if let fault = fault(request.memberID, request.groupInstanceID) { return fault }
    guard let index = index(request.memberID) else { return .unknownMemberID }
    guard request.generationID == generation else { return .illegalGeneration }
    guard state != .empty else { return .unknownMemberID }
    touch(index, now: now)
    return state == .preparingRebalance ? .rebalanceInProgress : .none
  }

  /// A member goes; a static one may be named by its instance alone.
  package mutating func leave(
    _ memberID: String,
    instanceID: String?,
    now: Int64
  ) -> KafkaErrorCode {
    if pending.removeValue(forKey: memberID) != nil {
      completeJoinIfDue(now: now)
      return .none
    }
    var id = memberID
    if let instanceID {
      guard let member = members.first(where: { $0.instanceID == instanceID }) else {
        return .unknownMemberID
      }
      guard id.isEmpty || id == member.id else { return .fencedInstanceID }
      id = member.id
    }
    guard index(id) != nil else { return .unknownMemberID }
    remove(id, now: now)
    return .none
  }

  /// Whether a member of this generation, or a consumer without a group, may commit now.
  package mutating func checkCommit(
    memberID: String,
    instanceID: String?,
    generation asked: Int32,
    now: Int64
  ) -> KafkaErrorCode {
    if asked < 0, memberID.isEmpty, members.isEmpty { return .none }
    if let fault = fault(memberID, instanceID) { return fault }
    guard let index = index(memberID) else { return .unknownMemberID }
    guard asked == generation else { return .illegalGeneration }
    guard state != .completingRebalance else { return .rebalanceInProgress }
    touch(index, now: now)
    return .none
  }

  /// Why a request cannot come from a member; nil where it can.
  private func fault(_ memberID: String, _ instanceID: String?) -> KafkaErrorCode? {
    if let instanceID {
      guard let member = members.first(where: { $0.instanceID == instanceID }) else {
        return .unknownMemberID
      }
      return member.id == memberID ? nil : .fencedInstanceID
    }
    return index(memberID) == nil ? .unknownMemberID : nil
  }

  /// True where a member reads the topic, by the subscription that Kafka's own consumers send.
  package func isSubscribed(to topic: String) -> Bool {
    guard protocolType == "consumer" else { return !members.isEmpty }
    return members.contains { member in
      member.protocols.contains { Self.topics($0.metadata)?.contains(topic) ?? true }
    }
  }

  /// The topics in a consumer's subscription; nil where it cannot be read.
  static func topics(_ metadata: [UInt8]) -> [String]? {
    var wire = WireCoder(reading: metadata, version: 0, isFlexible: false)
    var version: Int16 = 0
    var topics: [String] = []
    guard (try? wire.field(&version)) != nil, (try? wire.field(&topics)) != nil else { return nil }
    return topics
  }
}
