// Consumer groups whose members run in this process, on story time: whoever runs them says how they
// stand, and the broker, the tables and the commands show it as they show any other group.

package import KafkaProtocol
internal import Synchronization

extension ConsumerGroup {
  /// One consumer of a group in this process.
  package struct Resident: Sendable, Hashable {
    package var id: String
    package var clientID: String
    package var host: String
    package var assignment: [TopicPartition]
    package var sessionTimeout: Int64
    package var rebalanceTimeout: Int64

    package init(
      id: String,
      clientID: String,
      host: String,
      assignment: [TopicPartition],
      sessionTimeout: Int64,
      rebalanceTimeout: Int64
    ) {
      self.id = id
      self.clientID = clientID
      self.host = host
      self.assignment = assignment
      self.sessionTimeout = sessionTimeout
      self.rebalanceTimeout = rebalanceTimeout
    }
  }

  /// The way in which groups of this process divide partitions.
  package static let residentProtocol = "range"

  /// A group of this process as it stands: stable, or empty where it has no members.
  package init(resident id: String, generation: Int32, topics: [String], members: [Resident]) {
    self.init(id: id)
    self.generation = generation
    self.state = members.isEmpty ? .empty : .stable
    self.protocolType = "consumer"
    self.protocolName = members.isEmpty ? nil : Self.residentProtocol
    self.leaderID = members.first?.id
    self.members = members.map { member in
      Member(
        id: member.id,
        clientID: member.clientID,
        clientHost: member.host,
        sessionTimeout: member.sessionTimeout,
        rebalanceTimeout: member.rebalanceTimeout,
        protocols: [
          JoinGroupRequest.GroupProtocol {
            $0.name = Self.residentProtocol
            $0.metadata = Self.subscription(topics)
          }
        ],
        assignment: Self.bytes(member.assignment),
        deadline: .max
      )
    }
  }

  /// What Kafka's consumers send as their subscription: version, topics, user data.
  static func subscription(_ topics: [String]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0]
    bytes.appendInteger(Int32(topics.count))
    for topic in topics { bytes.appendText(topic) }
    bytes.appendInteger(Int32(-1))
    return bytes
  }

  /// What Kafka's consumers send as an assignment: version, topics with their partitions, user data.
  static func bytes(_ assignment: [TopicPartition]) -> [UInt8] {
    let topics = Dictionary(grouping: assignment) { $0.topic }.sorted { $0.key < $1.key }
    var bytes: [UInt8] = [0, 0]
    bytes.appendInteger(Int32(topics.count))
    for (topic, partitions) in topics {
      bytes.appendText(topic)
      bytes.appendInteger(Int32(partitions.count))
      for partition in partitions.sorted() { bytes.appendInteger(partition.partition) }
    }
    bytes.appendInteger(Int32(-1))
    return bytes
  }

  /// The partitions in a consumer's assignment; nil where it cannot be read.
  package static func partitions(_ assignment: [UInt8]) -> [TopicPartition]? {
    var rest = assignment.dropFirst(2)
    guard let topics: Int32 = rest.takeInteger(), topics >= 0 else { return nil }
    var result: [TopicPartition] = []
    for _ in 0..<topics {
      guard let length: Int16 = rest.takeInteger(), length >= 0, rest.count >= Int(length) else {
        return nil
      }
      let topic = String(decoding: rest.prefix(Int(length)), as: UTF8.self)
      rest = rest.dropFirst(Int(length))
      guard let count: Int32 = rest.takeInteger(), count >= 0, rest.count >= 4 * Int(count) else {
        return nil
      }
      for _ in 0..<count {
        guard let partition: Int32 = rest.takeInteger() else { return nil }
        result.append(TopicPartition(topic, partition))
      }
    }
    return result
  }
}

extension EventLog {
  /// Says how a group of this process stands; nil takes it back.
  package func setResidentGroup(_ name: String, _ group: ConsumerGroup?) {
    residents.withLock { $0[name] = group }
  }

  /// A group whose members are in this process; nil for all others.
  package func residentGroup(_ name: String) -> ConsumerGroup? {
    residents.withLock { $0[name] }
  }

  /// Has `count` asked how many members a group of clients from outside has; nil for nobody.
  package func countMembers(_ count: (@Sendable (String) -> Int)?) {
    memberCount.withLock { $0 = count.map { Listener<String, Int>($0) } }
  }

  /// Members that a group has now, in this process and outside.
  package func activeMembers(of group: String) -> Int {
    let own = residentGroup(group)?.members.count ?? 0
    return own + (memberCount.withLock { $0 }?.call(group) ?? 0)
  }

  /// Moves a group's offsets by hand, in one step with one fsync; `time` is story time.
  ///
  /// - Throws: `eventLog.groupActive` while it has members; `eventLog.unknownTopic`,
  ///   `eventLog.unknownPartition`.
  package func resetOffsets(
    group: String,
    _ positions: [TopicPartition: Offset],
    at time: Int64
  ) throws {
    let members = activeMembers(of: group)
    guard members == 0 else {
      throw EventLogError(
        .groupActive,
        "Group \"\(group)\" has \(members) active members; its offsets stand.",
        advice: "Stop its members first, then repeat.",
        fields: ["group": group, "members": String(members)]
      )
    }
    try commitOffsets(group: group, positions, at: time)
  }
}

extension [UInt8] {
  fileprivate mutating func appendInteger(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func appendText(_ text: String) {
    appendInteger(Int16(truncatingIfNeeded: text.utf8.count))
    append(contentsOf: text.utf8)
  }
}

extension ArraySlice<UInt8> {
  fileprivate mutating func takeInteger<Value: FixedWidthInteger>() -> Value? {
    let width = Value.bitWidth / 8
    guard count >= width else { return nil }
    var value: Value = 0
    for byte in prefix(width) { value = value << 8 | Value(truncatingIfNeeded: byte) }
    self = dropFirst(width)
    return value
  }
}
