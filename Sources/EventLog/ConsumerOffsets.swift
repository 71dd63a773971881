// How far each consumer group has read: one small file, replaced whole and fsynced at each commit.

internal import KafkaProtocol
internal import Synchronization

/// `consumer_offsets`: a version line, then `group topic partition offset` lines, sorted; the group
/// percent-encoded, because its name may hold anything.
final class ConsumerOffsets: Sendable {
  static let path = "consumer_offsets"
  typealias Groups = [String: [TopicPartition: Int64]]

  private let storage: LogStorage
  private let groups: Mutex<Groups>

  init(storage: LogStorage) throws {
    self.storage = storage
    let bytes = try storage.contents(of: ConsumerOffsets.path)
    self.groups = Mutex(try bytes.map { try ConsumerOffsets.parse($0) } ?? [:])
  }

  /// Durable when this returns; where it throws, the old offsets stand.
  func commit(_ group: String, _ offsets: [TopicPartition: Int64]) throws {
    guard !group.isEmpty, group.utf8.count <= 1_024 else {
      throw EventLogError(
        .invalidGroup,
        "A consumer group needs a name of 1 to 1024 bytes.",
        advice: "Choose another name.",
        fields: ["group": group]
      )
    }
    try groups.withLock { groups in
      var next = groups
      next[group, default: [:]].merge(offsets) { $1 }
      guard next != groups else { return }
      try storage.replace(ConsumerOffsets.path, with: ConsumerOffsets.bytes(next))
      groups = next
    }
  }

  func offset(_ group: String, _ partition: TopicPartition) -> Int64? {
    groups.withLock { $0[group]?[partition] }
  }

  var all: Groups { groups.withLock { $0 } }

  // MARK: Bytes

  static func bytes(_ groups: Groups) -> [UInt8] {
    var text = "1\n"
    for (group, offsets) in groups.sorted(by: { $0.key < $1.key }) {
      for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
        text += "\(encode(group)) \(partition.topic) \(partition.partition) \(offset)\n"
      }
    }
    return Array(text.utf8)
  }

  static func parse(_ bytes: [UInt8]) throws -> Groups {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.first == "1" else { throw corrupt("its first line is not version 1") }
    var groups: Groups = [:]
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      guard words.count == 4, let group = decode(words[0]), let partition = Int32(words[2]),
        let offset = Int64(words[3])
      else { throw corrupt("the line \"\(line)\" is not a group's offset") }
      groups[group, default: [:]][TopicPartition(String(words[1]), partition)] = offset
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
