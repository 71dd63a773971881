// What a partition's segments do not say themselves: a small file beside them, replaced whole.

/// `partition.state`: a version line, then `start OFFSET`, `epoch NUMBER OFFSET` and
/// `appended SEGMENT MILLISECONDS` lines. It is there only for partitions that need it: those that
/// clients wrote to, that were cut at the front, or that changed their leader.
struct PartitionState: Sendable, Equatable {
  static let name = "partition.state"

  /// A leader's time, from its first offset on.
  struct Epoch: Sendable, Equatable {
    var number: Int32
    var startOffset: Int64
  }

  /// True once a client's batch was appended: timestamps are not the log's own then, and producers
  /// are to be recognised.
  var isProducedTo = false
  /// Records before it were deleted, whatever the segments hold.
  var startOffset: Int64 = 0
  /// Ascending; before the first the epoch is 0.
  var epochs: [Epoch] = []
  /// When the last record of a segment was appended, by base offset.
  var appendTimes: [Int64: Int64] = [:]

  var leaderEpoch: Int32 { epochs.last?.number ?? 0 }

  /// The largest epoch up to `asked`, and the offset where it ended.
  func end(of asked: Int32, logEnd: Int64) -> Epoch? {
    let all = epochs.first?.number == 0 ? epochs : [Epoch(number: 0, startOffset: 0)] + epochs
    guard let index = all.lastIndex(where: { $0.number <= asked }) else { return nil }
    let end = index + 1 < all.count ? all[index + 1].startOffset : logEnd
    return Epoch(number: all[index].number, startOffset: end)
  }

  func bytes() -> [UInt8] {
    var text = "1 \(isProducedTo ? 1 : 0)\nstart \(startOffset)\n"
    for epoch in epochs { text += "epoch \(epoch.number) \(epoch.startOffset)\n" }
    for (base, time) in appendTimes.sorted(by: { $0.key < $1.key }) {
      text += "appended \(base) \(time)\n"
    }
    return Array(text.utf8)
  }

  init() {}

  init(parsing bytes: [UInt8], file: String) throws {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard let first = lines.first, first == "1 0" || first == "1 1" else {
      throw Self.corrupt(file, "its first line is not version 1")
    }
    isProducedTo = first == "1 1"
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      let numbers = words.dropFirst().compactMap { Int64($0) }
      switch (words.first ?? "", numbers.count) {
      case ("start", 1): startOffset = numbers[0]
      case ("epoch", 2):
        epochs.append(
          Epoch(number: Int32(truncatingIfNeeded: numbers[0]), startOffset: numbers[1])
        )
      case ("appended", 2): appendTimes[numbers[0]] = numbers[1]
      default: throw Self.corrupt(file, "the line \"\(line)\" is not understood")
      }
    }
  }

  private static func corrupt(_ file: String, _ reason: String) -> EventLogError {
    EventLogError(
      .corruptMetadata,
      "The state of a partition cannot be read: \(reason).",
      place: file,
      advice:
        "Restore the file from a copy, or delete it: records that were deleted may come back.",
      fields: ["file": file, "reason": reason]
    )
  }
}
