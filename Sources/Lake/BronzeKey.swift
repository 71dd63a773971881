package import Simulation

/// The key of a Bronze object: the UTC hour of arrival, and the offsets it holds.
///
/// ```
///  raw/events/year=2024/month=01/day=15/hour=00/app-events-0-00000000000000000000-00000000000000000399.json.gz
///      dataset                                  topic      │ first offset         last offset
///                                                          partition
/// ```
/// The same records always give the same key, so putting it if absent makes ingestion repeatable.
/// A consumer that may repeat itself puts a second copy beside the first: `….r1.json.gz`.
package struct BronzeKey: Hashable, Sendable {
  package var dataset: String
  package var topic: String
  package var partition: Int32
  /// The offset of the first record.
  package var startOffset: Int64
  /// The offset of the last record.
  package var endOffset: Int64
  /// Any moment of the hour.
  package var hourUTC: StoryTime
  /// Which copy of the same records it is; 0 for the first, without a mark in the key.
  package var copy = 0

  package init(
    dataset: String = "events",
    topic: String,
    partition: Int32,
    startOffset: Int64,
    endOffset: Int64,
    hourUTC: StoryTime
  ) {
    self.dataset = dataset
    self.topic = topic
    self.partition = partition
    self.startOffset = startOffset
    self.endOffset = endOffset
    self.hourUTC = hourUTC
  }

  /// The key's text.
  package var text: String {
    BronzeKey.directory(dataset: dataset, hourUTC: hourUTC)
      + "\(topic)-\(partition)-\(Self.padded(startOffset, 20))-\(Self.padded(endOffset, 20))"
      + (copy > 0 ? ".r\(copy)" : "") + ".json.gz"
  }

  /// `raw/events/year=2024/month=01/day=15/hour=00/`: the prefix of all objects of an hour.
  package static func directory(dataset: String = "events", hourUTC: StoryTime) -> String {
    let day = hourUTC.date(offsetSeconds: TimeZones.utc).parts
    let hour = hourUTC.hour(offsetSeconds: TimeZones.utc)
    return "raw/\(dataset)/year=\(padded(Int64(day.year), 4))/month=\(padded(Int64(day.month), 2))"
      + "/day=\(padded(Int64(day.day), 2))/hour=\(padded(Int64(hour), 2))/"
  }

  /// Reads a key; nil for one that this program did not make.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 7, parts[0] == "raw", parts[6].hasSuffix(".json.gz"),
      let year = Self.number(parts[2], after: "year=", digits: 4),
      let month = Self.number(parts[3], after: "month=", digits: 2),
      let day = Self.number(parts[4], after: "day=", digits: 2),
      let hour = Self.number(parts[5], after: "hour=", digits: 2), hour < 24,
      let date = CivilDate(validYear: year, month: month, day: day)
    else { return nil }
    var file = parts[6].dropLast(8)
    var copy = 0
    if let dot = file.lastIndex(of: "."), file[dot...].hasPrefix(".r"),
      let number = Int(file[dot...].dropFirst(2)), number > 0
    {
      (file, copy) = (file[..<dot], number)
    }
    let name = file.split(separator: "-", omittingEmptySubsequences: false)
    guard name.count >= 4, let partition = Int32(name[name.count - 3]), partition >= 0,
      name[name.count - 2].utf8.count == 20, let start = Int64(name[name.count - 2]), start >= 0,
      name[name.count - 1].utf8.count == 20, let end = Int64(name[name.count - 1]), end >= start
    else { return nil }
    self.init(
      dataset: parts[1],
      topic: name.dropLast(3).joined(separator: "-"),
      partition: partition,
      startOffset: start,
      endOffset: end,
      hourUTC: StoryTime(date, hour: hour)
    )
    self.copy = copy
  }

  private static func number(_ text: String, after prefix: String, digits: Int) -> Int? {
    guard text.hasPrefix(prefix), text.utf8.count == prefix.utf8.count + digits else { return nil }
    let rest = text.dropFirst(prefix.count)
    return rest.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(rest) : nil
  }

  private static func padded(_ value: Int64, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

extension Lake {
  /// The key of the Bronze object that holds offsets `startOffset` to `endOffset`, both included.
  package static func bronzeKey(
    topic: String,
    partition: Int32,
    startOffset: Int64,
    endOffset: Int64,
    hourUTC: StoryTime
  ) -> String {
    BronzeKey(
      topic: topic,
      partition: partition,
      startOffset: startOffset,
      endOffset: endOffset,
      hourUTC: hourUTC
    ).text
  }
}
