// The note that an orderly end leaves behind, so that the next opening need not scan.

internal import KafkaProtocol

/// `.clean_shutdown`: one line per partition. It is removed as soon as it is read.
///
/// A marker that a power cut brings back is harmless: its sizes must match the files'.
enum ShutdownMarker {
  static let path = ".clean_shutdown"

  struct Entry: Sendable, Equatable {
    var startOffset: Int64
    var nextOffset: Int64
    var activeBase: Int64
    var activeSize: Int
    var maxTimestamp: Int64
    var maxTimestampOffset: Int64
  }

  static func bytes(_ entries: [TopicPartition: Entry]) -> [UInt8] {
    var text = "1\n"
    for (partition, entry) in entries.sorted(by: { $0.key < $1.key }) {
      text += "\(partition.topic) \(partition.partition) \(entry.startOffset) \(entry.nextOffset) "
      text += "\(entry.activeBase) \(entry.activeSize) \(entry.maxTimestamp) "
      text += "\(entry.maxTimestampOffset)\n"
    }
    return Array(text.utf8)
  }

  /// Nil for anything that is not a whole marker of this version.
  static func parse(_ bytes: [UInt8]) -> [TopicPartition: Entry]? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasSuffix("\n") else { return nil }
    let lines = text.split(separator: "\n")
    guard lines.first == "1" else { return nil }
    var entries: [TopicPartition: Entry] = [:]
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      let numbers = words.dropFirst().compactMap { Int64($0) }
      guard words.count == 8, numbers.count == 7, let partition = Int32(exactly: numbers[0]),
        numbers[4] >= 0, numbers[1] <= numbers[3], numbers[3] <= numbers[2]
      else { return nil }
      entries[TopicPartition(String(words[0]), partition)] = Entry(
        startOffset: numbers[1],
        nextOffset: numbers[2],
        activeBase: numbers[3],
        activeSize: Int(numbers[4]),
        maxTimestamp: numbers[5],
        maxTimestampOffset: numbers[6]
      )
    }
    return entries
  }
}
