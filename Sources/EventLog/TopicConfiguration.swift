// How one topic is set, by Kafka's names; what nobody set stands at Kafka's defaults.

/// A topic's settings.
package struct TopicConfiguration: Sendable, Hashable {
  /// One setting that a topic has.
  package struct Setting: Sendable, Hashable {
    /// Numbers as Kafka's own clients show them.
    package enum ValueType: Int8, Sendable {
      case boolean = 1, string, int, short, long, double, list
    }

    package var name: String
    package var defaultValue: String
    package var type: ValueType
    package var meaning: String
    /// Whole numbers that are allowed; nil where `words` are.
    var range: ClosedRange<Int64>?
    var words: [String] = []
  }

  /// Every setting that is understood, sorted by name.
  package static let settings: [Setting] = [
    Setting(
      name: "cleanup.policy",
      defaultValue: "delete",
      type: .list,
      meaning: "What happens to old segments: they are deleted.",
      words: ["delete"]
    ),
    Setting(
      name: "compression.type",
      defaultValue: "producer",
      type: .string,
      meaning: "Batches are kept as the producer packed them.",
      words: ["producer"]
    ),
    Setting(
      name: "max.message.bytes",
      defaultValue: "1048588",
      type: .int,
      meaning: "The largest record batch that is taken.",
      range: 0...67_108_864
    ),
    Setting(
      name: "message.timestamp.type",
      defaultValue: "CreateTime",
      type: .string,
      meaning: "Whose clock a record's timestamp is: the producer's or the log's.",
      words: ["CreateTime", "LogAppendTime"]
    ),
    Setting(
      name: "min.insync.replicas",
      defaultValue: "1",
      type: .int,
      meaning: "Replicas that must have a record before acks=all is answered.",
      range: 1...Int64(Int32.max)
    ),
    Setting(
      name: "retention.bytes",
      defaultValue: "-1",
      type: .long,
      meaning: "Old segments go when a partition is larger than this; -1 for never.",
      range: -1...Int64.max
    ),
    Setting(
      name: "retention.ms",
      defaultValue: "604800000",
      type: .long,
      meaning: "Segments go when they were appended longer ago than this; -1 for never.",
      range: -1...Int64.max
    ),
    Setting(
      name: "segment.bytes",
      defaultValue: "67108864",
      type: .int,
      meaning: "A segment that would grow past this is sealed first.",
      range: 1_024...1_073_741_824
    ),
    Setting(
      name: "segment.ms",
      defaultValue: "604800000",
      type: .long,
      meaning: "A segment whose first record is older than this is sealed.",
      range: 1...Int64.max
    ),
  ]

  /// What was set, by name.
  package private(set) var overrides: [String: String] = [:]

  package init() {}

  /// - Throws: `eventLog.invalidSetting` for an unknown name or a value that it cannot have.
  package init(_ overrides: [String: String]) throws {
    for (name, value) in overrides { try set(name, value) }
  }

  /// The value that counts; nil for an unknown name.
  package func value(_ name: String) -> String? {
    overrides[name] ?? Self.settings.first { $0.name == name }?.defaultValue
  }

  /// Sets a value, or with nil goes back to the default.
  ///
  /// - Throws: `eventLog.unknownSetting`, `eventLog.invalidSetting`.
  package mutating func set(_ name: String, _ value: String?) throws {
    guard let setting = Self.settings.first(where: { $0.name == name }) else {
      throw EventLogError(
        .unknownSetting,
        "A topic has no setting \"\(name)\".",
        advice: "The settings are: \(Self.settings.map(\.name).joined(separator: ", ")).",
        fields: [
          "setting": name, "known": Self.settings.map(\.name).joined(separator: ", "),
        ]
      )
    }
    guard let value else {
      overrides[name] = nil
      return
    }
    let isAllowed =
      setting.range.map { range in Int64(value).map { range.contains($0) } ?? false }
      ?? setting.words.contains(value)
    guard isAllowed else {
      let allowed =
        setting.range.map { "\($0.lowerBound) to \($0.upperBound)" }
        ?? setting.words.joined(separator: ", ")
      throw EventLogError(
        .invalidSetting,
        "\(name) cannot be \"\(value)\".",
        advice: "It can be: \(allowed).",
        fields: ["setting": name, "value": value, "allowed": allowed]
      )
    }
    overrides[name] = value
  }

  private func number(_ name: String) -> Int64 { value(name).flatMap { Int64($0) } ?? 0 }

  /// Nil for never.
  package var retentionMilliseconds: Int64? {
    let value = number("retention.ms")
    return value < 0 ? nil : value
  }

  /// Nil for no limit.
  package var retentionBytes: Int? {
    let value = number("retention.bytes")
    return value < 0 ? nil : Int(value)
  }

  package var batchBytesMax: Int { Int(number("max.message.bytes")) }
  package var isLogAppendTime: Bool { value("message.timestamp.type") == "LogAppendTime" }
  package var minInSyncReplicas: Int { Int(number("min.insync.replicas")) }
  /// Nil where the topic leaves it to the log.
  var segmentBytesMax: Int? { overrides["segment.bytes"].flatMap { Int($0) } }
  /// Nil where the topic leaves it to the log.
  var segmentMilliseconds: Int64? { overrides["segment.ms"].flatMap { Int64($0) } }
}
