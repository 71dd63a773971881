// How far each consumer group has read: one small file, replaced whole and fsynced at each commit.

package import KafkaProtocol
internal import Synchronization

/// What a group remembers of a partition.
package struct CommittedOffset: Sendable, Hashable {
  /// The next offset to read.
  package var offset: Int64
  /// The leader epoch of the record before it; -1 where the client did not say.
  package var leaderEpoch: Int32
  /// A note of the client's own.
  package var metadata: String
  /// When it was committed, in milliseconds; nil for groups inside this process, whose offsets are
  /// kept for good.
  package var commitTime: Int64?

  package init(
    offset: Int64,
    leaderEpoch: Int32 = -1,
    metadata: String = "",
    commitTime: Int64? = nil
  ) {
    self.offset = offset
    self.leaderEpoch = leaderEpoch
    self.metadata = metadata
    self.commitTime = commitTime
  }
}

/// `consumer_offsets`: a version line, then `group topic partition offset` lines, sorted, which go on
/// with `leaderEpoch commitTime metadata` for clients from outside; group and metadata
/// percent-encoded, because they may hold anything.
final class ConsumerOffsets: Sendable {
  static let path = "consumer_offsets"
  typealias Groups = [String: [TopicPartition: CommittedOffset]]

  private let storage: LogStorage
  private let groups: Mutex<Groups>

  init(storage: LogStorage) throws {
    self.storage = storage
    let bytes = try storage.contents(of: ConsumerOffsets.path)
    self.groups = Mutex(try bytes.map { try ConsumerOffsets.parse($0) } ?? [:])
  }

  /// Durable when this returns; where it throws, the old offsets stand.
  func commit(_ group: String, _ offsets: [TopicPartition: CommittedOffset]) throws {
    guard !group.isEmpty, group.utf8.count <= 1_024 else {
      throw EventLogError(
        .invalidGroup,
        "A consumer group needs a name of 1 to 1024 bytes.",
        advice: "Choose another name.",
        fields: ["group": group]
      )
    }
    try change { $0[group, default: [:]].merge(offsets) { $1 } }
  }

  /// Forgets a group, or some of its partitions; durable when this returns.
  func forget(_ group: String, _ partitions: [TopicPartition]? = nil) throws {
    try change { groups in
      guard let partitions else {
        groups[group] = nil
        return
      }
      for partition in partitions { groups[group]?[partition] = nil }
      if groups[group]?.isEmpty == true { groups[group] = nil }
    }
  }

  func forget(topic: String) throws {
    try change { groups in
      groups = groups.mapValues { $0.filter { $0.key.topic != topic } }.filter { !$0.value.isEmpty }
    }
  }

  /// Forgets what was committed before `time` by groups for which `isIdle` is true.
  func expire(before time: Int64, _ isIdle: (String) -> Bool) throws {
    try change { groups in
      for (group, offsets) in groups where isIdle(group) {
        let kept = offsets.filter { $0.value.commitTime.map { $0 >= time } ?? true }
        groups[group] = kept.isEmpty ? nil : kept
      }
    }
  }

  private func change(_ body: (inout Groups) -> Void) throws {
    try groups.withLock { groups in
      var next = groups
      body(&next)
      guard next != groups else { return }
      try storage.replace(ConsumerOffsets.path, with: ConsumerOffsets.bytes(next))
      groups = next
    }
  }

  func offset(_ group: String, _ partition: TopicPartition) -> CommittedOffset? {
    groups.withLock { $0[group]?[partition] }
  }

  var all: Groups { groups.withLock { $0 } }

  // MARK: Bytes

  static func bytes(_ groups: Groups) -> [UInt8] {
    var text = "1\n"
    for (group, offsets) in groups.sorted(by: { $0.key < $1.key }) {
      for (partition, position) in offsets.sorted(by: { $0.key < $1.key }) {
        text += "\(encode(group)) \(partition.topic) \(partition.partition) \(position.offset)"
        if let time = position.commitTime {
          text += " \(position.leaderEpoch) \(time) \(encode(position.metadata))"
        }
        text += "\n"
      }
    }
    return Array(text.utf8)
  }

  static func parse(_ bytes: [UInt8]) throws -> Groups {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.first == "1" else { throw corrupt("its first line is not version 1") }
    var groups: Groups = [:]
    for line in lines.dropFirst() {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 4 || words.count == 7, let group = decode(words[0]),
        let partition = Int32(words[2]), let offset = Int64(words[3])
      else { throw corrupt("the line \"\(line)\" is not a group's offset") }
      var position = CommittedOffset(offset: offset)
      if words.count == 7 {
        guard let epoch = Int32(words[4]), let time = Int64(words[5]),
          let metadata = decode(words[6])
        else { throw corrupt("the line \"\(line)\" is not a group's offset") }
        position = CommittedOffset(
          offset: offset,
          leaderEpoch: epoch,
          metadata: metadata,
          commitTime: time
        )
      }
      groups[group, default: [:]][TopicPartition(String(words[1]), partition)] = position
    }
    return groups
  }

  private static func encode(_ group: String) -> String {
    var result = ""
    for byte in group.utf8 {
      if byte > 0x20, byte < 0x7F, byte != 0x25 {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        result += byte < 16 ? "%0" : "%"
        result += String(byte, radix: 16)
      }
    }
    return result
  }

  private static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == 0x25 else {
        bytes.append(byte)
        continue
      }
      guard let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
        rest.count >= 2
      else { return nil }
      bytes.append(code)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func corrupt(_ reason: String) -> EventLogError {
    EventLogError(
      .corruptMetadata,
      "The consumer groups' offsets cannot be read: \(reason).",
      place: path,
      advice: "Restore the file from a copy, or delete it: every group then begins again.",
      fields: ["file": path, "reason": reason]
    )
  }
}
