// The lines of `consumer_offsets`, and what a start makes of them.
//
// ```
// 2
// = lake-sink app-events 0 4711 -1 - % 1705302000000 0 4711     a commit
// x lake-sink app-events 0                                      forgotten
// ```
// After the mark: group, topic, partition, offset, leader epoch, commit time, metadata, then the
// history's story time and the partition's start and end; `-` where there is none, `%` for an empty text.
// Group and metadata are percent-encoded, because they may hold anything. The first version of the
// file had one line per partition and no history; it is still understood.

internal import KafkaProtocol

enum ConsumerOffsetsFile {
  static let head = "2\n"

  struct Content {
    var groups: ConsumerOffsets.Groups = [:]
    var history: ConsumerOffsets.History = [:]
    /// Bytes up to the end of the last whole line.
    var size = 0
    /// True for the first version.
    var isOutdated = false
  }

  // MARK: Writing

  static func commit(
    _ group: String,
    _ partition: TopicPartition,
    _ position: CommittedOffset,
    _ point: OffsetPoint
  ) -> String {
    func text(_ number: Int64?) -> String { number.map { String($0) } ?? "-" }
    return "= \(encode(group)) \(partition.topic) \(partition.partition) \(position.offset)"
      + " \(position.leaderEpoch) \(text(position.commitTime)) \(encode(position.metadata))"
      + " \(text(point.time)) \(text(point.logStartOffset)) \(text(point.logEndOffset))\n"
  }

  static func forget(_ group: String, _ partition: TopicPartition) -> String {
    "x \(encode(group)) \(partition.topic) \(partition.partition)\n"
  }

  /// A whole file: each partition's points, of which the last is what the group remembers.
  static func bytes(
    _ groups: ConsumerOffsets.Groups, _ history: ConsumerOffsets.History
  ) -> [UInt8] {
    var text = head
    for (group, offsets) in groups.sorted(by: { $0.key < $1.key }) {
      for (partition, position) in offsets.sorted(by: { $0.key < $1.key }) {
        let points = history[group]?[partition] ?? []
        for point in points.dropLast() {
          text += commit(group, partition, CommittedOffset(offset: point.offset), point)
        }
        let last =
          points.last ?? OffsetPoint(
            time: nil, offset: position.offset, logStartOffset: nil, logEndOffset: nil)
        text += commit(group, partition, position, last)
      }
    }
    return Array(text.utf8)
  }

  // MARK: Reading

  static func parse(_ bytes: [UInt8]) throws -> Content {
    var content = Content()
    var start = 0
    var number = 0
    var damage: Substring?
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      let line = Substring(String(decoding: bytes[start..<end], as: UTF8.self))
      if number == 0 {
        guard line == "1" || line == "2" else { throw corrupt("its first line is not version 2") }
        content.isOutdated = line == "1"
      } else if let entry = entry(line, isOutdated: content.isOutdated) {
        // A power cut spoils the end of a file; good lines after a bad one mean something else.
        if let damage { throw corrupt("the line \"\(damage)\" is not a group's offset") }
        apply(entry, &content)
      } else {
        damage = damage ?? line
      }
      start = end + 1
      number += 1
      if damage == nil { content.size = start }
    }
    if number == 0 { throw corrupt("its first line is not version 2") }
    // The first version was replaced whole and cannot be torn.
    if content.isOutdated, let damage {
      throw corrupt("the line \"\(damage)\" is not a group's offset")
    }
    return content
  }

  private enum Entry {
    case commit(String, TopicPartition, CommittedOffset, OffsetPoint?)
    case forget(String, TopicPartition)
  }

  private static func apply(_ entry: Entry, _ content: inout Content) {
    switch entry {
    case .commit(let group, let partition, let position, let point):
      content.groups[group, default: [:]][partition] = position
      if let point { content.history[group, default: [:]][partition, default: []].append(point) }
    case .forget(let group, let partition):
      var state = ConsumerOffsets.State(groups: content.groups, history: content.history)
      remove(group, partition, &state)
      content.groups = state.groups
      content.history = state.history
    }
  }

  /// Forgets a partition of a group, and the group with its last one.
  static func remove(
    _ group: String, _ partition: TopicPartition, _ state: inout ConsumerOffsets.State
  ) {
    state.groups[group]?[partition] = nil
    state.history[group]?[partition] = nil
    if state.groups[group]?.isEmpty == true { state.groups[group] = nil }
    if state.history[group]?.isEmpty == true { state.history[group] = nil }
  }

  private static func entry(_ line: Substring, isOutdated: Bool) -> Entry? {
    var words = line.split(separator: " ", omittingEmptySubsequences: false)
    if isOutdated { return firstVersion(words) }
    guard words.count > 3, let group = decode(words[1]), let number = Int32(words[3]) else {
      return nil
    }
    let partition = TopicPartition(String(words[2]), number)
    switch (words.removeFirst(), words.count) {
    case ("x", 3): return .forget(group, partition)
    case ("=", 10):
      guard let offset = Int64(words[3]), let epoch = Int32(words[4]),
        let committed = optional(words[5]), let metadata = decode(words[6]),
        let time = optional(words[7]), let start = optional(words[8]), let end = optional(words[9])
      else { return nil }
      return .commit(
        group, partition,
        CommittedOffset(
          offset: offset, leaderEpoch: epoch, metadata: metadata, commitTime: committed),
        OffsetPoint(time: time, offset: offset, logStartOffset: start, logEndOffset: end)
      )
    default: return nil
    }
  }

  private static func optional(_ word: Substring) -> Int64?? {
    if word == "-" { return .some(nil) }
    return Int64(word).map { .some($0) }
  }

  private static func firstVersion(_ words: [Substring]) -> Entry? {
    guard words.count == 4 || words.count == 7, let group = decode(words[0]),
      let number = Int32(words[2]), let offset = Int64(words[3])
    else { return nil }
    var position = CommittedOffset(offset: offset)
    if words.count == 7 {
      guard let epoch = Int32(words[4]), let time = Int64(words[5]),
        let metadata = decode(words[6])
      else { return nil }
      position = CommittedOffset(
        offset: offset, leaderEpoch: epoch, metadata: metadata, commitTime: time)
    }
    return .commit(group, TopicPartition(String(words[1]), number), position, nil)
  }

  // MARK: Text

  /// Percent-encoded; `%` alone stands for an empty text.
  private static func encode(_ text: String) -> String {
    guard !text.isEmpty else { return "%" }
    var result = ""
    for byte in text.utf8 {
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
    if text == "%" { return "" }
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
      place: ConsumerOffsets.path,
      advice: "Restore the file from a copy, or delete it: every group then begins again.",
      fields: ["file": ConsumerOffsets.path, "reason": reason]
    )
  }
}
