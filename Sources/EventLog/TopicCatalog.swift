// Which topics exist and how many partitions each has: a small file, replaced whole.

/// `topics`: a version line, then `name partitionCount` lines sorted by name.
enum TopicCatalog {
  static let path = "topics"

  static func bytes(_ counts: [String: Int]) -> [UInt8] {
    var text = "1\n"
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) { text += "\(name) \(count)\n" }
    return Array(text.utf8)
  }

  static func parse(_ bytes: [UInt8]) throws -> [String: Int] {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(separator: "\n")
    guard lines.first == "1" else { throw corrupt("its first line is not version 1") }
    var counts: [String: Int] = [:]
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      guard words.count == 2, let count = Int(words[1]), count > 0, count <= partitionCountMax
      else { throw corrupt("the line \"\(line)\" is not a topic and its number of partitions") }
      let name = String(words[0])
      try check(name)
      counts[name] = count
    }
    return counts
  }

  static let partitionCountMax = 10_000

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
      advice: "Restore the file from a copy; each line is a topic's name and its number of "
        + "partitions, after a first line \"1\".",
      fields: ["file": path, "reason": reason]
    )
  }
}
