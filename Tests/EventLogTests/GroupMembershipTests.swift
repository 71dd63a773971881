// The group's state machine with a clock of the test's own: joins, syncs, deaths, returns.

import EventLog
import KafkaProtocol
import Testing

/// A group, and what its members were answered.
private struct Room {
  var group: ConsumerGroup
  var now: Int64 = 1_000
  var joins: [UInt64: JoinGroupResponse] = [:]
  var syncs: [UInt64: SyncGroupResponse] = [:]
  private var token: UInt64 = 0
  private var ids = 0

  init(delay: Int64 = 0) {
    var limits = ConsumerGroup.Limits()
    limits.initialRebalanceDelayMilliseconds = delay
    group = ConsumerGroup(id: "g", limits: limits)
  }

  mutating func take() {
    for reply in group.takeReplies() {
      switch reply {
      case .join(let token, let response): joins[token] = response
      case .sync(let token, let response): syncs[token] = response
      }
    }
  }

  mutating func join(
    _ id: String = "",
    instance: String? = nil,
    protocols: [String] = ["range"],
    session: Int32 = 10_000,
    rebalance: Int32 = 60_000,
    mustKnow: Bool = false
  ) -> UInt64 {
    token += 1
    ids += 1
    let request = JoinGroupRequest {
      $0.groupID = "g"
      $0.memberID = id
      $0.groupInstanceID = instance
      $0.protocolType = "consumer"
      $0.sessionTimeoutMilliseconds = session
      $0.rebalanceTimeoutMilliseconds = rebalance
      $0.protocols = protocols.map { name in
        JoinGroupRequest.GroupProtocol {
          $0.name = name
          $0.metadata = Array(name.utf8)
        }
      }
    }
    let client = ConsumerGroup.Client(
      id: "c", host: "/127.0.0.1", newMemberID: "m\(ids)", mustKnowItsID: mustKnow)
    group.join(request, client, token, now: now)
    take()
    return token
  }

  mutating func sync(
    _ id: String,
    _ generation: Int32,
    instance: String? = nil,
    _ parts: [String: String] = [:]
  ) -> UInt64 {
    token += 1
    let request = SyncGroupRequest {
      $0.groupID = "g"
      $0.memberID = id
      $0.groupInstanceID = instance
      $0.generationID = generation
      $0.assignments = parts.map { key, value in
        SyncGroupRequest.Assignment {
          $0.memberID = key
          $0.assignment = Array(value.utf8)
        }
      }
    }
    group.sync(request, token, now: now)
    take()
    return token
  }

  mutating func heartbeat(
    _ id: String,
    _ generation: Int32,
    instance: String? = nil
  ) -> KafkaErrorCode {
    let request = HeartbeatRequest {
      $0.memberID = id
      $0.generationID = generation
      $0.groupInstanceID = instance
    }
    defer { take() }
    return group.heartbeat(request, now: now)
  }

  /// Lets time pass, as the coordinator's alarm would.
  mutating func pass(_ milliseconds: Int64) {
    let end = now + milliseconds
    while let next = group.nextDeadline, next <= end {
      now = max(now, next)
      group.tick(now: now)
      take()
    }
    now = end
  }

  /// Three members of a stable group.
  static func ofThree() throws -> (room: Room, ids: [String]) {
    var room = Room()
    let first = room.join()
    let leader = try #require(room.joins[first]?.memberID)
    let others = [room.join(), room.join()]
    let again = room.join(leader)
    let ids = [leader] + others.compactMap { room.joins[$0]?.memberID }
    #expect(room.joins[again]?.members.map(\.memberID) == ids)
    #expect(others.allSatisfy { room.joins[$0]?.members == [] })
    let waiting = [room.sync(ids[1], 2), room.sync(ids[2], 2)]
    #expect(waiting.allSatisfy { room.syncs[$0] == nil })
    let parts = Dictionary(uniqueKeysWithValues: ids.map { ($0, "part of \($0)") })
    let own = room.sync(leader, 2, parts)
    for (token, id) in zip([own] + waiting, ids) {
      #expect(room.syncs[token]?.assignment == Array("part of \(id)".utf8))
    }
    #expect(room.group.state == .stable && room.group.generation == 2)
    return (room, ids)
  }
}

@Suite struct GroupMembershipTests {
  @Test func `three members get the leader's parts`() throws {
    _ = try Room.ofThree()
  }

  @Test func `a new member is told its id first and joins with it`() throws {
    var room = Room()
    let first = room.join(mustKnow: true)
    #expect(room.joins[first]?.errorCode == .memberIDRequired)
    let id = try #require(room.joins[first]?.memberID)
    #expect(!id.isEmpty && room.group.members.isEmpty)
    let second = room.join(id, mustKnow: true)
    #expect(room.joins[second]?.errorCode == KafkaErrorCode.none)
    #expect(room.joins[second]?.generationID == 1 && room.joins[second]?.leader == id)
    // Who never comes back is forgotten.
    _ = room.join(mustKnow: true)
    room.pass(10_000)
    #expect(room.heartbeat(id, 1) == .unknownMemberID, "its session has ended too")
  }

  @Test func `an empty group waits for more members`() {
    var room = Room(delay: 500)
    let first = room.join()
    room.pass(400)
    let second = room.join()
    room.pass(400)
    #expect(room.joins[first] == nil && room.joins[second] == nil)
    room.pass(200)
    #expect(room.joins[first]?.generationID == 1 && room.joins[second]?.generationID == 1)
    #expect(room.joins[first]?.members.count == 2)
  }

  @Test func `the others take over when a member dies`() throws {
    var (room, ids) = try Room.ofThree()
    for _ in 0..<3 {
      room.pass(4_000)
      for id in ids.prefix(2) where room.group.state == .stable {
        _ = room.heartbeat(id, 2)
      }
    }
    #expect(room.group.state == .preparingRebalance)
    #expect(room.heartbeat(ids[0], 2) == .rebalanceInProgress)
    #expect(room.heartbeat(ids[2], 2) == .unknownMemberID)
    let joins = [room.join(ids[1]), room.join(ids[0])]
    #expect(joins.allSatisfy { room.joins[$0]?.generationID == 3 })
    #expect(room.joins[joins[1]]?.members.count == 2)
  }

  @Test func `who does not join in time is left out`() throws {
    var (room, ids) = try Room.ofThree()
    #expect(room.group.leave(ids[2], instanceID: nil, now: room.now) == .none)
    let token = room.join(ids[1])
    #expect(room.joins[token] == nil)
    for _ in 0..<15 {
      room.pass(4_000)
      // The leader lives, but never joins.
      if room.joins[token] == nil { _ = room.heartbeat(ids[0], 2) }
    }
    #expect(room.joins[token]?.generationID == 3 && room.joins[token]?.leader == ids[1])
    #expect(room.heartbeat(ids[0], 2) == .unknownMemberID)
  }

  @Test func `what comes from an older generation is refused`() throws {
    var (room, ids) = try Room.ofThree()
    #expect(room.heartbeat(ids[1], 1) == .illegalGeneration)
    let token = room.sync(ids[1], 1)
    #expect(room.syncs[token]?.errorCode == .illegalGeneration)
    func commit(_ id: String, _ generation: Int32) -> KafkaErrorCode {
      room.group.checkCommit(
        memberID: id, instanceID: nil, generation: generation, now: room.now)
    }
    #expect(commit(ids[1], 1) == .illegalGeneration)
    #expect(commit(ids[1], 2) == .none)
    #expect(commit("stranger", 2) == .unknownMemberID)
    #expect(commit("", -1) == .unknownMemberID)
    _ = room.join(protocols: ["range"])
    #expect(
      room.group.checkCommit(memberID: ids[1], instanceID: nil, generation: 2, now: room.now)
        == .none, "while the others are awaited a member may still commit")
  }

  @Test func `a static member comes back to its place without a rebalance`() throws {
    var room = Room()
    let a = room.join(instance: "a")
    let leader = try #require(room.joins[a]?.memberID)
    let b = room.join(instance: "b")
    _ = room.join(leader, instance: "a")
    let other = try #require(room.joins[b]?.memberID)
    _ = room.sync(leader, 2, instance: "a", [leader: "A", other: "B"])
    let back = room.join(instance: "b")
    let response = try #require(room.joins[back])
    #expect(response.generationID == 2 && response.memberID != other)
    let token = room.sync(response.memberID, 2, instance: "b")
    #expect(room.syncs[token]?.assignment == Array("B".utf8))
    #expect(room.group.state == .stable)
    #expect(room.heartbeat(other, 2, instance: "b") == .fencedInstanceID)
    // A leader that came back learns of the leader that it was, and does not assign anew.
    let again = room.join(instance: "a")
    #expect(room.joins[again]?.leader == leader && room.joins[again]?.members == [])
    #expect(room.group.state == .stable && room.group.generation == 2)
  }

  @Test func `members that share no protocol cannot be in one group`() throws {
    var room = Room()
    _ = room.join(protocols: ["range", "sticky"])
    let second = room.join(protocols: ["roundrobin"])
    #expect(room.joins[second]?.errorCode == .inconsistentGroupProtocol)
    let short = room.join(session: 10)
    #expect(room.joins[short]?.errorCode == .invalidSessionTimeout)
  }

  @Test func `most members' first choice wins among those that all know`() throws {
    var room = Room()
    let first = room.join(protocols: ["range", "sticky"])
    let leader = try #require(room.joins[first]?.memberID)
    _ = room.join(protocols: ["sticky", "range"])
    _ = room.join(protocols: ["sticky", "other", "range"])
    let again = room.join(leader, protocols: ["range", "sticky"])
    #expect(room.joins[again]?.protocolName == "sticky")
    #expect(room.joins[again]?.members.last?.metadata == Array("sticky".utf8))
  }

  @Test func `a group that everybody left is empty`() throws {
    var (room, ids) = try Room.ofThree()
    for id in ids { #expect(room.group.leave(id, instanceID: nil, now: room.now) == .none) }
    room.take()
    #expect(room.group.state == .empty && room.group.isDisposable)
    #expect(room.group.nextDeadline == nil)
    #expect(room.group.leave(ids[0], instanceID: nil, now: room.now) == .unknownMemberID)
  }

  /// Whatever comes in whatever order: nobody waits for ever, and the clock never stands still.
  @Test func `no order of joins, deaths and syncs leaves a member without an answer`() {
    var random = Xorshift(state: 0x9E37_79B9)
    for _ in 0..<300 {
      var room = Room(delay: Int64(random.next(below: 2) * 300))
      var tokens: [UInt64] = []
      for _ in 0..<40 {
        let members = room.group.members
        let member = members.isEmpty ? nil : members[random.next(below: members.count)]
        switch random.next(below: 6) {
        case 0: tokens.append(room.join(mustKnow: random.next(below: 2) == 0))
        case 1: tokens.append(room.join(member?.id ?? "", instance: member?.instanceID))
        case 2: tokens.append(room.join(instance: "i\(random.next(below: 3))"))
        case 3:
          if let member {
            tokens.append(
              room.sync(member.id, room.group.generation, instance: member.instanceID))
          }
        case 4:
          if let member {
            _ = room.group.leave(member.id, instanceID: member.instanceID, now: room.now)
            room.take()
          }
        default: room.pass(Int64(random.next(below: 8_000)))
        }
      }
      room.pass(1_000_000)
      let open = tokens.filter { room.joins[$0] == nil && room.syncs[$0] == nil }
      // A follower's sync waits for its leader, whose session ends without it.
      #expect(open.isEmpty, "state \(room.group.state)")
      #expect(room.group.members.isEmpty && room.group.isDisposable)
    }
  }
}
