// Which topics exist, how many partitions each has and how it is set: a small file, replaced whole.

internal import KafkaProtocol

/// `topics`: a first line `2 topicsEverMade`, then lines sorted by name, each
/// `name partitionCount id [setting=value]…`. The first version had only names and counts.
struct TopicCatalog: Sendable, Equatable {
  static let path = "topics"
  static let partitionCountMax = 10_000

  struct Entry: Sendable, Equatable {
    var partitionCount: Int
    var id: TopicID
    var configuration = TopicConfiguration()
  }

  var topics: [String: Entry] = [:]
  /// Topics ever made, those deleted since among them: no two of them share an id.
  var madeCount = 0

  /// The id of a topic made now, which depends on nothing but the name and what was made before.
  mutating func makeID(_ name: String) -> TopicID {
    madeCount += 1
    return Self.id(name, madeCount)
  }

  private static func id(_ name: String, _ number: Int) -> TopicID {
    var hash: (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, UInt64(truncatingIfNeeded: number))
    for byte in name.utf8 {
      hash.0 = (hash.0 ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
      hash.1 = (hash.1 &+ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
      hash.1 ^= hash.1 >> 29
    }
    // The version and variant of a random UUID: some clients check them.
    return TopicID(
      high: hash.0 & ~0xF000 | 0x4000,
      low: (hash.1 ^ UInt64(truncatingIfNeeded: number)) & ~(3 << 62) | (2 << 62)
    )
  }

  // MARK: Bytes

  func bytes() -> [UInt8] {
    var text = "2 \(madeCount)\n"
    for (name, entry) in topics.sorted(by: { $0.key < $1.key }) {
      text += "\(name) \(entry.partitionCount) \(entry.id.hexadecimal)"
      for (key, value) in entry.configuration.overrides.sorted(by: { $0.key < $1.key }) {
        text += " \(key)=\(value)"
      }
      text += "\n"
    }
    return Array(text.utf8)
  }

  init() {}

  init(parsing bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(separator: "\n")
    let first = lines.first?.split(separator: " ") ?? []
    let isOld = first == ["1"]
    guard isOld || (first.count == 2 && first[0] == "2" && Int(first[1]) != nil) else {
      throw Self.corrupt("its first line is not version 1 or 2")
    }
    madeCount = isOld ? 0 : Int(first[1]) ?? 0
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      guard words.count >= 2, let count = Int(words[1]), count > 0,
        count <= Self.partitionCountMax, isOld == (words.count == 2)
      else {
        throw Self.corrupt("the line \"\(line)\" is not a topic and its number of partitions")
      }
      let name = String(words[0])
      try Self.check(name)
      guard !isOld else {
        topics[name] = Entry(partitionCount: count, id: makeID(name))
        continue
      }
      guard let id = TopicID(hexadecimal: words[2]) else {
        throw Self.corrupt("the line \"\(line)\" has no topic id")
      }
      topics[name] = Entry(
        partitionCount: count,
        id: id,
        configuration: try Self.configuration(words.dropFirst(3))
      )
    }
  }

  private static func configuration(_ words: ArraySlice<Substring>) throws -> TopicConfiguration {
    var configuration = TopicConfiguration()
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw corrupt("\"\(word)\" is not a setting") }
      try configuration.set(String(parts[0]), String(parts[1]))
    }
    return configuration
  }

  /// Kafka's rule: 1 to 249 of `a-z A-Z 0-9 . _ -`, and neither `.` nor `..`.
  static func check(_ name: String) throws {
    let isLegal = name.utf8.allSatisfy { byte in
      (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
        || byte == 45 || byte == 46 || byte == 95
    }
    guard isLegal, !name.isEmpty, name.utf8.count <= 249, name != ".", name != ".." else {
      throw EventLogError(
        .invalidTopicName,
        "\"\(name)\" cannot be a topic's name.",
        advice: "Use 1 to 249 letters, digits, dots, underscores and hyphens.",
        fields: ["topic": name]
      )
    }
  }

  private static func corrupt(_ reason: String) -> EventLogError {
    EventLogError(
      .corruptMetadata,
      "The list of topics cannot be read: \(reason).",
      place: path,
      advice: "Restore the file from a copy; each line is a topic's name, its number of "
        + "partitions, its id and its settings, after a first line \"2\" and a count.",
      fields: ["file": path, "reason": reason]
    )
  }
}
